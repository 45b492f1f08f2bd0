using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Analytics.Bench.Load;

/// <summary>Time since an arbitrary moment, and a wait that ends within some microseconds of the time asked for.</summary>
/// <remarks>
/// The usual waits of .NET end up to a millisecond late, as long as an answer takes. Spinning would be exact, and would
/// take a core from the server, which shares this machine.
/// </remarks>
internal static partial class MonotonicClock
{
    private const int Monotonic = 1; // CLOCK_MONOTONIC: what Stopwatch reads on Linux
    private const int AbsoluteTime = 1; // TIMER_ABSTIME
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK

    /// <summary>Nanoseconds.</summary>
    public static long Now => Stopwatch.Frequency == 1_000_000_000
        ? Stopwatch.GetTimestamp()
        : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    /// <summary>Tells the kernel that waits of this thread are not to be put together with others (50 us by default).</summary>
    public static void MakeWaitsExact()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);
        }
    }

    /// <summary>Waits until a time; returns at once where it is past.</summary>
    /// <param name="time">As <see cref="Now"/>.</param>
    public static void WaitUntil(long time)
    {
        if (!OperatingSystem.IsLinux() || Stopwatch.Frequency != 1_000_000_000)
        {
            using var never = new ManualResetEventSlim();
            while (time - Now is > 0 and var left)
            {
                never.Wait((int)Math.Min(left / 1_000_000, 1_000));
            }

            return;
        }

        var until = new TimeSpec { Seconds = (nint)(time / 1_000_000_000), Nanoseconds = (nint)(time % 1_000_000_000) };
        while (time > Now && ClockNanosleep(Monotonic, AbsoluteTime, in until, 0) != 0)
        {
            // A signal came in between.
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, in TimeSpec until, nint left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
