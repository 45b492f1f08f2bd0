using System.Globalization;
using Analytics.Bench.Comparison;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Golden;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Tests.Interop;

/// <summary>Answers queries with DuckDB over the store's own Parquet files, in SQL that shares nothing with our engine.</summary>
internal static class DuckDbOracle
{
    private const string NoNames = "(SELECT '' AS key, '' AS label, false AS deleted WHERE false)";

    /// <summary>A day on which some row and DuckDB's own calendar disagree; null if there is none.</summary>
    /// <remarks>DuckDB's ICU has its own copy of the zone rules, so this checks the days' edges too.</remarks>
    public static string? FirstOtherDay(DuckDb duck, IReadOnlyList<string> files, IReadOnlyList<TimeBucket> days, string zone)
    {
        var differences = duck.Run($"""
            WITH {Days(days)},
                 usage AS (SELECT *, CAST(timezone({DuckDb.Quote(zone)}, bucket_start) AS DATE) AS icu_date FROM {Parquet(files)})
            SELECT CAST(bucket_start AS VARCHAR), CAST(icu_date AS VARCHAR), CAST(date AS VARCHAR)
            FROM usage LEFT JOIN days ON bucket_start >= day_start AND bucket_start < day_end
            WHERE date IS DISTINCT FROM icu_date AND (date IS NOT NULL OR icu_date IN (SELECT date FROM days))
            ORDER BY bucket_start
            """);
        return differences.Rows is [[var start, var icu, var date], ..]
            ? $"The row of {start} lies on {icu} by DuckDB's calendar, on {date ?? "no day of the range"} by the days' edges."
            : null;
    }

    /// <summary>Column names and types as DuckDB sees the files.</summary>
    public static IReadOnlyList<string> Describe(DuckDb duck, IReadOnlyList<string> files) =>
        [.. duck.Run($"DESCRIBE SELECT * FROM {Parquet(files)}").Rows.Select(row => $"{row[0]} {row[1]}")];

    /// <summary>Answers a query.</summary>
    /// <param name="duck">The database.</param>
    /// <param name="files">The store's live files, 1 or more.</param>
    /// <param name="names">Labels and lookups.</param>
    /// <param name="query">What was asked; its range and zone are taken from <paramref name="days"/>.</param>
    /// <param name="days">The days as instants.</param>
    public static Answer Ask(DuckDb duck, IReadOnlyList<string> files, NameTables names, UsageQuery query, IReadOnlyList<TimeBucket> days)
    {
        var sums = string.Join(", ", Measures.All.Select(measure => measure == Measure.Cost
            ? "coalesce(CAST(sum(cost) AS DECIMAL(38, 12)), 0) AS cost"
            : $"coalesce(sum(CAST({measure.ColumnName()} AS HUGEINT)), 0) AS {measure.ColumnName()}"));
        var filters = query.Predicates.Select(predicate => $" AND {Column(predicate.Dimension)} IN ({string.Join(", ", predicate.Keys.Select(DuckDb.Quote))})");

        // Level 0: a day's group. 1: a day. 2: a group of the range. 3: the range.
        var sql = $"""
            WITH {Days(days)},
                 api_keys(key, creator) AS {Values(names.ApiKeys.Select(key => $"({DuckDb.Quote(key.Key)}, {Text(key.Creator)})"), "(SELECT '', '' WHERE false)")},
                 models(route, model, provider) AS {Values(names.Models.Select(model => $"({DuckDb.Quote(model.Mapping)}, {Text(model.Model)}, {Text(model.Provider)})"), "(SELECT '', '', '' WHERE false)")},
                 names(key, label, deleted) AS {NamesOf(query.GroupBy, names)},
                 usage AS (
                     SELECT u.*,
                            coalesce(api_keys.creator, '') AS member,
                            coalesce(models.model, split_part(CASE WHEN contains(mapping, '/') THEN substr(mapping, instr(mapping, '/') + 1) ELSE mapping END, ':', 1)) AS model,
                            coalesce(models.provider, CASE WHEN contains(mapping, '/') THEN substr(mapping, 1, instr(mapping, '/') - 1) ELSE '' END) AS provider
                     FROM {Parquet(files)} u
                     LEFT JOIN api_keys ON api_keys.key = u.api_key
                     LEFT JOIN models ON models.route = u.mapping),
                 grouped AS (
                     SELECT grouping(day, group_key) AS level, day, group_key, {sums}
                     FROM (SELECT *, {Column(query.GroupBy)} AS group_key
                           FROM usage JOIN days ON bucket_start >= day_start AND bucket_start < day_end
                           WHERE true{string.Concat(filters)})
                     GROUP BY GROUPING SETS ((day, group_key), (group_key), (day), ()))
            SELECT level, day, group_key,
                   CASE WHEN group_key = '' THEN {DuckDb.Quote(query.GroupBy == Dimension.Member ? "Unattributed" : "(none)")}
                        ELSE coalesce(names.label, {(query.GroupBy == Dimension.Member ? "'Former member'" : "group_key")}) END AS label,
                   coalesce(names.deleted, false) AS deleted,
                   {string.Join(", ", Measures.All.Select(measure => measure.ColumnName()))}
            FROM grouped LEFT JOIN names ON names.key = group_key
            WHERE {string.Join(" OR ", Measures.All.Select(measure => $"{measure.ColumnName()} > 0"))}
            ORDER BY 1, day, cost DESC, request_count DESC, label, group_key
            """;

        var rows = duck.Run(sql).Rows.ToLookup(row => row[0]!);
        var dayGroups = rows["0"].ToLookup(row => row[1]!, Group);
        var daySums = rows["1"].ToDictionary(row => row[1]!, Sums);
        return new Answer(
            [.. days.Select((day, i) => new AnswerDay(day, daySums.GetValueOrDefault(Number(i)), [.. dayGroups[Number(i)]]))],
            rows["3"].Select(Sums).SingleOrDefault(),
            [.. rows["2"].Select(Group)]);
    }

