using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Kernels;

/// <summary>Four columns that are added up together.</summary>
/// <param name="First">May have a scale; the others have none.</param>
/// <param name="Second">One.</param>
/// <param name="Third">One.</param>
/// <param name="Fourth">One.</param>
internal readonly record struct ColumnQuad(NarrowColumn First, NarrowColumn Second, NarrowColumn Third, NarrowColumn Fourth)
{
    /// <summary>
    /// Measures in the order in which they are added up, four to a quad: cost comes first, as only the first lane takes a
    /// scale, and the other headline measures follow, so that most questions need the first quad only.
    /// </summary>
    /// <param name="measures">Distinct measures.</param>
    public static Measure[] Order(IEnumerable<Measure> measures) =>
        [.. measures.OrderBy(measure => Measures.Headline.TakeWhile(headline => headline != measure).Count())];

    /// <summary>The columns of one quad; lanes without a measure are columns of zeros.</summary>
    /// <param name="chunk">Where they are.</param>
    /// <param name="measures">From <see cref="Order"/>.</param>
    /// <param name="quad">0 or more.</param>
    public static ColumnQuad Of(UsageChunk chunk, Measure[] measures, int quad)
    {
        var zeros = new NarrowColumn(chunk.Codes(Dimension.Project).Address, 0, 1, 0);
        return new ColumnQuad(Column(0), Column(1), Column(2), Column(3));

        NarrowColumn Column(int lane) =>
            (quad * GroupSum.Lanes) + lane < measures.Length ? chunk.Values(measures[(quad * GroupSum.Lanes) + lane]) : zeros;
    }
}

/// <summary>Adds up narrow columns by group: <see cref="GroupSum.Four"/> on columns of any width.</summary>
/// <remarks>
/// With AVX-512 VBMI eight rows a step: one load and one byte permutation widen eight values of any width to a register,
/// three instructions transpose four columns to rows, and each row is one 256-bit addition to its group. The width is
/// data (a vector of byte positions), not code. Elsewhere blocks are unpacked to 64 bits in the first-level cache; that
/// costs 40 to 100 % more, since unpacking and adding take turns at the memory instead of overlapping.
/// </remarks>
internal static unsafe class NarrowGroupSum
{
    private const int BlockRows = 512;
    private const int RowsPerStep = 8;
    private const int PrefetchBytes = 1024;

    // By width: which byte of eight packed values goes to which byte of eight wide ones. Bytes above a value are cut off
    // by its mask, so their place is arbitrary.
    private static readonly Vector512<byte>[] Spread = [.. Enumerable.Range(0, 9).Select(SpreadOf)];

    /// <summary>Adds each row's values of four columns to the four totals of the row's group.</summary>
    /// <param name="codes">Group numbers g.</param>
    /// <param name="columns">The columns, of the same chunk.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="totals">Added to: the four sums of group g are at <c>4 g</c>. The caller has proven that no total passes 64 bits.</param>
    /// <param name="copyStride">0, or the distance between four copies of the totals which consecutive rows take in turn.</param>
    /// <exception cref="ArgumentException">A group may lie outside of the totals.</exception>
    public static void Four(NarrowColumn codes, in ColumnQuad columns, int first, int count, Span<long> totals, int copyStride)
    {
        CheckGroups(codes, totals.Length, copyStride);
        if (InstructionPaths.Current < InstructionPath.Avx512 || HasScales(columns))
        {
            FourByBlocks(codes, columns, first, count, totals, copyStride);
            return;
        }

        fixed (long* total = totals)
        {
            switch (codes.Width)
            {
                case 1:
                    FourAvx512<byte>(codes, columns, first, count, total, copyStride);
                    break;
                case 2:
                    FourAvx512<ushort>(codes, columns, first, count, total, copyStride);
                    break;
                default:
                    FourAvx512<uint>(codes, columns, first, count, total, copyStride);
                    break;
            }
        }
    }

