using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>DuckDB with all tables in memory.</summary>
internal sealed class DuckDbPeer : IPeer
{
    private readonly DuckDb duck;
    private readonly int threads;
    private readonly List<PeerForm> forms = [];

    /// <summary>Opens an empty database.</summary>
    /// <param name="threads">Threads that a query may use.</param>
    public DuckDbPeer(int threads)
    {
        this.threads = threads;
        duck = DuckDb.Open(threads);

        // Grouping by arrays instead of hash tables up to 2^20 possible keys: what day and API key need.
        duck.Run("SET perfect_ht_threshold = 20");

        // Only sorting the largest years needs it; the usual place is a folder where the program was started.
        duck.Run($"SET temp_directory = {DuckDb.Quote(Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"analytics-duckdb-{Environment.ProcessId}")))}");
    }

    /// <inheritdoc/>
    public string Name => "DuckDB";

    /// <inheritdoc/>
    public string Version => DuckDb.Version.TrimStart('v');

    /// <inheritdoc/>
    public string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"in this process, tables in memory, `threads = {threads}`, `perfect_ht_threshold = 20`. Timed: parsing, planning, and the whole result as vectors; no cell is turned into text.");

    /// <inheritdoc/>
    public IReadOnlyList<PeerForm> Forms => forms;

    /// <inheritdoc/>
    public IReadOnlyList<LoadStep> Load(ComparisonData data, IReadOnlySet<FormKind> kinds)
    {
        List<LoadStep> steps = [];
        var usage = data.Usage;
        var parquet = $"read_parquet([{string.Join(", ", data.Paths.Select(DuckDb.Quote))}], hive_partitioning = false)";
        duck.Run("CREATE TABLE hours (bucket_start TIMESTAMPTZ, day USMALLINT, month USMALLINT)");
        Insert("hours", data.Slots.Select(slot => string.Create(CultureInfo.InvariantCulture, $"'{slot.Start}', {slot.Day}, {slot.Month}")));
        foreach (var (table, dimension) in ((string, Dimension)[])[("models", Dimension.Model), ("keys", Dimension.Member)])
        {
            var source = usage.Table(dimension.StoredSource());
            duck.Run($"CREATE TABLE {table} (id VARCHAR, {(table == "models" ? "model" : "member")} VARCHAR)");
            Insert(table, data.Lookup(dimension).Select((code, i) => $"{DuckDb.Quote(source.Key(i))}, {DuckDb.Quote(usage.Table(dimension).Key(code))}"));
        }

        if (kinds.Contains(FormKind.Natural))
        {
            steps.Add(Step("rows as in the files", () => duck.Run($"CREATE TABLE usage AS SELECT {string.Join(", ", PeerSql.NaturalColumns)} FROM {parquet}")));
            var range = $"usage.bucket_start >= '{data.Days.Start}' AND usage.bucket_start < '{data.Days.End}'";
            forms.Add(new PeerForm(string.Empty, FormKind.Natural, query => PeerSql.Natural(
                query, Bucket, "JOIN hours ON hours.bucket_start = usage.bucket_start", query.Shape == AnswerShape.Buckets ? "true" : range, "count(DISTINCT api_key)", DuckDb.Quote(data.Project))));
        }

        if (kinds.Contains(FormKind.Tuned) || kinds.Contains(FormKind.PreAggregated))
        {
            steps.Add(Step("rows with days and codes", () => Tune(data, parquet)));
            var project = usage.Table(Dimension.Project).CodeOf(data.Project);
            if (kinds.Contains(FormKind.Tuned))
            {
                forms.Add(new PeerForm(string.Empty, FormKind.Tuned, query => PeerSql.Tuned(query, "tuned", PeerSql.NamedSums, project)));
            }
        }

        if (kinds.Contains(FormKind.PreAggregated))
        {
            steps.Add(Step("sums by day and project, model, key, service type", () =>
            {
                foreach (var dimension in PeerSql.Groups)
                {
                    duck.Run($"CREATE TABLE {PeerSql.PreAggregatedTable(dimension)} AS {PeerSql.PreAggregate(dimension, measure => $"CAST(sum({measure.ColumnName()}) AS BIGINT)")}");
                }
            }));
            forms.Add(new PeerForm(string.Empty, FormKind.PreAggregated, query => PeerSql.PreAggregated(query, PeerSql.NamedSums)));
        }

        return steps;

        static string Bucket(BucketSize size) => size == BucketSize.Month ? "month" : "day";
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<string>> Read(string sql) => [.. duck.Run(sql).Rows.Select(row => (IReadOnlyList<string>)[.. row.Select(cell => cell ?? string.Empty)])];

    /// <inheritdoc/>
    public void Run(string sql) => duck.Execute(sql);

    /// <inheritdoc/>
    public void Dispose() => duck.Dispose();

    private void Tune(ComparisonData data, string parquet)
    {
        foreach (var dimension in PeerSql.Groups)
        {
            var table = data.Usage.Table(dimension.StoredSource());
            duck.Run($"CREATE TABLE {PeerSql.TextOf(dimension)}_codes (id VARCHAR, code USMALLINT)");
            Insert($"{PeerSql.TextOf(dimension)}_codes", data.Lookup(dimension).Select((code, i) => string.Create(CultureInfo.InvariantCulture, $"{DuckDb.Quote(table.Key(i))}, {code}")));
        }

        duck.Run("CREATE TABLE key_members (code USMALLINT, member_code USMALLINT)");
        Insert("key_members", data.Lookup(Dimension.Member).Select((member, key) => string.Create(CultureInfo.InvariantCulture, $"{key}, {member}")));
        duck.Run($"""
            CREATE TABLE tuned AS
            SELECT day, month,
                   {string.Join(", ", PeerSql.Groups.Select(dimension => $"{PeerSql.TextOf(dimension)}_codes.code AS {PeerSql.CodeColumn(dimension)}"))},
                   {string.Join(", ", ComparisonQuery.Sums.Select(measure => $"CAST({(measure == Measure.Cost ? "cost * 1000000000000" : measure.ColumnName())} AS {TypeOf(data, measure)}) AS {measure.ColumnName()}"))}
            FROM (SELECT {string.Join(", ", PeerSql.NaturalColumns).Replace("cost", "CAST(cost AS DECIMAL(38, 12)) AS cost", StringComparison.Ordinal)} FROM {parquet}) AS rows
            JOIN hours ON hours.bucket_start = rows.bucket_start
            {string.Join('\n', PeerSql.Groups.Select(dimension => $"JOIN {PeerSql.TextOf(dimension)}_codes ON {PeerSql.TextOf(dimension)}_codes.id = rows.{dimension.StoredSource().ColumnName()}"))}
            ORDER BY day, project_code
            """);
    }

    // DuckDB sums signed integers only: of others it first makes those, row by row.
    private static string TypeOf(ComparisonData data, Measure measure) => data.Max(measure) <= int.MaxValue ? "INTEGER" : "BIGINT";

    private void Insert(string table, IEnumerable<string> rows) => duck.Run($"INSERT INTO {table} VALUES {PeerSql.Values(rows)}");

    private LoadStep Step(string what, Action action)
    {
        var before = MemoryBytes();
        var start = Stopwatch.GetTimestamp();
        action();
        return new LoadStep(Name, what, Stopwatch.GetElapsedTime(start).TotalMilliseconds, MemoryBytes() - before);
    }

    private long MemoryBytes() => long.Parse(duck.Run("SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'").Rows[0][0]!, CultureInfo.InvariantCulture);
}
