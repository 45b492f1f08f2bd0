using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Bench.Comparison;

/// <summary>
/// A year by day and by project, model or API key: this engine beside DuckDB, on the same files, the same cores and with
/// the same answer, cell by cell.
/// </summary>
/// <remarks>
/// DuckDB has the rows in memory in a table of its own, in two forms: as they are, joined with the days by time (natural),
/// and with the local day and the group stored as integer columns beforehand (tuned), which fits one time zone and one
/// model table only and so is generous to it. Neither side's time has serialisation in it; DuckDB's has SQL parsing,
/// this engine's has planning and the order of every breakdown. A scan reads the rows as DuckDB does; prefix sums are
/// pre-aggregation, which DuckDB is not given, so their time stands beside and no ratio is taken of it.
/// </remarks>
internal static class SideBySide
{
    // The natural form is slow, and no ratio is taken of it.
    private const int NaturalRounds = 3;

    private static readonly (string Name, Dimension Dimension)[] Queries =
        [("by project", Dimension.Project), ("by model", Dimension.Model), ("by API key", Dimension.ApiKey)];

    private static readonly (string Name, IReadOnlyList<Measure> Measures)[] Sums =
        [("11 sums", Measures.All), ("4 sums", [Measure.RequestCount, Measure.InputTokens, Measure.OutputTokens, Measure.Cost])];

    /// <summary>Compares and prints a table.</summary>
    public static int Run(string data, string organization, int rounds, TextWriter output)
    {
        if (DuckDb.WhyNot is { } reason)
        {
            output.WriteLine($"error: {reason}");
            return 69;
        }

        var load = Stopwatch.StartNew();
        using var store = UsageStore.Open(data, Files.Physical);
        store.Load();
        load.Stop();
        var (usage, directory) = store.Snapshot(organization);
        if (usage.DataThrough is not { } end)
        {
            output.WriteLine($"error: organization '{organization}' has no usage in '{data}'.");
            return 65;
        }

        var zone = DateTimeZoneProviders.Tzdb[directory.Organization.Timezones is [var first, ..] ? first : "UTC"];
        var last = (end - Duration.Epsilon).InZone(zone).Date;
        var threads = Environment.ProcessorCount;
        using var duck = DuckDb.Open(threads);
        var peer = Stopwatch.StartNew();
        Fill(duck, store, organization, usage, TimeBuckets.Of(BucketSize.Day, last.PlusDays(-364), last, zone));
        peer.Stop();

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{usage.RowCount:N0} rows, 365 days to {last:uuuu-MM-dd} in {zone.Id}, {threads} threads, {rounds} interleaved rounds, medians in ms."));
        output.WriteLine($"DuckDB {DuckDb.Version}, .NET {Environment.Version}, {RuntimeInformation.RuntimeIdentifier}. All cells were compared and are equal.");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Load from Parquet: {load.ElapsedMilliseconds:N0} ms here (all organizations), {peer.ElapsedMilliseconds:N0} ms into DuckDB's tables."));
        output.WriteLine();
        output.WriteLine("| query | cells | scan | DuckDB tuned | ratio | DuckDB natural | prefix sums | JSON | JSON rate |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (name, dimension) in Queries)
        {
            foreach (var (sums, measures) in Sums)
            {
                var query = new UsageQuery(last.PlusDays(-364), last, zone, BucketSize.Day, dimension) { Measures = measures };
                var cells = Compare(name, usage, query, duck);
                var (scan, cube, tuned, natural, json, bytes) = Time(usage, query, duck, rounds);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name}, {sums} | {cells:N0} | {scan:N2} | {tuned:N2} | {tuned / scan:N1} x | {natural:N2} | {(QueryPlan.For(query, usage).Cube is null ? "-" : cube.ToString("N2", CultureInfo.InvariantCulture))} | {json:N2} | {bytes / json / 1000:N0} MB/s |"));
            }
        }

        return 0;
    }

    private static void Fill(DuckDb duck, UsageStore store, string organization, UsageTable usage, TimeBuckets days)
    {
        var files = store.Manifest.Files
            .Where(file => file.Table == Tables.Requests && file.Organization == organization)
            .Select(file => DuckDb.Quote(store.Folder.File(file.Path)));
        duck.Run($"CREATE TABLE usage AS SELECT * FROM read_parquet([{string.Join(", ", files)}], hive_partitioning = false)");
        duck.Run("CREATE TABLE days (day INTEGER, day_start TIMESTAMPTZ, day_end TIMESTAMPTZ)");
        duck.Run($"INSERT INTO days VALUES {string.Join(", ", days.Buckets.ToArray().Select((day, i) => $"({i}, '{day.Start}', '{day.End}')"))}");
        foreach (var (_, dimension) in Queries)
        {
            var table = usage.Table(dimension.StoredSource());
            var lookup = dimension.IsStored() ? Enumerable.Range(0, table.Count).ToArray() : usage.Lookup(dimension).ToArray();
            duck.Run($"CREATE TABLE {dimension}_groups AS SELECT * FROM (VALUES {string.Join(", ", lookup.Select((code, i) => $"({DuckDb.Quote(table.Key(i))}, {code})"))}) AS t(key, code)");
        }

        duck.Run($"""
            CREATE TABLE tuned AS
            SELECT CAST(day AS USMALLINT) AS day,
                   {string.Join(", ", Queries.Select(query => $"CAST({query.Dimension}.code AS USMALLINT) AS {query.Dimension}_code"))},
                   {string.Join(", ", Measures.All.Select(measure => measure.ColumnName()))}
            FROM usage JOIN days ON bucket_start >= day_start AND bucket_start < day_end
            {string.Join('\n', Queries.Select(query => $"JOIN {query.Dimension}_groups AS {query.Dimension} ON {query.Dimension}.key = usage.{query.Dimension.StoredSource().ColumnName()}"))}
            ORDER BY day
            """);
    }

