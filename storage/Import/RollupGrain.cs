using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>Lengths of rollup intervals, and which one an organisation needs.</summary>
public static class RollupGrain
{
    /// <summary>One hour: exact for zones with whole-hour offsets, and a quarter of the rows.</summary>
    public static readonly Duration Hour = Duration.FromHours(1);

    /// <summary>A quarter hour: exact for the days of every zone in use.</summary>
    public static readonly Duration Quarter = Duration.FromMinutes(15);

    // Zones were off the hour here and there before. Usage of LLMs is not that old, and no rule that the tz database
    // knows of begins later than 2050.
    private static readonly Instant First = Instant.FromUtc(2000, 1, 1, 0, 0);
    private static readonly Instant Last = Instant.FromUtc(2050, 1, 1, 0, 0);

    /// <summary>The longest grain that cuts days exactly in all reporting zones: hours, or quarter hours where a zone is off the hour.</summary>
    /// <param name="zones">Ids of the tz database; none is as good as UTC.</param>
    public static Duration For(IEnumerable<string> zones) => zones.All(IsOnTheHour) ? Hour : Quarter;

    private static bool IsOnTheHour(string id) =>
        DateTimeZoneProviders.Tzdb.GetZoneOrNull(id) is { } zone
        && zone.GetZoneIntervals(First, Last).All(interval => interval.WallOffset.Seconds % NodaConstants.SecondsPerHour == 0);
}
