using NodaTime;
using NodaTime.TimeZones;

namespace Analytics.Engine.Time;

/// <summary>How a range of local days is cut.</summary>
public enum BucketSize
{
    /// <summary>One bucket for the whole range.</summary>
    Range,

    /// <summary>
    /// One bucket for each stretch in which local date, hour and offset stay the same: an hour, but for clock changes
    /// that are not whole hours.
    /// </summary>
    Hour,

    /// <summary>One bucket for each local day.</summary>
    Day,

    /// <summary>One bucket for each ISO week, Monday to Sunday, clipped to the range.</summary>
    Week,

    /// <summary>One bucket for each calendar month, clipped to the range.</summary>
    Month,
}

/// <summary>A stretch of time, <c>[Start, End)</c>, that belongs to one local date.</summary>
/// <param name="Date">The local day; for a longer bucket, its first day inside the range.</param>
/// <param name="Start">First instant.</param>
/// <param name="End">First instant after it. Equal to <paramref name="Start"/> where the zone skipped the day.</param>
public readonly record struct TimeBucket(LocalDate Date, Instant Start, Instant End)
{
    /// <summary>Whether the zone never had this day, as Pacific/Apia never had 2011-12-30.</summary>
    public bool IsSkipped => Start == End;
}

/// <summary>The buckets of a range of local days in a zone, as UTC instants in ascending order without gaps.</summary>
/// <remarks>
/// A local day d is <c>[start of d, start of d + 1)</c>, so it can last 23 or 25 hours and need not start at 00:00.
/// A rollup row belongs to the bucket that holds its <c>bucket_start</c>; see docs/decisions/0003. Zone rules: the tz
/// database in NodaTime.
/// </remarks>
public sealed class TimeBuckets
{
    /// <summary>First date that can be asked for.</summary>
    public static readonly LocalDate MinDate = new(1, 1, 1);

    /// <summary>Last date that can be asked for: the one whose end NodaTime can still name in every zone.</summary>
    public static readonly LocalDate MaxDate = new(9999, 12, 29);

    /// <summary>The most buckets that a range is cut into: more than all days of all years, 450 years of hours.</summary>
    public const int MaxCount = 4_000_000;

    // Bucket i is [edges[i], edges[i + 1]), in NodaTime's ticks of 100 ns: whole seconds are all that offsets have. Dates
    // of days are counted from the first, others are kept. A range can have millions of buckets, so they are small.
    private readonly long[] edges;
    private readonly LocalDate[]? dates;

    private TimeBuckets(BucketSize size, LocalDate from, LocalDate through, DateTimeZone zone, long[] edges, LocalDate[]? dates)
    {
        Size = size;
        From = from;
        To = through;
        Zone = zone;
        this.edges = edges;
        this.dates = dates;
    }

    /// <summary>How the range is cut.</summary>
    public BucketSize Size { get; }

    /// <summary>First local day.</summary>
    public LocalDate From { get; }

    /// <summary>Last local day, inclusive.</summary>
    public LocalDate To { get; }

    /// <summary>The zone whose days are counted.</summary>
    public DateTimeZone Zone { get; }

    /// <summary>First instant of the range.</summary>
    public Instant Start => Edge(0);

    /// <summary>First instant after the range.</summary>
    public Instant End => Edge(Count);

    /// <summary>Number of buckets, 1 or more.</summary>
    public int Count => edges.Length - 1;

    /// <summary>The buckets, ascending; each starts where the one before it ends.</summary>
    public IEnumerable<TimeBucket> Buckets => Enumerable.Range(0, Count).Select(index => this[index]);

    /// <summary>One bucket by position.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public TimeBucket this[int index] => new(dates?[index] ?? From.PlusDays(index), Edge(index), Edge(index + 1));

    /// <summary>The first microsecond that is not before an edge.</summary>
    /// <param name="index">Bucket i lies between the edges i and i + 1.</param>
    /// <returns>Microseconds since the Unix epoch. An edge between two of them (none is known: offsets have whole seconds) rounds to the later one.</returns>
    public long EdgeMicros(int index)
    {
        var (micros, rest) = Math.DivRem(edges[index], 10);
        return rest > 0 ? micros + 1 : micros;
    }

    /// <summary>The position of the bucket that holds an instant, or -1.</summary>
    /// <param name="instant">Any instant.</param>
    public int IndexOf(Instant instant)
    {
        if (instant < Start || instant >= End)
        {
            return -1;
        }

        // The last bucket that starts at the instant or before; a skipped day shares its start with the day after it.
        var ticks = instant.ToUnixTimeTicks();
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (edges[middle] <= ticks)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    /// <summary>Cuts a range of local days.</summary>
    /// <param name="size">How.</param>
    /// <param name="from">First local day, <see cref="MinDate"/> or later.</param>
    /// <param name="through">Last local day, inclusive; <see cref="MaxDate"/> or earlier.</param>
    /// <param name="zone">Zone whose days are counted.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty, or outside of the dates that can be asked for.</exception>
    public static TimeBuckets Of(BucketSize size, LocalDate from, LocalDate through, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (from < MinDate || through > MaxDate || from > through)
        {
            throw new ArgumentOutOfRangeException(nameof(from), $"{from:uuuu-MM-dd} to {through:uuuu-MM-dd} is not a range inside of {MinDate:uuuu-MM-dd} to {MaxDate:uuuu-MM-dd}.");
        }

        if (CountAtLeast(size, from, through) > MaxCount)
        {
            throw new ArgumentOutOfRangeException(nameof(size), $"{from:uuuu-MM-dd} to {through:uuuu-MM-dd} has more than {MaxCount} {size} buckets.");
        }

        return size switch
        {
            BucketSize.Range => new TimeBuckets(size, from, through, zone, [Ticks(StartOf(from, zone)), Ticks(StartOf(through.PlusDays(1), zone))], [from]),
            BucketSize.Hour => Hours(from, through, zone),
            BucketSize.Day => Days(from, through, zone),
            BucketSize.Week => Longer(size, from, through, zone, date => 8 - (int)date.DayOfWeek),
            BucketSize.Month => Longer(size, from, through, zone, date => CalendarSystem.Iso.GetDaysInMonth(date.Year, date.Month) + 1 - date.Day),
            _ => throw new ArgumentOutOfRangeException(nameof(size)),
        };
    }

    /// <summary>One bucket between two instants.</summary>
    /// <param name="from">The local day that the range is named by.</param>
    /// <param name="through">Its last local day.</param>
    /// <param name="zone">Zone whose days are meant.</param>
    /// <param name="start">First instant.</param>
    /// <param name="end">First instant after it; not before <paramref name="start"/>.</param>
    public static TimeBuckets Between(LocalDate from, LocalDate through, DateTimeZone zone, Instant start, Instant end)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(end, start);
        return new TimeBuckets(BucketSize.Range, from, through, zone, [Ticks(start), Ticks(end)], [from]);
    }

