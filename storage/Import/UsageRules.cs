using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Storage.Import;

/// <summary>Rules that all sources of usage share.</summary>
internal static class UsageRules
{
    /// <summary>What a cost must be.</summary>
    public const string ExpectedCost = "a decimal number of US dollars, 0 or more, such as 0.0375";

    /// <summary>Checks that no part is larger than its whole.</summary>
    /// <param name="measures">Token counts.</param>
    /// <exception cref="FieldException">A part is.</exception>
    public static void CheckParts(UsageMeasures measures)
    {
        var input = measures[Measure.InputTokens];
        var cached = measures[Measure.CachedInputTokens];
        var written = measures[Measure.CacheWriteTokens];
        if ((Int128)cached + written > input)
        {
            throw new FieldException("part-exceeds-whole", "inputTokens", $"found {input} with {cached} cached and {written} written to the cache, expected at least their sum: inputTokens includes both.");
        }

        if (measures[Measure.ReasoningTokens] > measures[Measure.OutputTokens])
        {
            throw new FieldException("part-exceeds-whole", "outputTokens", $"found {measures[Measure.OutputTokens]} with {measures[Measure.ReasoningTokens]} for reasoning, expected at least that many: outputTokens includes them.");
        }
    }

    /// <summary>Sets the cost: as given, or from the price table; requests without a price are counted as unpriced.</summary>
    /// <param name="measures">Counts and tokens; cost and unpriced count are set.</param>
    /// <param name="costPicoUsd">The cost where the source said one.</param>
    /// <param name="mapping">The route.</param>
    /// <param name="isCacheHit">Whether the gateway answered from its own cache, which costs nothing.</param>
    /// <param name="prices">The organisation's prices.</param>
    /// <returns>Whether the computed cost was rounded.</returns>
    /// <exception cref="FieldException">The computed cost does not fit.</exception>
    public static bool Price(ref UsageMeasures measures, long? costPicoUsd, string mapping, bool isCacheHit, PriceTable prices)
    {
        if (costPicoUsd is not null || isCacheHit)
        {
            measures[Measure.Cost] = costPicoUsd ?? 0;
            return false;
        }

        var counts = new TokenCounts(
            measures[Measure.InputTokens],
            measures[Measure.CachedInputTokens],
            measures[Measure.CacheWriteTokens],
            measures[Measure.OutputTokens],
            measures[Measure.ReasoningTokens]);
        switch (prices.TryPrice(mapping, counts, out var priced))
        {
            case PriceOutcome.Priced:
                measures[Measure.Cost] = priced.PicoUsd;
                return priced.Rounded;
            case PriceOutcome.Unpriced:
                measures[Measure.UnpricedCount] = measures[Measure.RequestCount];
                return false;
            default:
                throw new FieldException("too-large", "cost", $"the price table makes the cost of mapping '{mapping}' more than 9223372.036854775807, expected less: check the token counts.");
        }
    }
}

/// <summary>Times in usage data.</summary>
internal static class UsageTime
{
    /// <summary>What a time must be.</summary>
    public const string Expected = "RFC 3339 with an offset, such as 2026-06-24T13:05:00Z";

    /// <summary>Reads RFC 3339.</summary>
    /// <param name="text">The text.</param>
    /// <param name="instant">The instant.</param>
    public static bool TryParse(string text, out Instant instant)
    {
        var result = OffsetDateTimePattern.Rfc3339.Parse(text);
        instant = result.Success ? result.Value.ToInstant() : default;
        return result.Success;
    }
}
