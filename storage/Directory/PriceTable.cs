using Analytics.Storage.Rollup;

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

    private static readonly string[] Rules = ["input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"];

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

        Int128 atto = 0;
        Span<(long Tokens, long AttoPerToken)> parts = stackalloc (long, long)[Rules.Length];
        price.Split(counts, parts);
        foreach (var (tokens, attoPerToken) in parts)
        {
            atto += (Int128)tokens * attoPerToken;
        }

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

    /// <summary>What a cost of <see cref="TryPrice"/> is made of, rule by rule; rules without tokens are left out.</summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="counts">The same counts.</param>
    /// <param name="pico">The cost.</param>
    /// <returns>
    /// Items whose costs sum to the cost: each is rounded down to 12 decimals, and the pico-dollars that this leaves over go
    /// one by one to those that lost most, the first of equals first. Null where the mapping has no such cost, or a count is
    /// beyond what a quantity holds (9.2e12 tokens).
    /// </returns>
    public IReadOnlyList<PricedItem>? Items(string mapping, TokenCounts counts, long pico)
    {
        const long MaxTokens = long.MaxValue / PricedItem.MicrosPerUnit;
        if (Math.Max(counts.Input, counts.Output) > MaxTokens || TryPrice(mapping, counts, out var cost) != PriceOutcome.Priced || cost.PicoUsd != pico)
        {
            return null;
        }

        List<(PricedItem Item, long Lost)> items = new(Rules.Length);
        Span<(long Tokens, long AttoPerToken)> parts = stackalloc (long, long)[Rules.Length];
        prices[mapping].Split(counts, parts);
        var left = pico;
        for (var i = 0; i < parts.Length; i++)
        {
            var (tokens, attoPerToken) = parts[i];
            if (tokens > 0)
            {
                var (part, lost) = Int128.DivRem((Int128)tokens * attoPerToken, AttoPerPico);
                items.Add((new PricedItem(Rules[i], PricedItem.Token, tokens * PricedItem.MicrosPerUnit, (long)part), (long)lost));
                left -= (long)part;
            }
        }

        if (left > 0)
        {
            foreach (var i in Enumerable.Range(0, items.Count).OrderByDescending(i => items[i].Lost).Take((int)left).ToArray())
            {
                items[i] = (items[i].Item with { CostPicoUsd = items[i].Item.CostPicoUsd + 1 }, items[i].Lost);
            }
        }

        return [.. items.Select(item => item.Item)];
    }

    // All in atto US dollars per token; null where the rule has no price.
    private readonly record struct TokenPrices(long? Input, long? CachedInput, long? CacheWrite, long? Output, long? Reasoning)
    {
        /// <summary>For each of <see cref="Rules"/> its tokens and their price, 0 where there is none.</summary>
        public void Split(TokenCounts counts, Span<(long Tokens, long AttoPerToken)> parts)
        {
            var (input, output) = (Input ?? 0, Output ?? 0);
            parts[0] = (counts.Input - counts.CachedInput - counts.CacheWrite, input);
            parts[1] = (counts.CachedInput, CachedInput ?? input);
            parts[2] = (counts.CacheWrite, CacheWrite ?? input);
            parts[3] = (counts.Output - counts.Reasoning, output);
            parts[4] = (counts.Reasoning, Reasoning ?? output);
        }

        public static TokenPrices From(IReadOnlyList<PriceEntry> prices)
        {
            return new TokenPrices(Of(Rules[0]), Of(Rules[1]), Of(Rules[2]), Of(Rules[3]), Of(Rules[4]));

            long? Of(string rule) => prices.FirstOrDefault(price => price.Rule == rule) is { } price ? AttoPrice.PerToken(price) : null;
        }
    }
}
