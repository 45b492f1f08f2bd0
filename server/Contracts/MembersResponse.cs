namespace Analytics.Server.Contracts;

/// <summary>Everyone's usage, by who created the API key.</summary>
internal sealed record MembersResponse : RangeResponse
{
    /// <summary>All members, those without usage too, and rows for usage without an owner and for owners who left; largest cost first.</summary>
    public required IReadOnlyList<MemberUsage> Members { get; init; }

    /// <summary>The sum of all rows.</summary>
    public required Metrics Totals { get; init; }
}

/// <summary>One member's usage.</summary>
internal sealed record MemberUsage : Metrics
{
    /// <summary>User id; empty for usage that has no owner.</summary>
    public required string UserId { get; init; }

    /// <summary>Name; "Unattributed" without an owner, "Former member" for who left.</summary>
    public required string Name { get; init; }

    /// <summary>Email address; null where none is known.</summary>
    public required string? Email { get; init; }

    /// <summary>owner, admin, developer or member; null for who is none.</summary>
    public required string? Role { get; init; }

    /// <summary>API keys created and not deleted.</summary>
    public required int ApiKeyCount { get; init; }

    /// <summary>API keys used in the range.</summary>
    public required int ActiveApiKeyCount { get; init; }
}

/// <summary>One member in detail.</summary>
internal sealed record MemberResponse : RangeResponse
{
    /// <summary>Who.</summary>
    public required MemberProfile Member { get; init; }

    /// <summary>Sums of the range.</summary>
    public required Metrics Summary { get; init; }

    /// <summary>What most requests went to or came from.</summary>
    public required MostUsed MostUsed { get; init; }

    /// <summary>By canonical model, largest cost first.</summary>
    public required IReadOnlyList<RankedGroup> CostByModel { get; init; }

    /// <summary>By provider, largest cost first.</summary>
    public required IReadOnlyList<RankedGroup> TopProviders { get; init; }

    /// <summary>By application, largest cost first.</summary>
    public required IReadOnlyList<RankedGroup> TopApps { get; init; }

    /// <summary>Each day by canonical model.</summary>
    public required IReadOnlyList<ActivityBucket> Activity { get; init; }
}

/// <summary>A member of the organization.</summary>
internal sealed record MemberProfile
{
    /// <summary>User id.</summary>
    public required string UserId { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Email address; null where none is known.</summary>
    public required string? Email { get; init; }

    /// <summary>owner, admin, developer or member.</summary>
    public required string? Role { get; init; }

    /// <summary>API keys created and not deleted.</summary>
    public required int ApiKeyCount { get; init; }

    /// <summary>API keys used in the range.</summary>
    public required int ActiveApiKeyCount { get; init; }
}

/// <summary>Labels of the groups with most requests; null without usage.</summary>
internal sealed record MostUsed
{
    /// <summary>Canonical model.</summary>
    public required string? Model { get; init; }

    /// <summary>Provider.</summary>
    public required string? Provider { get; init; }

    /// <summary>Application.</summary>
    public required string? App { get; init; }
}
