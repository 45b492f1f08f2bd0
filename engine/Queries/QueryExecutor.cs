using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Runs plans.</summary>
public static class QueryExecutor
{
    // Below this, a second thread costs more than it saves.
    private const long MinRowsPerThread = 50_000;

    /// <summary>Answers a plan. Sums are exact: in 64 bits where the rows' bounds prove that enough, else in 128.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="cancellation">Looked at once a row range.</param>
    /// <param name="maxThreads">Threads at most; 0 for one a core. The answer is the same for any number.</param>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public static QueryResult Run(QueryPlan plan, CancellationToken cancellation, int maxThreads = 0)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Run(plan, maxThreads > 0 ? maxThreads : Environment.ProcessorCount, MinRowsPerThread, cancellation);
    }

    /// <summary>The same with a chosen size of a thread's share, so that tests split small tables too.</summary>
    internal static QueryResult Run(QueryPlan plan, int threads, long minRowsPerThread, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (plan.Cube is not null)
        {
            var (sums, differences) = CubeDifference.Of(plan, cancellation);
            GC.KeepAlive(plan);
            return Assemble(plan, sums, differences);
        }

        var shares = Split(plan.Scans, threads, minRowsPerThread);
        var parts = new Part[shares.Count];
        if (shares.Count == 1)
        {
            parts[0] = Scan(plan, shares[0], cancellation);
        }
        else
        {
            try
            {
                Parallel.For(0, shares.Count, i => parts[i] = Scan(plan, shares[i], cancellation));
            }
            catch (AggregateException exception) when (exception.InnerExceptions.All(inner => inner is OperationCanceledException))
            {
                throw new OperationCanceledException(cancellation);
            }
        }

        // The spans above point into native memory that the table owns.
        GC.KeepAlive(plan);
        var range = new Int128[plan.Table.Table(plan.Query.GroupBy).Count * Measures.Count];
        foreach (var part in parts)
        {
            part.Sums.AddRangeTo(range);
        }

        return Assemble(plan, range, Joined(parts));
    }

    /// <summary>Cuts row ranges into shares of about equally many rows; a bucket may end up in two of them.</summary>
    private static List<List<Scan>> Split(IReadOnlyList<Scan> scans, int threads, long minRowsPerThread)
    {
        var rows = scans.Sum(scan => (long)scan.RowCount);
        var shares = (int)Math.Clamp(rows / minRowsPerThread, 1, threads);
        List<List<Scan>> result = [[]];
        long taken = 0;
        foreach (var scan in scans)
        {
            for (var rest = scan; rest.RowCount > 0;)
            {
                // The share ends after rows * n / shares rows.
                var room = (rows * result.Count / shares) - taken;
                if (room <= 0 && result.Count < shares)
                {
                    result.Add([]);
                    continue;
                }

                var count = result.Count < shares ? (int)Math.Min(rest.RowCount, room) : rest.RowCount;
                result[^1].Add(rest with { RowCount = count });
                taken += count;
                rest = rest with { FirstRow = rest.FirstRow + count, RowCount = rest.RowCount - count };
            }
        }

        return result;
    }

    private static Part Scan(QueryPlan plan, List<Scan> scans, CancellationToken cancellation)
    {
        var groupBy = plan.Query.GroupBy;
        var source = groupBy.StoredSource();
        var sums = new GroupAccumulator(
            plan.Table.Table(source).Count,
            groupBy.IsStored() ? [] : plan.Table.Lookup(groupBy).ToArray(),
            plan.Table.Table(groupBy).Count,
            plan.Query.Measures,
            plan.FitsIn64Bits);
        List<(int Bucket, GroupTable Groups)> buckets = [];
        for (var i = 0; i < scans.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            sums.Add(scans[i].Chunk, source, scans[i].FirstRow, scans[i].RowCount, plan.Selections);
            if (i + 1 == scans.Count || scans[i + 1].Bucket != scans[i].Bucket)
            {
                buckets.Add((scans[i].Bucket, sums.EndBucket()));
            }
        }

        return new Part(buckets, sums);
    }

    /// <summary>Puts the answer in order.</summary>
    /// <param name="plan">What was done.</param>
    /// <param name="range">Sums of the range by group and measure.</param>
    /// <param name="all">Groups of each bucket that has any.</param>
    private static QueryResult Assemble(QueryPlan plan, Int128[] range, List<(int Bucket, GroupTable Groups)> all)
    {
        var groups = plan.Table.Table(plan.Query.GroupBy);
        var order = new GroupOrder(plan.Query.RankBy, groups);
        var ranking = order.Sort(NonZero(range));
        bool[]? kept = null;
        if (plan.Query.Top is { } top && ranking.Count > top)
        {
            kept = new bool[groups.Count];
            for (var i = 0; i < top; i++)
            {
                kept[ranking.Code(i)] = true;
            }

            ranking = order.Sort(ranking, kept);
        }

        var buckets = new BucketSums[plan.Buckets.Count];
        Array.Fill(buckets, BucketSums.Empty);
        Parallel.For(0, all.Count, i =>
        {
            var (bucket, table) = all[i];
            buckets[bucket] = new BucketSums(table.Totals(), order.Sort(table, kept));
        });
        return new QueryResult(plan, ranking.Totals(), buckets, ranking);
    }

    /// <summary>All parts' buckets; where one part ends in the bucket that the next begins with, both are one.</summary>
    private static List<(int Bucket, GroupTable Groups)> Joined(Part[] parts)
    {
        List<(int Bucket, GroupTable Groups)> all = [];
        foreach (var (bucket, table) in parts.SelectMany(part => part.Buckets))
        {
            if (all.Count > 0 && all[^1].Bucket == bucket)
            {
                all[^1] = (bucket, Sum(all[^1].Groups, table));
            }
            else
            {
                all.Add((bucket, table));
            }
        }

        return all;
    }

    private static GroupTable Sum(GroupTable left, GroupTable right)
    {
        var codes = left.Select(group => group.Code).Union(right.Select(group => group.Code)).ToArray();
        var sums = new Int128[codes.Length * Measures.Count];
        var positions = codes.Select((code, i) => (code, i)).ToDictionary(pair => pair.code, pair => pair.i);
        foreach (var table in (GroupTable[])[left, right])
        {
            for (var i = 0; i < table.Count; i++)
            {
                for (var measure = 0; measure < Measures.Count; measure++)
                {
                    sums[(positions[table.Code(i)] * Measures.Count) + measure] += table.Value(i, (Measure)measure);
                }
            }
        }

        return GroupTable.Of(codes, sums);
    }

    private static GroupTable NonZero(Int128[] sums)
    {
        List<int> codes = [];
        List<Int128> kept = [];
        for (var code = 0; code * Measures.Count < sums.Length; code++)
        {
            var group = sums.AsSpan(code * Measures.Count, Measures.Count);
            if (group.ContainsAnyExcept((Int128)0))
            {
                codes.Add(code);
                kept.AddRange(group);
            }
        }

        return GroupTable.Of([.. codes], [.. kept]);
    }

    private sealed record Part(List<(int Bucket, GroupTable Groups)> Buckets, GroupAccumulator Sums);
}
