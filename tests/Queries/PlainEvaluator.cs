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
            .ToLookup(row => BucketOf(query, row.Day), row => row.Row);
        var text = new StringBuilder();
        var all = selected.SelectMany(bucket => bucket).ToArray();
        var kept = query.Top is { } top ? Groups(query, all, names).Take(top).Select(group => group.Key).ToHashSet() : null;
        text.AppendLine($"total {Cells(all)}");
        foreach (var date in Buckets(query))
        {
            text.AppendLine($"bucket {date:uuuu-MM-dd} {Cells(selected[date])}");
            AppendGroups(text, query, selected[date], names, kept);
        }

        text.AppendLine("ranking");
        AppendGroups(text, query, all, names, kept);
        return text.ToString();
    }

    private static IEnumerable<LocalDate> Buckets(UsageQuery query) => Enumerable.Range(0, Period.DaysBetween(query.From, query.To) + 1)
        .Select(day => BucketOf(query, query.From.PlusDays(day)))
        .Distinct();

    /// <summary>The first day inside of the range of the bucket that a day is in.</summary>
    private static LocalDate BucketOf(UsageQuery query, LocalDate day) => query.Bucket switch
    {
        BucketSize.Range => query.From,
        BucketSize.Week => LocalDate.Max(query.From, day.PlusDays(1 - (int)day.DayOfWeek)),
        BucketSize.Month => LocalDate.Max(query.From, day.PlusDays(1 - day.Day)),
        _ => day,
    };

    /// <summary>Whether no bucket edge falls inside of a file's time but off its grain.</summary>
    public static bool IsExact(UsageQuery query, IEnumerable<Coverage> coverage)
    {
        LocalDate[] dates = [.. Buckets(query), query.To.PlusDays(1)];
        Instant[] edges = [.. dates.Select(date => PlainDays.FirstInstant(date, query.Zone))];
        return !coverage.Any(file => edges.Any(edge => file.Start < edge && edge < file.End && edge.ToUnixTimeSeconds() % (long)file.Grain.TotalSeconds != 0));
    }

    private static void AppendGroups(StringBuilder text, UsageQuery query, IEnumerable<UsageRow> rows, IUsageNames names, HashSet<string>? kept)
    {
        var groups = Groups(query, rows, names);
        foreach (var group in groups.Where(group => kept?.Contains(group.Key) ?? true))
        {
            text.AppendLine($"  '{group.Key}' {names.NameOf(query.GroupBy, group.Key).Label}: {Cells(group)}");
        }

        UsageRow[] others = [.. groups.Where(group => kept is not null && !kept.Contains(group.Key)).SelectMany(group => group)];
        if (others.Length > 0)
        {
            text.AppendLine($"  others: {Cells(others)}");
        }
    }

    private static IGrouping<string, UsageRow>[] Groups(UsageQuery query, IEnumerable<UsageRow> rows, IUsageNames names) =>
    [
        .. rows.GroupBy(row => KeyOf(row, query.GroupBy, names))
            .Where(group => group.Any(row => row.Values.Any(value => value != 0)))
            .OrderByDescending(group => query.RankBy switch
            {
                RankBy.Requests => Sum(group, Measure.RequestCount),
                RankBy.Tokens => Sum(group, Measure.InputTokens) + Sum(group, Measure.OutputTokens),
                _ => Sum(group, Measure.Cost),
            })
            .ThenByDescending(group => Sum(group, Measure.RequestCount))
            .ThenBy(group => names.NameOf(query.GroupBy, group.Key).Label, StringComparer.Ordinal)
            .ThenBy(group => group.Key, StringComparer.Ordinal),
    ];

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
