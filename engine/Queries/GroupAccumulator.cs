using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Exact sums by group: of one bucket after the other, and of all of them together.</summary>
/// <remarks>
/// Rows are summed by the codes of a stored column, or by the numbers of the pairs of two, four measures at a time in 64
/// bits. A measure whose bound (see <see cref="UsageChunk.Bound"/>) could pass 63 bits in the bucket is summed in 128
/// bits instead. A derived dimension is folded from the stored codes once a bucket, not once a row. Not thread-safe: each
/// thread has its own, with pairs of its own.
/// </remarks>
internal sealed class GroupAccumulator
{
    // Columns of one step stay in the first-level cache with the codes that go with them.
    private const int BlockRows = 2_048;

    // With few groups, rows in turn go to four copies of the totals: see GroupSum.Four.
    private const int MaxGroupsWithCopies = 256;
    private const int RangesAtOnce = 256;

    private readonly MeasureLanes lanes;
    private readonly Dimension left;
    private readonly Dimension right;
    private readonly int[] leftMap;
    private readonly int[] rightMap;
    private readonly int[] numbers;
    private readonly int copyStride;
    private readonly long[][] quads;
    private readonly Int128[]?[] wide = new Int128[]?[Measures.Count];
    private readonly Int128[] bounds = new Int128[Measures.Count];
    private int groups;

    // Which codes the bucket's rows had, where that is cheaper than looking at all groups.
    private int[] touched;
    private int[] lastBucket;
    private int touchedCount;
    private int bucketNumber = 1;
    private bool hasRows;
    private bool isSparse;
    private bool areCleared;

    private int[] positionOf;
    private long[]? rangeNarrow;
    private Int128[]? rangeWide;

    /// <summary>Makes room.</summary>
    /// <param name="table">The table whose rows are added up.</param>
    /// <param name="grouping">How rows get their group.</param>
    /// <param name="lanes">What is summed.</param>
    /// <param name="isRangeNarrow">Whether 64 bits are proven to do for the sums of all buckets together.</param>
    public GroupAccumulator(UsageTable table, Grouping grouping, MeasureLanes lanes, bool isRangeNarrow)
    {
        this.lanes = lanes;
        Pairs = grouping.NewPairs();
        left = grouping.First.StoredSource();
        right = grouping.Second?.StoredSource() ?? left;
        leftMap = grouping.Map(grouping.First);
        rightMap = grouping.Second is { } second ? grouping.Map(second) : [];

        // Rows of pairs seldom come in runs of one pair, so copies of the totals would only take more of the cache.
        groups = Pairs is null ? table.Table(left).Count : 256;
        copyStride = Pairs is null && groups <= MaxGroupsWithCopies ? groups * GroupSum.Lanes : 0;
        quads = new long[lanes.Quads][];
        for (var quad = 0; quad < quads.Length; quad++)
        {
            quads[quad] = new long[copyStride == 0 ? groups * GroupSum.Lanes : 4 * copyStride];
        }

        numbers = Pairs is null ? [] : new int[BlockRows];
        touched = new int[groups];
        lastBucket = new int[groups];
        var targets = Pairs is null ? table.Table(grouping.First).Count : groups;
        positionOf = new int[targets];
        Array.Fill(positionOf, -1);
        rangeNarrow = isRangeNarrow ? new long[targets * lanes.Stride] : null;
        rangeWide = isRangeNarrow ? null : new Int128[targets * lanes.Stride];
    }

    /// <summary>The pairs that group numbers stand for; null for one dimension.</summary>
    public PairDictionary? Pairs { get; }