    private static string Days(IReadOnlyList<TimeBucket> days) =>
        $"days(day, date, day_start, day_end) AS (VALUES {string.Join(", ", days.Select((day, i) => $"({Number(i)}, DATE '{LocalDatePattern.Iso.Format(day.Date)}', {Literal(day.Start)}, {Literal(day.End)})"))})";

    private static string NamesOf(Dimension dimension, NameTables names) => dimension switch
    {
        Dimension.Project => Things(names.Projects),
        Dimension.ApiKey => Things(names.ApiKeys),
        Dimension.Agent => Things(names.Agents),
        Dimension.Member => Things(names.Members),
        _ => NoNames,
    };

    private static string Things(IReadOnlyList<NamedThing> things) =>
        Values(things.Select(thing => $"({DuckDb.Quote(thing.Key)}, {DuckDb.Quote(thing.Label)}, {(thing.IsDeleted ? "true" : "false")})"), NoNames);

    private static string Values(IEnumerable<string> rows, string none) => rows.Any() ? $"(VALUES {string.Join(", ", rows)})" : none;

    private static string Parquet(IReadOnlyList<string> files) => $"read_parquet([{string.Join(", ", files.Select(DuckDb.Quote))}], hive_partitioning = false)";

    private static string Text(string? text) => text is null ? "CAST(NULL AS VARCHAR)" : DuckDb.Quote(text);

    private static string Literal(Instant instant) => $"TIMESTAMPTZ '{instant.ToString("uuuu-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}+00'";

    private static string Column(Dimension dimension) => dimension.IsStored() ? dimension.ColumnName() : dimension.ToString().ToLowerInvariant();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static AnswerGroup Group(IReadOnlyList<string?> row) => new(row[2]!, row[3]!, row[4] == "true", Sums(row));

    // A decimal with 12 places is pico-dollars once its point is gone.
    private static UsageSums Sums(IReadOnlyList<string?> row)
    {
        UsageSums sums = default;
        foreach (var measure in Measures.All)
        {
            sums[measure] = Int128.Parse(row[5 + (int)measure]!.Replace(".", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }

        return sums;
    }
}
