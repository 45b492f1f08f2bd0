namespace Analytics.Tests.AccessMatrix;

/// <summary>Who asks.</summary>
internal enum Principal
{
    /// <summary>Nobody: neither token nor cookie.</summary>
    None,

    /// <summary>A token that never was.</summary>
    Garbage,

    /// <summary>A token that was revoked.</summary>
    Revoked,

    /// <summary>A token that has ended.</summary>
    Expired,

    /// <summary>The token of somebody who left the organization.</summary>
    Removed,

    /// <summary>A token that writes usage only.</summary>
    Ingest,

    /// <summary>A member.</summary>
    Member,

    /// <summary>A developer, who reads as a member.</summary>
    Developer,

    /// <summary>An admin.</summary>
    Admin,

    /// <summary>An owner.</summary>
    Owner,

    /// <summary>The owner of another organization.</summary>
    Foreign,

    /// <summary>The owner of an organization on the free plan, who asks for that.</summary>
    Free,

    /// <summary>A member with the dashboard's cookie.</summary>
    MemberCookie,

    /// <summary>An owner with the dashboard's cookie.</summary>
    OwnerCookie,

    /// <summary>An owner with a JWT whose claims say that they own another organization.</summary>
    Jwt,
}

/// <summary>What is known of principals.</summary>
internal static class Principals
{
    public static readonly IReadOnlyList<Principal> All = Enum.GetValues<Principal>();

    /// <summary>Whether the server knows who asks.</summary>
    public static bool IsKnown(this Principal principal) =>
        principal is not (Principal.None or Principal.Garbage or Principal.Revoked or Principal.Expired or Principal.Removed);

    /// <summary>Whether the role reads its own and no more.</summary>
    public static bool IsPlainMember(this Principal principal) => principal is Principal.Member or Principal.Developer or Principal.MemberCookie;

    /// <summary>Whether a browser asks.</summary>
    public static bool IsCookie(this Principal principal) => principal is Principal.MemberCookie or Principal.OwnerCookie;

    /// <summary>The organization that is asked for unless the foreign one is.</summary>
    public static string Target(this Principal principal) => principal == Principal.Free ? MatrixServer.Free : MatrixServer.Home;

    /// <summary>The owner of <see cref="Target"/>.</summary>
    public static string TargetOwner(this Principal principal) => principal == Principal.Free ? "u_free" : "u_1";
}
