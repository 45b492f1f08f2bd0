using Analytics.Engine.Time;
using BenchmarkDotNet.Attributes;
using NodaTime;

namespace Analytics.Bench.Micro;

/// <summary>The buckets of a year, and of a century of days.</summary>
[MemoryDiagnoser]
public class TimeBucketsBench : ICheckedBenchmark
{
    private static readonly LocalDate First = new(1970, 1, 1);

    /// <summary>Zones: one with clock changes, one without.</summary>
    [Params("Europe/Paris", "UTC")]
    public string Zone { get; set; } = "UTC";

    /// <summary>Length of the range in years.</summary>
    [Params(1, 100)]
    public int Years { get; set; }

    [Benchmark(Baseline = true)]
    public TimeBucket[] DayByDay()
    {
        var zone = DateTimeZoneProviders.Tzdb[Zone];
        return [.. Enumerable.Range(0, Period.DaysBetween(First, Last) + 1)
            .Select(First.PlusDays)
            .Select(date => new TimeBucket(date, TimeBuckets.StartOf(date, zone), TimeBuckets.StartOf(date.PlusDays(1), zone)))];
    }

    [Benchmark]
    public TimeBuckets Days() => TimeBuckets.Of(BucketSize.Day, First, Last, DateTimeZoneProviders.Tzdb[Zone]);

    [Benchmark]
    public TimeBuckets Hours() => TimeBuckets.Of(BucketSize.Hour, First, First.PlusYears(1), DateTimeZoneProviders.Tzdb[Zone]);

    public void Check() => Checks.Equal(nameof(Days), DayByDay(), Days().Buckets.ToArray());

    private LocalDate Last => First.PlusYears(Years).PlusDays(-1);
}
