using System.Globalization;
using System.Text;

namespace Analytics.Bench.Comparison;

/// <summary>A report's files: tables as Markdown and charts as SVG.</summary>
internal static class ComparisonFiles
{
    private const string GrowthQuery = "Q2";

    private static readonly Dictionary<string, string> Colors = new(StringComparer.Ordinal)
    {
        [TimeReport.Ours] = "#1d5fbf",
        ["DuckDB"] = "#e0a526",
        ["ClickHouse"] = "#d9603b",
        ["ClickHouse Memory"] = "#d9603b",
        ["ClickHouse MergeTree"] = "#eba78f",
        ["PostgreSQL"] = "#4a9a86",
    };

    /// <summary>All files.</summary>
    /// <param name="report">The report.</param>
    /// <returns>Names and contents.</returns>
    public static IEnumerable<(string Name, string Text)> Of(ComparisonReport report)
    {
        yield return ("compare.md", ComparisonMarkdown.Of(report));
        foreach (var year in report.Years)
        {
            yield return (ChartName(year, FormKind.Tuned), Bars(year, FormKind.Tuned, "Rows read by everyone: median time of a query"));
            if (year.Queries.Any(query => query.Times.Any(time => time.Kind == FormKind.PreAggregated)))
            {
                yield return (ChartName(year, FormKind.PreAggregated), Bars(year, FormKind.PreAggregated, "Pre-aggregation on both sides: median time of a query"));
            }
        }

        if (report.Years.Count > 1)
        {
            yield return (GrowthChartName, Growth(report));
        }
    }

    /// <summary>The chart of time over rows.</summary>
    public static string GrowthChartName => "compare-growth.svg";

    /// <summary>The chart of a year's times.</summary>
    public static string ChartName(YearReport year, FormKind kind) =>
        $"compare-{RowCount.Format(year.Rows).Replace(",", string.Empty, StringComparison.Ordinal).ToLowerInvariant()}-{(kind == FormKind.Tuned ? "scan" : "preaggregated")}.svg";

    private static string Bars(YearReport year, FormKind kind, string title)
    {
        var peers = Labels(year, kind).Where(label => label != TimeReport.Ours).ToArray();
        var isScan = kind == FormKind.Tuned;
        List<(ChartSeries Series, Func<QueryReport, double?> Value)> series =
        [
            (new ChartSeries($"{TimeReport.Ours} ({(isScan ? "scan" : "prefix sums")})", ColorOf(TimeReport.Ours)), query => Median(query, kind, TimeReport.Ours)),
        ];
        if (!isScan && year.Queries.Any(LacksPrefixSums))
        {
            series.Add((new ChartSeries($"{TimeReport.Ours} (scan, has no sums)", "#9dbbe6"), query => LacksPrefixSums(query) ? Median(query, FormKind.Tuned, TimeReport.Ours) : null));
        }

        series.AddRange(peers.Select(label => (new ChartSeries($"{label} ({(isScan ? "tuned" : "sums")})", ColorOf(label)), (Func<QueryReport, double?>)(query => Median(query, kind, label)))));
        return SvgChart.Bars(
            title,
            $"{RowCount.Format(year.Rows)} rows, one year by local time in {year.Zone}, four exact sums; logarithmic scale, shorter is better",
            [.. series.Select(one => one.Series)],
            [.. year.Queries
                .Select(query => new BarGroup(query.Name, query.Title, [.. series.Select(one => one.Value(query))]))
                .Where(group => group.Values.Any(value => value is not null))]);
    }

    /// <summary>Whether peers answer from sums and this engine has to read rows.</summary>
    internal static bool LacksPrefixSums(QueryReport query) =>
        query.Times.Any(time => time.Kind == FormKind.PreAggregated) && Median(query, FormKind.PreAggregated, TimeReport.Ours) is null;

    /// <summary>The median of a form; null where there is none.</summary>
    internal static double? Median(QueryReport query, FormKind kind, string label) =>
        query.Times.FirstOrDefault(time => IsShown(time, kind) && time.Label == label)?.Milliseconds.Median;

