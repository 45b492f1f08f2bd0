using Analytics.Server.Contracts;

namespace Analytics.Server.Access;

/// <summary>What a plan and a role must allow before an answer is given.</summary>
/// <param name="RequiredPlan">The plan; null where every plan will do.</param>
/// <param name="RequiredRoles">The roles; empty where any member will do.</param>
internal sealed record Surface(string? RequiredPlan, IReadOnlyList<string> RequiredRoles)
{
    /// <summary>Usage of projects and API keys, and the caller's own.</summary>
    public static readonly Surface AnyMember = new(null, []);

    /// <summary>Usage of the whole organisation.</summary>
    public static readonly Surface OrganizationWide = new("enterprise", ["owner", "admin"]);

    /// <summary>Usage by member.</summary>
    public static readonly Surface Members = new("enterprise", ["owner", "admin"]);

    /// <summary>The organisation's directory, tokens and audit log.</summary>
    public static readonly Surface Administration = new(null, ["owner", "admin"]);

    /// <summary>What only owners may change.</summary>
    public static readonly Surface Ownership = new(null, ["owner"]);

    /// <summary>Why a member may not see this; null where they may.</summary>
    /// <param name="plan">The organisation's plan.</param>
    /// <param name="role">The member's role.</param>
    public Problem? Refusal(string plan, string role) =>
        RequiredPlan is { } required && plan != required ? Problem.PlanRequired(required)
        : RequiredRoles.Count > 0 && !RequiredRoles.Contains(role) ? Problem.RoleRequired(RequiredRoles)
        : null;
}
