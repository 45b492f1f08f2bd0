using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Access;

/// <summary>How a caller made themselves known.</summary>
internal enum CallerKind
{
    /// <summary>A bearer token that reads, and changes the directory where the user's role allows it.</summary>
    ReadToken,

    /// <summary>A bearer token that writes usage of its organization and does nothing else.</summary>
    IngestToken,

    /// <summary>The dashboard's cookie.</summary>
    Session,

    /// <summary>A token of an OpenID Connect issuer.</summary>
    Jwt,
}

/// <summary>Who asks. What they may do is looked up for each request: see <see cref="Authorization"/>.</summary>
/// <param name="Kind">How they made themselves known.</param>
/// <param name="UserId">The user.</param>
/// <param name="OrganizationId">The one organization that the caller is bound to; null for all that the user is a member of.</param>
/// <param name="TokenId">The public id of the bearer token, also of the one that a session was opened with; null for a JWT.</param>
internal sealed record Caller(CallerKind Kind, string UserId, string? OrganizationId, string? TokenId)
{
    /// <summary>When the request began to be checked, by <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long Began { get; init; }

    /// <summary>The session; null without one.</summary>
    public SessionEntry? Session { get; init; }

    /// <summary>When what the caller came with ends; null for never.</summary>
    public Instant? Expires { get; init; }

    /// <summary>What requests are counted by: the token, the session, or the user of an issuer.</summary>
    public string Key => Kind switch
    {
        CallerKind.Session => Session!.Id,
        CallerKind.Jwt => "jwt " + UserId,
        _ => TokenId!,
    };

    /// <summary>Whether an organization is within the caller's reach, if they are a member of it.</summary>
    public bool Reaches(string organizationId) => OrganizationId is null || OrganizationId == organizationId;

    /// <summary>The caller as the audit log names them.</summary>
    /// <param name="context">The request.</param>
    /// <param name="now">The present.</param>
    public AuditActor ToActor(HttpContext context, Instant now) => new(
        Kind switch
        {
            CallerKind.Session => "session",
            CallerKind.Jwt => "jwt",
            _ => "token",
        },
        UserId,
        TokenId,
        context.TraceIdentifier,
        now);
}

/// <summary>What a check allowed.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Organization">The organization, as it was when the check was made.</param>
/// <param name="Role">The caller's role in it.</param>
internal sealed record Grant(Caller Caller, OrganizationEntry Organization, string Role);
