using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Answers from a cube: each bucket is the difference of two of its rows.</summary>
internal static class CubeDifference
{
    /// <summary>Subtracts.</summary>
    /// <param name="plan">A plan with a cube.</param>
    /// <param name="cancellation">Looked at once a bucket.</param>
    /// <returns>Sums of the range by group and measure, and the groups of each bucket that has usage, in bucket order.</returns>
    public static (Int128[] Range, List<(int Bucket, GroupTable Groups)> Buckets) Of(QueryPlan plan, CancellationToken cancellation)
    {
        var cube = plan.Cube!;
        var groupBy = plan.Query.GroupBy;
        var fold = new Fold(
            groupBy.IsStored() ? [] : plan.Table.Lookup(groupBy),
            plan.Table.Table(groupBy).Count,
            plan.Selections is [var selection] ? selection.Accepted.Span : default,
            plan.Query.Measures);
        List<(int Bucket, GroupTable Groups)> buckets = [];
        var (row, end) = (cube.RowAt(QueryPlan.MicrosFrom(plan.Buckets.Start)), cube.RowAt(QueryPlan.MicrosFrom(plan.Buckets.End)));
        var range = new Int128[plan.Table.Table(groupBy).Count * Measures.Count];
        fold.AddTo(range, cube.Row(row), cube.Row(end));
        while (row < end)
        {
            cancellation.ThrowIfCancellationRequested();

            // Buckets without rows are jumped over: there may be millions of them.
            var bucket = plan.Buckets.IndexOf(Instants.FromUnixMicroseconds(cube.Steps[row]));
            var next = cube.RowAt(QueryPlan.MicrosFrom(plan.Buckets[bucket].End));
            if (fold.Groups(cube.Row(row), cube.Row(next)) is { Count: > 0 } groups)
            {
                buckets.Add((bucket, groups));
            }

            row = next;
        }

        return (range, buckets);
    }

    /// <summary>Differences of two rows, folded from stored codes to groups.</summary>
    private readonly ref struct Fold(ReadOnlySpan<int> lookup, int groupCount, ReadOnlySpan<bool> accepted, IReadOnlyList<Measure> measures)
    {
        private readonly ReadOnlySpan<int> lookup = lookup;
        private readonly ReadOnlySpan<bool> accepted = accepted;
        private readonly int[] measures = [.. measures.Select(measure => (int)measure)];
        private readonly long[] sums = new long[groupCount * Measures.Count];

        public void AddTo(Int128[] range, ReadOnlySpan<long> from, ReadOnlySpan<long> to)
        {
            Subtract(from, to);
            for (var i = 0; i < range.Length; i++)
            {
                range[i] += sums[i];
            }
        }

        public GroupTable Groups(ReadOnlySpan<long> from, ReadOnlySpan<long> to)
        {
            Subtract(from, to);
            var codes = new int[sums.Length / Measures.Count];
            var kept = new long[sums.Length];
            var count = 0;
            for (var group = 0; group < codes.Length; group++)
            {
                var values = sums.AsSpan(group * Measures.Count, Measures.Count);
                if (values.ContainsAnyExcept(0))
                {
                    values.CopyTo(kept.AsSpan(count * Measures.Count));
                    codes[count++] = group;
                }
            }

            Array.Resize(ref codes, count);
            Array.Resize(ref kept, count * Measures.Count);
            return new GroupTable(codes, kept);
        }

        private void Subtract(ReadOnlySpan<long> from, ReadOnlySpan<long> to)
        {
            Array.Clear(sums);
            for (var code = 0; code * Measures.Count < from.Length; code++)
            {
                if (!accepted.IsEmpty && !accepted[code])
                {
                    continue;
                }

                var target = sums.AsSpan((lookup.IsEmpty ? code : lookup[code]) * Measures.Count, Measures.Count);
                foreach (var measure in measures)
                {
                    target[measure] += to[(code * Measures.Count) + measure] - from[(code * Measures.Count) + measure];
                }
            }
        }
    }
}
