using System.Globalization;
using Analytics.Engine.Projections;

namespace Analytics.Server;

/// <summary>Lets prefix sums go when the machine, or the container's limit, is nearly out of memory: they can be built again, and an answer without them is the same.</summary>
/// <param name="memory">The prefix sums of all organisations.</param>
/// <param name="logger">Told when something went.</param>
internal sealed partial class MemoryWatch(ProjectionMemory memory, ILogger<MemoryWatch> logger) : BackgroundService
{
    // Below this part of what there is, the kernel starts to take pages from others, and then whole processes.
    private const double LeastFree = 0.05;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>Halves the prefix sums if memory is short.</summary>
    /// <param name="memory">The prefix sums.</param>
    /// <param name="read">The content of a file; null where there is none.</param>
    /// <returns>Bytes that were let go.</returns>
    public static long Check(ProjectionMemory memory, Func<string, string?> read)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var isShort = Limits(read).Any(limit => limit.Available < LeastFree * limit.Total);
        return isShort ? memory.Shrink(memory.UsedBytes / 2) : 0;
    }

    /// <summary>What is available of what there is, in bytes: of the machine, and of the control group where it has a limit.</summary>
    internal static IEnumerable<(double Available, double Total)> Limits(Func<string, string?> read)
    {
        if (read("/proc/meminfo") is { } machine && Field(machine, "MemAvailable:") is { } available && Field(machine, "MemTotal:") is { } total)
        {
            yield return (available, total);
        }

        // Pages of files that nobody writes count as used, and are given up as soon as somebody needs them.
        if (Number(read("/sys/fs/cgroup/memory.max")) is { } limit && Number(read("/sys/fs/cgroup/memory.current")) is { } used)
        {
            yield return (limit - used + (Field(read("/sys/fs/cgroup/memory.stat") ?? string.Empty, "inactive_file ") ?? 0), limit);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (Check(memory, ReadFile) is > 0 and var bytes)
            {
                LogShrunk(bytes >> 20);
            }
        }
    }

    private static string? ReadFile(string path) => File.Exists(path) ? File.ReadAllText(path) : null;

    private static double? Field(string text, string name)
    {
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return Number(line?[name.Length..].Replace("kB", string.Empty, StringComparison.Ordinal)) is { } value ? value * (line!.EndsWith("kB", StringComparison.Ordinal) ? 1024 : 1) : null;
    }

    private static double? Number(string? text) => double.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    [LoggerMessage(LogLevel.Warning, "Memory is short: prefix sums of {Mebibytes} MiB were let go. Answers stay the same and are slower.")]
    private partial void LogShrunk(long mebibytes);
}
