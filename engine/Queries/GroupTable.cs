using System.Collections;
using System.Runtime.Intrinsics;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Exact sums by group, of the measures that were asked for: 8 bytes each where all of them fit in 64 bits, else 16.</summary>
public sealed class GroupTable : IReadOnlyList<GroupSums>
{
    /// <summary>The code of the entry that adds up the groups beyond <see cref="UsageQuery.Top"/>.</summary>
    public const int Others = -1;

    /// <summary>No groups.</summary>
    public static readonly GroupTable Empty = new(MeasureLanes.All, [], Array.Empty<long>());

    private readonly MeasureLanes lanes;
    private readonly int[] codes;

    // Group i's sums are at i * lanes.Stride; one of the two is there.
    private readonly long[]? narrow;
    private readonly Int128[]? wide;
    private readonly bool isRented;

    /// <summary>Makes a table.</summary>
    /// <param name="lanes">What the sums are of.</param>
    /// <param name="codes">Group numbers; there may be garbage behind the last.</param>
    /// <param name="narrow">The sums.</param>
    /// <param name="count">Groups; all codes if null.</param>
    /// <param name="isRented">Whether the sums' memory is from <see cref="SumsPool"/>.</param>
    internal GroupTable(MeasureLanes lanes, int[] codes, long[] narrow, int? count = null, bool isRented = false) =>
        (this.lanes, this.codes, this.narrow, Count, this.isRented) = (lanes, codes, narrow, count ?? codes.Length, isRented);

    /// <summary>The same with sums of 128 bits.</summary>
    internal GroupTable(MeasureLanes lanes, int[] codes, Int128[] wide, int? count = null) =>
        (this.lanes, this.codes, this.wide, Count) = (lanes, codes, wide, count ?? codes.Length);

    /// <summary>Keeps sums in 64 bits if all of them fit.</summary>
    internal static GroupTable Of(MeasureLanes lanes, int[] codes, Int128[] sums)
    {
        var narrow = new long[sums.Length];
        for (var i = 0; i < sums.Length; i++)
        {
            if (sums[i] > long.MaxValue)
            {
                return new GroupTable(lanes, codes, sums);
            }

            narrow[i] = (long)sums[i];
        }

        return new GroupTable(lanes, codes, narrow);
    }

    /// <summary>Groups.</summary>
    public int Count { get; }

    /// <summary>One group and its sums.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public GroupSums this[int index]
    {
        get
        {
            UsageSums sums = default;
            foreach (var measure in lanes.Measures)
            {
                sums[measure] = Value(index, measure);
            }

            return new GroupSums(codes[index], sums);
        }
    }

    /// <summary>The code of a group.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int Code(int index) => codes[index];

    /// <summary>One sum of a group; 0 of a measure that was not asked for.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="measure">Any measure.</param>
    public Int128 Value(int index, Measure measure)
    {
        var lane = lanes.Of(measure);
        return lane < 0 ? 0 : narrow is not null ? narrow[(index * lanes.Stride) + lane] : wide![(index * lanes.Stride) + lane];
    }

    /// <summary>The place of each measure in a group's sums.</summary>
    internal MeasureLanes Lanes => lanes;

    /// <summary>Whether sums are kept in 64 bits.</summary>
    internal bool IsNarrow => narrow is not null;

    /// <summary>The sums of all groups in 64 bits, one after the other; empty where they need 128.</summary>
    internal ReadOnlySpan<long> Sums => narrow.AsSpan(0, narrow is null ? 0 : Count * lanes.Stride);

    /// <summary>The sums of one group in 64 bits; empty where they need 128.</summary>
    internal ReadOnlySpan<long> Row(int index) => narrow is null ? default : narrow.AsSpan(index * lanes.Stride, lanes.Stride);

    /// <summary>The sums of one group in 128 bits; empty where 64 do.</summary>
    internal ReadOnlySpan<Int128> WideRow(int index) => wide is null ? default : wide.AsSpan(index * lanes.Stride, lanes.Stride);

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
        if (IsNarrow)
        {
            Span<Int128> sums = stackalloc Int128[lanes.Stride];
            AddNarrow(sums);
            for (var lane = 0; lane < lanes.Measures.Length; lane++)
            {
                totals[lanes.Measures[lane]] = sums[lane];
            }

            return totals;
        }

        for (var i = 0; i < Count; i++)
        {
            foreach (var measure in lanes.Measures)
            {
                totals[measure] = checked(totals[measure] + Value(i, measure));
            }
        }

        return totals;
    }

    /// <summary>The sums of all groups by lane, exact: upper and lower halves are added up apart, so that neither wraps.</summary>
    private void AddNarrow(Span<Int128> target)
    {
        var sums = Sums;
        var half = Vector256.Create((ulong)uint.MaxValue);
        for (var quad = 0; quad < lanes.Quads; quad++)
        {
            var (low, high) = (Vector256<ulong>.Zero, Vector256<ulong>.Zero);
            for (var at = quad * Vector256<long>.Count; at < sums.Length; at += lanes.Stride)
            {
                var row = Vector256.Create(sums[at..]).AsUInt64();
                low += row & half;
                high += row >>> 32;
            }

            for (var lane = 0; lane < Vector256<long>.Count; lane++)
            {
                target[(quad * Vector256<long>.Count) + lane] = ((Int128)high[lane] << 32) + low[lane];
            }
        }
    }

    /// <summary>Memory of the sums and of the numbers.</summary>
    internal long SizeBytes => (codes.Length * sizeof(int)) + ((narrow?.LongLength ?? 0) * sizeof(long)) + ((wide?.LongLength ?? 0) * 16);

    /// <summary>Gives the sums' memory back. The table must not be looked at any more.</summary>
    internal void Return()
    {
        if (narrow is not null && isRented)
        {
            SumsPool.Return(narrow);
        }
    }

    /// <summary>Gives groups the numbers that they have in the answer, before anybody else has seen the table.</summary>
    internal void Renumber(ReadOnlySpan<int> numbers)
    {
        for (var i = 0; i < Count && !numbers.IsEmpty; i++)
        {
            codes[i] = numbers[codes[i]];
        }
    }

    /// <summary>The same sums under other numbers.</summary>
    internal GroupTable WithCodes(int[] others) => narrow is not null ? new GroupTable(lanes, others, narrow) : new GroupTable(lanes, others, wide!);

    /// <summary>Two tables of different rows of one bucket as one.</summary>
    internal static GroupTable Sum(GroupTable left, GroupTable right)
    {
        Dictionary<int, int> positions = [];
        foreach (var code in (IEnumerable<int>)[.. left.codes.AsSpan(0, left.Count), .. right.codes.AsSpan(0, right.Count)])
        {
            positions.TryAdd(code, positions.Count);
        }

        var sums = new Int128[positions.Count * left.lanes.Stride];
        foreach (var table in (GroupTable[])[left, right])
        {
            for (var i = 0; i < table.Count; i++)
            {
                var target = sums.AsSpan(positions[table.codes[i]] * table.lanes.Stride, table.lanes.Stride);
                for (var lane = 0; lane < target.Length; lane++)
                {
                    var at = (i * table.lanes.Stride) + lane;
                    target[lane] = checked(target[lane] + (table.narrow is not null ? table.narrow[at] : table.wide![at]));
                }
            }
        }

        return Of(left.lanes, [.. positions.Keys], sums);
    }
}
