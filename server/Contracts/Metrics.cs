using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>What usage adds up to. Counts are integers of any size; money is exact.</summary>
internal record Metrics : HeadlineMetrics
{
    /// <summary>Requests that failed by the gateway's or the provider's fault.</summary>
    public required long ErrorCount { get; init; }

    /// <summary>Requests that failed by the caller's fault (4xx); not in errorCount.</summary>
    public required long ClientErrorCount { get; init; }

    /// <summary>Requests that the gateway answered from its own cache, at no cost.</summary>
    public required long CacheHitCount { get; init; }

    /// <summary>Tokens of prompts, with cache reads and cache writes.</summary>
    public required long InputTokens { get; init; }

    /// <summary>The part of inputTokens that the provider read from its cache.</summary>
    public required long CachedInputTokens { get; init; }

    /// <summary>The part of inputTokens that the provider wrote to its cache.</summary>
    public required long CacheWriteTokens { get; init; }

    /// <summary>Tokens of answers, with reasoning.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>The part of outputTokens that was reasoning.</summary>
    public required long ReasoningTokens { get; init; }

    /// <summary>errorCount / requestCount, 0 to 1, rounded half to even to 6 decimals; 0 without requests.</summary>
    public required decimal ErrorRate { get; init; }

    /// <summary>Requests whose price is unknown; their cost is not in cost.</summary>
    public required long UnpricedRequestCount { get; init; }
}

/// <summary>The metrics that every breakdown has.</summary>
internal record HeadlineMetrics
{
    /// <summary>US dollars, exact, with up to 12 decimals; with money=string a text.</summary>
    public required decimal Cost { get; init; }

    /// <summary>Requests.</summary>
    public required long RequestCount { get; init; }

    /// <summary>inputTokens + outputTokens.</summary>
    public required long TotalTokens { get; init; }
}

/// <summary>One metric: its name in parameters and answers, and how it is written.</summary>
/// <param name="Name">The name.</param>
/// <param name="Write">Writes it as a property of the current object.</param>
internal sealed record Metric(string Name, Action<UsageJson, UsageSums> Write)
{
    /// <summary>All metrics, in the order in which they are written.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        new("cost", (json, sums) => json.Money("cost", sums[Measure.Cost])),
        Count("requestCount", Measure.RequestCount),
        Count("errorCount", Measure.ErrorCount),
        Count("clientErrorCount", Measure.ClientErrorCount),
        Count("cacheHitCount", Measure.CacheHitCount),
        Count("inputTokens", Measure.InputTokens),
        Count("cachedInputTokens", Measure.CachedInputTokens),
        Count("cacheWriteTokens", Measure.CacheWriteTokens),
        Count("outputTokens", Measure.OutputTokens),
        Count("reasoningTokens", Measure.ReasoningTokens),
        new("totalTokens", (json, sums) => json.Integer("totalTokens", sums.TotalTokens)),
        new("errorRate", (json, sums) => json.Millionths("errorRate", sums.ErrorRateMillionths)),
        Count("unpricedRequestCount", Measure.UnpricedCount),
    ];

    /// <summary>The metrics of a breakdown entry where nothing else was asked for.</summary>
    public static IReadOnlyList<Metric> Headline { get; } = [.. All.Where(metric => metric.Name is "cost" or "requestCount" or "totalTokens")];

    private static Metric Count(string name, Measure measure) => new(name, (json, sums) => json.Integer(name, sums[measure]));
}
