using System.Runtime.ExceptionServices;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Runs plans.</summary>
public static class QueryExecutor
{
    // Below this, a second thread costs more than it saves.
    private const long MinRowsPerThread = 50_000;

    // What a thread takes at a time: whole buckets, up to about a chunk.
    private const int UnitRows = 16_384;

    /// <summary>Answers a plan. Sums are exact: in 64 bits where the rows' bounds prove that enough, else in 128.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="cancellation">Looked at once a row range, which is a chunk at most.</param>
    /// <param name="maxThreads">Threads at most; 0 for one a core. The answer is the same for any number.</param>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    /// <exception cref="OverflowException">A sum passes 128 bits.</exception>
    public static QueryResult Run(QueryPlan plan, CancellationToken cancellation, int maxThreads = 0)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Run(plan, maxThreads > 0 ? maxThreads : Environment.ProcessorCount, MinRowsPerThread, cancellation);
    }

    /// <summary>The same with a chosen size of a thread's share, so that tests split small tables too, and see each row range before it is read.</summary>
    internal static QueryResult Run(QueryPlan plan, int threads, long minRowsPerThread, CancellationToken cancellation, Action<Scan>? onRead = null)
    {
        cancellation.ThrowIfCancellationRequested();
        var pairs = plan.Grouping.NewPairs();
        var answer = Sum(plan, pairs, threads, minRowsPerThread, onRead, cancellation);
        var earlier = plan.Previous is { } previous ? Sum(previous, pairs, threads, minRowsPerThread, onRead, cancellation) : null;

        // The spans of kernels point into native memory that the table owns.
        GC.KeepAlive(plan);
        earlier?.Open().Return();
        return Assemble(plan, plan.Grouping.Names(pairs), answer, earlier);
    }

    private static Answer Sum(QueryPlan plan, PairDictionary? pairs, int threads, long minRowsPerThread, Action<Scan>? onRead, CancellationToken cancellation)
    {
        if (plan.Cube is null)
        {
            return Scan(plan, pairs, threads, minRowsPerThread, onRead, cancellation);
        }

        var differences = new CubeBuckets(plan, pairs);
        return new Answer(differences.Range(), differences.Copy);
    }

    private static Answer Scan(QueryPlan plan, PairDictionary? pairs, int threads, long minRowsPerThread, Action<Scan>? onRead, CancellationToken cancellation)
    {
        var units = Units(plan.Scans, Math.Min(UnitRows, minRowsPerThread));
        var lanes = new MeasureLanes(plan.Query.Measures);
        var parts = new Part[(int)Math.Clamp(plan.RowCount / minRowsPerThread, 1, threads)];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = new Part(plan, lanes);
        }

        var next = -1;
        if (parts.Length == 1)
        {
            Work(parts[0]);
        }
        else
        {
            try
            {
                Parallel.For(0, parts.Length, i => Work(parts[i]));
            }
            catch (AggregateException exception)
            {
                ExceptionDispatchInfo.Throw(exception.InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException) ?? exception.InnerExceptions[0]);
            }
        }

        return Join(plan, lanes, pairs, parts);

        // Threads take units as they come to them, so that none waits for one that a neighbour of the machine slows down.
        void Work(Part part)
        {
            for (var unit = Interlocked.Increment(ref next); unit < units.Count; unit = Interlocked.Increment(ref next))
            {
                for (var scan = unit == 0 ? 0 : units[unit - 1]; scan < units[unit]; scan++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    onRead?.Invoke(plan.Scans[scan]);
                    part.Add(plan.Scans[scan]);
                }
            }

            part.End();
        }
    }

    /// <summary>Cuts row ranges into units of work that end where a bucket does, unless the bucket is long: ends of the units.</summary>
    private static List<int> Units(IReadOnlyList<Scan> scans, long unitRows)
    {
        List<int> ends = [];
        long rows = 0;
        for (var i = 0; i < scans.Count; i++)
        {
            rows += scans[i].RowCount;
            var isLast = i + 1 == scans.Count;
            if (isLast || rows >= 2 * unitRows || (rows >= unitRows && scans[i + 1].Bucket != scans[i].Bucket))
            {
                ends.Add(i + 1);
                rows = 0;
            }
        }

        return ends;
    }

    private static Answer Join(QueryPlan plan, MeasureLanes lanes, PairDictionary? pairs, Part[] parts)
    {
        Dictionary<int, GroupTable> tables = [];
        var maps = Array.ConvertAll(parts, part => Numbers(part.Sums.Pairs, pairs));
        var range = new RangeSums(lanes, pairs?.Count ?? plan.Table.Table(plan.Query.GroupBy).Count, plan.FitsIn64Bits);
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i].Sums.AddRangeTo(range, maps[i]);
            foreach (var (bucket, table) in parts[i].Buckets)
            {
                table.Renumber(maps[i]);
                if (!tables.TryAdd(bucket, table))
                {
                    var (known, both) = (tables[bucket], GroupTable.Sum(tables[bucket], table));
                    tables[bucket] = both;
                    known.Return();
                    table.Return();
                }
            }
        }

        var buckets = new ScanBuckets(lanes, tables);
        return new Answer(range.ToCells(), () => buckets);
    }

    /// <summary>The answer's numbers of a part's pairs; empty where there are none.</summary>
    private static int[] Numbers(PairDictionary? part, PairDictionary? whole)
    {
        var numbers = new int[part?.Count ?? 0];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = whole!.NumberOf(part![i].Left, part[i].Right);
        }

        return numbers;
    }

    private static QueryResult Assemble(QueryPlan plan, GroupNames names, Answer answer, Answer? earlier)
    {
        var cells = answer.Range;
        var totals = cells.Totals();
        if (earlier is not null)
        {
            AddMissing(cells, earlier.Range, names.Count);
        }

        var order = new int[cells.Count];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        ulong[] scratch = [];
        var top = Math.Min(plan.Query.Top ?? order.Length, order.Length);
        new GroupOrder(plan.Query.RankBy, names).SortTop(cells, order, top, ref scratch);
        bool[]? kept = null;
        int[] ranked = order;
        if (top < order.Length)
        {
            kept = new bool[names.Count];
            foreach (var position in order.AsSpan(0, top))
            {
                kept[cells.Groups[position]] = true;
            }

            ranked = [.. order.AsSpan(0, top), cells.AddSum(order.AsSpan(top), GroupTable.Others)];
        }

        var previous = earlier is null ? null : Previous(plan, earlier, cells, ranked, kept);
        return new QueryResult(plan, names, totals, cells.ToTable(ranked), previous, kept, answer.Open);
    }

    /// <summary>Groups that only the earlier range has stand in the ranking with sums of 0: what is gone is part of the change.</summary>
    private static void AddMissing(CellBuffer cells, CellBuffer earlier, int groups)
    {
        var isThere = new bool[groups];
        foreach (var group in cells.Groups)
        {
            isThere[group] = true;
        }

        for (var i = 0; i < earlier.Count; i++)
        {
            if (isThere[earlier.Groups[i]])
            {
                continue;
            }

            var added = cells.Add(earlier.Groups[i]);
            if (cells.IsWide)
            {
                cells.WideRow(added).Clear();
            }
            else
            {
                cells.Row(added).Clear();
            }
        }
    }

    /// <summary>The earlier range's sums in the order of the ranking.</summary>
    private static PreviousSums Previous(QueryPlan plan, Answer earlier, CellBuffer cells, int[] ranked, bool[]? kept)
    {
        var totals = earlier.Range.Totals();
        Dictionary<int, int> positions = [];
        List<int> others = [];
        for (var i = 0; i < earlier.Range.Count; i++)
        {
            positions.Add(earlier.Range.Groups[i], i);
            if (kept is not null && !kept[earlier.Range.Groups[i]])
            {
                others.Add(i);
            }
        }

        var taken = new int[ranked.Length];
        var otherSums = earlier.Range.AddSum([.. others], GroupTable.Others);
        var none = -1;
        for (var i = 0; i < taken.Length; i++)
        {
            var group = cells.Groups[ranked[i]];
            taken[i] = group == GroupTable.Others ? otherSums : positions.TryGetValue(group, out var position) ? position : None(group);
        }

        return new PreviousSums(plan.Comparison!.Value, totals, earlier.Range.ToTable(taken).WithCodes(Array.ConvertAll(ranked, position => cells.Groups[position])));

        int None(int group) => none >= 0 ? none : none = earlier.Range.AddSum([], group);
    }

    /// <summary>What one range added up to.</summary>
    /// <param name="Range">The groups of the whole range, in no order.</param>
    /// <param name="Open">The buckets, for one reader.</param>
    private sealed record Answer(CellBuffer Range, Func<IBuckets> Open);

    /// <summary>One thread's share of a scan.</summary>
    private sealed class Part(QueryPlan plan, MeasureLanes lanes)
    {
        private int bucket = -1;

        public GroupAccumulator Sums { get; } = new(plan.Table, plan.Grouping, lanes, plan.FitsIn64Bits);

        public List<(int Bucket, GroupTable Groups)> Buckets { get; } = [];

        public void Add(Scan scan)
        {
            if (scan.Bucket != bucket)
            {
                End();
                bucket = scan.Bucket;
            }

            Sums.Add(scan.Chunk, scan.FirstRow, scan.RowCount, scan.Selections);
        }

        public void End()
        {
            if (bucket >= 0 && Sums.EndBucket() is { Count: > 0 } groups)
            {
                Buckets.Add((bucket, groups));
            }

            bucket = -1;
        }
    }
}
