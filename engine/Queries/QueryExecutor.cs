using System.Buffers;
using Analytics.Engine.Kernels;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Runs plans. Groups come in one total order: cost descending, then requests descending, then label, then key by ordinal.</summary>
public static class QueryExecutor
{
    /// <summary>Answers a plan. Sums are exact: in 64 bits where the batches' largest values prove that enough, else in 128.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="cancellation">Looked at once a bucket.</param>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public static QueryResult Run(QueryPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var source = plan.Query.GroupBy.StoredSource();
        var groups = plan.Table.Table(source).Count;
        var lookup = plan.Query.GroupBy.IsStored() ? default : plan.Table.Lookup(plan.Query.GroupBy);
        var order = new GroupOrder(plan.Table.Table(plan.Query.GroupBy));
        var range = new UsageSums[plan.Table.Table(plan.Query.GroupBy).Count];
        var buckets = new BucketSums[plan.Buckets.Count];
        Array.Fill(buckets, new BucketSums(default, []));
        var sums = new GroupAccumulator(groups);
        for (var scan = 0; scan < plan.Scans.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            var bucket = plan.Scans[scan].Bucket;
            var end = scan;
            while (end < plan.Scans.Count && plan.Scans[end].Bucket == bucket)
            {
                end++;
            }

            sums.Clear();
            for (; scan < end; scan++)
            {
                Add(plan.Scans[scan], plan.Selections, source, sums);
            }

            buckets[bucket] = Fold(sums, lookup, range, order);
        }

        // The spans above point into native memory that the table owns.
        GC.KeepAlive(plan);
        var totals = buckets.Aggregate(default(UsageSums), (sum, bucket) => sum + bucket.Totals);
        return new QueryResult(plan, totals, buckets, order.Sort(range.Select((group, code) => new GroupSums(code, group))));
    }

    private static void Add(Scan scan, IReadOnlyList<Selection> selections, Dimension source, GroupAccumulator sums)
    {
        var (_, batch, first, count) = scan;
        var codes = batch.Codes(source).Slice(first, count);
        if (selections.Count == 0)
        {
            sums.Add(batch, codes, measure => batch.Values(measure).Slice(first, count));
            return;
        }

        var rows = ArrayPool<int>.Shared.Rent(count);
        var groups = ArrayPool<int>.Shared.Rent(count);
        var values = ArrayPool<long>.Shared.Rent(count);
        try
        {
            var selected = Filter.Rows(batch.Codes(selections[0].Dimension).Slice(first, count), selections[0].Accepted.Span, rows.AsSpan(0, count));
            foreach (var selection in selections.Skip(1))
            {
                selected = Filter.Narrow(batch.Codes(selection.Dimension).Slice(first, count), selection.Accepted.Span, rows.AsSpan(0, selected));
            }

            Filter.Take(codes, rows.AsSpan(0, selected), groups);
            sums.Add(batch, groups.AsSpan(0, selected), measure =>
            {
                Filter.Take(batch.Values(measure).Slice(first, count), rows.AsSpan(0, selected), values);
                return values.AsSpan(0, selected);
            });
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rows);
            ArrayPool<int>.Shared.Return(groups);
            ArrayPool<long>.Shared.Return(values);
        }
    }

    /// <summary>Turns the sums by stored code into those by group, adds them to the range's and puts them in order.</summary>
    private static BucketSums Fold(GroupAccumulator sums, ReadOnlySpan<int> lookup, UsageSums[] range, GroupOrder order)
    {
        UsageSums totals = default;
        Dictionary<int, UsageSums> groups = [];
        foreach (var code in sums.Touched())
        {
            var group = lookup.IsEmpty ? code : lookup[code];
            var sum = sums[code];
            groups[group] = groups.GetValueOrDefault(group) + sum;
            range[group] += sum;
            totals += sum;
        }

        return new BucketSums(totals, order.Sort(groups.Select(group => new GroupSums(group.Key, group.Value))));
    }
}

/// <summary>The total order of groups.</summary>
/// <param name="table">Labels and keys of the groups.</param>
internal sealed class GroupOrder(DimensionTable table) : IComparer<GroupSums>
{
    /// <inheritdoc/>
    public int Compare(GroupSums x, GroupSums y)
    {
        var byCost = y.Sums[Measure.Cost].CompareTo(x.Sums[Measure.Cost]);
        if (byCost != 0)
        {
            return byCost;
        }

        var byRequests = y.Sums[Measure.RequestCount].CompareTo(x.Sums[Measure.RequestCount]);
        if (byRequests != 0)
        {
            return byRequests;
        }

        var byLabel = string.CompareOrdinal(table.Label(x.Code), table.Label(y.Code));
        return byLabel != 0 ? byLabel : string.CompareOrdinal(table.Key(x.Code), table.Key(y.Code));
    }

    /// <summary>Groups with usage, in order.</summary>
    public GroupSums[] Sort(IEnumerable<GroupSums> groups)
    {
        var sorted = groups.Where(group => !group.Sums.IsZero).ToArray();
        Array.Sort(sorted, this);
        return sorted;
    }
}
