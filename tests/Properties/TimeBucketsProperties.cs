using Analytics.Engine.Time;
using Analytics.Tests.Time;
using NodaTime;
using NodaTime.Calendars;
using NodaTime.Extensions;
using Xunit;

namespace Analytics.Tests.Properties;

/// <summary>What holds for local days in every zone of the tz database.</summary>
public class TimeBucketsProperties
{
    private static readonly Instant Earliest = Instant.FromUtc(1800, 1, 1, 0, 0);
    private static readonly Instant Latest = Instant.FromUtc(2060, 1, 1, 0, 0);

    [Fact]
    public void Days_AroundEveryTransitionOfEveryZone_StartAtTheFirstInstantOfTheirDate()
    {
        foreach (var zone in DateTimeZoneProviders.Tzdb.GetAllZones())
        {
            foreach (var transition in Transitions(zone))
            {
                var date = transition.InUtc().Date;
                var days = TimeBuckets.Of(BucketSize.Day, date.PlusDays(-2), date.PlusDays(2), zone);

                AssertDays(days);
            }
        }
    }

    [Fact]
    public void Days_RandomRangeOfEveryZone_CoverItAndSplitAnywhere()
    {
        var random = new Random(20260329);
        foreach (var zone in DateTimeZoneProviders.Tzdb.GetAllZones())
        {
            var from = new LocalDate(random.Next(1850, 2060), 1, 1).PlusDays(random.Next(366));
            var count = random.Next(2, 500);
            var through = from.PlusDays(count - 1);
            var middle = from.PlusDays(random.Next(count - 1));

            var days = TimeBuckets.Of(BucketSize.Day, from, through, zone);

            AssertDays(days);
            Assert.Equal(count, days.Count);
            TimeBucket[] joined =
            [
                .. TimeBuckets.Of(BucketSize.Day, from, middle, zone).Buckets,
                .. TimeBuckets.Of(BucketSize.Day, middle.PlusDays(1), through, zone).Buckets,
            ];
            Assert.Equal(joined, days.Buckets);
        }
    }

    [Fact]
    public void Days_RandomInstantsOfEveryZone_FallInExactlyOne()
    {
        var random = new Random(20260329);
        foreach (var zone in DateTimeZoneProviders.Tzdb.GetAllZones())
        {
            Instant[] transitions = [Earliest, .. Transitions(zone)];
            for (var i = 0; i < 50; i++)
            {
                var near = transitions[random.Next(transitions.Length)] + Duration.FromMinutes(random.Next(-3_000, 3_000));
                var days = TimeBuckets.Of(BucketSize.Day, near.InUtc().Date.PlusDays(-3), near.InUtc().Date.PlusDays(3), zone).Buckets.ToArray();

                var day = Assert.Single(days, day => day.Start <= near && near < day.End);
                Assert.Equal(PlainDays.DayOf(near, zone), day.Date);
            }
        }
    }

    [Fact]
    public void Days_Utc_LastTwentyFourHoursEach() => Sampled.Check(50, (random, size) =>
    {
        var from = new LocalDate(random.Next(1, 9990), 1, 1);
        var days = TimeBuckets.Of(BucketSize.Day, from, from.PlusDays(size), DateTimeZone.Utc).Buckets.ToArray();

        Assert.All(days, day => Assert.Equal((day.Date.AtMidnight().InUtc().ToInstant(), Duration.FromDays(1)), (day.Start, day.End - day.Start)));
    });

    [Fact]
    public void WeeksAndMonths_RandomRangeOfEveryZone_AreTheirDaysJoined()
    {
        var random = new Random(20260329);
        foreach (var zone in DateTimeZoneProviders.Tzdb.GetAllZones())
        {
            var from = new LocalDate(random.Next(1850, 2060), 1, 1).PlusDays(random.Next(366));
            var through = from.PlusDays(random.Next(300));
            var days = TimeBuckets.Of(BucketSize.Day, from, through, zone).Buckets.ToArray();
            foreach (var (size, key) in new (BucketSize, Func<LocalDate, int>)[]
            {
                (BucketSize.Week, date => WeekYearRules.Iso.GetWeekYear(date) * 100 + WeekYearRules.Iso.GetWeekOfWeekYear(date)),
                (BucketSize.Month, date => (date.Year * 100) + date.Month),
            })
            {
                var expected = days.GroupBy(day => key(day.Date)).Select(group => new TimeBucket(group.First().Date, group.First().Start, group.Last().End));
                Assert.Equal(expected, TimeBuckets.Of(size, from, through, zone).Buckets.ToArray());
            }
        }
    }

