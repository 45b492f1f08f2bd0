using System.Numerics;
using System.Text;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Time;
using Analytics.Tests.Usage;
using NodaTime;

namespace Analytics.Tests.Queries;

/// <summary>
/// Answers queries row by row as a reader would: each row's local day by NodaTime, groups by key, sums in
/// <see cref="BigInteger"/>. It shares nothing with plans, kernels or codes.
/// </summary>
internal static class PlainEvaluator
{
    /// <summary>The answer as text, one line for each bucket and group, in order.</summary>
    public static string Answer(UsageQuery query, IEnumerable<UsageRow> rows, IUsageNames names)
    {
        var selected = rows.Where(row => query.Predicates.All(predicate => predicate.Keys.Contains(KeyOf(row, predicate.Dimension, names))))
            .Select(row => (Day: PlainDays.DayOf(row.Start, query.Zone), Row: row))
            .Where(row => query.From <= row.Day && row.Day <= query.To)
            .ToLookup(row => query.Bucket == BucketSize.Range ? query.From : row.Day, row => row.Row);
        var text = new StringBuilder();
        var all = selected.SelectMany(bucket => bucket).ToArray();
        text.AppendLine($"total {Cells(all)}");
        for (var date = query.From; date <= query.To; date = query.Bucket == BucketSize.Range ? query.To.PlusDays(1) : date.PlusDays(1))
        {
            text.AppendLine($"bucket {date:uuuu-MM-dd} {Cells(selected[date])}");
            AppendGroups(text, query.GroupBy, selected[date], names);
        }

        text.AppendLine("ranking");
        AppendGroups(text, query.GroupBy, all, names);
        return text.ToString();
    }

    /// <summary>Whether no bucket edge falls inside of a file's time but off its grain.</summary>
    public static bool IsExact(UsageQuery query, IEnumerable<Coverage> coverage)
    {
        var days = Period.DaysBetween(query.From, query.To) + 1;
        var offsets = query.Bucket == BucketSize.Range ? [0, days] : Enumerable.Range(0, days + 1);
        Instant[] edges = [.. offsets.Select(day => PlainDays.FirstInstant(query.From.PlusDays(day), query.Zone))];
        return !coverage.Any(file => edges.Any(edge => file.Start < edge && edge < file.End && edge.ToUnixTimeSeconds() % (long)file.Grain.TotalSeconds != 0));
    }

    private static void AppendGroups(StringBuilder text, Dimension dimension, IEnumerable<UsageRow> rows, IUsageNames names)
    {
        var groups = rows.GroupBy(row => KeyOf(row, dimension, names))
            .Where(group => group.Any(row => row.Values.Any(value => value != 0)))
            .OrderByDescending(group => Sum(group, Measure.Cost))
            .ThenByDescending(group => Sum(group, Measure.RequestCount))
            .ThenBy(group => names.NameOf(dimension, group.Key).Label, StringComparer.Ordinal)
            .ThenBy(group => group.Key, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            text.AppendLine($"  '{group.Key}' {names.NameOf(dimension, group.Key).Label}: {Cells(group)}");
        }
    }

    private static string KeyOf(UsageRow row, Dimension dimension, IUsageNames names) => dimension switch
    {
        Dimension.Model or Dimension.Provider => names.Derive(dimension, row.Keys[(int)Dimension.Mapping]),
        Dimension.Member => names.Derive(dimension, row.Keys[(int)Dimension.ApiKey]),
        _ => row.Keys[(int)dimension],
    };

    private static string Cells(IEnumerable<UsageRow> rows) => string.Join(' ', Measures.All.Select(measure => Sum(rows, measure)));

    private static BigInteger Sum(IEnumerable<UsageRow> rows, Measure measure) =>
        rows.Aggregate(BigInteger.Zero, (sum, row) => sum + row.Values[(int)measure]);
}