    /// <summary><see cref="Four(NarrowColumn, in ColumnQuad, int, int, Span{long}, int)"/> with group numbers of one's own, of pairs, say.</summary>
    /// <param name="groups">Group numbers of consecutive rows.</param>
    /// <param name="max">The largest of them, or more.</param>
    /// <param name="columns">The columns, of the same chunk.</param>
    /// <param name="first">The row of the first group number.</param>
    /// <param name="totals">Added to.</param>
    /// <param name="copyStride">0, or the distance between four copies of the totals.</param>
    /// <exception cref="ArgumentException">A group may lie outside of the totals.</exception>
    public static void Four(ReadOnlySpan<int> groups, int max, in ColumnQuad columns, int first, Span<long> totals, int copyStride)
    {
        fixed (int* group = groups)
        {
            Four(CodesAt(group, max, first), columns, first, groups.Length, totals, copyStride);
        }
    }

    /// <summary>Adds the values of some rows.</summary>
    /// <param name="codes">Group numbers g.</param>
    /// <param name="columns">The columns, of the same chunk.</param>
    /// <param name="first">Added to each position.</param>
    /// <param name="rows">Ascending positions.</param>
    /// <param name="totals">Added to: as <see cref="Four(NarrowColumn, in ColumnQuad, int, int, Span{long}, int)"/>.</param>
    /// <param name="copyStride">0, or the distance between four copies of the totals which consecutive positions take in turn.</param>
    /// <exception cref="ArgumentException">A group may lie outside of the totals.</exception>
    public static void FourAt(NarrowColumn codes, in ColumnQuad columns, int first, ReadOnlySpan<int> rows, Span<long> totals, int copyStride)
    {
        CheckGroups(codes, totals.Length, copyStride);
        fixed (long* total = totals)
        {
            var source = (byte*)codes.Address + ((nint)first * codes.Width);
            switch (codes.Width)
            {
                case 1:
                    FourAt(source, columns, first, rows, total, copyStride);
                    break;
                case 2:
                    FourAt((ushort*)source, columns, first, rows, total, copyStride);
                    break;
                default:
                    FourAt((uint*)source, columns, first, rows, total, copyStride);
                    break;
            }
        }
    }

    /// <summary>Adds the values of some rows, with group numbers of one's own.</summary>
    /// <param name="groups">Group numbers of consecutive rows.</param>
    /// <param name="max">The largest of them, or more.</param>
    /// <param name="columns">The columns, of the same chunk.</param>
    /// <param name="first">The row of the first group number.</param>
    /// <param name="rows">Ascending positions in <paramref name="groups"/>.</param>
    /// <param name="totals">Added to.</param>
    /// <param name="copyStride">0, or the distance between four copies of the totals.</param>
    /// <exception cref="ArgumentException">A group may lie outside of the totals.</exception>
    public static void FourAt(ReadOnlySpan<int> groups, int max, in ColumnQuad columns, int first, ReadOnlySpan<int> rows, Span<long> totals, int copyStride)
    {
        fixed (int* group = groups)
        {
            FourAt(CodesAt(group, max, first), columns, first, rows, totals, copyStride);
        }
    }

    // Kernels take codes and columns at the same row.
    private static NarrowColumn CodesAt(int* groups, int max, int first) => new((nint)(groups - first), sizeof(int), 1, (ulong)max);

    private static void CheckGroups(NarrowColumn codes, int length, int copyStride)
    {
        if ((((long)codes.Max + 1) * GroupSum.Lanes) + (3L * copyStride) > length)
        {
            throw new ArgumentException($"Found group {codes.Max} with totals of {length} values.", nameof(length));
        }
    }