    private static string Growth(ComparisonReport report)
    {
        List<(ChartSeries Series, Func<TimeReport, bool> IsIt)> lines = [];
        foreach (var label in report.Years.SelectMany(year => Labels(year, FormKind.Tuned)).Distinct())
        {
            lines.Add((new ChartSeries(label, ColorOf(label)), time => IsShown(time, FormKind.Tuned) && time.Label == label));
        }

        lines.Add((new ChartSeries($"{TimeReport.Ours} prefix sums", ColorOf(TimeReport.Ours), IsDashed: true), time => IsShown(time, FormKind.PreAggregated) && time.System == TimeReport.Ours));
        YearReport[] years = [.. report.Years.OrderBy(year => year.Rows)];
        return SvgChart.Lines(
            $"Time over rows: {GrowthQuery}, {years[0].Queries.First(query => query.Name == GrowthQuery).Title}",
            "one year, four exact sums, median; both scales logarithmic; solid: rows are read, peers tuned; dashed: prefix sums",
            [.. lines.Select(line => line.Series)],
            [.. years.Select(year => year.Rows)],
            [.. lines.Select(line => (IReadOnlyList<double?>)[.. years.Select(year => year.Queries.First(query => query.Name == GrowthQuery).Times.FirstOrDefault(line.IsIt)?.Milliseconds.Median)])]);
    }

    /// <summary>The forms of a kind, this engine first.</summary>
    internal static IReadOnlyList<string> Labels(YearReport year, FormKind kind) =>
        [.. year.Queries.SelectMany(query => query.Times).Where(time => IsShown(time, kind)).Select(time => time.Label).Distinct().OrderBy(label => label != TimeReport.Ours)];

    /// <summary>Whether a time belongs into tables and charts of a kind.</summary>
    internal static bool IsShown(TimeReport time, FormKind kind) => time.Kind == kind && time.Form != TimeReport.RunOnly;

    private static string ColorOf(string label) => Colors.GetValueOrDefault(label, "#8894a0");
}

/// <summary>The report as Markdown.</summary>
internal static class ComparisonMarkdown
{
    /// <summary>The whole report.</summary>
    /// <param name="report">The report.</param>
    public static string Of(ComparisonReport report)
    {
        var text = new StringBuilder();
        Line(text, $"# A year beside {Listed(report.Systems.Skip(1).Select(system => system.Name))}");
        Line(text);
        Line(text, string.Create(CultureInfo.InvariantCulture, $"{report.Processor}, {report.Cores} cores, {report.MemoryBytes / (double)(1L << 30):N1} GiB. {Listed(report.Systems.Select(system => $"{system.Name} {system.Version}"))}, {report.Threads} threads each, {report.Rounds} interleaved rounds, medians in milliseconds unless said otherwise."));
        Line(text, "Every cell of every answer was compared with every form of every system before anything was timed; all are equal to the last digit.");
        Line(text);
        Line(text, "```sh");
        Line(text, $"dotnet run -c Release --project bench -- {report.Command}");
        Line(text, "```");
        foreach (var skipped in report.Skipped)
        {
            Line(text);
            Line(text, $"Without {skipped}");
        }

        if (report.Years.Count > 1)
        {
            Line(text);
            Line(text, $"![Time over rows]({ComparisonFiles.GrowthChartName})");
        }

        foreach (var year in report.Years)
        {
            Year(text, year);
        }

        HowMeasured(text, report);
        return text.ToString();
    }

    /// <summary>Times of rows that everyone reads, with ratios to this engine's.</summary>
    internal static void ScanTable(StringBuilder text, YearReport year, FormKind kind, bool hasRoof)
    {
        var labels = ComparisonFiles.Labels(year, kind).Where(label => label != TimeReport.Ours).ToArray();
        Line(text, $"| query | cells | {TimeReport.Ours} |{(hasRoof ? " sums only | of roof |" : string.Empty)}{string.Concat(labels.Select(label => $" {label} | ratio |"))}");
        Line(text, $"|---|---:|---:|{(hasRoof ? "---:|---:|" : string.Empty)}{string.Concat(labels.Select(_ => "---:|---:|"))}");
        foreach (var query in year.Queries)
        {
            var ours = ComparisonFiles.Median(query, FormKind.Tuned, TimeReport.Ours)!.Value;
            text.Append(CultureInfo.InvariantCulture, $"| {query.Name} {query.Title} | {query.Cells:N0} | {Milliseconds(ours)} |");
            if (hasRoof)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Milliseconds(query.Times.First(time => time.Form == TimeReport.RunOnly && time.Kind == FormKind.Tuned).Milliseconds.Median)} |");
                text.Append(query.ScanShareOfRoof is { } share ? string.Create(CultureInfo.InvariantCulture, $" {share * 100:N0} % |") : " - |");
            }

            foreach (var label in labels)
            {
                Ratio(text, ComparisonFiles.Median(query, kind, label), ours);
            }

