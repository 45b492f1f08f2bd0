using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>ClickHouse, with MergeTree tables on disk (in the page cache) and Memory tables.</summary>
internal sealed class ClickHousePeer : IPeer
{
    private readonly ClickHouse house;
    private readonly string folder;
    private readonly int threads;
    private readonly List<PeerForm> forms = [];

    /// <summary>Starts an empty system.</summary>
    /// <param name="folder">Where its tables lie; made if it is not there, removed at the end.</param>
    /// <param name="threads">Threads that a query may use.</param>
    public ClickHousePeer(string folder, int threads)
    {
        this.folder = folder;
        this.threads = threads;
        Directory.CreateDirectory(folder);
        house = ClickHouse.Open(folder);
        house.Run(string.Create(CultureInfo.InvariantCulture, $"SET max_threads = {threads}"));
        house.Run("SET use_query_condition_cache = 0");
        house.Run("CREATE DATABASE year");
        house.Run("USE year");
        Version = house.Read("SELECT version()")[0][0];
    }

    /// <inheritdoc/>
    public string Name => "ClickHouse";

    /// <inheritdoc/>
    public string Version { get; }

    /// <inheritdoc/>
    public string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"libchdb in this process, MergeTree in the page cache (one part, default codecs) and Memory, `max_threads = {threads}`, `use_query_condition_cache = 0`; bucket and group packed into one column of 16 or 32 bits. Timed: parsing, planning and running with `FORMAT Null`, that is without handing over the result.");

    /// <inheritdoc/>
    public IReadOnlyList<PeerForm> Forms => forms;

    /// <inheritdoc/>
    public IReadOnlyList<LoadStep> Load(ComparisonData data, IReadOnlySet<FormKind> kinds)
    {
        List<LoadStep> steps = [];
        var usage = data.Usage;
        var zone = ClickHouse.Quote(data.Days.Zone.Id);

        // A path that does not start with a slash is looked for in ClickHouse's own folder, where nothing is found and nothing is said.
        var parquet = $"file({ClickHouse.Quote(data.Paths.Count == 1 ? data.Paths[0] : $"/{{{string.Join(',', data.Paths.Select(path => path[1..]))}}}")}, Parquet)";
        foreach (var (table, dimension) in ((string, Dimension)[])[("models", Dimension.Model), ("keys", Dimension.Member)])
        {
            var source = usage.Table(dimension.StoredSource());
            house.Run($"CREATE TABLE {table} (id String, {(table == "models" ? "model" : "member")} String) ENGINE = Memory");
            Insert(table, data.Lookup(dimension).Select((code, i) => $"{ClickHouse.Quote(source.Key(i))}, {ClickHouse.Quote(usage.Table(dimension).Key(code))}"));
        }

        if (kinds.Contains(FormKind.Natural))
        {
            steps.Add(Step("rows as in the files, MergeTree", "usage", () =>
            {
                house.Run("""
                    CREATE TABLE usage (bucket_start DateTime('UTC'), project LowCardinality(String), api_key LowCardinality(String), mapping LowCardinality(String),
                        service_type LowCardinality(String), request_count Int64, input_tokens Int64, output_tokens Int64, cost Decimal(18, 12))
                    ENGINE = MergeTree ORDER BY (bucket_start, project)
                    """);
                house.Run($"INSERT INTO usage SELECT {string.Join(", ", PeerSql.NaturalColumns)} FROM {parquet}");
                house.Run("OPTIMIZE TABLE usage FINAL");
            }));
            var range = string.Create(CultureInfo.InvariantCulture, $"bucket_start >= toDateTime({data.Days.Start.ToUnixTimeSeconds()}, 'UTC') AND bucket_start < toDateTime({data.Days.End.ToUnixTimeSeconds()}, 'UTC')");
            forms.Add(new PeerForm(string.Empty, FormKind.Natural, query => PeerSql.Natural(
                query,
                size => size == BucketSize.Month ? $"toStartOfMonth(bucket_start, {zone})" : $"toDate(bucket_start, {zone})",
                string.Empty,
                range,
                "uniqExact(api_key)",
                ClickHouse.Quote(data.Project))));
        }

        if (kinds.Contains(FormKind.Tuned) || kinds.Contains(FormKind.PreAggregated))
        {
            var packed = PackedColumns(data);
            var project = usage.Table(Dimension.Project).CodeOf(data.Project);
            steps.Add(Step("rows with days and codes, MergeTree", "tuned", () => Tune(data, parquet, packed)));
            if (kinds.Contains(FormKind.Tuned))
            {
                steps.Add(Step("rows with days and codes, Memory", "tuned_memory", () => house.Run("CREATE TABLE tuned_memory ENGINE = Memory AS SELECT * FROM tuned")));
                foreach (var (name, table) in ((string, string)[])[("Memory", "tuned_memory"), ("MergeTree", "tuned")])
                {
                    forms.Add(new PeerForm(name, FormKind.Tuned, query => PeerSql.Tuned(
                        query,
                        table,
                        Sums(data, query),
                        project,
                        query.Shape == AnswerShape.Buckets ? (PackedColumn(query.Bucket, query.GroupBy), usage.Table(query.GroupBy).Count) : null)));
                }
            }
        }

        if (kinds.Contains(FormKind.PreAggregated))
        {
            steps.Add(Step("sums by day and project, model, key, service type, Memory", "pre_", () =>
            {
                foreach (var dimension in PeerSql.Groups)
                {
                    house.Run($"CREATE TABLE {PeerSql.PreAggregatedTable(dimension)} ENGINE = Memory AS {PeerSql.PreAggregate(dimension, measure => $"sum({measure.ColumnName()})")}");
                }
            }));
            forms.Add(new PeerForm(string.Empty, FormKind.PreAggregated, query => PeerSql.PreAggregated(query, Sums(data, query))));
        }

        return steps;
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<string>> Read(string sql) => house.Read(sql);

    /// <inheritdoc/>
    public void Run(string sql) => house.Run(sql);

    /// <inheritdoc/>
    public void Dispose()
    {
        house.Run("USE default");
        house.Run("DROP DATABASE year SYNC");
        house.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // A sum of 64 bits wraps without a word, so that sums over the range are of 128 bits where the total needs it.
    private static string Sums(ComparisonData data, ComparisonQuery query) =>
        query.Bucket == BucketSize.Day || data.Total(Measure.Cost) <= ulong.MaxValue ? PeerSql.NamedSums : PeerSql.NamedSums.Replace("sum(cost)", "sum(toUInt128(cost))", StringComparison.Ordinal);

    private static string PackedColumn(BucketSize bucket, Dimension dimension) => $"{(bucket == BucketSize.Month ? "month" : "day")}_{PeerSql.TextOf(dimension)}";

    /// <summary>A column for each pair of bucket and group that queries ask for; up to 16 bits, ClickHouse groups by an array.</summary>
    private static List<(string Column, string Sql)> PackedColumns(ComparisonData data) =>
    [
        .. ComparisonQuery.All.Where(query => query.Shape == AnswerShape.Buckets).DistinctBy(query => (query.Bucket, query.GroupBy)).Select(query =>
        {
            var groups = data.Usage.Table(query.GroupBy).Count;
            var type = (long)data.BucketsOf(query.Bucket).Count * groups <= ushort.MaxValue + 1 ? "UInt16" : "UInt32";
            var time = query.Bucket == BucketSize.Month ? "month" : "day";
            return (PackedColumn(query.Bucket, query.GroupBy), string.Create(CultureInfo.InvariantCulture, $"to{type}(toUInt32({time}) * {groups} + {PeerSql.CodeColumn(query.GroupBy)})"));
        }),
    ];

    private void Tune(ComparisonData data, string parquet, IReadOnlyList<(string Column, string Sql)> packed)
    {
        house.Run("CREATE TABLE hours (start DateTime('UTC'), day UInt16, month UInt16) ENGINE = Memory");
        Insert("hours", data.Slots.Select(slot => string.Create(CultureInfo.InvariantCulture, $"{slot.Start.ToUnixTimeSeconds()}, {slot.Day}, {slot.Month}")));
        foreach (var dimension in PeerSql.Groups)
        {
            var table = data.Usage.Table(dimension.StoredSource());
            house.Run($"CREATE TABLE {PeerSql.TextOf(dimension)}_codes (id String, code UInt16) ENGINE = Memory");
            Insert($"{PeerSql.TextOf(dimension)}_codes", data.Lookup(dimension).Select((code, i) => string.Create(CultureInfo.InvariantCulture, $"{ClickHouse.Quote(table.Key(i))}, {code}")));
        }

        house.Run("CREATE TABLE key_members (code UInt16, member_code UInt16) ENGINE = Memory");
        Insert("key_members", data.Lookup(Dimension.Member).Select((member, key) => string.Create(CultureInfo.InvariantCulture, $"{key}, {member}")));
        house.Run($"""
            CREATE TABLE tuned ENGINE = MergeTree ORDER BY (day, project_code) AS
            SELECT hours.day AS day, hours.month AS month,
                   {string.Join(", ", PeerSql.Groups.Select(dimension => $"{PeerSql.TextOf(dimension)}_codes.code AS {PeerSql.CodeColumn(dimension)}"))},
                   {string.Join(", ", ComparisonQuery.Sums.Select(measure => Value(data, measure)))},
                   {string.Join(", ", packed.Select(column => $"{column.Sql} AS {column.Column}"))}
            FROM (SELECT {string.Join(", ", PeerSql.NaturalColumns)} FROM {parquet}) AS rows
            JOIN hours ON hours.start = toDateTime(rows.bucket_start, 'UTC')
            {string.Join('\n', PeerSql.Groups.Select(dimension => $"JOIN {PeerSql.TextOf(dimension)}_codes ON {PeerSql.TextOf(dimension)}_codes.id = rows.{dimension.StoredSource().ColumnName()}"))}
            """);
        house.Run("OPTIMIZE TABLE tuned FINAL");

        static string Value(ComparisonData data, Measure measure) => measure == Measure.Cost
            ? "toUInt64(toDecimal128(rows.cost, 12) * 1000000000000) AS cost"
            : $"to{(data.Max(measure) <= uint.MaxValue ? "UInt32" : "UInt64")}(rows.{measure.ColumnName()}) AS {measure.ColumnName()}";
    }

    private void Insert(string table, IEnumerable<string> rows) => house.Run($"INSERT INTO {table} VALUES {PeerSql.Values(rows)}");

    private LoadStep Step(string what, string tables, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        var time = Stopwatch.GetElapsedTime(start);
        var bytes = house.Read($"SELECT sum(total_bytes) FROM system.tables WHERE database = 'year' AND (name = '{tables}' OR ('{tables}' LIKE '%\\_' AND startsWith(name, '{tables}')))")[0][0];
        return new LoadStep(Name, what, time.TotalMilliseconds, long.Parse(bytes, CultureInfo.InvariantCulture));
    }
}
