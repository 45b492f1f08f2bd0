using System.Globalization;
using System.Text;

namespace Analytics.Bench.Comparison;

/// <summary>Facts about the computer, as Linux tells them; empty or 0 elsewhere.</summary>
internal static class Machine
{
    /// <summary>The processor's name, such as <c>AMD EPYC</c>.</summary>
    public static string Processor() => Field("/proc/cpuinfo", "model name") is { Length: > 0 } name ? name : "unknown processor";

    /// <summary>The folder of results of this processor, such as <c>amd-epyc-2c</c>.</summary>
    public static string FolderName() => FolderName(Processor(), Environment.ProcessorCount);

    /// <summary>The folder of results of a processor: its name in lower case with dashes, and its cores.</summary>
    /// <param name="processor">The name.</param>
    /// <param name="cores">Cores.</param>
    public static string FolderName(string processor, int cores)
    {
        var name = new StringBuilder();
        foreach (var letter in processor.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                name.Append(letter);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{name.ToString().Trim('-')}-{cores}c");
    }

    /// <summary>Physical memory.</summary>
    public static long MemoryBytes() => Kibibytes("/proc/meminfo", "MemTotal");

    /// <summary>Physical memory that this process has now.</summary>
    public static long ResidentBytes() => Kibibytes("/proc/self/status", "VmRSS");

    /// <summary>Mean number of processes that ran or waited in the last minute.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : string.Empty;

    private static long Kibibytes(string path, string name) =>
        long.TryParse(Field(path, name).Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes << 10 : 0;

    private static string Field(string path, string name) => !File.Exists(path)
        ? string.Empty
        : File.ReadLines(path).Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()).FirstOrDefault(string.Empty);
}
