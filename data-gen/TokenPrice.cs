using System.Diagnostics;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;

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

    /// <summary>What tokens that have a cost are billed as: their costs sum to it.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="serviceType">Speech is billed by the second and the character, images one by one; all else by the token.</param>
    /// <param name="requests">Requests that were paid.</param>
    /// <param name="items">Gets the items, those without a quantity left out.</param>
    public void AddItems(Tokens tokens, string serviceType, long requests, List<PricedItem> items)
    {
        const long TokensPerSecond = 25;
        const long CharactersPerToken = 4;
        var input = tokens.Input - tokens.CachedInput - tokens.CacheWrite;
        var output = tokens.Output - tokens.Reasoning;
        if (serviceType == "speech-to-text")
        {
            Add("transcription", "second", input * PricedItem.MicrosPerUnit / TokensPerSecond, input * (Input ?? 0));
        }
        else
        {
            Add("input_tokens", PricedItem.Token, input * PricedItem.MicrosPerUnit, input * (Input ?? 0));
        }

        Add("cached_input_tokens", PricedItem.Token, tokens.CachedInput * PricedItem.MicrosPerUnit, tokens.CachedInput * (CachedInput ?? Input ?? 0));
        Add("cache_write_tokens", PricedItem.Token, tokens.CacheWrite * PricedItem.MicrosPerUnit, tokens.CacheWrite * (CacheWrite ?? Input ?? 0));
        var (rule, unit, quantity) = serviceType switch
        {
            "text-to-speech" => ("speech", "character", output * CharactersPerToken),
            "image-generation" => ("images", "image", requests),
            _ => ("output_tokens", PricedItem.Token, output),
        };
        Add(rule, unit, quantity * PricedItem.MicrosPerUnit, output * (Output ?? 0));
        Add("reasoning_tokens", PricedItem.Token, tokens.Reasoning * PricedItem.MicrosPerUnit, tokens.Reasoning * (Reasoning ?? Output ?? 0));

        void Add(string byRule, string ofUnit, long micros, long pico)
        {
            if (micros > 0 || pico > 0)
            {
                items.Add(new PricedItem(byRule, ofUnit, micros, pico));
            }
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
