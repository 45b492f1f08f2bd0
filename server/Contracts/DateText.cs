using System.Text;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Contracts;

/// <summary>Dates and times as ASCII, digit by digit: NodaTime's patterns say the same, in ten times the time.</summary>
internal static class DateText
{
    /// <summary>Bytes that any of these needs at most.</summary>
    public const int MaxLength = 40;

    // Always with digits, +00:00 for UTC, so that all hours of an answer look alike.
    private static readonly OffsetDateTimePattern LocalPattern = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>");

    // What DateTime can hold, as Unix ticks.
    private static readonly long MinTicks = DateTime.MinValue.Ticks - DateTime.UnixEpoch.Ticks;
    private static readonly long MaxTicks = DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks;

    /// <summary>Writes <c>uuuu-MM-dd</c>, 10 bytes.</summary>
    /// <param name="year">0 to 9999.</param>
    /// <param name="month">1 to 12.</param>
    /// <param name="day">1 to 31.</param>
    /// <param name="target">Room for 10 bytes.</param>
    public static void Date(int year, int month, int day, Span<byte> target)
    {
        DecimalText.TwoDigits(year / 100, target);
        DecimalText.TwoDigits(year % 100, target[2..]);
        target[7] = target[4] = (byte)'-';
        DecimalText.TwoDigits(month, target[5..]);
        DecimalText.TwoDigits(day, target[8..]);
    }

    /// <summary>Writes an instant as RFC 3339 in UTC: whole seconds without decimals, others with as many as they need.</summary>
    /// <param name="instant">Any.</param>
    /// <param name="target">Room for <see cref="MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Instant(Instant instant, Span<byte> target)
    {
        var ticks = instant.ToUnixTimeTicks();
        if (!TrySeconds(ticks, target) || instant != NodaTime.Instant.FromUnixTimeTicks(ticks))
        {
            return Encoding.ASCII.GetBytes(InstantPattern.ExtendedIso.Format(instant), target);
        }

        target[19] = (byte)'Z';
        return 20;
    }

    /// <summary>Writes the local time of an instant with its offset: <c>2026-06-24T10:00:00+02:00</c>.</summary>
    /// <param name="instant">An instant on a whole second.</param>
    /// <param name="offset">The offset then. Its seconds, which some zones had before 1972, are not written.</param>
    /// <param name="target">Room for <see cref="MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int LocalTime(Instant instant, Offset offset, Span<byte> target)
    {
        if (!TrySeconds(instant.ToUnixTimeTicks() + offset.Ticks, target))
        {
            return Encoding.ASCII.GetBytes(LocalPattern.Format(instant.WithOffset(offset)), target);
        }

        var seconds = Math.Abs(offset.Seconds);
        target[19] = (byte)(offset.Seconds < 0 ? '-' : '+');
        DecimalText.TwoDigits(seconds / 3_600, target[20..]);
        target[22] = (byte)':';
        DecimalText.TwoDigits(seconds / 60 % 60, target[23..]);
        return 25;
    }

    /// <summary>The same as a text.</summary>
    public static string LocalTime(Instant instant, Offset offset)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(text[..LocalTime(instant, offset, text)]);
    }

    /// <summary>Writes the 19 bytes of a date and a time; false for what is not on a whole second or not in years 1 to 9999.</summary>
    private static bool TrySeconds(long unixTicks, Span<byte> target)
    {
        if (unixTicks < MinTicks || unixTicks > MaxTicks || unixTicks % TimeSpan.TicksPerSecond != 0)
        {
            return false;
        }

        var (date, time) = DateTime.UnixEpoch.AddTicks(unixTicks);
        var (year, month, day) = date;
        Date(year, month, day, target);
        target[10] = (byte)'T';
        var second = (int)(time.Ticks / TimeSpan.TicksPerSecond);
        DecimalText.TwoDigits(second / 3_600, target[11..]);
        target[16] = target[13] = (byte)':';
        DecimalText.TwoDigits(second / 60 % 60, target[14..]);
        DecimalText.TwoDigits(second % 60, target[17..]);
        return true;
    }
}
