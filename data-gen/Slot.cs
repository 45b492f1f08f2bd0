using System.Globalization;
using Analytics.DataGen.Worlds;
using NodaTime;

namespace Analytics.DataGen;

/// <summary>One interval of a world's year: when it is, and what is true of all requests in it.</summary>
/// <param name="Start">Start of the interval.</param>
/// <param name="Day">Days since the year began.</param>
/// <param name="Hour">Local hour.</param>
/// <param name="DayOfWeek">Local weekday.</param>
/// <param name="IsHoliday">Whether most people are off.</param>
/// <param name="Growth">Thousandths of the year's start.</param>
/// <param name="IsAfterTheChange">From the 22nd of the last full month on.</param>
/// <param name="Burst">Who fails, or null.</param>
internal sealed record Slot(Instant Start, int Day, int Hour, IsoDayOfWeek DayOfWeek, bool IsHoliday, int Growth, bool IsAfterTheChange, Burst? Burst)
{
    /// <summary>The year of a world, interval by interval.</summary>
    /// <param name="world">The world.</param>
    /// <param name="seed">Any number; days differ a little by it.</param>
    /// <param name="end">End of the last interval.</param>
    public static Slot[] Year(World world, ulong seed, Instant end)
    {
        var zone = DateTimeZoneProviders.Tzdb[world.Organization.Timezones[0]];
        var grain = Duration.FromMinutes(world.GrainMinutes);
        var start = end - Duration.FromDays(World.Days);
        var lastDay = (end - grain).InZone(zone).Date;
        var afterLast = end.InZone(zone).Date;
        var change = new LocalDate(afterLast.Year, afterLast.Month, 1).PlusMonths(-1).PlusDays(21);
        var holidays = world.Holidays.ToHashSet(StringComparer.Ordinal);
        var slots = new Slot[World.Days * 24 * 60 / world.GrainMinutes];
        for (var i = 0; i < slots.Length; i++)
        {
            var instant = start + (i * grain);
            var local = instant.InZone(zone).LocalDateTime;
            var monthAndDay = string.Create(CultureInfo.InvariantCulture, $"{local.Month:D2}-{local.Day:D2}");
            var thatDay = SplitMix64.For(seed, -1, Period.DaysBetween(default, local.Date));
            var growth = (1_000 + (world.GrowthPercent * 10 * i / slots.Length)) * thatDay.Between(930, 1_070) / 1_000;
            slots[i] = new Slot(
                instant,
                i * world.GrainMinutes / (24 * 60),
                local.Hour,
                local.DayOfWeek,
                holidays.Contains(monthAndDay),
                (int)growth,
                local.Date >= change,
                world.Bursts.FirstOrDefault(burst => lastDay.PlusDays(-burst.DaysBeforeEnd) == local.Date && local.Hour >= burst.Hour && local.Hour < burst.Hour + burst.Hours));
        }

        return slots;
    }
}