    /// <summary>Adds a stretch of rows to the current bucket.</summary>
    /// <param name="chunk">Where the rows are.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="selections">Accepted codes of columns; a row counts if all accept it.</param>
    public void Add(UsageChunk chunk, int first, int count, IReadOnlyList<Selection> selections)
    {
        if (!hasRows)
        {
            (hasRows, isSparse) = (true, Pairs is not null || count < groups / 2);
        }

        RaiseBounds(chunk, count);
        if (selections.Count == 0 && Pairs is null)
        {
            if (count == chunk.RowCount && chunk.MinCode(left) == chunk.MaxCode(left))
            {
                AddWhole(chunk);
            }
            else
            {
                AddAll(chunk, first, count);
            }

            return;
        }

        if (selections is [var only] && chunk.CodeRuns(only.Dimension) is { IsEmpty: false } runs)
        {
            AddRuns(chunk, runs.Select(new CodePredicate(runs.Codes, only.Accepted.Span), first, count));
            return;
        }

        var rows = ArrayPool<int>.Shared.Rent(BlockRows);
        for (var row = first; row < first + count; row += BlockRows)
        {
            var length = Math.Min(BlockRows, first + count - row);
            if (selections.Count == 0)
            {
                AddPairs(chunk, row, length);
                continue;
            }

            var selected = Selection.Select(selections, chunk, row, length, rows);
            AddSelected(chunk, row, rows.AsSpan(0, selected));
        }

        ArrayPool<int>.Shared.Return(rows);
    }

    /// <summary>Ends the current bucket: its groups, in no order. The next rows belong to another one.</summary>
    public GroupTable EndBucket()
    {
        // What 128 bits are needed for in a bucket, they are needed for in the range.
        var table = wide.All(totals => totals is null) ? CollectNarrow() : CollectWide();
        Clear();
        return table;
    }

    /// <summary>Adds the sums of all buckets that have ended.</summary>
    /// <param name="sums">By group and lane.</param>
    /// <param name="groupOf">The group of each of this accumulator's groups; empty where they are the same.</param>
    public void AddRangeTo(RangeSums sums, ReadOnlySpan<int> groupOf)
    {
        var count = Pairs?.Count ?? positionOf.Length;
        for (var group = 0; group < count; group++)
        {
            var target = groupOf.IsEmpty ? group : groupOf[group];
            if (rangeNarrow is not null)
            {
                sums.Add(target, rangeNarrow.AsSpan(group * lanes.Stride, lanes.Stride));
            }
            else
            {
                sums.Add(target, rangeWide.AsSpan(group * lanes.Stride, lanes.Stride));
            }
        }
    }

    private void RaiseBounds(UsageChunk chunk, int count)
    {
        foreach (var measure in lanes.Measures)
        {
            var index = (int)measure;
            bounds[index] += chunk.Bound(measure, count);
            if (bounds[index] > long.MaxValue && wide[index] is null)
            {
                var totals = wide[index] = new Int128[groups];
                for (var group = 0; group < groups; group++)
                {
                    totals[group] = Lane(group, lanes.Of(measure));
                }
            }
        }
    }

    /// <summary>A chunk of one group is answered by its totals, without being read.</summary>
    private void AddWhole(UsageChunk chunk)
    {
        var code = chunk.MinCode(left);
        Touch([code]);
        for (var lane = 0; lane < lanes.Measures.Length; lane++)
        {
            var total = chunk.Total(lanes.Measures[lane]);
            if (wide[(int)lanes.Measures[lane]] is { } totals)
            {
                totals[code] += total;
            }
            else
            {
                quads[lane / GroupSum.Lanes][(code * GroupSum.Lanes) + (lane % GroupSum.Lanes)] += (long)total;
            }
        }
    }

    /// <summary>Adds rows that lie together: where a column is clustered, a filter on it finds ranges.</summary>
    private void AddRuns(UsageChunk chunk, RowRanges found)
    {
        Span<RowRange> ranges = stackalloc RowRange[RangesAtOnce];
        for (var count = found.Take(ranges); count > 0; count = found.Take(ranges))
        {
            if (Pairs is not null || isSparse || wide.Any(totals => totals is not null))
            {
                foreach (var range in ranges[..count])
                {
                    AddRange(chunk, range);
                }

                continue;
            }

            AddQuads(chunk.Codes(left), chunk, ranges[..count]);
        }
    }

