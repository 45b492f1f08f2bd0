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
    public static string Answer(UsageQuery query, UsageRow[] rows, IUsageNames names, Instant? dataThrough)
    {
        var days = rows.Where(row => query.Predicates.All(predicate => predicate.Keys.Contains(KeyOf(row, predicate.Dimension, names))))
            .Select(row => (Day: PlainDays.DayOf(row.Start, query.Zone), Row: row))
            .ToArray();
        var buckets = Buckets(query).ToArray();
        var selected = days.Where(row => query.From <= row.Day && row.Day <= query.To)
            .ToLookup(row => query.Bucket == BucketSize.Hour ? buckets.Last(bucket => bucket.Start <= row.Row.Start) : new Bucket(BucketOf(query, row.Day)), row => row.Row);
        UsageRow[] all = [.. selected.SelectMany(bucket => bucket)];
        UsageRow[]? earlier = query.Compare == Comparison.None
            ? null
            : [.. days.Where(row => IsEarlier(query, row.Day, row.Row.Start, dataThrough)).Select(row => row.Row)];
        var text = new StringBuilder();
        var ranking = Groups(query, all, earlier ?? [], names);
        var kept = query.Top is { } top ? ranking.Take(top).Select(group => group.Keys).ToHashSet() : null;
        text.AppendLine($"total {Cells(query, all)}");
        foreach (var bucket in buckets)
        {
            text.AppendLine($"bucket {bucket.Date:uuuu-MM-dd} {Cells(query, selected[bucket])}");
            AppendGroups(text, query, Groups(query, selected[bucket], [], names), names, kept, withEarlier: false);
        }

        text.AppendLine("ranking");
        AppendGroups(text, query, ranking, names, kept, earlier is not null);
        if (earlier is not null)
        {
            text.AppendLine($"previous {Cells(query, earlier)}");
        }

        return text.ToString();
    }

    /// <summary>Whether a row counts to the range that the query's is compared with: days counted back, and no later in its day than the data goes.</summary>
    private static bool IsEarlier(UsageQuery query, LocalDate day, Instant start, Instant? dataThrough)
    {
        var isMonths = query.From.Day == 1 && query.To.PlusDays(1).Day == 1;
        var first = query.Compare == Comparison.PreviousYear
            ? query.From.PlusYears(-1)
            : isMonths
                ? query.From.PlusMonths(-MonthNumber(query.To.PlusDays(1)) + MonthNumber(query.From))
                : query.From.PlusDays(-1 - Period.DaysBetween(query.From, query.To));
        var last = query.Compare != Comparison.PreviousYear
            ? query.From.PlusDays(-1)
            : isMonths ? query.To.PlusDays(1).PlusYears(-1).PlusDays(-1) : query.To.PlusYears(-1);
        if (day < first || day > last)
        {
            return false;
        }

        if (dataThrough is not { } through || through >= PlainDays.FirstInstant(query.To.PlusDays(1), query.Zone))
        {
            return true;
        }

        var counterpart = query.From.PlusDays(Period.DaysBetween(first, day));
        var (counterpartStart, counterpartEnd) = (PlainDays.FirstInstant(counterpart, query.Zone), PlainDays.FirstInstant(counterpart.PlusDays(1), query.Zone));
        return through >= counterpartEnd && through > PlainDays.FirstInstant(query.From, query.Zone)
            || start - PlainDays.FirstInstant(day, query.Zone) < through - counterpartStart;

        static int MonthNumber(LocalDate date) => (date.Year * 12) + date.Month;
    }

    private static IEnumerable<Bucket> Buckets(UsageQuery query) => query.Bucket == BucketSize.Hour
        ? Hours(query)
        : Enumerable.Range(0, Period.DaysBetween(query.From, query.To) + 1)
            .Select(day => new Bucket(BucketOf(query, query.From.PlusDays(day))))
            .Distinct();

    /// <summary>The stretches in which a clock on the wall shows the same date, hour and offset, found by looking at it every minute.</summary>
    /// <remarks>For times from 1972 on: before, some zones changed their clocks at other seconds.</remarks>
    private static List<Bucket> Hours(UsageQuery query)
    {
        List<Bucket> hours = [];
        (LocalDate, int, Offset) last = default;
        var end = PlainDays.FirstInstant(query.To.PlusDays(1), query.Zone);
        for (var minute = PlainDays.FirstInstant(query.From, query.Zone); minute < end; minute += Duration.FromMinutes(1))
        {
            var local = minute.InZone(query.Zone);
            if ((local.Date, local.Hour, local.Offset) is var hour && hour != last)
            {
                hours.Add(new Bucket(local.Date, minute));
                last = hour;
            }
        }

        return hours.Count > 0 ? hours : [new Bucket(query.From)];
    }

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
        LocalDate[] dates = [.. Buckets(query).Select(bucket => bucket.Date), query.To.PlusDays(1)];
        Instant[] edges = [.. dates.Select(date => PlainDays.FirstInstant(date, query.Zone))];
        return !coverage.Any(file => edges.Any(edge => file.Start < edge && edge < file.End && edge.ToUnixTimeSeconds() % (long)file.Grain.TotalSeconds != 0));
    }

    private static void AppendGroups(StringBuilder text, UsageQuery query, Group[] groups, IUsageNames names, HashSet<(string, string)>? kept, bool withEarlier)
    {
        foreach (var group in groups.Where(group => kept?.Contains(group.Keys) ?? true))
        {
            var label = names.NameOf(query.GroupBy, group.Keys.First).Label + (query.ThenBy is { } second ? $" / {names.NameOf(second, group.Keys.Second).Label}" : string.Empty);
            var key = query.ThenBy is null ? group.Keys.First : $"{group.Keys.First}' '{group.Keys.Second}";
            text.AppendLine($"  '{key}' {label}: {Cells(query, group.Rows)}{(withEarlier ? $" before {Cells(query, group.Earlier)}" : string.Empty)}");
        }

        Group[] others = [.. groups.Where(group => kept is not null && !kept.Contains(group.Keys))];
        if (others.Length > 0)
        {
            var before = withEarlier ? $" before {Cells(query, others.SelectMany(group => group.Earlier))}" : string.Empty;
            text.AppendLine($"  others: {Cells(query, others.SelectMany(group => group.Rows))}{before}");
        }
    }

    private static Group[] Groups(UsageQuery query, IEnumerable<UsageRow> rows, IEnumerable<UsageRow> earlier, IUsageNames names)
    {
        var (now, before) = (rows.ToLookup(Keys), earlier.ToLookup(Keys));
        return
        [
            .. now.Select(group => group.Key).Union(before.Select(group => group.Key))
                .Select(keys => new Group(keys, [.. now[keys]], [.. before[keys]]))
                .Where(group => group.Rows.Concat(group.Earlier).Any(row => query.Measures.Any(measure => row.Values[(int)measure] != 0)))
                .OrderByDescending(group => query.RankBy switch
                {
                    RankBy.Requests => Sum(group.Rows, Measure.RequestCount),
                    RankBy.Tokens => Sum(group.Rows, Measure.InputTokens) + Sum(group.Rows, Measure.OutputTokens),
                    _ => Sum(group.Rows, Measure.Cost),
                })
                .ThenByDescending(group => Sum(group.Rows, Measure.RequestCount))
                .ThenBy(group => names.NameOf(query.GroupBy, group.Keys.First).Label, StringComparer.Ordinal)
                .ThenBy(group => query.ThenBy is { } second ? names.NameOf(second, group.Keys.Second).Label : string.Empty, StringComparer.Ordinal)
                .ThenBy(group => group.Keys.First, StringComparer.Ordinal)
                .ThenBy(group => group.Keys.Second, StringComparer.Ordinal),
        ];

        (string First, string Second) Keys(UsageRow row) =>
            (KeyOf(row, query.GroupBy, names), query.ThenBy is { } second ? KeyOf(row, second, names) : string.Empty);
    }

    /// <summary>The rows that count.</summary>
    public static IEnumerable<UsageRow> Selected(UsageQuery query, IEnumerable<UsageRow> rows, IUsageNames names) => rows
        .Where(row => query.Predicates.All(predicate => predicate.Keys.Contains(KeyOf(row, predicate.Dimension, names))))
        .Where(row => PlainDays.DayOf(row.Start, query.Zone) is var day && query.From <= day && day <= query.To);

    /// <summary>A row's key in any dimension.</summary>
    public static string KeyOf(UsageRow row, Dimension dimension, IUsageNames names) => dimension switch
    {
        Dimension.Model or Dimension.Provider => names.Derive(dimension, row.Keys[(int)Dimension.Mapping]),
        Dimension.Member => names.Derive(dimension, row.Keys[(int)Dimension.ApiKey]),
        _ => row.Keys[(int)dimension],
    };

    private static string Cells(UsageQuery query, IEnumerable<UsageRow> rows) =>
        string.Join(' ', Measures.All.Select(measure => query.Measures.Contains(measure) ? Sum(rows, measure) : 0));

    private static BigInteger Sum(IEnumerable<UsageRow> rows, Measure measure) =>
        rows.Aggregate(BigInteger.Zero, (sum, row) => sum + row.Values[(int)measure]);

    /// <summary>A bucket by its first day; of hours also by its first instant.</summary>
    private readonly record struct Bucket(LocalDate Date, Instant Start = default);

    private sealed record Group((string First, string Second) Keys, UsageRow[] Rows, UsageRow[] Earlier);
}
