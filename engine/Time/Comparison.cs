using NodaTime;

namespace Analytics.Engine.Time;

/// <summary>Which earlier range a range is compared with.</summary>
public enum Comparison
{
    /// <summary>None.</summary>
    None,

    /// <summary>As many days immediately before; for whole calendar months, as many months before.</summary>
    Previous,

    /// <summary>The same days one year before; 29 February is compared with the 28th.</summary>
    PreviousYear,
}

/// <summary>The earlier range that a range is compared with, as far as the range has elapsed.</summary>
/// <param name="From">First local day.</param>
/// <param name="To">Last local day, inclusive: of the whole earlier range, which may end before it.</param>
/// <param name="Start">First instant.</param>
/// <param name="End">First instant after what is compared; <paramref name="Start"/> where nothing has elapsed.</param>
public readonly record struct ComparisonRange(LocalDate From, LocalDate To, Instant Start, Instant End)
{
    /// <summary>The last local day of which something is compared; the first one where nothing is.</summary>
    /// <param name="zone">Zone whose days are counted.</param>
    public LocalDate LastDay(DateTimeZone zone) => End > Start ? LocalDate.Min(To, (End - Duration.Epsilon).InZone(zone).Date) : From;

    /// <summary>Finds it.</summary>
    /// <param name="comparison">Which; not <see cref="Comparison.None"/>.</param>
    /// <param name="from">First local day of the range.</param>
    /// <param name="to">Last local day, inclusive.</param>
    /// <param name="zone">Zone whose days are counted.</param>
    /// <param name="dataThrough">
    /// The end of the last interval that has data, which is what "elapsed" is measured by; null without data. Where it
    /// lies inside of the range, the earlier range is cut at the same local time of the corresponding day, so that a
    /// month to date is compared with the same part of the month before, and not with all of it.
    /// </param>
    /// <returns>Null where the earlier range would begin before <see cref="TimeBuckets.MinDate"/>.</returns>
    public static ComparisonRange? Of(Comparison comparison, LocalDate from, LocalDate to, DateTimeZone zone, Instant? dataThrough)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (comparison == Comparison.None)
        {
            throw new ArgumentOutOfRangeException(nameof(comparison));
        }

        var days = Period.DaysBetween(from, to) + 1;
        var months = from.Day == 1 && to.PlusDays(1).Day == 1 ? Period.Between(from, to.PlusDays(1), PeriodUnits.Months).Months : 0;
        var isMonths = months > 0 && comparison == Comparison.Previous;
        if (from.Year <= 1 && (comparison == Comparison.PreviousYear || Period.DaysBetween(TimeBuckets.MinDate, from) < (isMonths ? 31 * months : days)))
        {
            return null;
        }

        var first = comparison == Comparison.PreviousYear ? from.PlusYears(-1) : isMonths ? from.PlusMonths(-months) : from.PlusDays(-days);
        var last = comparison == Comparison.PreviousYear ? LastOfYearBefore(to, months) : from.PlusDays(-1);
        return Between(first, last, from, to, zone, dataThrough);
    }

    /// <summary>An earlier range of chosen days, as far as the range has elapsed.</summary>
    /// <param name="first">First local day of the earlier range.</param>
    /// <param name="last">Last local day of the earlier range, inclusive.</param>
    /// <param name="from">First local day of the range.</param>
    /// <param name="to">Last local day, inclusive.</param>
    /// <param name="zone">Zone whose days are counted.</param>
    /// <param name="dataThrough">The end of the last interval that has data; null without data.</param>
    public static ComparisonRange Between(LocalDate first, LocalDate last, LocalDate from, LocalDate to, DateTimeZone zone, Instant? dataThrough)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var (start, end) = (TimeBuckets.StartOf(first, zone), TimeBuckets.StartOf(last.PlusDays(1), zone));
        if (dataThrough is { } through && through < TimeBuckets.StartOf(to.PlusDays(1), zone))
        {
            end = Instant.Max(start, Instant.Min(end, Elapsed(first, from, zone, through)));
        }

        return new ComparisonRange(first, last, start, end);
    }

    // Whole months stay whole: February to the 28th of a year after a leap year is compared to the 29th.
    private static LocalDate LastOfYearBefore(LocalDate to, int months) => months > 0 ? to.PlusDays(1).PlusYears(-1).PlusDays(-1) : to.PlusYears(-1);

    /// <summary>The instant of the earlier range that stands where the data ends in the range.</summary>
    private static Instant Elapsed(LocalDate first, LocalDate from, DateTimeZone zone, Instant through)
    {
        var dayStart = TimeBuckets.StartOf(from, zone);
        if (through <= dayStart)
        {
            return TimeBuckets.StartOf(first, zone);
        }

        // The end of a day belongs to that day, not to the start of the next one, which may be weeks away in a gap.
        var day = (through - Duration.Epsilon).InZone(zone).Date;
        var earlier = first.PlusDays(Period.DaysBetween(from, day));
        if (through == TimeBuckets.StartOf(day.PlusDays(1), zone))
        {
            return TimeBuckets.StartOf(earlier.PlusDays(1), zone);
        }

        // Later than the day's end where the earlier day is an hour shorter: then the whole day counts.
        return Instant.Min(TimeBuckets.StartOf(earlier, zone) + (through - TimeBuckets.StartOf(day, zone)), TimeBuckets.StartOf(earlier.PlusDays(1), zone));
    }
}
