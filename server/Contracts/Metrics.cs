using System.Text;
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

/// <summary>How a metric comes from sums and how it is written.</summary>
internal enum MetricForm
{
    /// <summary>A measure as an integer.</summary>
    Count,

    /// <summary>A measure in pico-dollars, as dollars.</summary>
    Money,

    /// <summary>Input and output tokens together.</summary>
    TotalTokens,

    /// <summary>Errors per request, with up to 6 decimals.</summary>
    ErrorRate,
}

/// <summary>One metric: its name in parameters and answers, and how it is written.</summary>
internal sealed class Metric
{
    private readonly byte[] property;

    private Metric(string name, MetricForm form, Measure measure)
    {
        (Name, Form, Measure) = (name, form, measure);
        property = Encoding.ASCII.GetBytes($"\"{name}\":");
    }

    /// <summary>All metrics, in the order in which they are written.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        new("cost", MetricForm.Money, Measure.Cost),
        new("requestCount", MetricForm.Count, Measure.RequestCount),
        new("errorCount", MetricForm.Count, Measure.ErrorCount),
        new("clientErrorCount", MetricForm.Count, Measure.ClientErrorCount),
        new("cacheHitCount", MetricForm.Count, Measure.CacheHitCount),
        new("inputTokens", MetricForm.Count, Measure.InputTokens),
        new("cachedInputTokens", MetricForm.Count, Measure.CachedInputTokens),
        new("cacheWriteTokens", MetricForm.Count, Measure.CacheWriteTokens),
        new("outputTokens", MetricForm.Count, Measure.OutputTokens),
        new("reasoningTokens", MetricForm.Count, Measure.ReasoningTokens),
        new("totalTokens", MetricForm.TotalTokens, Measure.InputTokens),
        new("errorRate", MetricForm.ErrorRate, Measure.ErrorCount),
        new("unpricedRequestCount", MetricForm.Count, Measure.UnpricedCount),
    ];

    /// <summary>The metrics of a breakdown entry where nothing else was asked for.</summary>
    public static IReadOnlyList<Metric> Headline { get; } = [.. All.Where(metric => metric.Name is "cost" or "requestCount" or "totalTokens")];

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>How it is written.</summary>
    public MetricForm Form { get; }

    /// <summary>The measure, or one of the two that it is made of.</summary>
    public Measure Measure { get; }

    /// <summary>All measures that it is made of.</summary>
    public IReadOnlyList<Measure> Measures => Form switch
    {
        MetricForm.TotalTokens => [Measure.InputTokens, Measure.OutputTokens],
        MetricForm.ErrorRate => [Measure.ErrorCount, Measure.RequestCount],
        _ => [Measure],
    };

    /// <summary>The name as JSON, with the colon.</summary>
    public ReadOnlySpan<byte> Property => property;
}
