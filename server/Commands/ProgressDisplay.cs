using System.Diagnostics;
using System.Globalization;
using Analytics.Storage.Import;

namespace Analytics.Server.Commands;

/// <summary>Shows how far one file of an import has come: on a terminal in one line that changes, else by a line now and then.</summary>
internal sealed class ProgressDisplay : IAsyncDisposable
{
    private const int BarWidth = 20;
    private static readonly TimeSpan FirstOnTerminal = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan NextOnTerminal = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource stop = new();
    private readonly Task task;

    private ProgressDisplay(Func<CancellationToken, Task> show) => task = show(stop.Token);

    /// <summary>Starts to show progress until the display is disposed of.</summary>
    /// <param name="error">The error stream.</param>
    /// <param name="progress">The import.</param>
    /// <param name="isQuiet">Whether to show nothing.</param>
    public static ProgressDisplay? Start(TextWriter error, ImportProgress progress, bool isQuiet)
    {
        if (isQuiet)
        {
            return null;
        }

        // A test's writer is no terminal even where the process has one.
        var isTerminal = ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new ProgressDisplay(cancellation => ShowAsync(error, progress, isTerminal, cancellation));
    }

    /// <summary>The line.</summary>
    /// <param name="progress">The import.</param>
    /// <param name="elapsed">Since the file was begun.</param>
    public static string Line(ImportProgress progress, TimeSpan elapsed)
    {
        var share = progress.Size == 0 ? 1 : Math.Min(1, (double)progress.Bytes / progress.Size);
        var seconds = Math.Max(elapsed.TotalSeconds, 0.001);
        var done = (int)(share * BarWidth);
        var left = progress.IsWriting
            ? "writing"
            : share > 0 ? $"ETA {TimeSpan.FromSeconds(Math.Ceiling(seconds * (1 - share) / share)):h\\:mm\\:ss}" : "ETA -";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"file {progress.File}/{progress.FileCount} [{new string('#', done)}{new string('.', BarWidth - done)}] {share * 100:0} % {progress.Lines / seconds:N0} {progress.Unit}s/s {progress.Bytes / seconds / 1e6:N1} MB/s {progress.Rejected:N0} rejected {left}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await task;
        stop.Dispose();
    }

    private static async Task ShowAsync(TextWriter error, ImportProgress progress, bool isTerminal, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var wait = isTerminal ? FirstOnTerminal : Elsewhere;
        var isShown = false;
        while (true)
        {
            // The import keeps its thread busy: showing must not wait for it.
            await Task.Delay(wait, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            if (cancellation.IsCancellationRequested)
            {
                break;
            }

            var line = Line(progress, watch.Elapsed);
            await (isTerminal ? error.WriteAsync($"\r\x1b[K{line}") : error.WriteLineAsync(line));
            (isShown, wait) = (true, isTerminal ? NextOnTerminal : Elsewhere);
        }

        // The summary comes in the place of the line.
        if (isShown && isTerminal)
        {
            await error.WriteAsync("\r\x1b[K");
        }
    }
}
