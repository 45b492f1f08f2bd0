using Analytics.Server.Contracts;
using Analytics.Storage;
using Analytics.Storage.Directory;

namespace Analytics.Server.Access;

/// <summary>Decides who may ask, in the contract's order: 401, 404 organisation, 403 plan, 403 role; parameters come after.</summary>
internal static class Authorization
{
    private const string Scheme = "Bearer ";

    /// <summary>Checks a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="store">Tokens, and each organisation's snapshot.</param>
    /// <param name="surface">What is asked for.</param>
    /// <returns>The organisation's snapshot and the caller's role in it, or the problem to answer with.</returns>
    /// <remarks>
    /// Plan and role are read from the snapshot that the answer is made from: it is as new as the directory, and two
    /// queries of it cost a request more than all else that comes before the answer.
    /// </remarks>
    public static async ValueTask<(UsageSnapshot? Snapshot, string? Role, Problem? Problem)> CheckAsync(HttpContext context, UsageStore store, Surface surface)
    {
        if (Identify(context, store.Directory) is not { } identity)
        {
            return (null, null, Problem.Unauthorized);
        }

        var named = context.Request.Query["organizationId"];
        if (named is not [{ Length: > 0 } organizationId])
        {
            return (null, null, Problem.InvalidParameter("organizationId", named.Count > 1
                ? "found it more than once, expected it once."
                : "found nothing, expected an organisation's id."));
        }

        // A token is of an organisation that exists, so the snapshot is not the one of an organisation that nobody knows.
        if (organizationId != identity.OrganizationId
            || await store.SnapshotAsync(organizationId, context.RequestAborted) is not { } snapshot
            || !snapshot.Directory.Members.TryGetValue(identity.UserId, out var member))
        {
            return (null, null, Problem.UnknownOrganization);
        }

        if (identity.Kind != TokenKind.Read)
        {
            return (null, null, Problem.IngestTokenCannotRead);
        }

        return surface.Refusal(snapshot.Directory.Organization.Plan, member.Role) is { } refusal
            ? (null, null, refusal)
            : (snapshot, member.Role, null);
    }

    private static TokenIdentity? Identify(HttpContext context, DirectoryStore directory)
    {
        var header = context.Request.Headers.Authorization;
        return header is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? directory.Authenticate(value[Scheme.Length..].Trim())
            : null;
    }
}
