using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Usage by service type.</summary>
internal sealed record ServicesResponse : RangeResponse
{
    /// <summary>hour, day, week or month.</summary>
    public required string Bucket { get; init; }

    /// <summary>Sums of the range.</summary>
    public required Metrics Totals { get; init; }

    /// <summary>Service types with usage, largest cost first; what top cuts off is one last entry. They sum to totals.</summary>
    public required IReadOnlyList<ServiceUsage> Services { get; init; }
}

/// <summary>One service type.</summary>
internal sealed record ServiceUsage
{
    /// <summary>Such as text-generation; empty for usage that has none, null for Others.</summary>
    public required string? ServiceType { get; init; }

    /// <summary>What people read.</summary>
    public required string Label { get; init; }

    /// <summary>Sums of the range.</summary>
    public required Metrics Totals { get; init; }

    /// <summary>By project, largest cost first; they sum to totals.</summary>
    public required IReadOnlyList<RankedGroup> Projects { get; init; }

    /// <summary>All buckets of the range by project, those without usage included.</summary>
    public required IReadOnlyList<ActivityBucket> Activity { get; init; }

    /// <summary>What was billed, by unit, largest cost first; costs sum to totals' cost.</summary>
    public required IReadOnlyList<UnitUsage> Usage { get; init; }
}

/// <summary>What was billed in one unit.</summary>
internal sealed record UnitUsage : BilledAmount
{
    /// <summary>Such as token, second or image; request where a cost was said as a whole.</summary>
    public required string Unit { get; init; }

    /// <summary>By pricing rule, largest cost first.</summary>
    public required IReadOnlyList<RuleUsage> Rules { get; init; }

    /// <summary>All buckets of the range by pricing rule, those without usage included.</summary>
    public required IReadOnlyList<RuleBucket> Activity { get; init; }
}

/// <summary>So much of something, and what it cost.</summary>
internal abstract record BilledAmount
{
    /// <summary>How much, exact, with up to 6 decimals.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>US dollars, exact.</summary>
    public required decimal Cost { get; init; }
}

/// <summary>What one pricing rule billed.</summary>
internal sealed record RuleUsage : BilledAmount
{
    /// <summary>Such as input_tokens.</summary>
    public required string Rule { get; init; }
}

/// <summary>What was billed in one bucket.</summary>
internal sealed record RuleBucket : BilledAmount
{
    /// <summary>Local day; for a longer bucket its first day inside of the range; for an hour its local start with offset.</summary>
    public required string Date { get; init; }

    /// <summary>First instant (RFC 3339, UTC).</summary>
    public required string Start { get; init; }

    /// <summary>First instant after it (RFC 3339, UTC).</summary>
    public required string End { get; init; }

    /// <summary>True where the zone never had this day.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Skipped { get; init; }

    /// <summary>By pricing rule, largest cost first.</summary>
    public required IReadOnlyList<RuleUsage> Breakdown { get; init; }
}
