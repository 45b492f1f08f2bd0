using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The total order of groups: the ranked metric descending, then requests descending, then label, then key by ordinal.</summary>
/// <param name="rankBy">The metric.</param>
/// <param name="groups">Labels and keys.</param>
public sealed class GroupOrder(RankBy rankBy, DimensionTable groups)
{
    /// <summary>The metric that sums are ranked by.</summary>
    /// <param name="rankBy">Which.</param>
    /// <param name="sums">The sums.</param>
    public static Int128 Metric(RankBy rankBy, in UsageSums sums) => rankBy switch
    {
        RankBy.Requests => sums[Measure.RequestCount],
        RankBy.Tokens => sums.TotalTokens,
        _ => sums[Measure.Cost],
    };

    /// <summary>Puts a table in order; with <paramref name="kept"/>, other groups are added up to one last entry.</summary>
    /// <param name="table">Groups in any order.</param>
    /// <param name="kept">By code, whether a group keeps an entry of its own; null for all.</param>
    internal GroupTable Sort(GroupTable table, bool[]? kept = null)
    {
        var order = new int[table.Count];
        var own = 0;
        var others = table.Count;
        for (var i = 0; i < table.Count; i++)
        {
            order[kept is null || kept[table.Code(i)] ? own++ : --others] = i;
        }

        Span<int> sorted = order.AsSpan(0, own);
        var keys = new (Int128 Metric, Int128 Requests)[table.Count];
        foreach (var i in sorted)
        {
            keys[i] = (Metric(table, i), table.Value(i, Measure.RequestCount));
        }

        sorted.Sort((x, y) =>
        {
            var byMetric = keys[y].Metric.CompareTo(keys[x].Metric);
            byMetric = byMetric != 0 ? byMetric : keys[y].Requests.CompareTo(keys[x].Requests);
            return byMetric != 0 ? byMetric : ByName(table.Code(x), table.Code(y));
        });
        return own == table.Count ? table.Take(sorted) : WithOthers(table, sorted, order.AsSpan(own));
    }

    private static GroupTable WithOthers(GroupTable table, ReadOnlySpan<int> own, ReadOnlySpan<int> others)
    {
        var codes = new int[own.Length + 1];
        var sums = new Int128[codes.Length * Measures.Count];
        for (var i = 0; i < own.Length; i++)
        {
            codes[i] = table.Code(own[i]);
            AddTo(sums.AsSpan(i * Measures.Count), own[i]);
        }

        codes[^1] = GroupTable.Others;
        foreach (var other in others)
        {
            AddTo(sums.AsSpan(own.Length * Measures.Count), other);
        }

        return GroupTable.Of(codes, sums);

        void AddTo(Span<Int128> target, int group)
        {
            for (var measure = 0; measure < Measures.Count; measure++)
            {
                target[measure] = checked(target[measure] + table.Value(group, (Measure)measure));
            }
        }
    }

    private Int128 Metric(GroupTable table, int index) => rankBy switch
    {
        RankBy.Requests => table.Value(index, Measure.RequestCount),
        RankBy.Tokens => table.Value(index, Measure.InputTokens) + table.Value(index, Measure.OutputTokens),
        _ => table.Value(index, Measure.Cost),
    };

    private int ByName(int x, int y)
    {
        var byLabel = string.CompareOrdinal(groups.Label(x), groups.Label(y));
        return byLabel != 0 ? byLabel : string.CompareOrdinal(groups.Key(x), groups.Key(y));
    }
}