    /// <summary>A lower bound of the number of buckets of a range, to refuse what is too many before it is made.</summary>
    /// <param name="size">How the range is cut.</param>
    /// <param name="from">First local day.</param>
    /// <param name="through">Last local day, inclusive.</param>
    public static long CountAtLeast(BucketSize size, LocalDate from, LocalDate through)
    {
        var days = Period.DaysBetween(from, through) + 1L;
        return size switch
        {
            // A range of whole days keeps nearly all of its hours: no zone ever skipped more than a few days.
            BucketSize.Hour => Math.Max(1, (days - 3) * 24),
            BucketSize.Day => days,
            _ => 1,
        };
    }

    /// <summary>The first instant of a local day; where the zone skipped the day, the first instant after the gap.</summary>
    /// <param name="date">A local day.</param>
    /// <param name="zone">The zone.</param>
    public static Instant StartOf(LocalDate date, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var midnight = zone.MapLocal(date.AtMidnight());

        // 0: midnight falls into a gap, which may be as long as the day or longer: the day starts (or would have
        // started) at its end. 1: the usual day. 2: midnight happens twice, and the day starts with the first.
        return midnight.Count == 0 ? midnight.LateInterval.Start : midnight.First().ToInstant();
    }

    private static TimeBuckets Days(LocalDate from, LocalDate through, DateTimeZone zone)
    {
        var edges = new long[Period.DaysBetween(from, through) + 2];
        var known = zone.GetZoneInterval(StartOf(from, zone));
        for (var i = 0; i < edges.Length; i++)
        {
            edges[i] = Ticks(StartOf(from.PlusDays(i), zone, ref known));
        }

        return new TimeBuckets(BucketSize.Day, from, through, zone, edges, dates: null);
    }

    private static TimeBuckets Longer(BucketSize size, LocalDate from, LocalDate through, DateTimeZone zone, Func<LocalDate, int> daysLeft)
    {
        // Clipped before it is added: the calendar ends soon after the last date that can be asked for.
        List<LocalDate> dates = [];
        List<long> edges = [];
        for (var date = from; date <= through; date = date.PlusDays(Math.Min(daysLeft(date), Period.DaysBetween(date, through) + 1)))
        {
            dates.Add(date);
            edges.Add(Ticks(StartOf(date, zone)));
        }

        edges.Add(Ticks(StartOf(through.PlusDays(1), zone)));
        return new TimeBuckets(size, from, through, zone, [.. edges], [.. dates]);
    }

    /// <summary>The start of a day, without a search where the day lies well inside of a known interval: all but a few do.</summary>
    private static Instant StartOf(LocalDate date, DateTimeZone zone, ref ZoneInterval known)
    {
        var start = date.AtMidnight().WithOffset(known.WallOffset).ToInstant();
        if ((!known.HasStart || start > known.Start + Duration.FromDays(2)) && (!known.HasEnd || start < known.End - Duration.FromDays(2)))
        {
            return start;
        }

        start = StartOf(date, zone);
        known = zone.GetZoneInterval(start);
        return start;
    }

    private static TimeBuckets Hours(LocalDate from, LocalDate through, DateTimeZone zone)
    {
        List<LocalDate> dates = [];
        List<long> edges = [];
        var end = StartOf(through.PlusDays(1), zone);
        for (var start = StartOf(from, zone); start < end;)
        {
            var interval = zone.GetZoneInterval(start);
            var intervalEnd = interval.HasEnd && interval.End < end ? interval.End : end;
            while (start < intervalEnd)
            {
                var local = start.WithOffset(interval.WallOffset);
                var sinceHour = Duration.FromNanoseconds(local.NanosecondOfDay % NodaConstants.NanosecondsPerHour);
                dates.Add(local.Date);
                edges.Add(Ticks(start));
                start = Instant.Min(start + Duration.FromHours(1) - sinceHour, intervalEnd);
            }
        }

        if (dates.Count == 0)
        {
            // A single day that the zone skipped has no hours; the range still has its (empty) bucket.
            dates.Add(from);
            edges.Add(Ticks(end));
        }

        edges.Add(Ticks(end));
        return new TimeBuckets(BucketSize.Hour, from, through, zone, [.. edges], [.. dates]);
    }

    private static long Ticks(Instant instant) => instant.ToUnixTimeTicks();

    private Instant Edge(int index) => Instant.FromUnixTimeTicks(edges[index]);
}
