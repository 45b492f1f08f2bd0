using Analytics.Server.Contracts;
using Analytics.Storage.Directory;

namespace Analytics.Server.Access;

/// <summary>Decides who may ask, in the contract's order: 401, 404 organisation, 403 plan, 403 role; parameters come after.</summary>
internal static class Authorization
{
    private const string Scheme = "Bearer ";

    /// <summary>Checks a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="directory">Tokens, organisations and roles.</param>
    /// <param name="surface">What is asked for.</param>
    /// <returns>The organisation, or the problem to answer with.</returns>
    public static (OrganizationEntry? Organization, Problem? Problem) Check(HttpContext context, DirectoryStore directory, Surface surface)
    {
        if (Identify(context, directory) is not { } identity)
        {
            return (null, Problem.Unauthorized);
        }

        var named = context.Request.Query["organizationId"];
        if (named is not [{ Length: > 0 } organizationId])
        {
            return (null, Problem.InvalidParameter("organizationId", named.Count > 1
                ? "found it more than once, expected it once."
                : "found nothing, expected an organisation's id."));
        }

        if (organizationId != identity.OrganizationId
            || directory.FindRole(organizationId, identity.UserId) is not { } role
            || directory.FindOrganization(organizationId) is not { } organization)
        {
            return (null, Problem.UnknownOrganization);
        }

        if (identity.Kind != TokenKind.Read)
        {
            return (null, Problem.IngestTokenCannotRead);
        }

        if (surface.RequiredPlan is { } plan && organization.Plan != plan)
        {
            return (null, Problem.PlanRequired(plan));
        }

        return surface.RequiredRoles.Count > 0 && !surface.RequiredRoles.Contains(role)
            ? (null, Problem.RoleRequired(surface.RequiredRoles))
            : (organization, null);
    }

    private static TokenIdentity? Identify(HttpContext context, DirectoryStore directory)
    {
        var header = context.Request.Headers.Authorization;
        return header is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? directory.Authenticate(value[Scheme.Length..].Trim())
            : null;
    }
}