            Line(text);
        }
    }

    /// <summary>Times of what was made beforehand; where this engine has nothing beforehand, its scan's, and it says so.</summary>
    internal static void PreAggregatedTable(StringBuilder text, YearReport year)
    {
        var labels = ComparisonFiles.Labels(year, FormKind.PreAggregated).Where(label => label != TimeReport.Ours).ToArray();
        Line(text, $"| query | cells | {TimeReport.Ours} |{string.Concat(labels.Select(label => $" {label} | ratio |"))}");
        Line(text, $"|---|---:|---:|{string.Concat(labels.Select(_ => "---:|---:|"))}");
        foreach (var query in year.Queries.Where(query => query.Times.Any(time => time.Kind == FormKind.PreAggregated)))
        {
            var lacksSums = ComparisonFiles.LacksPrefixSums(query);
            var ours = ComparisonFiles.Median(query, lacksSums ? FormKind.Tuned : FormKind.PreAggregated, TimeReport.Ours)!.Value;
            text.Append(CultureInfo.InvariantCulture, $"| {query.Name} {query.Title} | {query.Cells:N0} | {Milliseconds(ours)}{(lacksSums ? " (scan)" : string.Empty)} |");
            foreach (var label in labels)
            {
                Ratio(text, ComparisonFiles.Median(query, FormKind.PreAggregated, label), ours);
            }

            Line(text);
        }
    }

    /// <summary>A number of milliseconds in three digits.</summary>
    internal static string Milliseconds(double value) => value < 0.0995 ? value.ToString("0.000", CultureInfo.InvariantCulture) : SvgChart.ThreeDigits(value);

    private static void Ratio(StringBuilder text, double? theirs, double ours) =>
        text.Append(theirs is not { } time ? " - | - |" : $" {Milliseconds(time)} | {RatioOf(time / ours)} x |");

    private static string RatioOf(double ratio) => ratio.ToString(ratio switch { < 0.995 => "0.00", < 99.5 => "0.0", _ => "#,0" }, CultureInfo.InvariantCulture);

    private static void Year(StringBuilder text, YearReport year)
    {
        Line(text);
        Line(text, $"## {RowCount.Format(year.Rows)} rows");
        Line(text);
        Line(text, string.Create(CultureInfo.InvariantCulture, $"{year.RowsInRange:N0} rows in 365 local days, {year.From} to {year.To} in {year.Zone}: {Listed(year.Groups.Select(group => Counted(group.Value, group.Key)))}. Four exact sums: cost, input tokens, output tokens, requests. Q5's project has {year.ProjectShare * 100:N1} % of the rows."));
        Line(text, string.Create(CultureInfo.InvariantCulture, $"Roof: a plain sum over {year.RoofBytes >> 20} MiB read {year.Roof.Median:N1} GB/s ({year.Roof.Min:N1} to {year.Roof.Max:N1} over {year.Roof.Count} readings)."));
        Line(text);
        Line(text, $"![Rows read by everyone]({ComparisonFiles.ChartName(year, FormKind.Tuned)})");
        if (ComparisonFiles.Labels(year, FormKind.Tuned).Count > 1)
        {
            Line(text);
            Line(text, "### Scan beside scan: peers tuned");
            Line(text);
            Line(text, "Everyone reads the rows. Peers have the local day of this one zone and the groups' codes stored as small integers, sorted by day and project, which is generous to them; this engine cuts days of any zone and looks models up from mappings while it answers. \"Sums only\": without the look at the answer. \"Of roof\": bytes of the columns that are read in that time, over the read bandwidth of the same round. A ratio above 1 is how many times slower the peer is.");
            Line(text);
            ScanTable(text, year, FormKind.Tuned, hasRoof: true);
        }

        if (ComparisonFiles.Labels(year, FormKind.Natural).Count > 0)
        {
            Line(text);
            Line(text, "### Scan beside scan: peers natural");
            Line(text);
            Line(text, $"The same scans of this engine; peers have texts and instants as in the files. DuckDB and PostgreSQL join the hours of the year for the local day, ClickHouse computes it. Models and members are joined. {SlowNote}");
            Line(text);
            ScanTable(text, year, FormKind.Natural, hasRoof: false);
        }

        if (ComparisonFiles.Labels(year, FormKind.PreAggregated).Count > 0)
        {
            Line(text);
            Line(text, "### Pre-aggregation beside pre-aggregation");
            Line(text);
            Line(text, "Here prefix sums by hour and dimension, which answer for every zone and range; at the peers tables of sums by local day of this one zone and dimension. Q5 combines two dimensions, which nobody has sums of. Where this engine's budget of memory does not allow prefix sums, or they would pass 64 bits, it reads rows; then its time is marked as a scan's, and the ratio is one of a table of sums and a scan.");
            Line(text);
            Line(text, $"![Pre-aggregation]({ComparisonFiles.ChartName(year, FormKind.PreAggregated)})");
            Line(text);
            PreAggregatedTable(text, year);
        }

        Line(text);
        Line(text, "### Load and memory");
        Line(text);
        Line(text, "| system | what | time | size | bytes a row |");
        Line(text, "|---|---|---:|---:|---:|");
        foreach (var load in year.Loads)
        {
            Line(text, string.Create(CultureInfo.InvariantCulture, $"| {load.System} | {load.What} | {load.Milliseconds / 1e3:N2} s | {(load.Bytes is { } bytes ? $"{(bytes / 1e6).ToString("N0", CultureInfo.InvariantCulture)} MB" : "-")} | {(load.Bytes is { } all ? (all / (double)year.Rows).ToString("N1", CultureInfo.InvariantCulture) : "-")} |"));
        }

        Line(text);
        Line(text, string.Create(CultureInfo.InvariantCulture, $"This engine's chunks hold all 6 dimensions and 11 measures, {year.Memory.ChunkBytes / (double)year.Rows:N1} bytes a row; all dimensions and the four measures of these queries are {year.Memory.HeadlineBytesPerRow:N1} of them. Peers hold only the columns that the queries need. Loading grew the process by {year.Memory.ResidentBytes / 1e6:N0} MB; prefix sums take {year.Memory.CubeBytes / 1e6:N0} MB. The Parquet files are {year.FileBytes / 1e6:N0} MB, {year.FileBytes / (double)year.Rows:N1} bytes a row."));
        Line(text);
        Line(text, "<details><summary>All times: lowest, median, highest, rounds</summary>");
        Line(text);
        Line(text, "| query | system | form | lowest | median | highest | rounds |");
        Line(text, "|---|---|---|---:|---:|---:|---:|");
        foreach (var query in year.Queries)
        {
            foreach (var time in query.Times)
            {
                Line(text, $"| {query.Name} | {time.System} | {Kind(time)} | {Milliseconds(time.Milliseconds.Min)} | {Milliseconds(time.Milliseconds.Median)} | {Milliseconds(time.Milliseconds.Max)} | {time.Milliseconds.Count} |");
            }
        }

        Line(text);
        Line(text, "</details>");
    }

    private static string SlowNote => "Natural forms, and what takes longer than a second, are measured in 3 rounds.";

    private static string Kind(TimeReport time) => $"{(time.System == TimeReport.Ours
        ? time.Kind == FormKind.Tuned ? "scan" : "prefix sums"
        : time.Kind switch { FormKind.Natural => "natural", FormKind.Tuned => "tuned", _ => "pre-aggregated" })}{(time.Form.Length == 0 ? string.Empty : $", {time.Form}")}";

    private static void HowMeasured(StringBuilder text, ComparisonReport report)
    {
        Line(text);
        Line(text, "## How it was measured");
        Line(text);
        foreach (var system in report.Systems)
        {
            Line(text, $"- **{system.Name} {system.Version}**: {system.Settings}");
        }

        Line(text, "- No side's time has the writing of results in it. Peers' times have SQL parsing in them, this engine's has the order of every breakdown.");
        Line(text, "- Each round measures the read bandwidth, this engine and every form of every peer one after the other, so that a disturbance hits all. What is slower than a second is measured in 3 rounds.");
        Line(text, "- A generated year of more than 10M rows is the year of 10M rows several times over, as several imports leave it: an hour has no more different rows to give.");
        Line(text, $"- Noise: the load average was {report.LoadBefore} at the start and {report.LoadAfter} at the end (the run's own work included). How far the roof and the times moved is in the tables; differences below 10 % mean nothing here.");
        Line(text);
        Line(text, "<details><summary>The peers' statements</summary>");
        Line(text);
        foreach (var time in report.Years[^1].Queries.SelectMany(query => query.Times.Where(time => time.Sql is not null).Select(time => (query, time))))
        {
            Line(text, $"{time.query.Name}, {time.time.System}, {Kind(time.time)}:");
            Line(text);
            Line(text, "```sql");
            Line(text, time.time.Sql!.ReplaceLineEndings("\n"));
            Line(text, "```");
            Line(text);
        }

        Line(text, "</details>");
    }

    /// <summary>A number and what it counts, in the plural unless it is one.</summary>
    internal static string Counted(int count, string plural) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? plural[..^1] : plural)}");

    /// <summary>Items with commas, and "and" before the last.</summary>
    internal static string Listed(IEnumerable<string> items)
    {
        string[] all = [.. items];
        return all.Length < 2 ? string.Concat(all) : $"{string.Join(", ", all[..^1])} and {all[^1]}";
    }

    private static void Line(StringBuilder text, string line = "") => text.Append(line).Append('\n');
}