    private static string SumsOf(UsageQuery query) => string.Join(", ", query.Measures.Select(measure => $"sum({measure.ColumnName()}) AS {measure.ColumnName()}"));

    private static string Tuned(UsageQuery query) => $"SELECT day, {query.GroupBy}_code AS code, {SumsOf(query)} FROM tuned GROUP BY ALL";

    private static string Natural(UsageQuery query) => $"""
        SELECT day, code, {SumsOf(query)}
        FROM usage JOIN days ON bucket_start >= day_start AND bucket_start < day_end
        JOIN {query.GroupBy}_groups ON key = {query.GroupBy.StoredSource().ColumnName()}
        GROUP BY ALL
        """;

    /// <summary>Compares every cell; returns how many there are.</summary>
    private static long Compare(string name, UsageTable usage, UsageQuery query, DuckDb duck)
    {
        var answers = ((bool[])[true, false]).Select(usesProjections => Lines(QueryExecutor.Run(QueryPlan.For(query, usage, usesProjections), CancellationToken.None))).ToArray();
        foreach (var sql in (string[])[Tuned(query), Natural(query)])
        {
            var theirs = duck.Run(sql).Rows
                .Select(row => string.Join('|', [.. row.SkipLast(1), Shortest(row[^1]!)]))
                .Order(StringComparer.Ordinal)
                .ToArray();
            if (!answers.All(ours => ours.SequenceEqual(theirs)))
            {
                throw new InvalidOperationException($"{name}: DuckDB's answer is another one. Nothing was timed.");
            }
        }

        return answers[0].LongLength * query.Measures.Count;

        static string Shortest(string money) => money.TrimEnd('0').TrimEnd('.');

        string[] Lines(QueryResult result) => [.. result.Buckets.SelectMany((bucket, day) => bucket.Breakdown.Select(group =>
            string.Join('|', [$"{day}", $"{group.Code}", .. query.Measures.Select(measure => measure == Measure.Cost
                ? PicoDollars.Format(group.Sums[measure])
                : group.Sums[measure].ToString(CultureInfo.InvariantCulture))])))
            .Order(StringComparer.Ordinal)];
    }

    private static (double Scan, double Cube, double Tuned, double Natural, double Json, long Bytes) Time(UsageTable usage, UsageQuery query, DuckDb duck, int rounds)
    {
        var times = Enumerable.Range(0, 5).Select(_ => new List<double>()).ToArray();
        long bytes = 0;
        for (var round = -3; round < rounds; round++)
        {
            QueryResult? result = null;
            Measure(0, () => result = QueryExecutor.Run(QueryPlan.For(query, usage, usesProjections: false), CancellationToken.None));
            Measure(1, () => QueryExecutor.Run(QueryPlan.For(query, usage), CancellationToken.None));
            Measure(2, () => duck.Run(Tuned(query)));
            Measure(4, () => bytes = WriteJson(result!));
            if (round is >= 0 and < NaturalRounds)
            {
                Measure(3, () => duck.Run(Natural(query)));
            }

            void Measure(int which, Action action)
            {
                var start = Stopwatch.GetTimestamp();
                action();
                if (round >= 0)
                {
                    times[which].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
        }

        return (Median(times[0]), Median(times[1]), Median(times[2]), Median(times[3]), Median(times[4]), bytes);

        static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
    }

    /// <summary>The days' breakdowns as the HTTP answer has them.</summary>
    private static long WriteJson(QueryResult result)
    {
        using var writer = new Utf8JsonWriter(Stream.Null);
        writer.WriteStartArray();
        foreach (var bucket in result.Buckets)
        {
            writer.WriteStartArray();
            foreach (var (code, sums) in bucket.Breakdown)
            {
                writer.WriteStartObject();
                writer.WriteString("key", result.Groups.Key(code));
                writer.WriteString("label", result.Groups.Label(code));
                writer.WritePropertyName("cost");
                writer.WriteRawValue(PicoDollars.Format(sums[Engine.Usage.Measure.Cost]), skipInputValidation: true);
                writer.WriteNumber("requestCount", (long)sums[Engine.Usage.Measure.RequestCount]);
                writer.WriteNumber("totalTokens", (long)sums.TotalTokens);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.Flush();
        return writer.BytesCommitted;
    }
}
