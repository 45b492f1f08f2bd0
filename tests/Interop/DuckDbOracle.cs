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
    private const int FirstSum = 9;
    private const string NoNames = "(SELECT '' AS key, '' AS label, false AS deleted WHERE false)";

    /// <summary>A row that DuckDB's own calendar puts into another bucket; null if there is none.</summary>
    /// <remarks>DuckDB's ICU has its own copy of the zone rules, so this checks the buckets' edges too.</remarks>
    public static string? FirstOtherDay(DuckDb duck, IReadOnlyList<string> files, UsageQuery query, IReadOnlyList<TimeBucket> buckets)
    {
        var first = query.Bucket switch
        {
            BucketSize.Range => Literal(query.From),
            BucketSize.Week => $"greatest(CAST(date_trunc('week', icu_date) AS DATE), {Literal(query.From)})",
            BucketSize.Month => $"greatest(CAST(date_trunc('month', icu_date) AS DATE), {Literal(query.From)})",
            _ => "icu_date",
        };
        var differences = duck.Run($"""
            WITH {Buckets(buckets)},
                 usage AS (SELECT bucket_start, CAST(timezone({DuckDb.Quote(query.Zone.Id)}, bucket_start) AS DATE) AS icu_date FROM {Parquet(files)}),
                 dated AS (SELECT *, CASE WHEN icu_date BETWEEN {Literal(query.From)} AND {Literal(query.To)} THEN {first} END AS icu_bucket FROM usage)
            SELECT CAST(bucket_start AS VARCHAR), CAST(icu_bucket AS VARCHAR), CAST(date AS VARCHAR)
            FROM dated LEFT JOIN buckets ON bucket_start >= bucket_from AND bucket_start < bucket_to
            WHERE date IS DISTINCT FROM icu_bucket
            ORDER BY bucket_start
            """);
        return differences.Rows is [[var start, var icu, var date], ..]
            ? $"The row of {start} lies in the bucket of {icu ?? "no day of the range"} by DuckDB's calendar, of {date ?? "no day of the range"} by the buckets' edges."
            : null;
    }

    /// <summary>Column names and types as DuckDB sees the files.</summary>
    public static IReadOnlyList<string> Describe(DuckDb duck, IReadOnlyList<string> files) =>
        [.. duck.Run($"DESCRIBE SELECT * FROM {Parquet(files)}").Rows.Select(row => $"{row[0]} {row[1]}")];

    /// <summary>Answers a query.</summary>
    /// <param name="duck">The database.</param>
    /// <param name="files">The store's live files, 1 or more.</param>
    /// <param name="names">Labels and lookups.</param>
    /// <param name="query">What was asked; its range, bucket size and zone are taken from <paramref name="buckets"/>, its comparison from <paramref name="earlier"/>.</param>
    /// <param name="buckets">The buckets as instants.</param>
    /// <param name="earlier">The earlier range as instants; null for none.</param>
    public static Answer Ask(DuckDb duck, IReadOnlyList<string> files, NameTables names, UsageQuery query, IReadOnlyList<TimeBucket> buckets, EarlierRange? earlier)
    {
        string[] columns = [.. Measures.All.Select(measure => measure.ColumnName())];
        string Each(Func<string, string> expression) => string.Join(", ", columns.Select(expression));
        var asked = Each(column => query.Measures.Any(measure => measure.ColumnName() == column) ? column : $"CAST(0 AS {Type(column)}) AS {column}");
        var summed = Each(column => $"CAST(sum({(column == "cost" ? column : $"CAST({column} AS HUGEINT)")}) AS {Type(column)}) AS {column}");
        var nothing = Each(column => $"CAST(0 AS {Type(column)}) AS before_{column}");
        var any = string.Join(" OR ", columns.Select(column => $"sum({column}) > 0"));
        var filters = query.Predicates.Select(predicate => $" AND {Column(predicate.Dimension)} IN ({string.Join(", ", predicate.Keys.Select(DuckDb.Quote))})");
        var order = $"{(query.RankBy switch { RankBy.Requests => "request_count", RankBy.Tokens => "input_tokens + output_tokens", _ => "cost" })} DESC, request_count DESC, label_1, label_2, key_1, key_2";
        var second = query.ThenBy is { } thenBy ? Column(thenBy) : "''";
        var top = Number(query.Top ?? int.MaxValue);

        // Level 0: a bucket's group. 1: a bucket. 2: a group of the range. 3: the range. 4: the earlier range.
        var sql = $"""
            WITH {Buckets(buckets)},
                 api_keys(key, creator) AS {Values(names.ApiKeys.Select(key => $"({DuckDb.Quote(key.Key)}, {Text(key.Creator)})"), "(SELECT '', '' WHERE false)")},
                 models(route, model, provider) AS {Values(names.Models.Select(model => $"({DuckDb.Quote(model.Mapping)}, {Text(model.Model)}, {Text(model.Provider)})"), "(SELECT '', '', '' WHERE false)")},
                 names_1(key, label, deleted) AS {NamesOf(query.GroupBy, names)},
                 names_2(key, label, deleted) AS {(query.ThenBy is { } named ? NamesOf(named, names) : NoNames)},
                 usage AS (
                     SELECT u.*, '' AS rule, '' AS unit, '' AS conversation, 0 AS quantity,
                            coalesce(api_keys.creator, '') AS member,
                            coalesce(models.model, split_part(CASE WHEN contains(mapping, '/') THEN substr(mapping, instr(mapping, '/') + 1) ELSE mapping END, ':', 1)) AS model,
                            coalesce(models.provider, CASE WHEN contains(mapping, '/') THEN substr(mapping, 1, instr(mapping, '/') - 1) ELSE '' END) AS provider
                     FROM {Parquet(files)} u
                     LEFT JOIN api_keys ON api_keys.key = u.api_key
                     LEFT JOIN models ON models.route = u.mapping),
                 selected AS MATERIALIZED (
                     SELECT bucket_start, {Column(query.GroupBy)} AS key_1, {second} AS key_2, {asked}
                     FROM usage WHERE true{string.Concat(filters)}),
                 cells AS MATERIALIZED (
                     SELECT bucket, key_1, key_2, {summed}
                     FROM selected JOIN buckets ON bucket_start >= bucket_from AND bucket_start < bucket_to
                     GROUP BY bucket, key_1, key_2 HAVING {any}),
                 earlier AS (
                     SELECT key_1, key_2, {summed} FROM selected
                     WHERE {(earlier is { } range ? $"bucket_start >= {Literal(range.Start)} AND bucket_start < {Literal(range.End)}" : "false")}
                     GROUP BY key_1, key_2 HAVING {any}),
                 beside AS (
                     SELECT coalesce(r.key_1, e.key_1) AS key_1, coalesce(r.key_2, e.key_2) AS key_2,
                            {Each(column => $"coalesce(r.{column}, 0) AS {column}")}, {Each(column => $"coalesce(e.{column}, 0) AS before_{column}")}
                     FROM (SELECT key_1, key_2, {summed} FROM cells GROUP BY key_1, key_2) r
                     FULL JOIN earlier e ON e.key_1 = r.key_1 AND e.key_2 = r.key_2),
                 named AS (
                     SELECT beside.*, {Label(query.GroupBy, 1)}, {Label(query.ThenBy, 2)}
                     FROM beside LEFT JOIN names_1 ON names_1.key = key_1 LEFT JOIN names_2 ON names_2.key = key_2),
                 ranked AS MATERIALIZED (
                     SELECT *, row_number() OVER (ORDER BY {order}) > {top} AS others FROM named),
                 places AS (
                     SELECT key_1 AS of_1, key_2 AS of_2, others, {OrNone("key_1")}, {OrNone("key_2")}, {OrNone("label_1")}, {OrNone("label_2")}, {OrNone("deleted_1")}, {OrNone("deleted_2")}
                     FROM ranked)
            SELECT * FROM (
            SELECT 0 AS level, bucket, others, places.key_1, places.label_1, deleted_1, places.key_2, places.label_2, deleted_2, {summed}, {nothing}
            FROM cells JOIN places ON of_1 = cells.key_1 AND of_2 = cells.key_2
            GROUP BY bucket, others, places.key_1, places.label_1, deleted_1, places.key_2, places.label_2, deleted_2
            UNION ALL
            SELECT 1, bucket, false, NULL, NULL, NULL, NULL, NULL, NULL, {summed}, {nothing} FROM cells GROUP BY bucket
            UNION ALL
            SELECT 2, NULL, r.others, places.key_1, places.label_1, places.deleted_1, places.key_2, places.label_2, places.deleted_2,
                   {summed}, {Each(column => $"sum(before_{column}) AS before_{column}")}
            FROM ranked r JOIN places ON of_1 = r.key_1 AND of_2 = r.key_2
            GROUP BY r.others, places.key_1, places.label_1, places.deleted_1, places.key_2, places.label_2, places.deleted_2
            UNION ALL
            SELECT 3, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, {summed}, {nothing} FROM cells
            UNION ALL
            SELECT 4, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, {summed}, {nothing} FROM earlier)
            ORDER BY level, bucket, others, {order}
            """;

        var rows = duck.Run(sql).Rows.ToLookup(row => row[0]!);
        var dimensions = query.ThenBy is null ? 1 : 2;
        var groups = rows["0"].ToLookup(row => row[1]!, row => Group(row, dimensions, null));
        var sums = rows["1"].ToDictionary(row => row[1]!, row => Sums(row, FirstSum));
        return new Answer(
            [.. buckets.Select((bucket, i) => new AnswerBucket(bucket, sums.GetValueOrDefault(Number(i)), [.. groups[Number(i)]]))],
            Sums(rows["3"].Single(), FirstSum),
            [.. rows["2"].Select(row => Group(row, dimensions, earlier is null ? null : Sums(row, FirstSum + Measures.Count)))],
            earlier is null ? null : Sums(rows["4"].Single(), FirstSum));
    }

    private static string Buckets(IReadOnlyList<TimeBucket> buckets) =>
        $"buckets(bucket, date, bucket_from, bucket_to) AS (VALUES {string.Join(", ", buckets.Select((bucket, i) => $"({Number(i)}, {Literal(bucket.Date)}, {Literal(bucket.Start)}, {Literal(bucket.End)})"))})";

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

    private static string Literal(LocalDate date) => $"DATE '{LocalDatePattern.Iso.Format(date)}'";

    private static string Column(Dimension dimension) => dimension.IsStored() ? dimension.ColumnName() : dimension.ToString().ToLowerInvariant();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Type(string column) => column == "cost" ? "DECIMAL(38, 12)" : "HUGEINT";

    private static string OrNone(string column) => $"CASE WHEN others THEN NULL ELSE {column} END AS {column}";

    private static string Label(Dimension? dimension, int place) =>
        $"""
        CASE WHEN key_{place} = '' THEN {DuckDb.Quote(dimension == Dimension.Member ? "Unattributed" : "(none)")}
             ELSE coalesce(names_{place}.label, {(dimension == Dimension.Member ? "'Former member'" : $"key_{place}")}) END AS label_{place},
        coalesce(names_{place}.deleted, false) AS deleted_{place}
        """;

    private static AnswerGroup Group(IReadOnlyList<string?> row, int dimensions, UsageSums? earlier) => new(
        row[2] == "true" ? [] : [.. Enumerable.Range(0, dimensions).Select(i => 3 + (3 * i)).Select(at => new AnswerName(row[at]!, row[at + 1]!, row[at + 2] == "true"))],
        Sums(row, FirstSum),
        earlier);

    // A decimal with 12 places is pico-dollars once its point is gone; a sum of no rows is null.
    private static UsageSums Sums(IReadOnlyList<string?> row, int first)
    {
        UsageSums sums = default;
        foreach (var measure in Measures.All)
        {
            sums[measure] = row[first + (int)measure] is { } text ? Int128.Parse(text.Replace(".", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture) : 0;
        }

        return sums;
    }
}
