using System.Text.Json.Serialization;

namespace Analytics.Server.Contracts;

/// <summary>Usage of a range by bucket, each broken down by one dimension.</summary>
internal sealed record ActivityResponse : RangeResponse
{
    /// <summary>The dimension: model, mapping, provider, project, apiKey, member, app, serviceType or agent; or two, separated by a comma.</summary>
    public required string GroupBy { get; init; }

    /// <summary>hour, day, week or month.</summary>
    public required string Bucket { get; init; }

    /// <summary>Sums of the whole range.</summary>
    public required ComparedMetrics Totals { get; init; }

    /// <summary>With compare: the earlier range.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ComparedRange? Comparison { get; init; }

    /// <summary>With explain=plan: how the answer was come by, as text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Plan { get; init; }

    /// <summary>All buckets of the range in order, those without usage included.</summary>
    public required IReadOnlyList<ActivityBucket> Activity { get; init; }

    /// <summary>Groups of the whole range, largest first; they sum to totals.</summary>
    public required IReadOnlyList<RankedGroup> Ranking { get; init; }
}

/// <summary>The range that this one is compared with, as far as this one has elapsed.</summary>
internal sealed record ComparedRange
{
    /// <summary>First local day, YYYY-MM-DD.</summary>
    public required string From { get; init; }

    /// <summary>Last local day of which something is compared, YYYY-MM-DD.</summary>
    public required string To { get; init; }

    /// <summary>First instant (RFC 3339, UTC).</summary>
    public required string Start { get; init; }

    /// <summary>First instant after it (RFC 3339, UTC).</summary>
    public required string End { get; init; }
}

/// <summary>Metrics, beside those of an earlier range where one was asked for.</summary>
internal record ComparedMetrics : Metrics
{
    /// <summary>With compare: the metrics of the earlier range.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Metrics? Previous { get; init; }
}

/// <summary>What every answer about a range says.</summary>
internal abstract record RangeResponse
{
    /// <summary>The zone whose days are counted: an IANA id.</summary>
    public required string Timezone { get; init; }

    /// <summary>First local day, YYYY-MM-DD.</summary>
    public required string From { get; init; }

    /// <summary>Last local day, inclusive, YYYY-MM-DD.</summary>
    public required string To { get; init; }

    /// <summary>False where a bucket edge cuts through an interval of the stored data.</summary>
    public required bool Exact { get; init; }

    /// <summary>End of the organization's last interval with data (RFC 3339, UTC); null where there is none.</summary>
    public required string? DataThrough { get; init; }
}

/// <summary>One bucket: metrics and breakdown.</summary>
internal sealed record ActivityBucket : Metrics
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

    /// <summary>Groups with usage, largest first; they sum to the bucket.</summary>
    public required IReadOnlyList<BreakdownEntry> Breakdown { get; init; }
}

/// <summary>One group of a bucket, with the metrics that fields asked for: cost, requestCount and totalTokens unless told otherwise.</summary>
internal sealed record BreakdownEntry
{
    /// <summary>Id; empty for usage that has none, null for Others. Not with two dimensions, but for Others.</summary>
    public string? Key { get; init; }

    /// <summary>What people read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Label { get; init; }

    /// <summary>With two dimensions: the id in each.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>With two dimensions: what people read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>True where the thing, or one of the two, was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>US dollars, exact.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Cost { get; init; }

    /// <summary>Requests.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? RequestCount { get; init; }

    /// <summary>Only with fields=errorCount.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ErrorCount { get; init; }

    /// <summary>Only with fields=clientErrorCount.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ClientErrorCount { get; init; }

    /// <summary>Only with fields=cacheHitCount.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? CacheHitCount { get; init; }

    /// <summary>Only with fields=inputTokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? InputTokens { get; init; }

    /// <summary>Only with fields=cachedInputTokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? CachedInputTokens { get; init; }

    /// <summary>Only with fields=cacheWriteTokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? CacheWriteTokens { get; init; }

    /// <summary>Only with fields=outputTokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? OutputTokens { get; init; }

    /// <summary>Only with fields=reasoningTokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ReasoningTokens { get; init; }

    /// <summary>Input plus output tokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalTokens { get; init; }

    /// <summary>Only with fields=errorRate.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? ErrorRate { get; init; }

    /// <summary>Only with fields=unpricedRequestCount.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? UnpricedRequestCount { get; init; }
}

/// <summary>One group of the whole range.</summary>
internal sealed record RankedGroup : ComparedMetrics
{
    /// <summary>Id; empty for usage that has none, null for Others. Not with two dimensions, but for Others.</summary>
    public string? Key { get; init; }

    /// <summary>What people read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Label { get; init; }

    /// <summary>With two dimensions: the id in each.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>With two dimensions: what people read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>True where the thing, or one of the two, was deleted; its history stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deleted { get; init; }

    /// <summary>Part of the range's total of the ranked metric, 0 to 1, rounded half to even to 6 decimals.</summary>
    public required decimal Share { get; init; }
}
