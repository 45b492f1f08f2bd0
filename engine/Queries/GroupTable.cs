using System.Collections;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Exact sums of all measures by group: 88 bytes a group where all of them fit in 64 bits, else 176.</summary>
public sealed class GroupTable : IReadOnlyList<GroupSums>
{
    /// <summary>The code of the entry that adds up the groups beyond <see cref="UsageQuery.Top"/>.</summary>
    public const int Others = -1;

    /// <summary>No groups.</summary>
    public static readonly GroupTable Empty = new([], Array.Empty<long>());

    private readonly int[] codes;

    // Group i's measures are at i * Measures.Count; one of the two is there.
    private readonly long[]? narrow;
    private readonly Int128[]? wide;

    internal GroupTable(int[] codes, long[] narrow) => (this.codes, this.narrow) = (codes, narrow);

    internal GroupTable(int[] codes, Int128[] wide) => (this.codes, this.wide) = (codes, wide);

    /// <summary>Keeps sums in 64 bits if all of them fit.</summary>
    internal static GroupTable Of(int[] codes, Int128[] sums)
    {
        var narrow = new long[sums.Length];
        for (var i = 0; i < sums.Length; i++)
        {
            if (sums[i] > long.MaxValue)
            {
                return new GroupTable(codes, sums);
            }

            narrow[i] = (long)sums[i];
        }

        return new GroupTable(codes, narrow);
    }

    /// <summary>Groups.</summary>
    public int Count => codes.Length;

    /// <summary>One group and its sums.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public GroupSums this[int index]
    {
        get
        {
            UsageSums sums = default;
            for (var measure = 0; measure < Measures.Count; measure++)
            {
                sums[(Measure)measure] = Value(index, (Measure)measure);
            }

            return new GroupSums(codes[index], sums);
        }
    }

    /// <summary>The code of a group.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int Code(int index) => codes[index];

    /// <summary>One sum of a group.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="measure">Any measure.</param>
    public Int128 Value(int index, Measure measure) => narrow is not null
        ? narrow[(index * Measures.Count) + (int)measure]
        : wide![(index * Measures.Count) + (int)measure];

    /// <inheritdoc/>
    public IEnumerator<GroupSums> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The sums of all groups.</summary>
    internal UsageSums Totals()
    {
        UsageSums totals = default;
        for (var i = 0; i < Count; i++)
        {
            for (var measure = 0; measure < Measures.Count; measure++)
            {
                totals[(Measure)measure] = checked(totals[(Measure)measure] + Value(i, (Measure)measure));
            }
        }

        return totals;
    }

    /// <summary>The same groups in another order, or some of them.</summary>
    internal GroupTable Take(ReadOnlySpan<int> order)
    {
        var taken = new int[order.Length];
        var narrowTaken = narrow is null ? null : new long[order.Length * Measures.Count];
        var wideTaken = wide is null ? null : new Int128[order.Length * Measures.Count];
        for (var i = 0; i < order.Length; i++)
        {
            taken[i] = codes[order[i]];
            narrow?.AsSpan(order[i] * Measures.Count, Measures.Count).CopyTo(narrowTaken.AsSpan(i * Measures.Count));
            wide?.AsSpan(order[i] * Measures.Count, Measures.Count).CopyTo(wideTaken.AsSpan(i * Measures.Count));
        }

        return narrowTaken is not null ? new GroupTable(taken, narrowTaken) : new GroupTable(taken, wideTaken!);
    }
}
