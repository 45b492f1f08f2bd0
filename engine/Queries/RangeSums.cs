using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Sums of a whole range by group and lane, from several threads' shares.</summary>
internal sealed class RangeSums
{
    private readonly MeasureLanes lanes;
    private readonly long[]? narrow;
    private readonly Int128[]? wide;

    /// <summary>Makes room.</summary>
    /// <param name="lanes">What is summed.</param>
    /// <param name="groups">Groups.</param>
    /// <param name="isNarrow">Whether 64 bits are proven to do.</param>
    public RangeSums(MeasureLanes lanes, int groups, bool isNarrow)
    {
        this.lanes = lanes;
        (narrow, wide) = isNarrow ? (new long[groups * lanes.Stride], (Int128[]?)null) : (null, new Int128[groups * lanes.Stride]);
    }

    /// <summary>Adds to a group's sums.</summary>
    /// <exception cref="OverflowException">A sum of 128 bits passes them.</exception>
    public void Add(int group, ReadOnlySpan<long> sums)
    {
        for (var lane = 0; lane < sums.Length; lane++)
        {
            if (narrow is not null)
            {
                narrow[(group * lanes.Stride) + lane] += sums[lane];
            }
            else
            {
                ref var sum = ref wide![(group * lanes.Stride) + lane];
                sum = checked(sum + sums[lane]);
            }
        }
    }

    /// <summary>Adds to a group's sums, which are kept in 128 bits.</summary>
    /// <exception cref="OverflowException">A sum passes 128 bits.</exception>
    public void Add(int group, ReadOnlySpan<Int128> sums)
    {
        for (var lane = 0; lane < sums.Length; lane++)
        {
            ref var sum = ref wide![(group * lanes.Stride) + lane];
            sum = checked(sum + sums[lane]);
        }
    }

    /// <summary>The groups that have usage.</summary>
    public CellBuffer ToCells()
    {
        var cells = new CellBuffer(lanes);
        if (narrow is null)
        {
            cells.Widen();
        }

        for (var group = 0; group * lanes.Stride < (narrow?.Length ?? wide!.Length); group++)
        {
            if (narrow is not null && narrow.AsSpan(group * lanes.Stride, lanes.Stride) is var sums && sums.ContainsAnyExcept(0))
            {
                sums.CopyTo(cells.Row(cells.Add(group)));
            }
            else if (wide is not null && wide.AsSpan(group * lanes.Stride, lanes.Stride) is var wideSums && wideSums.ContainsAnyExcept((Int128)0))
            {
                wideSums.CopyTo(cells.WideRow(cells.Add(group)));
            }
        }

        return cells;
    }
}