    private static void FourAt<TCode>(TCode* codes, in ColumnQuad columns, int first, ReadOnlySpan<int> rows, long* totals, int copyStride)
        where TCode : unmanaged
    {
        if (HasScales(columns))
        {
            for (var i = 0; i < rows.Length; i++)
            {
                var row = first + rows[i];
                Add(
                    totals + ((i & 3) * copyStride),
                    CodeSet.Code(codes, rows[i]),
                    Vector256.Create(columns.First[row], columns.Second[row], columns.Third[row], columns.Fourth[row]));
            }

            return;
        }

        // Loads go straight to lanes of one register. Only cost has a scale, and its product is a scalar one.
        byte* a = StartOf(columns.First, first), b = StartOf(columns.Second, first), c = StartOf(columns.Third, first), d = StartOf(columns.Fourth, first);
        nint aWidth = columns.First.Width, bWidth = columns.Second.Width, cWidth = columns.Third.Width, dWidth = columns.Fourth.Width;
        var (aMask, scale) = (columns.First.Mask, columns.First.Scale);
        var masks = Vector256.Create(ulong.MaxValue, columns.Second.Mask, columns.Third.Mask, columns.Fourth.Mask);
        for (var i = 0; i < rows.Length; i++)
        {
            nint row = rows[i];
            var values = Vector256.Create(
                Vector128.Create((*(ulong*)(a + (row * aWidth)) & aMask) * scale, *(ulong*)(b + (row * bWidth))),
                Vector128.Create(*(ulong*)(c + (row * cWidth)), *(ulong*)(d + (row * dWidth))));
            Add(totals + ((i & 3) * copyStride), CodeSet.Code(codes, row), values & masks);
        }
    }

    private static bool HasScales(in ColumnQuad columns) => columns.Second.Scale != 1 || columns.Third.Scale != 1 || columns.Fourth.Scale != 1;

    private static void FourByBlocks(NarrowColumn codes, in ColumnQuad columns, int first, int count, Span<long> totals, int copyStride)
    {
        Span<int> groups = stackalloc int[BlockRows];
        Span<long> values = stackalloc long[BlockRows * GroupSum.Lanes];
        for (var row = first; row < first + count; row += BlockRows)
        {
            var length = Math.Min(BlockRows, first + count - row);
            codes.CopyTo(row, groups[..length]);
            columns.First.CopyTo(row, values[..length]);
            columns.Second.CopyTo(row, values.Slice(BlockRows, length));
            columns.Third.CopyTo(row, values.Slice(2 * BlockRows, length));
            columns.Fourth.CopyTo(row, values.Slice(3 * BlockRows, length));
            GroupSum.Four(
                groups[..length],
                values[..length],
                values.Slice(BlockRows, length),
                values.Slice(2 * BlockRows, length),
                values.Slice(3 * BlockRows, length),
                totals,
                copyStride);
        }
    }

