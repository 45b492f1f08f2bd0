using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>What the details of a project, an API key and an agent have in common.</summary>
internal abstract record DetailResponse : RangeResponse
{
    /// <summary>canonical or mapping: what costByModel and activity are broken down by.</summary>
    public required string Models { get; init; }

    /// <summary>hour, day, week or month.</summary>
    public required string Bucket { get; init; }

    /// <summary>Sums of the range.</summary>
    public required ComparedMetrics Summary { get; init; }

    /// <summary>With compare: the earlier range.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ComparedRange? Comparison { get; init; }

    /// <summary>By model, largest first; they sum to summary.</summary>
    public required IReadOnlyList<RankedGroup> CostByModel { get; init; }

    /// <summary>All buckets of the range by model, those without usage included.</summary>
    public required IReadOnlyList<ActivityBucket> Activity { get; init; }
}
