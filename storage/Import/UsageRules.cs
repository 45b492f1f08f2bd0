using System.Text;
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

    private static readonly Instant Earliest = Instant.FromUtc(1970, 1, 1, 0, 0);

    /// <summary>Whether a request's time is from 1970 to one hour from now.</summary>
    public static bool IsTimely(Instant time, Instant now) => time <= now + Duration.FromHours(1) && time >= Earliest;

    /// <summary>Checks that a request's time is neither long ago nor to come.</summary>
    /// <param name="time">The time.</param>
    /// <param name="now">The present.</param>
    /// <param name="field">The time's field.</param>
    /// <param name="text">The time's text.</param>
    /// <returns>The time.</returns>
    /// <exception cref="FieldException">It is out of range.</exception>
    public static Instant CheckTime(Instant time, Instant now, string field, string text) =>
        IsTimely(time, now)
            ? time
            : throw new FieldException("timestamp-out-of-range", field, $"found '{text}', expected a time from 1970 to at most one hour from now.");

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
    /// <param name="items">
    /// What the cost is made of: rule by rule where the price table gives this very cost, else one item for all of it; none
    /// where it is 0.
    /// </param>
    /// <returns>Whether the computed cost was rounded.</returns>
    /// <exception cref="FieldException">The computed cost does not fit.</exception>
    public static bool Price(ref UsageMeasures measures, long? costPicoUsd, string mapping, bool isCacheHit, PriceTable prices, out IReadOnlyList<PricedItem> items)
    {
        items = [];
        var counts = new TokenCounts(
            measures[Measure.InputTokens],
            measures[Measure.CachedInputTokens],
            measures[Measure.CacheWriteTokens],
            measures[Measure.OutputTokens],
            measures[Measure.ReasoningTokens]);
        if (costPicoUsd is not null || isCacheHit)
        {
            measures[Measure.Cost] = costPicoUsd ?? 0;
            items = costPicoUsd is > 0 ? prices.Items(mapping, counts, costPicoUsd.Value) ?? PricedItem.Whole(measures) : [];
            return false;
        }

        switch (prices.TryPrice(mapping, counts, out var priced))
        {
            case PriceOutcome.Priced:
                measures[Measure.Cost] = priced.PicoUsd;
                items = prices.Items(mapping, counts, priced.PicoUsd) ?? PricedItem.Whole(measures);
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

    private static readonly int EpochDay = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>Reads RFC 3339.</summary>
    /// <param name="text">The text.</param>
    /// <param name="instant">The instant.</param>
    public static bool TryParse(string text, out Instant instant)
    {
        var result = OffsetDateTimePattern.Rfc3339.Parse(text);
        instant = result.Success ? result.Value.ToInstant() : default;
        return result.Success;
    }

    /// <summary>Reads RFC 3339.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="instant">The instant.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out Instant instant) =>
        TryParseUtc(text, out instant) || TryParse(Encoding.UTF8.GetString(text), out instant);

    /// <summary>Reads the usual spelling, <c>2026-06-24T13:05:00.123Z</c>, about 20 times faster than the pattern. All else is left to that.</summary>
    private static bool TryParseUtc(ReadOnlySpan<byte> text, out Instant instant)
    {
        instant = default;
        if (text.Length is < 20 or > 30 || text[^1] != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month) || !TryDigits(text[8..10], out var day)
            || !TryDigits(text[11..13], out var hour) || !TryDigits(text[14..16], out var minute) || !TryDigits(text[17..19], out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        var nanoseconds = 0;
        if (text.Length > 20)
        {
            var fraction = text[20..^1];
            if (text[19] != '.' || fraction.IsEmpty || !TryDigits(fraction, out nanoseconds))
            {
                return false;
            }

            for (var digits = fraction.Length; digits < 9; digits++)
            {
                nanoseconds *= 10;
            }
        }

        var days = new DateOnly(year, month, day).DayNumber - EpochDay;
        instant = Instant.FromUnixTimeSeconds((days * 86_400L) + (hour * 3_600) + (minute * 60) + second).PlusNanoseconds(nanoseconds);
        return true;
    }

    // At most nine digits, so nothing overflows.
    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var character in text)
        {
            if (character is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (value * 10) + (character - '0');
        }

        return true;
    }
}
