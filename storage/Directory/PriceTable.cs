namespace Analytics.Storage.Directory;

/// <summary>The tokens of one request, or of several with the same mapping.</summary>
/// <param name="Input">All input tokens, 0 or more.</param>
/// <param name="CachedInput">The part of <paramref name="Input"/> read from a cache.</param>
/// <param name="CacheWrite">Another part of <paramref name="Input"/>, written to a cache.</param>
/// <param name="Output">All output tokens, 0 or more.</param>
/// <param name="Reasoning">The part of <paramref name="Output"/> spent on reasoning.</param>
public readonly record struct TokenCounts(long Input, long CachedInput, long CacheWrite, long Output, long Reasoning);

/// <summary>What tokens cost.</summary>
/// <param name="PicoUsd">1e-12 US dollars, 0 or more.</param>
/// <param name="Rounded">True where the exact cost has more than 12 decimals.</param>
public readonly record struct PricedCost(long PicoUsd, bool Rounded);

/// <summary>How pricing ended.</summary>
public enum PriceOutcome
{
    /// <summary>There is a cost.</summary>
    Priced,

    /// <summary>The table has no price for the mapping, or none for a whole that has tokens.</summary>
    Unpriced,

    /// <summary>The cost does not fit in 64 bits of pico-dollars (about 9.2 million US dollars).</summary>
    TooLarge,
}

/// <summary>Prices of mappings, as one organisation sees them. Immutable.</summary>
public sealed class PriceTable
{
    // A price of at most 1 US dollar per token is at most 1e18 atto, so a product with a token count is below 1e37 and
    // the sum of five stays far below Int128's 1.7e38: nothing here can overflow but the last step.
    private const long AttoPerPico = 1_000_000;

    private readonly Dictionary<string, TokenPrices> prices = new(StringComparer.Ordinal);

    internal PriceTable(IEnumerable<DirectoryModel> models)
    {
        foreach (var model in models)
        {
            if (model.Prices.Count > 0)
            {
                prices.Add(model.Mapping, TokenPrices.From(model.Prices));
            }
        }
    }

    /// <summary>Prices tokens exactly, with one rounding, half to even, to 12 decimals at the end.</summary>
    /// <param name="mapping">The mapping, compared by ordinal.</param>
    /// <param name="counts">Counts of 0 or more; parts do not exceed their whole.</param>
    /// <param name="cost">The cost, or 0 where the outcome is not <see cref="PriceOutcome.Priced"/>.</param>
    /// <returns>Whether there is a cost, and why not.</returns>
    /// <remarks>
    /// Fresh input tokens (input without cache reads and writes) cost <c>input_tokens</c>, output tokens without
    /// reasoning cost <c>output_tokens</c>. A part without a price of its own costs what its whole costs. A whole that
    /// has tokens and no price makes the request unpriced, even where all its tokens are parts with prices.
    /// </remarks>
    /// <exception cref="ArgumentException">A count is negative, or parts exceed their whole.</exception>
    public PriceOutcome TryPrice(string mapping, TokenCounts counts, out PricedCost cost)
    {
        if (counts.Input < 0 || counts.CachedInput < 0 || counts.CacheWrite < 0 || counts.Output < 0 || counts.Reasoning < 0
            || counts.CachedInput > counts.Input || counts.CacheWrite > counts.Input - counts.CachedInput
            || counts.Reasoning > counts.Output)
        {
            throw new ArgumentException($"Found {counts}; counts must be 0 or more and parts may not exceed their whole.", nameof(counts));
        }

        cost = default;
        if (!prices.TryGetValue(mapping, out var price)
            || (counts.Input > 0 && price.Input is null) || (counts.Output > 0 && price.Output is null))
        {
            return PriceOutcome.Unpriced;
        }

        var input = price.Input ?? 0;
        var output = price.Output ?? 0;
        var atto = Cost(counts.Input - counts.CachedInput - counts.CacheWrite, input)
            + Cost(counts.CachedInput, price.CachedInput ?? input)
            + Cost(counts.CacheWrite, price.CacheWrite ?? input)
            + Cost(counts.Output - counts.Reasoning, output)
            + Cost(counts.Reasoning, price.Reasoning ?? output);

        var (pico, rest) = Int128.DivRem(atto, AttoPerPico);
        if (rest > AttoPerPico / 2 || (rest == AttoPerPico / 2 && Int128.IsOddInteger(pico)))
        {
            pico++;
        }

        if (pico > long.MaxValue)
        {
            return PriceOutcome.TooLarge;
        }

        cost = new PricedCost((long)pico, rest != 0);
        return PriceOutcome.Priced;
    }

    private static Int128 Cost(long tokens, long attoPerToken) => (Int128)tokens * attoPerToken;

    // All in atto US dollars per token; null where the rule has no price.
    private readonly record struct TokenPrices(long? Input, long? CachedInput, long? CacheWrite, long? Output, long? Reasoning)
    {
        public static TokenPrices From(IReadOnlyList<PriceEntry> prices)
        {
            return new TokenPrices(
                Of("input_tokens"), Of("cached_input_tokens"), Of("cache_write_tokens"), Of("output_tokens"), Of("reasoning_tokens"));

            long? Of(string rule) => prices.FirstOrDefault(price => price.Rule == rule) is { } price ? AttoPrice.PerToken(price) : null;
        }
    }
}