    private void AddRange(UsageChunk chunk, RowRange range)
    {
        if (Pairs is null)
        {
            AddAll(chunk, range.First, range.Count);
            return;
        }

        for (var row = range.First; row < range.First + range.Count; row += BlockRows)
        {
            AddPairs(chunk, row, Math.Min(BlockRows, range.First + range.Count - row));
        }
    }

    private void AddAll(UsageChunk chunk, int first, int count)
    {
        var codes = chunk.Codes(left);
        if (isSparse || wide.Any(totals => totals is not null))
        {
            Span<int> block = stackalloc int[BlockRows];
            for (var row = first; row < first + count; row += BlockRows)
            {
                var length = Math.Min(BlockRows, first + count - row);
                codes.CopyTo(row, block[..length]);
                Touch(block[..length]);
                AddWide(chunk, row, block[..length]);
            }
        }

        AddQuads(codes, chunk, [new RowRange(first, count)]);
    }

    private void AddPairs(UsageChunk chunk, int first, int count)
    {
        var block = numbers.AsSpan(0, count);
        Pairs!.NumberRows(chunk.Codes(left), leftMap, chunk.Codes(right), rightMap, first, block);
        MakeRoom();
        Touch(block);
        AddWide(chunk, first, block);
        for (var quad = 0; quad < quads.Length; quad++)
        {
            var columns = ColumnQuad.Of(chunk, lanes.Measures, quad);
            if (IsNeeded(columns))
            {
                NarrowGroupSum.Four(block, Pairs.Count - 1, columns, first, quads[quad], copyStride);
            }
        }
    }

    private void AddSelected(UsageChunk chunk, int first, ReadOnlySpan<int> rows)
    {
        if (rows.IsEmpty)
        {
            return;
        }

        var codes = chunk.Codes(left);
        if (Pairs is not null)
        {
            Pairs.NumberRowsAt(codes, leftMap, chunk.Codes(right), rightMap, first, rows, numbers);
            MakeRoom();
        }

        if (isSparse || wide.Any(totals => totals is not null))
        {
            Span<int> selected = stackalloc int[BlockRows];
            selected = selected[..rows.Length];
            TakeGroups(codes, first, rows, selected);
            Touch(selected);
            AddWideAt(chunk, first, rows, selected);
        }

        for (var quad = 0; quad < quads.Length; quad++)
        {
            var columns = ColumnQuad.Of(chunk, lanes.Measures, quad);
            if (!IsNeeded(columns))
            {
                continue;
            }

            if (Pairs is null)
            {
                NarrowGroupSum.FourAt(codes, columns, first, rows, quads[quad], copyStride);
            }
            else
            {
                NarrowGroupSum.FourAt(numbers, Pairs.Count - 1, columns, first, rows, quads[quad], copyStride);
            }
        }
    }

    private void TakeGroups(NarrowColumn codes, int first, ReadOnlySpan<int> rows, Span<int> target)
    {
        if (Pairs is null)
        {
            codes.Take(first, rows, target);
            return;
        }

        for (var i = 0; i < rows.Length; i++)
        {
            target[i] = numbers[rows[i]];
        }
    }

    private void AddQuads(NarrowColumn codes, UsageChunk chunk, ReadOnlySpan<RowRange> ranges)
    {
        for (var quad = 0; quad < quads.Length; quad++)
        {
            var columns = ColumnQuad.Of(chunk, lanes.Measures, quad);
            if (IsNeeded(columns))
            {
                NarrowGroupSum.FourIn(codes, columns, ranges, quads[quad], copyStride);
            }
        }
    }

    /// <summary>What is summed in 128 bits.</summary>
    private void AddWide(UsageChunk chunk, int first, ReadOnlySpan<int> codes)
    {
        Span<long> values = stackalloc long[BlockRows];
        foreach (var measure in lanes.Measures)
        {
            if (wide[(int)measure] is { } totals)
            {
                chunk.Values(measure).CopyTo(first, values[..codes.Length]);
                GroupSum.Int64(values[..codes.Length], codes, totals);
            }
        }
    }

