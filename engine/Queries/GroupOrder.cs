using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The total order of groups: the ranked metric descending, then requests descending, then label, then key by ordinal. Not thread-safe.</summary>
/// <param name="rankBy">The metric.</param>
/// <param name="names">Labels and keys.</param>
public sealed class GroupOrder(RankBy rankBy, GroupNames names)
{
    // Keeping the best few in order beats sorting all up to about here.
    private const int MaxKeptBest = 64;

    // Made once: a comparer a call would be memory for each bucket.
    private Comparison<int>? comparison;
    private CellBuffer? compared;

    /// <summary>The metric that sums are ranked by.</summary>
    /// <param name="rankBy">Which.</param>
    /// <param name="sums">The sums.</param>
    public static Int128 Metric(RankBy rankBy, in UsageSums sums) => rankBy switch
    {
        RankBy.Requests => sums[Measure.RequestCount],
        RankBy.Tokens => sums.TotalTokens,
        _ => sums[Measure.Cost],
    };

    /// <summary>What sums have to hold to be put in order.</summary>
    /// <param name="rankBy">The metric.</param>
    public static IReadOnlyList<Measure> MeasuresFor(RankBy rankBy) => rankBy switch
    {
        RankBy.Requests => [Measure.RequestCount],
        RankBy.Tokens => [Measure.InputTokens, Measure.OutputTokens, Measure.RequestCount],
        _ => [Measure.Cost, Measure.RequestCount],
    };

    /// <summary>Puts positions in order.</summary>
    /// <param name="cells">The sums.</param>
    /// <param name="positions">Positions in <paramref name="cells"/>, in any order.</param>
    /// <param name="scratch">Room that is used again.</param>
    internal void Sort(CellBuffer cells, Span<int> positions, ref ulong[] scratch)
    {
        if (positions.Length < 2)
        {
            return;
        }

        if (cells.IsWide)
        {
            positions.Sort(ComparisonOf(cells));
            return;
        }

        if (scratch.Length < positions.Length)
        {
            scratch = new ulong[Math.Max(positions.Length, 2 * scratch.Length)];
        }

        // Numbers are sorted first, which needs no comparer; ties among them are few.
        var keys = scratch.AsSpan(0, positions.Length);
        for (var i = 0; i < positions.Length; i++)
        {
            keys[i] = ~Key(cells, positions[i]);
        }

        keys.Sort(positions);
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                positions[start..end].Sort(ComparisonOf(cells));
            }

            start = end;
        }
    }

    /// <summary>Moves the first <paramref name="top"/> of the order to the front, in order; the rest follows in any order.</summary>
    /// <param name="cells">The sums.</param>
    /// <param name="positions">Positions in <paramref name="cells"/>.</param>
    /// <param name="top">How many, 1 or more.</param>
    /// <param name="scratch">Room that is used again.</param>
    internal void SortTop(CellBuffer cells, Span<int> positions, int top, ref ulong[] scratch)
    {
        if (top >= positions.Length || top > MaxKeptBest)
        {
            Sort(cells, positions, ref scratch);
            return;
        }

        Sort(cells, positions[..top], ref scratch);
        for (var i = top; i < positions.Length; i++)
        {
            var candidate = positions[i];
            if (Compare(cells, candidate, positions[top - 1]) >= 0)
            {
                continue;
            }

            // One that is worse than all of the best so far leaves; the others make room.
            positions[i] = positions[top - 1];
            var place = top - 1;
            for (; place > 0 && Compare(cells, candidate, positions[place - 1]) < 0; place--)
            {
                positions[place] = positions[place - 1];
            }

            positions[place] = candidate;
        }
    }

    private Comparison<int> ComparisonOf(CellBuffer cells)
    {
        compared = cells;
        return comparison ??= (x, y) => Compare(compared!, x, y);
    }

    private int Compare(CellBuffer cells, int x, int y)
    {
        int order;
        if (cells.IsWide)
        {
            order = Metric(cells, y).CompareTo(Metric(cells, x));
            order = order != 0 ? order : cells.Value(y, Measure.RequestCount).CompareTo(cells.Value(x, Measure.RequestCount));
        }
        else
        {
            order = Key(cells, y).CompareTo(Key(cells, x));
            order = order != 0 ? order : cells.Narrow(y, Measure.RequestCount).CompareTo(cells.Narrow(x, Measure.RequestCount));
        }

        return order != 0 ? order : names.Compare(cells.Groups[x], cells.Groups[y]);
    }

    private Int128 Metric(CellBuffer cells, int position) => rankBy switch
    {
        RankBy.Requests => cells.Value(position, Measure.RequestCount),
        RankBy.Tokens => checked(cells.Value(position, Measure.InputTokens) + cells.Value(position, Measure.OutputTokens)),
        _ => cells.Value(position, Measure.Cost),
    };

    // Two sums below 2^63 are below 2^64 together.
    private ulong Key(CellBuffer cells, int position) => rankBy switch
    {
        RankBy.Requests => (ulong)cells.Narrow(position, Measure.RequestCount),
        RankBy.Tokens => (ulong)cells.Narrow(position, Measure.InputTokens) + (ulong)cells.Narrow(position, Measure.OutputTokens),
        _ => (ulong)cells.Narrow(position, Measure.Cost),
    };
}
