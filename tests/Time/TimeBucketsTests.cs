using Analytics.Engine.Time;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;
using Xunit;

namespace Analytics.Tests.Time;

/// <summary>
/// Days of 23 and 25 hours, of 22 and 26, with half an hour more or less; a day that starts at 01:00; midnight that
/// happens twice; days that a zone skipped; the first and last dates; refusals.
/// </summary>
public class TimeBucketsTests
{
    [Theory]
    [InlineData("Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z", 23 * 60)]
    [InlineData("Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z", 25 * 60)]
    [InlineData("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23 * 60)] // starts at 01:00
    [InlineData("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", (24 * 60) + 30)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", (23 * 60) + 30)]
    [InlineData("Antarctica/Troll", "2026-03-29", "2026-03-29T00:00:00Z", 22 * 60)]
    [InlineData("Antarctica/Troll", "2026-10-25", "2026-10-24T22:00:00Z", 26 * 60)]
    [InlineData("America/Havana", "2018-11-04", "2018-11-04T04:00:00Z", 25 * 60)] // 01:00 back to 00:00
    [InlineData("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z", 25 * 60)] // 00:01 back to 23:01
    [InlineData("America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", 24 * 60)]
    [InlineData("Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00Z", 24 * 60)]
    [InlineData("Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15:00Z", 24 * 60)]
    public void Of_OneDay_StartsAndLastsAsItsZoneSays(string zone, string date, string start, int minutes)
    {
        var day = Assert.Single(Days(zone, date, date));

        Assert.Equal(InstantPattern.General.Parse(start).Value, day.Start);
        Assert.Equal(Duration.FromMinutes(minutes), day.End - day.Start);
        Assert.False(day.IsSkipped);
    }

    [Theory]
    [InlineData("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z")]
    [InlineData("Pacific/Fakaofo", "2011-12-30", "2011-12-30T11:00:00Z")]
    [InlineData("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00Z")]
    public void Of_DayThatTheZoneSkipped_IsFlaggedAndEmpty(string zone, string date, string start)
    {
        var skipped = LocalDatePattern.Iso.Parse(date).Value;
        var days = TimeBuckets.Of(BucketSize.Day, skipped.PlusDays(-1), skipped.PlusDays(1), Zone(zone)).Buckets.ToArray();

        Assert.Equal([false, true, false], days.Select(day => day.IsSkipped));
        Assert.Equal([24.0, 0, 24], days.Select(day => (day.End - day.Start).TotalHours));
        Assert.Equal(InstantPattern.General.Parse(start).Value, days[1].Start);
    }

    [Fact]
    public void Of_RangeBucket_IsOneBucketOverAllDays()
    {
        var zone = Zone("Pacific/Apia");
        var (from, through) = (new LocalDate(2011, 12, 1), new LocalDate(2012, 1, 31));

        var range = TimeBuckets.Of(BucketSize.Range, from, through, zone);
        var days = TimeBuckets.Of(BucketSize.Day, from, through, zone);

        Assert.Equal(1, range.Count);
        Assert.Equal(new TimeBucket(from, days.Start, days.End), range[0]);
        Assert.Equal(62, days.Count);
        Assert.Equal((BucketSize.Day, from, through, zone), (days.Size, days.From, days.To, days.Zone));
    }

    [Fact]
    public void Of_FirstAndLastDates_HaveEdgesInEveryZone()
    {
        foreach (var zone in DateTimeZoneProviders.Tzdb.GetAllZones())
        {
            foreach (var date in new[] { TimeBuckets.MinDate, TimeBuckets.MaxDate })
            {
                var day = TimeBuckets.Of(BucketSize.Day, date, date, zone)[0];
                Assert.Equal(PlainDays.FirstInstant(date, zone), day.Start);
                Assert.Equal(PlainDays.FirstInstant(date.PlusDays(1), zone), day.End);
            }
        }
    }

    [Fact]
    public void Of_AllDatesOfAZone_HasABucketForEach() =>
        Assert.Equal(3_652_057, TimeBuckets.Of(BucketSize.Day, TimeBuckets.MinDate, TimeBuckets.MaxDate, Zone("Pacific/Kiritimati")).Count);

    [Theory]
    [InlineData("2026-01-02", "2026-01-01")]
    [InlineData("0000-12-31", "2026-01-01")]
    [InlineData("2026-01-01", "9999-12-30")]
    public void Of_RangeOutsideOrEmpty_Throws(string from, string through)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Days("UTC", from, through));

        Assert.StartsWith($"{from} to {through} is not a range inside of 0001-01-01 to 9999-12-29.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_UnknownSizeOrNoZone_Throws()
    {
        var date = new LocalDate(2026, 1, 1);

        Assert.Throws<ArgumentOutOfRangeException>(() => TimeBuckets.Of((BucketSize)99, date, date, DateTimeZone.Utc));
        Assert.Throws<ArgumentNullException>(() => TimeBuckets.Of(BucketSize.Day, date, date, null!));
        Assert.Throws<ArgumentNullException>(() => TimeBuckets.StartOf(date, null!));
    }

    private static TimeBucket[] Days(string zone, string from, string through) =>
        TimeBuckets.Of(BucketSize.Day, LocalDatePattern.Iso.Parse(from).Value, LocalDatePattern.Iso.Parse(through).Value, Zone(zone)).Buckets.ToArray();

    private static DateTimeZone Zone(string id) => DateTimeZoneProviders.Tzdb[id];
}
