using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Analytics.Engine.Chunks;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>PostgreSQL, a server of its own, with unlogged tables in its shared memory.</summary>
internal sealed class PostgresPeer : IPeer
{
    private const int BlockBytes = 1 << 20;

    // Enough for any one row: nine fields, of which five are texts of up to 128 characters with escapes.
    private const int MaxRowBytes = 8 << 10;

    private readonly PostgresServer server;
    private readonly Postgres postgres;
    private readonly int threads;
    private readonly long sharedBytes = Machine.MemoryBytes() / 4;
    private readonly List<PeerForm> forms = [];

    /// <summary>Makes a cluster and connects to it.</summary>
    /// <param name="threads">Worker processes that a query may use.</param>
    public PostgresPeer(int threads)
    {
        this.threads = threads;
        var workers = threads.ToString(CultureInfo.InvariantCulture);
        server = PostgresServer.Start(new Dictionary<string, string>
        {
            ["shared_buffers"] = Mebibytes(sharedBytes),
            ["effective_cache_size"] = Mebibytes(sharedBytes * 2),
            ["work_mem"] = "256MB",
            ["maintenance_work_mem"] = "1GB",
            ["jit"] = "off",
            ["max_worker_processes"] = (threads + 8).ToString(CultureInfo.InvariantCulture),
            ["max_parallel_workers"] = workers,
            ["max_parallel_workers_per_gather"] = workers,
            ["max_parallel_maintenance_workers"] = workers,
            ["parallel_leader_participation"] = "off",
            ["parallel_setup_cost"] = "0",
            ["parallel_tuple_cost"] = "0",
            ["min_parallel_table_scan_size"] = "0",
            ["random_page_cost"] = "1.1",
            ["autovacuum"] = "off",
            ["fsync"] = "off",
            ["wal_level"] = "minimal",
            ["max_wal_senders"] = "0",
            ["max_wal_size"] = "8GB",
            ["checkpoint_timeout"] = "1h",
        });
        try
        {
            postgres = server.Connect();
            postgres.Run("SET TimeZone = 'UTC'");
            Version = postgres.Read("SHOW server_version")[0][0].Split(' ')[0];
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "PostgreSQL";

    /// <inheritdoc/>
    public string Version { get; }

    /// <inheritdoc/>
    public string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"a server of its own over a Unix socket, unlogged tables in time order, vacuumed and frozen, `shared_buffers = {Mebibytes(sharedBytes)}`, `work_mem = 256MB`, `jit = off`, {threads} parallel workers and a leader that only merges; an index of project and day that holds all columns of Q5. Timed: `EXPLAIN (ANALYZE, TIMING OFF)`, that is without sending the result.");

    /// <inheritdoc/>
    public IReadOnlyList<PeerForm> Forms => forms;

    /// <inheritdoc/>
    public IReadOnlyList<LoadStep> Load(ComparisonData data, IReadOnlySet<FormKind> kinds)
    {
        List<LoadStep> steps = [];
        var usage = data.Usage;
        postgres.Run("CREATE TABLE hours (bucket_start timestamptz PRIMARY KEY, day smallint, month smallint)");
        Insert("hours", data.Slots.Select(slot => string.Create(CultureInfo.InvariantCulture, $"'{slot.Start}', {slot.Day}, {slot.Month}")));
        foreach (var (table, dimension) in ((string, Dimension)[])[("models", Dimension.Model), ("keys", Dimension.Member)])
        {
            var source = usage.Table(dimension.StoredSource());
            postgres.Run($"CREATE TABLE {table} (id text PRIMARY KEY, {(table == "models" ? "model" : "member")} text)");
            Insert(table, data.Lookup(dimension).Select((code, i) => $"{Postgres.Quote(source.Key(i))}, {Postgres.Quote(usage.Table(dimension).Key(code))}"));
        }

        if (kinds.Contains(FormKind.Natural))
        {
            steps.Add(Step("rows as in the files", "usage", () =>
            {
                Fill(
                    "usage",
                    "bucket_start timestamptz, project text, api_key text, mapping text, service_type text, request_count bigint, input_tokens bigint, output_tokens bigint, cost numeric(24, 12)",
                    NaturalRows(data));
                postgres.Run("CREATE INDEX ON usage (project, bucket_start)");
                postgres.Run("VACUUM ANALYZE usage");
            }));
            var range = $"usage.bucket_start >= '{data.Days.Start}' AND usage.bucket_start < '{data.Days.End}'";
            forms.Add(new PeerForm(string.Empty, FormKind.Natural, query => PeerSql.Natural(
                query,
                size => size == BucketSize.Month ? "month" : "day",
                "JOIN hours ON hours.bucket_start = usage.bucket_start",
                query.Shape == AnswerShape.Buckets ? "true" : range,
                "count(DISTINCT api_key)",
                Postgres.Quote(data.Project))));
        }

        if (kinds.Contains(FormKind.Tuned) || kinds.Contains(FormKind.PreAggregated))
        {
            steps.Add(Step("rows with days and codes", "tuned", () =>
            {
                Fill("tuned", string.Join(", ", WidestFirst(data).Select(column => $"{column.Name} {column.Type}")), TunedRows(data));
                postgres.Run("CREATE INDEX ON tuned (project_code, day) INCLUDE (model_code, request_count, input_tokens, output_tokens, cost)");
                postgres.Run("VACUUM ANALYZE tuned");
            }));
            postgres.Run("CREATE TABLE key_members (code smallint PRIMARY KEY, member_code smallint)");
            Insert("key_members", data.Lookup(Dimension.Member).Select((member, key) => string.Create(CultureInfo.InvariantCulture, $"{key}, {member}")));
            if (kinds.Contains(FormKind.Tuned))
            {
                var project = usage.Table(Dimension.Project).CodeOf(data.Project);
                forms.Add(new PeerForm(string.Empty, FormKind.Tuned, query => PeerSql.Tuned(query, "tuned", PeerSql.NamedSums, project)));
            }
        }

        if (kinds.Contains(FormKind.PreAggregated))
        {
            steps.Add(Step("sums by day and project, model, key, service type", "pre_", () =>
            {
                foreach (var dimension in PeerSql.Groups)
                {
                    var table = PeerSql.PreAggregatedTable(dimension);
                    postgres.Run($"CREATE UNLOGGED TABLE {table} AS {PeerSql.PreAggregate(dimension, measure => $"sum({measure.ColumnName()})::bigint")}");
                    postgres.Run($"VACUUM ANALYZE {table}");
                }
            }));
            forms.Add(new PeerForm(string.Empty, FormKind.PreAggregated, query => PeerSql.PreAggregated(query, PeerSql.NamedSums)));
        }

        return steps;
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<string>> Read(string sql) => postgres.Read(sql);

    /// <inheritdoc/>
    public void Run(string sql) => postgres.Run($"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF) {sql}");

    /// <inheritdoc/>
    public void Dispose()
    {
        postgres.Dispose();
        server.Dispose();
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20}MB");

    /// <summary>Columns of <c>tuned</c> from wide to narrow, which leaves no gaps in a row.</summary>
    private static List<(string Name, string Type)> WidestFirst(ComparisonData data) =>
    [
        .. PeerSql.TunedColumns.Select(name =>
        {
            var measure = ComparisonQuery.Sums.Where(measure => measure.ColumnName() == name).ToArray();
            return (Name: name, Type: measure is [var one] ? (data.Max(one) <= int.MaxValue ? "integer" : "bigint") : "smallint");
        }).OrderBy(column => column.Type, StringComparer.Ordinal),
    ];

    private static IEnumerable<ReadOnlyMemory<byte>> NaturalRows(ComparisonData data)
    {
        Dimension[] dimensions = [Dimension.Project, Dimension.ApiKey, Dimension.Mapping, Dimension.ServiceType];
        var keys = Array.ConvertAll(dimensions, dimension => Enumerable.Range(0, data.Usage.Table(dimension).Count).Select(code => Encoding.UTF8.GetBytes(Escaped(data.Usage.Table(dimension).Key(code)) + "\t")).ToArray());
        return Blocks(data, (chunk, block) =>
        {
            var codes = Array.ConvertAll(dimensions, chunk.ToArray);
            var measures = ComparisonQuery.Sums.Select(chunk.ToArray).ToArray();
            return (row, run, used) =>
            {
                if (row == (run == 0 ? 0 : chunk.RunEnds[run - 1]))
                {
                    block.Time = Encoding.UTF8.GetBytes($"{Instants.FromUnixMicroseconds(chunk.RunStarts[run])}\t");
                }

                used = Append(block.Bytes, used, block.Time);
                for (var i = 0; i < codes.Length; i++)
                {
                    used = Append(block.Bytes, used, keys[i][codes[i][row]]);
                }

                for (var i = 0; i < measures.Length - 1; i++)
                {
                    used = Append(block.Bytes, used, measures[i][row], '\t');
                }

                used += PicoDollars.Format(measures[^1][row], block.Bytes.AsSpan(used));
                block.Bytes[used++] = (byte)'\n';
                return used;
            };
        });

        static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> TunedRows(ComparisonData data)
    {
        var lookups = PeerSql.Groups.ToDictionary(dimension => dimension, data.Lookup);
        var columns = WidestFirst(data);
        return Blocks(data, (chunk, block) =>
        {
            // Of each column the values by row; null for the bucket's.
            var values = columns.Select(column =>
                ComparisonQuery.Sums.Where(measure => measure.ColumnName() == column.Name).ToArray() is [var measure] ? chunk.ToArray(measure)
                : PeerSql.Groups.Where(dimension => PeerSql.CodeColumn(dimension) == column.Name).ToArray() is [var dimension]
                    ? Array.ConvertAll(chunk.ToArray(dimension.StoredSource()), code => (long)lookups[dimension][code])
                : null).ToArray();
            return (row, run, used) =>
            {
                var start = Instants.FromUnixMicroseconds(chunk.RunStarts[run]);
                if (row == (run == 0 ? 0 : chunk.RunEnds[run - 1]))
                {
                    block.Day = data.Days.IndexOf(start);
                    block.Month = data.Months.IndexOf(start);
                }

                if (block.Day < 0)
                {
                    return used;
                }

                for (var i = 0; i < values.Length; i++)
                {
                    var value = values[i] is { } column ? column[row] : columns[i].Name == "day" ? block.Day : block.Month;
                    used = Append(block.Bytes, used, value, i + 1 == values.Length ? '\n' : '\t');
                }

                return used;
            };
        });
    }

    /// <summary>Blocks of lines, in one buffer that is used again and again.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Blocks(ComparisonData data, Func<UsageChunk, Block, AppendRow> open)
    {
        var block = new Block();
        var used = 0;
        foreach (var chunk in data.Usage.Chunks)
        {
            var append = open(chunk, block);
            for (var (row, run) = (0, 0); row < chunk.RowCount; row++)
            {
                if (row == chunk.RunEnds[run])
                {
                    run++;
                }

                used = append(row, run, used);
                if (used > block.Bytes.Length - MaxRowBytes)
                {
                    yield return block.Bytes.AsMemory(0, used);
                    used = 0;
                }
            }
        }

        yield return block.Bytes.AsMemory(0, used);
    }

    private static int Append(byte[] target, int used, byte[] text)
    {
        text.CopyTo(target, used);
        return used + text.Length;
    }

    private static int Append(byte[] target, int used, long value, char end)
    {
        Utf8Formatter.TryFormat(value, target.AsSpan(used), out var length);
        target[used + length] = (byte)end;
        return used + length + 1;
    }

    // Frozen rows need no second look at who wrote them; that needs the table to be made in the same transaction.
    private void Fill(string table, string columns, IEnumerable<ReadOnlyMemory<byte>> rows)
    {
        postgres.Run("BEGIN");
        postgres.Run($"CREATE UNLOGGED TABLE {table} ({columns}) WITH (parallel_workers = {threads.ToString(CultureInfo.InvariantCulture)})");
        postgres.Copy($"COPY {table} FROM STDIN WITH (FREEZE)", rows);
        postgres.Run("COMMIT");
    }

    private void Insert(string table, IEnumerable<string> rows)
    {
        postgres.Run($"INSERT INTO {table} VALUES {PeerSql.Values(rows)}");
        postgres.Run($"VACUUM ANALYZE {table}");
    }

    private LoadStep Step(string what, string tables, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        var time = Stopwatch.GetElapsedTime(start);
        var bytes = postgres.Read($"SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND (relname = '{tables}' OR ('{tables}' = 'pre_' AND starts_with(relname, 'pre_')))")[0][0];
        return new LoadStep(Name, what, time.TotalMilliseconds, long.Parse(bytes, CultureInfo.InvariantCulture));
    }

    /// <summary>Appends a row's line behind what is used of the block.</summary>
    /// <returns>What is used then.</returns>
    private delegate int AppendRow(int row, int run, int used);

    private sealed class Block
    {
        public byte[] Bytes { get; } = new byte[BlockBytes];

        public byte[] Time { get; set; } = [];

        public int Day { get; set; }

        public int Month { get; set; }
    }
}
