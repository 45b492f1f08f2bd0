using System.Buffers;
using Analytics.Engine.Kernels;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Counts different codes.</summary>
/// <remarks>
/// A bit for each code of the stored column. A chunk that counts as a whole knows its codes and is not read; the chunks at
/// the range's ends, and all that are filtered, are. What the counted and the counting dimension have in common is folded
/// from the codes afterwards; only two independent columns are counted pair by pair.
/// </remarks>
public static class DistinctCounter
{
    private const int BlockRows = 2_048;

    /// <summary>Counts.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="table">The snapshot to ask.</param>
    /// <param name="cancellation">Looked at once a chunk.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or outside of the dates that can be asked for.</exception>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public static DistinctCounts Run(DistinctQuery query, UsageTable table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(table);
        var usage = new UsageQuery(query.From, query.To, query.Zone, BucketSize.Range, query.Counted) { Predicates = query.Predicates };
        var plan = query.Earlier is { } earlier ? QueryPlan.ForEarlier(usage, table, earlier) : QueryPlan.For(usage, table, usesProjections: false);
        var source = query.Counted.StoredSource();
        var per = query.Per?.StoredSource() ?? source;
        var pairs = new PairDictionary(query.Per is null ? 1 : table.Table(query.Per.Value).Count, table.Table(query.Counted).Count);
        var counted = new Grouping(table, query.Counted, null).Map(query.Counted);
        var groups = query.Per is { } dimension ? new Grouping(table, dimension, null).Map(dimension) : new int[table.Table(per).Count];
        if (per == source)
        {
            var codes = Codes(plan, source, cancellation);
            if (counted.Length == 0)
            {
                return CountCodes(codes, table.Table(source).Count, groups, query.Per is null ? 1 : table.Table(query.Per.Value).Count);
            }

            for (var code = 0; code < table.Table(source).Count; code++)
            {
                if ((codes[code / 64] & (1ul << (code % 64))) != 0)
                {
                    pairs.NumberOf(groups.Length == 0 ? code : groups[code], counted.Length == 0 ? code : counted[code]);
                }
            }
        }
        else
        {
            NumberPairs(plan, per, groups, source, counted, pairs, cancellation);
        }

        GC.KeepAlive(plan);
        var counts = new int[query.Per is null ? 1 : table.Table(query.Per.Value).Count];
        var withNone = new bool[counts.Length];
        for (var i = 0; i < pairs.Count; i++)
        {
            counts[pairs[i].Left]++;
            withNone[pairs[i].Left] |= pairs[i].Right == 0;
        }

        return new DistinctCounts(counts, withNone);
    }

    /// <summary>Where each code is another thing, nothing is counted twice.</summary>
    private static DistinctCounts CountCodes(ulong[] codes, int codeCount, int[] groups, int groupCount)
    {
        var counts = new int[groupCount];
        var withNone = new bool[groupCount];
        for (var code = 0; code < codeCount; code++)
        {
            if ((codes[code / 64] & (1ul << (code % 64))) != 0)
            {
                var group = groups.Length == 0 ? code : groups[code];
                counts[group]++;
                withNone[group] |= code == 0;
            }
        }

        return new DistinctCounts(counts, withNone);
    }

    /// <summary>The codes that accepted rows have, as a bitmap.</summary>
    private static ulong[] Codes(QueryPlan plan, Dimension source, CancellationToken cancellation)
    {
        var bitmap = new ulong[CodeSet.WordsOf((ulong)plan.Table.Table(source).Count)];
        Span<int> rows = stackalloc int[BlockRows];
        foreach (var (_, chunk, first, count, selections) in plan.Scans)
        {
            cancellation.ThrowIfCancellationRequested();
            if (selections.Count == 0 && count == chunk.RowCount)
            {
                var present = chunk.CodesPresent(source);
                for (var i = 0; i < present.Length; i++)
                {
                    bitmap[i] |= present[i];
                }
            }
            else if (selections.Count == 0)
            {
                CodeSet.Mark(chunk.Codes(source), first, count, bitmap);
            }
            else
            {
                for (var row = first; row < first + count; row += BlockRows)
                {
                    var selected = Selection.Select(selections, chunk, row, Math.Min(BlockRows, first + count - row), rows);
                    CodeSet.MarkAt(chunk.Codes(source), row, rows[..selected], bitmap);
                }
            }
        }

        return bitmap;
    }

    private static void NumberPairs(
        QueryPlan plan, Dimension per, int[] groups, Dimension source, int[] counted, PairDictionary pairs, CancellationToken cancellation)
    {
        Span<int> rows = stackalloc int[BlockRows];
        var numbers = ArrayPool<int>.Shared.Rent(BlockRows);
        foreach (var (_, chunk, first, count, selections) in plan.Scans)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var row = first; row < first + count; row += BlockRows)
            {
                var length = Math.Min(BlockRows, first + count - row);
                if (selections.Count == 0)
                {
                    pairs.NumberRows(chunk.Codes(per), groups, chunk.Codes(source), counted, row, numbers.AsSpan(0, length));
                    continue;
                }

                var selected = Selection.Select(selections, chunk, row, length, rows);
                pairs.NumberRowsAt(chunk.Codes(per), groups, chunk.Codes(source), counted, row, rows[..selected], numbers);
            }
        }

        ArrayPool<int>.Shared.Return(numbers);
    }
}
