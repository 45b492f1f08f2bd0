using System.Buffers;
using System.Numerics;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Exact sums of all measures by group: of one bucket after the other, and of all of them together.</summary>
/// <remarks>
/// Rows are summed by the codes of a stored column, four measures at a time in 64 bits. A measure whose bound (see
/// <see cref="UsageChunk.Bound"/>) could pass 63 bits in the bucket is summed in 128 bits instead. A derived dimension
/// is folded from the stored codes once a bucket, not once a row. Not thread-safe: each thread has its own.
/// </remarks>
internal sealed class GroupAccumulator
{
    // Columns of one step stay in the first-level cache with the codes that go with them.
    private const int BlockRows = 2_048;

    // With few groups, rows in turn go to four copies of the totals: see GroupSum.Four.
    private const int MaxGroupsWithCopies = 256;
    private const int Stride = Measures.Count;

    private readonly int groups;
    private readonly int copyStride;
    private readonly int[] lookup;
    private readonly int targets;
    private readonly Measure[] measures;
    private readonly int[] laneOf = new int[Measures.Count];
    private readonly long[][] quads;
    private readonly Int128[]?[] wide = new Int128[]?[Measures.Count];
    private readonly Int128[] bounds = new Int128[Measures.Count];

    // Which codes the bucket's rows had, where that is cheaper than looking at all groups.
    private readonly int[] touched;
    private readonly int[] lastBucket;
    private int touchedCount;
    private int bucketNumber = 1;
    private bool hasRows;
    private bool isSparse;

    private readonly int[] positionOf;
    private readonly long[]? rangeNarrow;
    private readonly Int128[]? rangeWide;

    /// <summary>Makes room.</summary>
    /// <param name="groups">Codes of the stored column.</param>
    /// <param name="lookup">The group of each code; empty where codes are groups.</param>
    /// <param name="targets">Number of groups.</param>
    /// <param name="measures">What is summed; sums of others stay 0.</param>
    /// <param name="isRangeNarrow">Whether 64 bits are proven to do for the sums of all buckets together.</param>
    public GroupAccumulator(int groups, int[] lookup, int targets, IReadOnlyList<Measure> measures, bool isRangeNarrow)
    {
        this.measures = ColumnQuad.Order(measures);
        quads = new long[(this.measures.Length + GroupSum.Lanes - 1) / GroupSum.Lanes][];
        Array.Fill(laneOf, -1);
        for (var i = 0; i < this.measures.Length; i++)
        {
            laneOf[(int)this.measures[i]] = i;
        }

        this.groups = groups;
        this.lookup = lookup;
        this.targets = targets;
        copyStride = groups <= MaxGroupsWithCopies ? groups * GroupSum.Lanes : 0;
        for (var quad = 0; quad < quads.Length; quad++)
        {
            quads[quad] = new long[copyStride == 0 ? groups * GroupSum.Lanes : 4 * copyStride];
        }

        touched = new int[groups];
        lastBucket = new int[groups];
        positionOf = new int[targets];
        Array.Fill(positionOf, -1);
        rangeNarrow = isRangeNarrow ? new long[targets * Stride] : null;
        rangeWide = isRangeNarrow ? null : new Int128[targets * Stride];
    }

    /// <summary>Adds a stretch of rows to the current bucket.</summary>
    /// <param name="chunk">Where the rows are.</param>
    /// <param name="source">The stored column whose codes are the groups.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="selections">Accepted codes of other columns; a row counts if all accept it.</param>
    public void Add(UsageChunk chunk, Dimension source, int first, int count, IReadOnlyList<Selection> selections)
    {
        if (!hasRows)
        {
            (hasRows, isSparse) = (true, count < groups / 2);
        }

        RaiseBounds(chunk, count);
        if (selections.Count == 0)
        {
            AddAll(chunk, source, first, count);
            return;
        }

        var rows = ArrayPool<int>.Shared.Rent(BlockRows);
        var codes = ArrayPool<int>.Shared.Rent(BlockRows);
        var values = ArrayPool<long>.Shared.Rent(BlockRows * GroupSum.Lanes);
        try
        {
            for (var row = first; row < first + count; row += BlockRows)
            {
                var length = Math.Min(BlockRows, first + count - row);
                var selected = rows.AsSpan(0, Select(chunk, selections, row, length, rows.AsSpan(0, length), codes));
                chunk.Codes(source).Take<int>(row, selected, codes);
                AddSelected(chunk, row, selected, codes.AsSpan(0, selected.Length), values);
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rows);
            ArrayPool<int>.Shared.Return(codes);
            ArrayPool<long>.Shared.Return(values);
        }
    }

