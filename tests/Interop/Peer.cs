using System.Diagnostics;
using Analytics.Engine.Arrow;
using Analytics.Tests.Arrow;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>A script of tests/Interop that reads and writes Arrow with another implementation, in a process of its own.</summary>
internal static class Peer
{
    /// <summary>Runs a script and returns the lines that it printed.</summary>
    public static async Task<IReadOnlyList<string>> Run(string script, params string[] arguments)
    {
        var (exitCode, lines, errors) = await TryRun("node", [PathOf(script), .. arguments]);
        Assert.True(exitCode == 0, errors);
        return lines;
    }

    public static async Task<(int ExitCode, IReadOnlyList<string> Lines, string Errors)> TryRun(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var words = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, words[0].Split('\n')[..^1], words[1]);
    }

    public static string PathOf(string file) => Path.Combine(RepositoryRoot.Path, "tests", "Interop", file);

    /// <summary>The rows of batches as the scripts print them: one JSON array each.</summary>
    public static IEnumerable<string> Rows(IEnumerable<RecordBatch> batches) => batches.SelectMany(batch => Enumerable.Range(0, batch.RowCount)
        .Select(row => Json(batch.Columns.Select(column => ArrowText.Cell(column, row)))));

    // As JSON.stringify writes it: only what must be escaped is.
    private static string Json(IEnumerable<string?> cells) => $"[{string.Join(',', cells.Select(cell => cell is null ? "null" : $"\"{Escaped(cell)}\""))}]";

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\0", "\\u0000", StringComparison.Ordinal);
}

/// <summary>A test that needs an npm package; reported as skipped, with the reason, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PeerFactAttribute : FactAttribute
{
    /// <param name="folder">Below tests/Interop.</param>
    /// <param name="package">The package.</param>
    public PeerFactAttribute(string folder, string package)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(path => File.Exists(Path.Combine(path, "node"))))
        {
            Skip = "There is no Node.js (node).";
        }
        else if (!Directory.Exists(Peer.PathOf(Path.Combine(folder, "node_modules", package))))
        {
            Skip = $"{package} is not installed. Run 'npm install --no-save' in tests/Interop/{folder}.";
        }
    }
}