    private void AddWideAt(UsageChunk chunk, int first, ReadOnlySpan<int> rows, ReadOnlySpan<int> codes)
    {
        Span<long> values = stackalloc long[BlockRows];
        foreach (var measure in lanes.Measures)
        {
            if (wide[(int)measure] is { } totals)
            {
                chunk.Values(measure).Take(first, rows, values);
                GroupSum.Int64(values[..codes.Length], codes, totals);
            }
        }
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

    /// <summary>Room for pairs that came up just now.</summary>
    private void MakeRoom()
    {
        if (Pairs!.Count <= groups)
        {
            return;
        }

        var before = groups;
        while (groups < Pairs.Count)
        {
            groups = checked(2 * groups);
        }

        Array.Resize(ref touched, groups);
        Array.Resize(ref lastBucket, groups);
        Array.Resize(ref positionOf, groups);
        Array.Fill(positionOf, -1, before, groups - before);
        for (var quad = 0; quad < quads.Length; quad++)
        {
            Array.Resize(ref quads[quad], checked(groups * GroupSum.Lanes));
        }

        for (var measure = 0; measure < wide.Length; measure++)
        {
            if (wide[measure] is not null)
            {
                Array.Resize(ref wide[measure], groups);
            }
        }

        if (rangeNarrow is not null)
        {
            Array.Resize(ref rangeNarrow, checked(groups * lanes.Stride));
        }
        else
        {
            Array.Resize(ref rangeWide, checked(groups * lanes.Stride));
        }
    }

    private long Lane(int group, int lane) => Quad(quads[lane / GroupSum.Lanes], group)[lane % GroupSum.Lanes];

    /// <summary>Four sums of a group, over the copies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<long> Quad(long[] totals, int group)
    {
        ref var first = ref totals[group * GroupSum.Lanes];
        var sums = Vector256.LoadUnsafe(ref first);
        return copyStride == 0
            ? sums
            : sums
                + Vector256.LoadUnsafe(ref first, (nuint)copyStride)
                + Vector256.LoadUnsafe(ref first, (nuint)(2 * copyStride))
                + Vector256.LoadUnsafe(ref first, (nuint)(3 * copyStride));
    }

    /// <summary>The bucket's groups with usage, folded from stored codes and added to the range's, where 64 bits do.</summary>
    private GroupTable CollectNarrow()
    {
        if (!isSparse && Pairs is null && leftMap.Length == 0 && rangeNarrow is not null)
        {
            return CollectDense(rangeNarrow);
        }

        var stride = lanes.Stride;
        var candidates = isSparse ? touchedCount : groups;
        var codes = new int[Math.Min(candidates, positionOf.Length)];
        var sums = SumsPool.Rent(codes.Length * stride);
        var isFolded = Pairs is null && leftMap.Length > 0;
        if (isFolded)
        {
            sums.AsSpan(0, codes.Length * stride).Clear();
        }

        Span<Vector256<long>> row = stackalloc Vector256<long>[quads.Length];
        var count = 0;
        for (var i = 0; i < candidates; i++)
        {
            var group = isSparse ? touched[i] : i;
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads.Length; quad++)
            {
                any |= row[quad] = Quad(quads[quad], group);
            }

            if (any == Vector256<long>.Zero)
            {
                continue;
            }

            ref var target = ref sums[Position(group, codes, ref count) * stride];
            for (var quad = 0; quad < row.Length; quad++)
            {
                var at = (nuint)(quad * GroupSum.Lanes);
                (isFolded ? Vector256.LoadUnsafe(ref target, at) + row[quad] : row[quad]).StoreUnsafe(ref target, at);
            }
        }

        for (var i = 0; i < count; i++)
        {
            positionOf[codes[i]] = -1;
            AddToRange(codes[i], sums.AsSpan(i * stride, stride));
        }

        return new GroupTable(lanes, codes, sums, count, isRented: true);
    }

