using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Why a range cost more or less than an earlier one.</summary>
internal sealed record ExplainResponse : RangeResponse
{
    /// <summary>The earlier range.</summary>
    public required ExplainBaseline Baseline { get; init; }

    /// <summary>US dollars, exact.</summary>
    public required decimal Cost { get; init; }

    /// <summary>The earlier range's cost.</summary>
    public required decimal BaselineCost { get; init; }

    /// <summary>cost - baselineCost; volume + mix + price, exactly.</summary>
    public required decimal Change { get; init; }

    /// <summary>What the change would be if every mapping had grown as all together did.</summary>
    public required decimal Volume { get; init; }

    /// <summary>What other shares of the mappings add, at the prices of the earlier range.</summary>
    public required decimal Mix { get; init; }

    /// <summary>What remains: prices, and what changed within a mapping.</summary>
    public required decimal Price { get; init; }

    /// <summary>Requests.</summary>
    public required long RequestCount { get; init; }

    /// <summary>Requests of the earlier range.</summary>
    public required long BaselineRequestCount { get; init; }

    /// <summary>Input plus output tokens.</summary>
    public required long TotalTokens { get; init; }

    /// <summary>Input plus output tokens of the earlier range.</summary>
    public required long BaselineTotalTokens { get; init; }

    /// <summary>change / baselineCost, rounded half to even to 6 decimals; null where baselineCost is 0.</summary>
    public required decimal? ChangeRate { get; init; }

    /// <summary>The change in words.</summary>
    public required string Sentence { get; init; }

    /// <summary>What makes most of the change: the contribution furthest above its part of the earlier cost; null where none is above it.</summary>
    public required ExplainCause? Largest { get; init; }

    /// <summary>
    /// What does not do as it did, of either direction: its cost is further from those of all candidates than they are from one
    /// another. Null where there is nothing from a hundredth of the earlier cost on, or fewer than four candidates.
    /// </summary>
    public required ExplainCause? Unusual { get; init; }

    /// <summary>The change by every dimension.</summary>
    public required IReadOnlyList<ExplainDimension> Dimensions { get; init; }
}

/// <summary>The earlier range that a range is compared with, as far as this one has elapsed.</summary>
internal sealed record ExplainBaseline
{
    /// <summary>weekday or previous.</summary>
    public required string Kind { get; init; }

    /// <summary>First local day, YYYY-MM-DD.</summary>
    public required string From { get; init; }

    /// <summary>Last local day of which something is compared, YYYY-MM-DD.</summary>
    public required string To { get; init; }

    /// <summary>First instant (RFC 3339, UTC).</summary>
    public required string Start { get; init; }

    /// <summary>First instant after it (RFC 3339, UTC).</summary>
    public required string End { get; init; }

    /// <summary>With weekday: the weeks whose lower median it is, nearest first.</summary>
    public required IReadOnlyList<ExplainCandidate> Candidates { get; init; }
}

/// <summary>A range that might have been compared with.</summary>
internal sealed record ExplainCandidate
{
    /// <summary>First local day, YYYY-MM-DD.</summary>
    public required string From { get; init; }

    /// <summary>Last local day, inclusive, YYYY-MM-DD.</summary>
    public required string To { get; init; }

    /// <summary>US dollars, exact, as far as this range has elapsed.</summary>
    public required decimal Cost { get; init; }
}

/// <summary>The change by one dimension.</summary>
internal sealed record ExplainDimension
{
    /// <summary>apiKey, project, agent, app, mapping, model, provider, member or serviceType.</summary>
    public required string Dimension { get; init; }

    /// <summary>The sum of all contributions: the same in every dimension.</summary>
    public required decimal Change { get; init; }

    /// <summary>The sum of all contributions' volume.</summary>
    public required decimal Volume { get; init; }

    /// <summary>The sum of all contributions' mix.</summary>
    public required decimal Mix { get; init; }

    /// <summary>The sum of all contributions' price.</summary>
    public required decimal Price { get; init; }

    /// <summary>Largest change first, of either sign; what top cuts off is one last entry.</summary>
    public required IReadOnlyList<ExplainContribution> Contributions { get; init; }
}

/// <summary>One group's part of the change.</summary>
internal record ExplainContribution
{
    /// <summary>Id; empty for usage that has none, null for Others.</summary>
    public required string? Key { get; init; }

    /// <summary>What people read.</summary>
    public required string Label { get; init; }

    /// <summary>True where the thing was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>US dollars, exact.</summary>
    public required decimal Cost { get; init; }

    /// <summary>The earlier range's cost.</summary>
    public required decimal BaselineCost { get; init; }

    /// <summary>cost - baselineCost; volume + mix + price, exactly.</summary>
    public required decimal Change { get; init; }

    /// <summary>What more or less usage of the group makes.</summary>
    public required decimal Volume { get; init; }

    /// <summary>What other shares of the mappings within the group add, at the prices of the earlier range.</summary>
    public required decimal Mix { get; init; }

    /// <summary>What remains: prices, and what changed within a mapping.</summary>
    public required decimal Price { get; init; }

    /// <summary>Requests.</summary>
    public required long RequestCount { get; init; }

    /// <summary>Requests of the earlier range.</summary>
    public required long BaselineRequestCount { get; init; }

    /// <summary>Input plus output tokens.</summary>
    public required long TotalTokens { get; init; }

    /// <summary>Input plus output tokens of the earlier range.</summary>
    public required long BaselineTotalTokens { get; init; }

    /// <summary>Part of the whole change, rounded half to even to 6 decimals; negative where it goes the other way, 0 without a change.</summary>
    public required decimal Share { get; init; }

    /// <summary>The contribution in words.</summary>
    public required string Sentence { get; init; }
}

/// <summary>A contribution that is worth a look.</summary>
internal sealed record ExplainCause : ExplainContribution
{
    /// <summary>The dimension that it is of.</summary>
    public required string Dimension { get; init; }
}
