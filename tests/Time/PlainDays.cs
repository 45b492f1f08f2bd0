using NodaTime;

namespace Analytics.Tests.Time;

/// <summary>Local days by their definition, found by walking a zone's intervals: slow, and shares nothing with the engine.</summary>
internal static class PlainDays
{
    // No zone ever moved its clocks by more than a day, so the days around a date show all of it.
    private static readonly Duration Reach = Duration.FromDays(3);

    /// <summary>The first instant whose local date is <paramref name="date"/> or later.</summary>
    public static Instant FirstInstant(LocalDate date, DateTimeZone zone)
    {
        foreach (var (start, end, offset) in Around(date.AtMidnight().InUtc().ToInstant(), zone))
        {
            var candidate = Instant.Max(start, date.AtMidnight().WithOffset(offset).ToInstant());
            if (candidate < end)
            {
                return candidate;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(date));
    }

    /// <summary>The latest local date that any clock of the zone showed up to <paramref name="instant"/>.</summary>
    /// <remarks>Where clocks go back over midnight, the old date's second visit belongs to the day that had begun.</remarks>
    public static LocalDate DayOf(Instant instant, DateTimeZone zone) => Around(instant, zone)
        .Where(part => part.Start <= instant)
        .Max(part => Instant.Min(instant, part.End - Duration.Epsilon).WithOffset(part.Offset).Date);

    private static IEnumerable<(Instant Start, Instant End, Offset Offset)> Around(Instant instant, DateTimeZone zone)
    {
        var from = instant - Reach;
        var through = instant > Instant.MaxValue - Reach ? Instant.MaxValue : instant + Reach;
        return zone.GetZoneIntervals(from, through).Select(part => (
            part.HasStart ? Instant.Max(part.Start, from) : from,
            part.HasEnd ? Instant.Min(part.End, through) : through,
            part.WallOffset));
    }
}