    private static void FourAvx512<TCode>(NarrowColumn codes, in ColumnQuad columns, int first, int count, long* totals, int copyStride)
        where TCode : unmanaged
    {
        var code = (TCode*)codes.Address + first;
        var a = StartOf(columns.First, first);
        var (aStep, aSpread, aMask) = (RowsPerStep * columns.First.Width, Spread[columns.First.Width], Vector512.Create(columns.First.Mask));
        var b = StartOf(columns.Second, first);
        var (bStep, bSpread, bMask) = (RowsPerStep * columns.Second.Width, Spread[columns.Second.Width], Vector512.Create(columns.Second.Mask));
        var c = StartOf(columns.Third, first);
        var (cStep, cSpread, cMask) = (RowsPerStep * columns.Third.Width, Spread[columns.Third.Width], Vector512.Create(columns.Third.Mask));
        var d = StartOf(columns.Fourth, first);
        var (dStep, dSpread, dMask) = (RowsPerStep * columns.Fourth.Width, Spread[columns.Fourth.Width], Vector512.Create(columns.Fourth.Mask));
        var scale = Vector512.Create(columns.First.Scale);
        var isScaled = columns.First.Scale != 1;
        var lowRows = Vector512.Create(0ul, 1, 8, 9, 2, 3, 10, 11);
        var highRows = Vector512.Create(4ul, 5, 12, 13, 6, 7, 14, 15);
        var row = 0;
        for (; row + RowsPerStep <= count; row += RowsPerStep)
        {
            var va = Avx512Vbmi.PermuteVar64x8(Vector512.Load(a), aSpread).AsUInt64() & aMask;
            var vb = Avx512Vbmi.PermuteVar64x8(Vector512.Load(b), bSpread).AsUInt64() & bMask;
            var vc = Avx512Vbmi.PermuteVar64x8(Vector512.Load(c), cSpread).AsUInt64() & cMask;
            var vd = Avx512Vbmi.PermuteVar64x8(Vector512.Load(d), dSpread).AsUInt64() & dMask;
            Sse.Prefetch0(a + PrefetchBytes);
            Sse.Prefetch0(b + PrefetchBytes);
            Sse.Prefetch0(c + PrefetchBytes);
            Sse.Prefetch0(d + PrefetchBytes);
            if (isScaled)
            {
                va = Avx512DQ.MultiplyLow(va, scale);
            }

            // a0 b0 a2 b2 a4 b4 a6 b6 and so on; pairs of pairs make rows 0 and 2, 4 and 6, 1 and 3, 5 and 7.
            var abEven = Avx512F.UnpackLow(va, vb);
            var abOdd = Avx512F.UnpackHigh(va, vb);
            var cdEven = Avx512F.UnpackLow(vc, vd);
            var cdOdd = Avx512F.UnpackHigh(vc, vd);
            var rows02 = Avx512F.PermuteVar8x64x2(abEven, lowRows, cdEven);
            var rows13 = Avx512F.PermuteVar8x64x2(abOdd, lowRows, cdOdd);
            var rows46 = Avx512F.PermuteVar8x64x2(abEven, highRows, cdEven);
            var rows57 = Avx512F.PermuteVar8x64x2(abOdd, highRows, cdOdd);
            Add(totals, Code(code, 0), rows02.GetLower());
            Add(totals + copyStride, Code(code, 1), rows13.GetLower());
            Add(totals + (2 * copyStride), Code(code, 2), rows02.GetUpper());
            Add(totals + (3 * copyStride), Code(code, 3), rows13.GetUpper());
            Add(totals, Code(code, 4), rows46.GetLower());
            Add(totals + copyStride, Code(code, 5), rows57.GetLower());
            Add(totals + (2 * copyStride), Code(code, 6), rows46.GetUpper());
            Add(totals + (3 * copyStride), Code(code, 7), rows57.GetUpper());
            code += RowsPerStep;
            a += aStep;
            b += bStep;
            c += cStep;
            d += dStep;
        }

        for (; row < count; row++)
        {
            var at = first + row;
            var values = Vector256.Create(columns.First[at], columns.Second[at], columns.Third[at], columns.Fourth[at]);
            Add(totals + ((row & 3) * copyStride), Code(code++, 0), values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Code<TCode>(TCode* code, int row)
        where TCode : unmanaged =>
        sizeof(TCode) == 1 ? ((byte*)code)[row] : sizeof(TCode) == 2 ? ((ushort*)code)[row] : ((uint*)code)[row];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(long* totals, nuint group, Vector256<ulong> values)
    {
        var at = (ulong*)totals + (group * GroupSum.Lanes);
        (Vector256.Load(at) + values).Store(at);
    }

    private static Vector512<byte> SpreadOf(int width)
    {
        Span<byte> positions = stackalloc byte[Vector512<byte>.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = (byte)Math.Min(((i / sizeof(ulong)) * width) + (i % sizeof(ulong)), Vector512<byte>.Count - 1);
        }

        return Vector512.Create<byte>(positions);
    }

    // A column of zeros has no memory: its loads find the codes, and its mask makes zeros of them.
    private static byte* StartOf(NarrowColumn column, int first) => (byte*)column.Address + ((nint)first * column.Width);
}
