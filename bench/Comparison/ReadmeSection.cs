using System.Globalization;
using System.Text;

namespace Analytics.Bench.Comparison;

/// <summary>The part of the README that is written from the newest report, between two comments.</summary>
internal static class ReadmeSection
{
    /// <summary>The line before it.</summary>
    public const string Start = "<!-- compare: written by `bench compare --readme` -->";

    /// <summary>The line after it.</summary>
    public const string End = "<!-- compare: end -->";

    /// <summary>The section's text.</summary>
    /// <param name="report">The report.</param>
    /// <param name="folder">Where its files lie, from the README.</param>
    public static string Of(ComparisonReport report, string folder)
    {
        // The year that people compare most with; else the largest.
        var year = report.Years.FirstOrDefault(year => year.Rows == 10_000_000) ?? report.Years.MaxBy(year => year.Rows)!;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"One organisation's year of {RowCount.Format(year.Rows)} rows, {Groups(year)}, by local days in {year.Zone}, four exact sums, beside {ComparisonMarkdown.Listed(report.Systems.Skip(1).Select(system => $"{system.Name} {system.Version}"))} on the same rows. {report.Processor}, {report.Cores} cores, {report.Threads} threads each, medians of {report.Rounds} interleaved rounds in ms. Every cell was compared with every system before anything was timed.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"![Rows read by everyone]({folder}/{ComparisonFiles.ChartName(year, FormKind.Tuned)})\n\n");
        text.Append("**Scan beside scan.** Everyone reads the rows; the peers have the local day of this one zone and the groups' codes stored as small integers beforehand. \"Of roof\" is the share of the memory's read bandwidth, measured in the same rounds.\n\n");
        ComparisonMarkdown.ScanTable(text, year, FormKind.Tuned, hasRoof: true);
        if (ComparisonFiles.Labels(year, FormKind.PreAggregated).Count > 0)
        {
            text.Append("\n**Pre-aggregation beside pre-aggregation.** Prefix sums here (any zone, any range), tables of sums by day of this one zone at the peers. \"Scan\": prefix sums would pass the budget of memory, so that rows are read.\n\n");
            ComparisonMarkdown.PreAggregatedTable(text, year);
        }

        var load = year.Loads[0];
        text.Append(CultureInfo.InvariantCulture, $"\nThe rows take {year.Memory.ChunkBytes / (double)year.Rows:N1} bytes each in memory and {year.FileBytes / (double)year.Rows:N1} on disk, and are loaded from Parquet in {load.Milliseconds / 1e3:N2} s.\n");
        if (report.Years.Count > 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n![Time over rows]({folder}/{ComparisonFiles.GrowthChartName})\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\nNatural forms, lowest and highest times, load times, memory, settings and statements are in [the full report]({folder}/compare.md). Measure it on your machine (`. ./setup.sh; install_all_peers` installs the others):\n\n```sh\ndotnet run -c Release --project bench -- {report.Command}\n```\n");
        return text.ToString();
    }

    /// <summary>A document with its section replaced.</summary>
    /// <param name="document">The document.</param>
    /// <param name="section">The new text.</param>
    /// <returns>Null where the document does not have both comments in order.</returns>
    public static string? Replaced(string document, string section)
    {
        var start = document.IndexOf(Start, StringComparison.Ordinal);
        var end = start < 0 ? -1 : document.IndexOf(End, start, StringComparison.Ordinal);
        return end < 0 ? null : $"{document[..(start + Start.Length)]}\n{section}{document[end..]}";
    }

    private static string Groups(YearReport year) =>
        ComparisonMarkdown.Listed(year.Groups.Where(group => group.Key is "projects" or "models" or "API keys").Select(group => ComparisonMarkdown.Counted(group.Value, group.Key)));
}
