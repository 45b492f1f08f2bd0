using Analytics.Server.Contracts;
using Analytics.Storage;

namespace Analytics.Server.Access;

/// <summary>Decides who may ask, in the contract's order: 401, 404 organisation, 403 plan, 403 role; parameters come after.</summary>
internal static class Authorization
{
    /// <summary>Checks a request about no organisation in particular: any known caller who reads.</summary>
    /// <param name="context">The request.</param>
    /// <returns>The caller, or the problem to answer with.</returns>
    public static (Caller? Caller, Problem? Problem) Check(HttpContext context) => Authentication.CallerOf(context) switch
    {
        null => (null, Problem.Unauthorized),
        { Kind: CallerKind.IngestToken } => (null, Problem.IngestTokenCannotRead),
        var caller => (caller, null),
    };

    /// <summary>Checks a request about an organisation that the path names. Waits for no usage to be loaded.</summary>
    /// <param name="context">The request.</param>
    /// <param name="store">Roles and plans.</param>
    /// <param name="organizationId">The organisation, as the path has it.</param>
    /// <param name="surface">What is asked for.</param>
    /// <returns>What is allowed, or the problem to answer with.</returns>
    public static (Grant? Grant, Problem? Problem) Check(HttpContext context, UsageStore store, string organizationId, Surface surface)
    {
        if (Authentication.CallerOf(context) is not { } caller)
        {
            return (null, Problem.Unauthorized);
        }

        return caller.Reaches(organizationId)
            && store.Directory.FindRole(organizationId, caller.UserId) is { } role
            && store.Directory.FindOrganization(organizationId) is { } organization
            ? Check(new Grant(caller, organization, role), surface)
            : (null, Problem.UnknownOrganization);
    }

    /// <summary>Checks a request about the usage of the organisation that the query names.</summary>
    /// <param name="context">The request.</param>
    /// <param name="store">Each organisation's snapshot.</param>
    /// <param name="surface">What is asked for.</param>
    /// <param name="needsDetails">Whether items and conversations must be loaded.</param>
    /// <returns>The organisation's snapshot and what is allowed, or the problem to answer with.</returns>
    /// <remarks>
    /// Plan and role are read from the snapshot that the answer is made from: it is as new as the directory, and two
    /// queries of it cost a request more than all else that comes before the answer.
    /// </remarks>
    public static async ValueTask<(UsageSnapshot? Snapshot, Grant? Grant, Problem? Problem)> CheckAsync(
        HttpContext context, UsageStore store, Surface surface, bool needsDetails = false)
    {
        if (Authentication.CallerOf(context) is not { } caller)
        {
            return (null, null, Problem.Unauthorized);
        }

        var named = context.Request.Query["organizationId"];
        if (named is not [{ Length: > 0 } organizationId])
        {
            return (null, null, Problem.InvalidParameter("organizationId", named.Count > 1
                ? "found it more than once, expected it once."
                : "found nothing, expected an organization's id."));
        }

        // Only members wait for a snapshot: nobody else may learn that there is one, nor make the server build it.
        if (!caller.Reaches(organizationId)
            || (caller.OrganizationId is null && store.Directory.FindRole(organizationId, caller.UserId) is null)
            || await store.SnapshotAsync(organizationId, context.RequestAborted, needsDetails) is not { } snapshot
            || !snapshot.Directory.Members.TryGetValue(caller.UserId, out var member))
        {
            return (null, null, Problem.UnknownOrganization);
        }

        var (grant, problem) = Check(new Grant(caller, snapshot.Directory.Organization, member.Role), surface);
        return grant is null ? (null, null, problem) : (snapshot, grant, null);
    }

    private static (Grant? Grant, Problem? Problem) Check(Grant grant, Surface surface)
    {
        if (grant.Caller.Kind == CallerKind.IngestToken)
        {
            return (null, Problem.IngestTokenCannotRead);
        }

        return surface.Refusal(grant.Organization.Plan, grant.Role) is { } refusal
            ? (null, refusal)
            : (grant, null);
    }
}
