using System.Diagnostics;
using System.Globalization;

namespace Analytics.DataGen;

/// <summary>A bar on a terminal, drawn again at most ten times a second.</summary>
/// <param name="terminal">The terminal, or null for no bar.</param>
internal sealed class Progress(TextWriter? terminal) : IDisposable
{
    private const int Width = 40;

    private readonly Stopwatch sinceDrawn = new();

    /// <summary>A bar where the error stream is a terminal.</summary>
    public static Progress To(TextWriter error) => new(ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected ? error : null);

    /// <summary>Tells how far it is.</summary>
    public void Report(long done, long whole)
    {
        if (terminal is null || (sinceDrawn.IsRunning && sinceDrawn.ElapsedMilliseconds < 100))
        {
            return;
        }

        sinceDrawn.Restart();
        var percent = (int)(100 * (Int128)done / Math.Max(1, whole));
        terminal.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"\r[{new string('#', percent * Width / 100).PadRight(Width)}] {percent,3} %"));
    }

    /// <summary>Removes the bar.</summary>
    public void Dispose()
    {
        if (sinceDrawn.IsRunning)
        {
            terminal!.Write($"\r{new string(' ', Width + 8)}\r");
        }
    }
}
