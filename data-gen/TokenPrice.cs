using System.Diagnostics;
using Analytics.Storage.Directory;

namespace Analytics.DataGen;

/// <summary>Prices of one mapping in pico-dollars per token; null where there is none.</summary>
/// <remarks>The product has its own price table. This one is written apart from it, so that totals from here test the other.</remarks>
internal sealed record TokenPrice(long? Input, long? CachedInput, long? CacheWrite, long? Output, long? Reasoning)
{
    public static TokenPrice Of(ModelEntry model)
    {
        return new TokenPrice(Rule("input_tokens"), Rule("cached_input_tokens"), Rule("cache_write_tokens"), Rule("output_tokens"), Rule("reasoning_tokens"));

        long? Rule(string rule)
        {
            // A millionth of a dollar per million tokens is one pico-dollar per token.
            var pico = model.Prices.FirstOrDefault(price => price.Rule == rule)?.UsdPerMillion * 1_000_000;
            Debug.Assert(pico is null || pico == decimal.Truncate(pico.Value), "Prices of worlds have at most 6 decimals.");
            return (long?)pico;
        }
    }

    /// <summary>What tokens cost, or null where that is unknown.</summary>
    public long? Cost(Tokens tokens)
    {
        var isPriced = (Input ?? Output) is not null;
        if (!isPriced || (tokens.Input > 0 && Input is null) || (tokens.Output > 0 && Output is null))
        {
            return null;
        }

        return checked(
            ((tokens.Input - tokens.CachedInput - tokens.CacheWrite) * (Input ?? 0))
            + (tokens.CachedInput * (CachedInput ?? Input ?? 0))
            + (tokens.CacheWrite * (CacheWrite ?? Input ?? 0))
            + ((tokens.Output - tokens.Reasoning) * (Output ?? 0))
            + (tokens.Reasoning * (Reasoning ?? Output ?? 0)));
    }
}

/// <summary>Tokens of one request or several; parts are in their wholes.</summary>
internal readonly record struct Tokens(long Input, long CachedInput, long CacheWrite, long Output, long Reasoning);