    [Fact]
    public void Of_AnySizeAtTheEndsOfTheCalendar_CoversTheRange()
    {
        foreach (var size in Enum.GetValues<BucketSize>())
        {
            foreach (var zone in (string[])["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
            {
                foreach (var (from, through) in new[] { (TimeBuckets.MaxDate.PlusDays(-9), TimeBuckets.MaxDate), (TimeBuckets.MinDate, TimeBuckets.MinDate.PlusDays(9)) })
                {
                    var buckets = TimeBuckets.Of(size, from, through, DateTimeZoneProviders.Tzdb[zone]);

                    Assert.Equal((PlainDays.FirstInstant(from, buckets.Zone), PlainDays.FirstInstant(through.PlusDays(1), buckets.Zone)), (buckets.Start, buckets.End));
                }
            }
        }
    }

    [Fact]
    public void Hours_AroundEveryTransitionOfEveryZone_CoverTheDaysWithoutGaps()
    {
        foreach (var zone in DateTimeZoneProviders.Tzdb.GetAllZones())
        {
            foreach (var transition in Transitions(zone).Where((_, i) => i % 3 == 0))
            {
                var date = transition.InUtc().Date;
                var days = TimeBuckets.Of(BucketSize.Day, date.PlusDays(-1), date.PlusDays(1), zone);
                var hours = TimeBuckets.Of(BucketSize.Hour, date.PlusDays(-1), date.PlusDays(1), zone).Buckets.ToArray();

                Assert.Equal((days.Start, days.End), (hours[0].Start, hours[^1].End));
                for (var i = 1; i < hours.Length; i++)
                {
                    Assert.Equal(hours[i - 1].End, hours[i].Start);
                }

                Assert.All(hours, hour => Assert.True(hour.Start < hour.End && hour.End - hour.Start <= Duration.FromHours(1)));
                Assert.All(days.Buckets.ToArray(), day => Assert.True(day.IsSkipped || hours.Any(hour => hour.Start == day.Start)));
            }
        }
    }

    [Fact]
    public void QuarterHours_AreExactInEveryZoneFrom1990To2030()
    {
        var exceptions = DateTimeZoneProviders.Tzdb.GetAllZones()
            .Where(zone => TimeBuckets.Of(BucketSize.Day, new LocalDate(1990, 1, 1), new LocalDate(2030, 12, 31), zone).Buckets.ToArray()
                .Any(day => day.Start.ToUnixTimeTicks() % Duration.FromMinutes(15).BclCompatibleTicks != 0))
            .Select(zone => zone.Id);

        Assert.Empty(exceptions);
    }

    private static IEnumerable<Instant> Transitions(DateTimeZone zone) =>
        zone.GetZoneIntervals(Earliest, Latest).Where(part => part.HasStart && part.Start > Earliest).Select(part => part.Start);

    private static void AssertDays(TimeBuckets days)
    {
        var edge = days.Start;
        var length = Duration.Zero;
        for (var i = 0; i < days.Count; i++)
        {
            var (date, start, end) = days[i];
            var expected = PlainDays.FirstInstant(date, days.Zone);
            if (start != edge || start > end || start != expected || date != days.From.PlusDays(i))
            {
                Assert.Fail($"{days.Zone.Id}: day {i}, {date:uuuu-MM-dd}, is {start} to {end}; expected {expected}, after {edge}.");
            }

            edge = end;
            length += end - start;
        }

        Assert.Equal(PlainDays.FirstInstant(days.To.PlusDays(1), days.Zone), days.End);
        Assert.Equal(days.End - days.Start, length);
    }
}
