using System.Globalization;
using System.Text;
using Analytics.Engine.Usage;
using Analytics.Storage.Import;

namespace Analytics.Server.Commands;

/// <summary>What an import of one file came to, as text: the lines that were not taken, and then the summary.</summary>
internal static class ImportReport
{
    private const int MaxErrors = 10;
    private const int MaxUnpriced = 20;

    public static string Of(string file, ImportSummary summary, TimeSpan time, bool isDryRun)
    {
        var text = new StringBuilder();
        foreach (var error in summary.Errors.Take(MaxErrors))
        {
            Line(text, $"{summary.Unit} {error.Line}{(error.Field is null ? string.Empty : $", {error.Field}")}: {error.Detail}");
        }

        if (isDryRun)
        {
            AppendSamples(text, summary);
            AppendUnpriced(text, summary);
        }
        else if (summary.RejectsPath is not null)
        {
            Line(text, $"All {summary.Rejected + summary.Conflicts:N0} {summary.Unit}s that were not taken are in {summary.RejectsPath}");
        }

        var totals = summary.Totals;
        var seconds = time.TotalSeconds;
        Line(text, $"{file}{(isDryRun ? " (dry run: nothing was written)" : string.Empty)}");
        Line(text, $"  accepted      {summary.Accepted:N0} {summary.Unit}s");
        Line(text, $"  duplicates    {summary.Duplicates:N0}{(summary.Conflicts > 0 ? $" ({summary.Conflicts:N0} with other content; the first stays)" : string.Empty)}");
        Line(text, $"  rejected      {summary.Rejected:N0}");
        Line(text, $"  rounded       {summary.Rounded:N0}");
        Line(text, $"  unpriced      {totals[Measure.UnpricedCount]:N0} requests");
        Line(text, $"  requests      {totals[Measure.RequestCount]:N0}");
        Line(text, $"  tokens        {totals.TotalTokens:N0}");
        Line(text, $"  cost          ${PicoDollars.Format(totals[Measure.Cost])}");
        Line(text, $"  rows          {summary.Rows:N0} of {summary.Grain.TotalMinutes:0} minutes");
        if (summary.OffGrain > 0)
        {
            Line(text, $"  off grain     {summary.OffGrain:N0} {summary.Unit}s start inside of such an interval and count from its start; --grain quarter is finer");
        }

        Line(text, $"  data through  {(summary.DataThrough is { } end ? $"{end}" : "-")}");
        Line(text, $"  time          {seconds:N1} s, {summary.Lines / Math.Max(seconds, 0.001):N0} {summary.Unit}s/s");
        return text.ToString();
    }

    private static void AppendSamples(StringBuilder text, ImportSummary summary)
    {
        foreach (var (time, keys, measures, _, _, _) in summary.Samples)
        {
            Line(text, $"row {time} project={Shown(keys.Project)} key={Shown(keys.ApiKey)} mapping={Shown(keys.Mapping)} requests={measures[Measure.RequestCount]} input={measures[Measure.InputTokens]} output={measures[Measure.OutputTokens]} cost={(measures[Measure.UnpricedCount] > 0 ? "unpriced" : $"${PicoDollars.Format(measures[Measure.Cost])}")}");
        }
    }

    private static void AppendUnpriced(StringBuilder text, ImportSummary summary)
    {
        foreach (var (mapping, count) in summary.Unpriced.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal).Take(MaxUnpriced))
        {
            Line(text, $"no price for mapping {Shown(mapping)}: {count:N0} requests");
        }

        if (summary.Unpriced.Count > MaxUnpriced)
        {
            Line(text, $"no price for {summary.Unpriced.Count - MaxUnpriced:N0} more mappings");
        }
    }

    private static string Shown(string id) => id.Length == 0 ? "-" : id;

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