    /// <summary>The same of all codes of a stored dimension, in one pass over their totals, which are cleared on the way.</summary>
    /// <remarks>A year by 2,000 keys is 730,000 of them: as much work as its ten million rows.</remarks>
    private GroupTable CollectDense(long[] range)
    {
        var stride = lanes.Stride;
        var codes = new int[groups];
        var sums = SumsPool.Rent(groups * stride);
        ref var target = ref MemoryMarshal.GetArrayDataReference(sums);
        ref var inRange = ref MemoryMarshal.GetArrayDataReference(range);
        var count = 0;
        for (var group = 0; group < groups; group++)
        {
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads.Length; quad++)
            {
                var sum = Quad(quads[quad], group);
                for (var copy = group * GroupSum.Lanes; copy < quads[quad].Length; copy += copyStride == 0 ? quads[quad].Length : copyStride)
                {
                    Vector256<long>.Zero.CopyTo(quads[quad], copy);
                }

                // Always written, counted only if there is something: no branch to mispredict.
                var at = (nuint)(quad * GroupSum.Lanes);
                sum.StoreUnsafe(ref target, ((nuint)count * (nuint)stride) + at);
                at += (nuint)group * (nuint)stride;
                (Vector256.LoadUnsafe(ref inRange, at) + sum).StoreUnsafe(ref inRange, at);
                any |= sum;
            }

            codes[count] = group;
            count += any == Vector256<long>.Zero ? 0 : 1;
        }

        areCleared = true;
        return new GroupTable(lanes, codes, sums, count, isRented: true);
    }

    /// <summary>The same where some measure needs 128 bits.</summary>
    private GroupTable CollectWide()
    {
        var stride = lanes.Stride;
        var candidates = isSparse ? touchedCount : groups;
        var codes = new int[Math.Min(candidates, positionOf.Length)];
        var sums = new Int128[codes.Length * stride];
        Span<Int128> row = stackalloc Int128[stride];
        row.Clear();
        var count = 0;
        for (var i = 0; i < candidates; i++)
        {
            var group = isSparse ? touched[i] : i;
            for (var lane = 0; lane < lanes.Measures.Length; lane++)
            {
                row[lane] = wide[(int)lanes.Measures[lane]] is { } totals ? totals[group] : Lane(group, lane);
            }

            if (!row.ContainsAnyExcept((Int128)0))
            {
                continue;
            }

            var target = sums.AsSpan(Position(group, codes, ref count) * stride, stride);
            for (var lane = 0; lane < stride; lane++)
            {
                target[lane] += row[lane];
            }
        }

        for (var i = 0; i < count; i++)
        {
            positionOf[codes[i]] = -1;
            AddToRange(codes[i], sums.AsSpan(i * stride, stride));
        }

        return new GroupTable(lanes, codes, sums, count);
    }

    /// <summary>Where a stored code's group stands in the bucket's table; a place is given out at its first appearance.</summary>
    private int Position(int storedCode, int[] codes, ref int count)
    {
        if (Pairs is not null || leftMap.Length == 0)
        {
            codes[count] = storedCode;
            return count++;
        }

        var target = leftMap[storedCode];
        if (positionOf[target] < 0)
        {
            positionOf[target] = count;
            codes[count++] = target;
        }

        return positionOf[target];
    }

    private void AddToRange(int group, ReadOnlySpan<long> sums)
    {
        if (rangeNarrow is not null)
        {
            var target = rangeNarrow.AsSpan(group * lanes.Stride, lanes.Stride);
            for (var lane = 0; lane < target.Length; lane += GroupSum.Lanes)
            {
                (Vector256.Create<long>(target[lane..]) + Vector256.Create(sums[lane..])).CopyTo(target[lane..]);
            }

            return;
        }

        for (var lane = 0; lane < sums.Length; lane++)
        {
            rangeWide![(group * lanes.Stride) + lane] += sums[lane];
        }
    }

    private void AddToRange(int group, ReadOnlySpan<Int128> sums)
    {
        for (var lane = 0; lane < sums.Length; lane++)
        {
            rangeWide![(group * lanes.Stride) + lane] += sums[lane];
        }
    }

    private void Clear()
    {
        foreach (var totals in areCleared ? [] : quads)
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
        (touchedCount, hasRows, areCleared) = (0, false, false);
        bucketNumber++;
    }
}