    /// <summary>Ends the current bucket: its groups, in no order. The next rows belong to another one.</summary>
    public GroupTable EndBucket()
    {
        GroupTable table;
        if (wide.All(totals => totals is null))
        {
            var (codes, sums) = Collect<long>();
            table = new GroupTable(codes, sums);
        }
        else
        {
            var (codes, sums) = Collect<Int128>();
            table = new GroupTable(codes, sums);
        }

        Clear();
        return table;
    }

    /// <summary>Adds the sums of all buckets that have ended.</summary>
    /// <param name="sums">By group and measure.</param>
    public void AddRangeTo(Int128[] sums)
    {
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = checked(sums[i] + (rangeNarrow is not null ? rangeNarrow[i] : rangeWide![i]));
        }
    }

    private static int Select(UsageChunk chunk, IReadOnlyList<Selection> selections, int first, int length, Span<int> rows, int[] scratch)
    {
        var count = -1;
        var codes = scratch.AsSpan(0, length);
        foreach (var selection in selections)
        {
            chunk.Codes(selection.Dimension).CopyTo(first, codes);
            count = count >= 0
                ? Filter.Narrow(codes, selection.Accepted.Span, rows[..count])
                : selection.OnlyCode is { } code ? Filter.Equal(codes, code, rows) : Filter.Rows(codes, selection.Accepted.Span, rows);
        }

        return count;
    }

    private void RaiseBounds(UsageChunk chunk, int count)
    {
        foreach (var measure in measures)
        {
            var index = (int)measure;
            bounds[index] += chunk.Bound(measure, count);
            if (bounds[index] > long.MaxValue && wide[index] is null)
            {
                var totals = wide[index] = new Int128[groups];
                for (var group = 0; group < groups; group++)
                {
                    totals[group] = Lane(group, index);
                }
            }
        }
    }

    private void AddAll(UsageChunk chunk, Dimension source, int first, int count)
    {
        var codes = chunk.Codes(source);
        if (isSparse || wide.Any(totals => totals is not null))
        {
            AddBlocks(chunk, codes, first, count);
        }

        for (var quad = 0; quad < quads.Length; quad++)
        {
            var columns = ColumnQuad.Of(chunk, measures, quad);
            if (IsNeeded(columns))
            {
                NarrowGroupSum.Four(codes, columns, first, count, quads[quad], copyStride);
            }
        }
    }

    /// <summary>What takes codes one by one: which of them there are, and sums in 128 bits.</summary>
    private void AddBlocks(UsageChunk chunk, NarrowColumn codes, int first, int count)
    {
        Span<int> groups = stackalloc int[BlockRows];
        var values = ArrayPool<long>.Shared.Rent(BlockRows);
        for (var row = first; row < first + count; row += BlockRows)
        {
            var length = Math.Min(BlockRows, first + count - row);
            codes.CopyTo(row, groups[..length]);
            Touch(groups[..length]);
            foreach (var measure in measures)
            {
                if (wide[(int)measure] is { } totals)
                {
                    chunk.Values(measure).CopyTo(row, values.AsSpan(0, length));
                    GroupSum.Int64(values.AsSpan(0, length), groups[..length], totals);
                }
            }
        }

        ArrayPool<long>.Shared.Return(values);
    }

    private void AddSelected(UsageChunk chunk, int first, ReadOnlySpan<int> rows, ReadOnlySpan<int> codes, long[] values)
    {
        var count = rows.Length;
        Touch(codes);
        for (var quad = 0; quad < quads.Length; quad++)
        {
            var columns = ColumnQuad.Of(chunk, measures, quad);
            if (!IsNeeded(columns))
            {
                continue;
            }

            columns.First.Take<long>(first, rows, values);
            columns.Second.Take<long>(first, rows, values.AsSpan(BlockRows));
            columns.Third.Take<long>(first, rows, values.AsSpan(2 * BlockRows));
            columns.Fourth.Take<long>(first, rows, values.AsSpan(3 * BlockRows));
            GroupSum.Four(codes, Column(0), Column(1), Column(2), Column(3), quads[quad], copyStride);
        }

        foreach (var measure in measures)
        {
            if (wide[(int)measure] is { } totals)
            {
                chunk.Values(measure).Take<long>(first, rows, values);
                GroupSum.Int64(values.AsSpan(0, count), codes, totals);
            }
        }

        ReadOnlySpan<long> Column(int lane) => values.AsSpan(lane * BlockRows, count);
    }

    private static bool IsNeeded(in ColumnQuad columns) =>
        (columns.First.Width | columns.Second.Width | columns.Third.Width | columns.Fourth.Width) > 0;

    private void Touch(ReadOnlySpan<int> codes)
    {
        if (!isSparse)
        {
            return;
        }

        foreach (var code in codes)
        {
            if (lastBucket[code] != bucketNumber)
            {
                lastBucket[code] = bucketNumber;
                touched[touchedCount++] = code;
            }
        }
    }

    private long Lane(int group, int measure)
    {
        var lane = laneOf[measure];
        if (lane < 0)
        {
            return 0;
        }

        var totals = quads[lane / GroupSum.Lanes];
        var at = (group * GroupSum.Lanes) + (lane % GroupSum.Lanes);
        return copyStride == 0 ? totals[at] : totals[at] + totals[at + copyStride] + totals[at + (2 * copyStride)] + totals[at + (3 * copyStride)];
    }

    /// <summary>The bucket's groups with usage, folded from stored codes and added to the range's.</summary>
    /// <typeparam name="T">What their sums fit in: <see cref="long"/> or <see cref="Int128"/>.</typeparam>
    private (int[] Codes, T[] Sums) Collect<T>()
        where T : unmanaged, IBinaryInteger<T>
    {
        var candidates = isSparse ? touchedCount : groups;
        var codes = new int[Math.Min(candidates, targets)];
        var sums = new T[codes.Length * Stride];
        Span<T> row = stackalloc T[Stride];
        var count = 0;
        for (var i = 0; i < candidates; i++)
        {
            var group = isSparse ? touched[i] : i;
            var any = T.Zero;
            for (var measure = 0; measure < Stride; measure++)
            {
                any |= row[measure] = Value<T>(group, measure);
            }

            if (any == T.Zero)
            {
                continue;
            }

            var target = Position(group, codes, ref count);
            for (var measure = 0; measure < Stride; measure++)
            {
                sums[(target * Stride) + measure] += row[measure];
            }
        }

        Array.Resize(ref codes, count);
        Array.Resize(ref sums, count * Stride);
        for (var i = 0; i < count; i++)
        {
            positionOf[codes[i]] = -1;
            for (var measure = 0; measure < Stride; measure++)
            {
                AddToRange(codes[i], measure, sums[(i * Stride) + measure]);
            }
        }

        return (codes, sums);
    }

    private T Value<T>(int group, int measure)
        where T : unmanaged, IBinaryInteger<T> =>
        wide[measure] is { } totals ? T.CreateTruncating(totals[group]) : T.CreateTruncating(Lane(group, measure));

    /// <summary>Where a stored code's group stands in the bucket's table; a place is given out at its first appearance.</summary>
    private int Position(int storedCode, int[] codes, ref int count)
    {
        var target = lookup.Length == 0 ? storedCode : lookup[storedCode];
        if (positionOf[target] < 0)
        {
            positionOf[target] = count;
            codes[count++] = target;
        }

        return positionOf[target];
    }

    private void AddToRange<T>(int target, int measure, T sum)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (rangeNarrow is not null)
        {
            rangeNarrow[(target * Stride) + measure] += long.CreateTruncating(sum);
        }
        else
        {
            rangeWide![(target * Stride) + measure] += Int128.CreateTruncating(sum);
        }
    }

    private void Clear()
    {
        foreach (var totals in quads)
        {
            if (!isSparse)
            {
                Array.Clear(totals);
                continue;
            }

            for (var i = 0; i < touchedCount; i++)
            {
                for (var copy = 0; copy == 0 || (copyStride > 0 && copy < 4); copy++)
                {
                    totals.AsSpan((touched[i] * GroupSum.Lanes) + (copy * copyStride), GroupSum.Lanes).Clear();
                }
            }
        }

        Array.Clear(wide);
        Array.Clear(bounds);
        (touchedCount, hasRows) = (0, false);
        bucketNumber++;
    }
}
