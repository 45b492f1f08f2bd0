using NodaTime;

namespace Analytics.DataGen;

/// <summary>When requests come.</summary>
internal enum Rhythm
{
    /// <summary>Office hours on weekdays, a little else.</summary>
    Office,

    /// <summary>Evenings and weekends too.</summary>
    Customers,

    /// <summary>One burst a night.</summary>
    Nightly,

    /// <summary>Always the same.</summary>
    Steady,
}

/// <summary>The shape of days and weeks. All numbers are thousandths.</summary>
internal static class Rhythms
{
    private static readonly int[] OfficeHours = [2, 1, 1, 1, 2, 6, 18, 45, 88, 104, 101, 92, 61, 84, 102, 98, 83, 52, 25, 13, 9, 6, 4, 2];
    private static readonly int[] CustomerHours = [14, 8, 5, 4, 5, 10, 24, 41, 52, 55, 56, 57, 58, 56, 54, 54, 56, 61, 67, 74, 71, 56, 37, 25];
    private static readonly int[] NightHours = [60, 210, 330, 240, 120, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly int[] SteadyHours = [42, 42, 41, 42, 42, 41, 42, 42, 41, 42, 42, 41, 42, 42, 41, 42, 42, 41, 42, 42, 41, 42, 42, 41];

    /// <summary>The share of a day's requests that comes in one local hour; the 24 of a rhythm sum to 1000.</summary>
    public static int ShareOfHour(this Rhythm rhythm, int hour) => rhythm switch
    {
        Rhythm.Office => OfficeHours[hour],
        Rhythm.Customers => CustomerHours[hour],
        Rhythm.Nightly => NightHours[hour],
        _ => SteadyHours[hour],
    };

    /// <summary>How busy a day is; 1000 is a plain weekday.</summary>
    public static int Busyness(this Rhythm rhythm, IsoDayOfWeek day, bool isHoliday) => (rhythm, isHoliday, day) switch
    {
        (Rhythm.Office, true, _) => 70,
        (Rhythm.Customers, true, _) => 760,
        (Rhythm.Office, _, IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday) => 90,
        (Rhythm.Office, _, IsoDayOfWeek.Friday) => 850,
        (Rhythm.Customers, _, IsoDayOfWeek.Saturday) => 1250,
        (Rhythm.Customers, _, IsoDayOfWeek.Sunday) => 1150,
        _ => 1000,
    };
}
