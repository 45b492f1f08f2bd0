using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Groups and their sums, in memory that is used again from bucket to bucket. In 64 bits until a sum needs more.</summary>
internal sealed class CellBuffer(MeasureLanes lanes)
{
    private readonly int stride = lanes.Stride;
    private int[] groups = new int[16];
    private long[] narrow = new long[16 * lanes.Stride];
    private Int128[] wide = [];

    /// <summary>The place of each measure in a group's sums.</summary>
    public MeasureLanes Lanes { get; } = lanes;

    /// <summary>Groups.</summary>
    public int Count { get; private set; }

    /// <summary>Whether sums are kept in 128 bits.</summary>
    public bool IsWide { get; private set; }

    /// <summary>Group numbers by position.</summary>
    public ReadOnlySpan<int> Groups => groups.AsSpan(0, Count);

    /// <summary>Forgets all groups.</summary>
    public void Clear() => (Count, IsWide) = (0, false);

    /// <summary>Adds a group.</summary>
    /// <param name="group">Its number.</param>
    /// <returns>Its position. Its sums hold garbage: the caller writes all of them.</returns>
    public int Add(int group)
    {
        if (Count == groups.Length)
        {
            Array.Resize(ref groups, 2 * Count);
            Array.Resize(ref narrow, 2 * Count * stride);
            if (IsWide)
            {
                Array.Resize(ref wide, 2 * Count * stride);
            }
        }

        groups[Count] = group;
        return Count++;
    }

    /// <summary>Takes the last group away again.</summary>
    public void RemoveLast() => Count--;

    /// <summary>Makes room for groups that are written directly, and counted by <see cref="Truncate"/>.</summary>
    /// <param name="count">Groups at most.</param>
    /// <returns>The buffers from the first group on.</returns>
    public (int[] Groups, long[] Sums) Reserve(int count)
    {
        if (groups.Length < count)
        {
            groups = new int[count];
            narrow = new long[count * stride];
        }

        return (groups, narrow);
    }

    /// <summary>Sets the number of groups, after they were written.</summary>
    public void Truncate(int count) => Count = count;

    /// <summary>The sums of a position, in 64 bits.</summary>
    public Span<long> Row(int position) => narrow.AsSpan(position * stride, stride);

    /// <summary>The sums of a position, in 128 bits.</summary>
    public Span<Int128> WideRow(int position) => wide.AsSpan(position * stride, stride);

    /// <summary>Keeps sums in 128 bits from now on.</summary>
    public void Widen()
    {
        if (IsWide)
        {
            return;
        }

        if (wide.Length < narrow.Length)
        {
            wide = new Int128[narrow.Length];
        }

        for (var i = 0; i < Count * stride; i++)
        {
            wide[i] = narrow[i];
        }

        IsWide = true;
    }

    /// <summary>One sum; 0 of a measure that has no lane.</summary>
    public Int128 Value(int position, Measure measure)
    {
        var lane = Lanes.Of(measure);
        return lane < 0 ? 0 : IsWide ? wide[(position * stride) + lane] : narrow[(position * stride) + lane];
    }

    /// <summary>One sum where none is wide; 0 of a measure that has no lane.</summary>
    public long Narrow(int position, Measure measure)
    {
        var lane = Lanes.Of(measure);
        return lane < 0 ? 0 : narrow[(position * stride) + lane];
    }

    /// <summary>Adds some groups up to one more, exactly.</summary>
    /// <param name="positions">Positions of the groups; they stay.</param>
    /// <param name="group">The number of the sum.</param>
    /// <returns>Its position.</returns>
    /// <exception cref="OverflowException">A sum passes 128 bits.</exception>
    public int AddSum(ReadOnlySpan<int> positions, int group)
    {
        Span<Int128> sums = stackalloc Int128[stride];
        sums.Clear();
        var isWide = IsWide;
        for (var lane = 0; lane < stride; lane++)
        {
            foreach (var position in positions)
            {
                sums[lane] = checked(sums[lane] + (IsWide ? wide[(position * stride) + lane] : narrow[(position * stride) + lane]));
            }

            isWide |= sums[lane] > long.MaxValue;
        }

        if (isWide)
        {
            Widen();
        }

        var added = Add(group);
        for (var lane = 0; lane < stride; lane++)
        {
            if (isWide)
            {
                WideRow(added)[lane] = sums[lane];
            }
            else
            {
                Row(added)[lane] = (long)sums[lane];
            }
        }

        return added;
    }

    /// <summary>The sums of all groups.</summary>
    /// <exception cref="OverflowException">A sum passes 128 bits.</exception>
    public UsageSums Totals()
    {
        UsageSums totals = default;
        foreach (var measure in Lanes.Measures)
        {
            var (lane, sum) = (Lanes.Of(measure), (Int128)0);
            for (var i = lane; i < Count * stride; i += stride)
            {
                sum = checked(sum + (IsWide ? wide[i] : narrow[i]));
            }

            totals[measure] = sum;
        }

        return totals;
    }

    /// <summary>Some groups as a table, in the order of their positions.</summary>
    public GroupTable ToTable(ReadOnlySpan<int> positions)
    {
        var codes = new int[positions.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = groups[positions[i]];
        }

        return IsWide
            ? GroupTable.Of(Lanes, codes, Taken(wide, positions))
            : new GroupTable(Lanes, codes, Taken(narrow, positions));
    }

    private T[] Taken<T>(T[] sums, ReadOnlySpan<int> positions)
    {
        var taken = new T[positions.Length * stride];
        for (var i = 0; i < positions.Length; i++)
        {
            sums.AsSpan(positions[i] * stride, stride).CopyTo(taken.AsSpan(i * stride));
        }

        return taken;
    }
}
