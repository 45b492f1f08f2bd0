namespace Analytics.Engine.Usage;

/// <summary>What is added up. All measures are integers, 0 or more.</summary>
public enum Measure
{
    /// <summary>Requests.</summary>
    RequestCount,

    /// <summary>Requests that failed by the gateway's or the provider's fault.</summary>
    ErrorCount,

    /// <summary>Requests that failed by the caller's fault (4xx). Not in <see cref="ErrorCount"/>.</summary>
    ClientErrorCount,

    /// <summary>Requests that the gateway answered from its own cache. Their tokens count, their cost is 0.</summary>
    CacheHitCount,

    /// <summary>Requests whose price is unknown. Their cost is not in <see cref="Cost"/>.</summary>
    UnpricedCount,

    /// <summary>Tokens of prompts, with cache reads and cache writes.</summary>
    InputTokens,

    /// <summary>The part of <see cref="InputTokens"/> that the provider read from its cache.</summary>
    CachedInputTokens,

    /// <summary>The part of <see cref="InputTokens"/> that the provider wrote to its cache.</summary>
    CacheWriteTokens,

    /// <summary>Tokens of answers, with reasoning.</summary>
    OutputTokens,

    /// <summary>The part of <see cref="OutputTokens"/> that was reasoning.</summary>
    ReasoningTokens,

    /// <summary>Cost in pico-US-dollars (1e-12 USD).</summary>
    Cost,

    /// <summary>Quantity of priced items in millionths (1e-6) of their unit: items only. Quantities of different units do not add up to anything.</summary>
    Quantity,
}

/// <summary>Facts about measures.</summary>
public static class Measures
{
    /// <summary>Number of measures.</summary>
    public const int Count = 12;

    /// <summary>All measures, in the order of their columns.</summary>
    public static IReadOnlyList<Measure> All { get; } = Enum.GetValues<Measure>();

    /// <summary>What nearly all questions are about: cost, requests, and the two kinds of tokens.</summary>
    public static IReadOnlyList<Measure> Headline { get; } = [Measure.Cost, Measure.RequestCount, Measure.InputTokens, Measure.OutputTokens];
}
