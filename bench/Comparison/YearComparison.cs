using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Projections;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>Compares and times all queries on one loaded year.</summary>
/// <remarks>
/// In each round, one after the other: the read bandwidth, this engine, and each form of each peer; so that what disturbs the
/// machine disturbs all alike. Slow forms are measured in fewer rounds.
/// </remarks>
/// <param name="data">The year.</param>
/// <param name="peers">Peers, loaded.</param>
/// <param name="options">Threads and rounds.</param>
/// <param name="log">Told what is done.</param>
internal sealed class YearComparison(ComparisonData data, IReadOnlyList<IPeer> peers, ComparisonOptions options, TextWriter log)
{
    // A form that takes longer than this is measured in few rounds.
    private const double SlowMilliseconds = 1_000;
    private const int SlowRounds = 3;
    private const int WarmupRounds = 2;

    private readonly int threads = options.Threads;
    private readonly ReadBandwidth bandwidth = new(options.Threads, options.RoofBytes);
    private readonly List<double> roof = [];
    private readonly List<LoadStep> loads = [];

    /// <summary>Runs all queries.</summary>
    /// <param name="loads">Steps of loading so far.</param>
    /// <exception cref="DifferentAnswerException">A peer answers something else.</exception>
    public YearReport Run(IReadOnlyList<LoadStep> loads)
    {
        this.loads.AddRange(loads);
        BuildCubes();

        // All answers first: nothing is timed beside a wrong one.
        var cells = ComparisonQuery.All.ToDictionary(query => query, Compare);
        var queries = ComparisonQuery.All.Select(query => Time(query, cells[query])).ToArray();
        var usage = data.Usage;
        return new YearReport(
            usage.RowCount,
            data.RowsInRange,
            data.Days.From.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture),
            data.Days.To.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture),
            data.Days.Zone.Id,
            new Dictionary<string, int>
            {
                ["projects"] = Used(Dimension.Project),
                ["models"] = Used(Dimension.Model),
                ["mappings"] = Used(Dimension.Mapping),
                ["API keys"] = Used(Dimension.ApiKey),
                ["members"] = Used(Dimension.Member),
                ["service types"] = Used(Dimension.ServiceType),
            },
            data.ProjectRows / (double)data.RowsInRange,
            data.FileBytes,
            new MemoryReport(usage.Chunks.Sum(chunk => chunk.SizeBytes), HeadlineBytesPerRow(), usage.Projections.UsedBytes, data.ResidentBytes),
            bandwidth.LengthBytes,
            Spread.Of(roof),
            this.loads,
            queries);

        // Code 0 is "none", which generated rows do not have.
        int Used(Dimension dimension) => usage.Table(dimension).Count - 1;
    }

    private double HeadlineBytesPerRow() => data.Usage.Chunks.Sum(chunk => (double)chunk.RowCount
        * (Dimensions.Stored.Sum(dimension => chunk.Codes(dimension).Width) + ComparisonQuery.Sums.Sum(measure => chunk.Values(measure).Width))) / data.Usage.RowCount;

    /// <summary>Has every cube built that a query takes once it was asked a few times, and times the building of each.</summary>
    private void BuildCubes()
    {
        foreach (var query in ComparisonQuery.All)
        {
            // A cube that is not made at load is made when scans have read as many rows as there are.
            for (var time = 0; time < 3 && EngineAnswer.Plan(query, data, usesProjections: true).Cube is null; time++)
            {
            }
        }

        var counts = Dimensions.Stored.Select(dimension => data.Usage.Table(dimension).Count).ToArray();
        foreach (var cube in data.Usage.Projections.Cubes.OrderBy(cube => cube.Key.ToString(), StringComparer.Ordinal))
        {
            var start = Stopwatch.GetTimestamp();
            var steps = PrefixSumCube.StepsOf(data.Usage.Chunks, cube.Key.DaysOf);
            PrefixSumCube.Build(cube.Key, counts, data.Usage.Chunks, steps);
            loads.Add(new LoadStep(TimeReport.Ours, $"prefix sums of {cube.Key}", Stopwatch.GetElapsedTime(start).TotalMilliseconds, cube.SizeBytes));
        }
    }

    /// <summary>Compares the answers of all forms with the scan's; returns how many cells each has.</summary>
    private long Compare(ComparisonQuery query)
    {
        var scan = EngineAnswer.Of(query, data, usesProjections: false, threads).Lines(data);
        AnswerComparison.RequireEqual($"{query.Name}, prefix sums", query, scan, EngineAnswer.Of(query, data, usesProjections: true, threads).Lines(data));
        foreach (var (peer, form, sql) in Statements(query))
        {
            AnswerComparison.RequireEqual($"{query.Name}, {peer.Name} {form.Name} {form.Kind}", query, scan, AnswerComparison.Lines(peer.Read(sql), query, form.Kind == FormKind.Natural, data));
        }

        var cells = scan.LongLength * (ComparisonQuery.Sums.Count + (query.Shape == AnswerShape.Members ? 1 : 0));
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {query.Name} {query.Title}: {cells:N0} cells equal"));
        return cells;
    }

    private IEnumerable<(IPeer Peer, PeerForm Form, string Sql)> Statements(ComparisonQuery query) =>
        from peer in peers
        from form in peer.Forms
        let sql = form.Sql(query)
        where sql is not null
        select (peer, form, sql);

    private QueryReport Time(ComparisonQuery query, long cells)
    {
        var scanned = new Course(TimeReport.Ours, TimeReport.RunOnly, FormKind.Tuned, null, () => Run(query, usesProjections: false, visits: false));
        List<Course> courses =
        [
            new(TimeReport.Ours, string.Empty, FormKind.Tuned, null, () => Run(query, usesProjections: false, visits: true)),
            scanned,
        ];
        if (EngineAnswer.Plan(query, data, usesProjections: true).Cube is not null)
        {
            courses.Add(new(TimeReport.Ours, string.Empty, FormKind.PreAggregated, null, () => Run(query, usesProjections: true, visits: true)));
            courses.Add(new(TimeReport.Ours, TimeReport.RunOnly, FormKind.PreAggregated, null, () => Run(query, usesProjections: true, visits: false)));
        }

        courses.AddRange(Statements(query).Select(statement => new Course(
            statement.Peer.Name, statement.Form.Name, statement.Form.Kind, statement.Sql, () => statement.Peer.Run(statement.Sql))));

        var scan = EngineAnswer.Plan(query, data, usesProjections: false);
        var bytes = query.IsOfOneProject ? (double?)null : BytesRead(scan);
        List<double> shares = [];
        for (var round = -WarmupRounds; round < options.Rounds; round++)
        {
            var roofNow = bandwidth.Measure();
            foreach (var course in courses.Where(course => course.TakesPartIn(round)))
            {
                course.Measure(isWarmup: round < 0);
            }

            if (round >= 0)
            {
                roof.Add(roofNow / 1e9);
                shares.Add((bytes ?? 0) / (scanned.Milliseconds[^1] / 1e3) / roofNow);
            }
        }

        log.WriteLine($"  {query.Name}: {string.Join(", ", courses.Select(course => string.Create(CultureInfo.InvariantCulture, $"{course.System} {course.Form} {course.Kind} {Spread.Of(course.Milliseconds).Median:N3} ms")))}");
        return new QueryReport(
            query.Name,
            query.Title,
            cells,
            bytes / scan.RowCount,
            bytes is null ? null : Spread.Of(shares).Median,
            [.. courses.Select(course => new TimeReport(course.System, course.Form, course.Kind, Spread.Of(course.Milliseconds), course.Sql))]);
    }

    private void Run(ComparisonQuery query, bool usesProjections, bool visits)
    {
        using var answer = EngineAnswer.Of(query, data, usesProjections, threads);
        if (visits)
        {
            answer.Visit();
        }
    }

    /// <summary>Bytes of the columns that a scan adds up or groups by, over its rows.</summary>
    private static double BytesRead(QueryPlan plan) => plan.Scans.Sum(scan => (double)scan.RowCount
        * (scan.Chunk.Codes(plan.Query.GroupBy.StoredSource()).Width + plan.Query.Measures.Sum(measure => scan.Chunk.Values(measure).Width)));

    /// <summary>One thing that is timed in every round.</summary>
    private sealed class Course(string system, string form, FormKind kind, string? sql, Action action)
    {
        private bool isSlow = kind == FormKind.Natural;

        public string System => system;

        public string Form => form;

        public FormKind Kind => kind;

        public string? Sql => sql;

        public List<double> Milliseconds { get; } = [];

        /// <summary>Slow ones need no warm-up beyond the comparison of the answers, and few rounds.</summary>
        public bool TakesPartIn(int round) => isSlow ? round is >= 0 and < SlowRounds : true;

        public void Measure(bool isWarmup)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            var time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (!isWarmup)
            {
                Milliseconds.Add(time);
            }

            isSlow |= time > SlowMilliseconds;
        }
    }
}
