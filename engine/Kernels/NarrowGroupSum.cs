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
/// A byte permutation widens packed values to 64 bits, so the width is data (a vector of byte positions), not code; then
/// four columns are transposed to rows, and each row is one 256-bit addition to its group. AVX-512 VBMI takes 16 rows a
/// step where all values have 4 bytes or less, since one load of 64 bytes has them all, and else 8; AVX2 takes 4 and
/// plain vectors of 128 bits 2. Exceptions are added after the loop.
/// Measured on one core of an EPYC with AVX-512, best of 15 rounds over 2.6 M rows, 50 to 120 groups, four copies, widths
/// of 4, 3, 3 and 1: 0.6 ns a row with 16 rows a step, 0.8 with 8, 0.8 with AVX2, 1.1 with 128 bits; 3.9 when blocks were
/// unpacked to 64 bits first. Rows far apart wait for memory: prefetching 12 ahead took one in 50 from 20 to 13 ns each.
/// </remarks>
internal static unsafe class NarrowGroupSum
{
    private const int PrefetchBytes = 1024;
    private const int MaxShortWidth = 4;

    // Selected rows that are this far apart on average are fetched ahead of their turn.
    private const int MinGap = 8;
    private const int RowsAhead = 12;

    // Short ranges lie cache lines apart, where the hardware sees no stream: see PrefetchRow.
    private const int RangesAhead = 6;

    // By width: which byte of packed values goes to which byte of wide ones. Bytes above a value are cut off by its mask,
    // so their place is arbitrary.
    private static readonly Vector512<byte>[] Spread = [.. Enumerable.Range(0, 9).Select(width => SpreadOf(width, 0))];
    private static readonly Vector512<byte>[] UpperSpread = [.. Enumerable.Range(0, MaxShortWidth + 1).Select(width => SpreadOf(width, 8))];

    // By width: where the bytes of two rows go. Other bytes come from place 255, which makes them 0.
    private static readonly Vector256<byte>[] PairSpread = [.. Enumerable.Range(0, 9).Select(PairSpreadOf)];

    // By width: the bytes of row 0 or 1 to the low or the high half.
    private static readonly Vector128<byte>[][] HalfSpread =
        [.. Enumerable.Range(0, 4).Select(place => Enumerable.Range(0, 9).Select(width => HalfSpreadOf(width, place & 1, place >> 1)).ToArray())];

    /// <summary>Adds each row's values of four columns to the four totals of the row's group.</summary>
    /// <param name="codes">Group numbers g.</param>
    /// <param name="columns">The columns, of the same chunk.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="totals">Added to: the four sums of group g are at <c>4 g</c>. The caller has proven that no total passes 64 bits.</param>
    /// <param name="copyStride">0, or the distance between four copies of the totals which consecutive rows take in turn.</param>
    /// <exception cref="ArgumentException">A group may lie outside of the totals.</exception>
    public static void Four(NarrowColumn codes, in ColumnQuad columns, int first, int count, Span<long> totals, int copyStride) =>
        FourIn(codes, columns, [new RowRange(first, count)], totals, copyStride);

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
            FourIn(CodesAt(group, max, first), columns, [new RowRange(first, groups.Length)], totals, copyStride);
        }
    }

    /// <summary>Adds the values of some ranges of rows: what is set up for a range is set up once, so that short ones are cheap.</summary>
    /// <param name="codes">Group numbers g.</param>
    /// <param name="columns">The columns, of the same chunk.</param>
    /// <param name="ranges">Ascending, without overlaps.</param>
    /// <param name="totals">Added to: as <see cref="Four(NarrowColumn, in ColumnQuad, int, int, Span{long}, int)"/>.</param>
    /// <param name="copyStride">0, or the distance between four copies of the totals which rows take in turn.</param>
    /// <exception cref="ArgumentException">A group may lie outside of the totals.</exception>
    public static void FourIn(NarrowColumn codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, Span<long> totals, int copyStride)
    {
        CheckGroups(codes, totals.Length, copyStride);
        fixed (long* total = totals)
        {
            switch (codes.Width)
            {
                case 1:
                    FourIn((byte*)codes.Address, columns, ranges, total, copyStride);
                    break;
                case 2:
                    FourIn((ushort*)codes.Address, columns, ranges, total, copyStride);
                    break;
                default:
                    FourIn((uint*)codes.Address, columns, ranges, total, copyStride);
                    break;
            }
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

    private static void FourIn<TCode>(TCode* codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, long* totals, int copyStride)
        where TCode : unmanaged
    {
        var path = InstructionPaths.Current;
        if (HasScales(columns))
        {
            FourByRows(codes, columns, ranges, totals, copyStride);
            return;
        }

        if (path == InstructionPath.Avx512)
        {
            var widths = Math.Max(Math.Max(columns.First.Width, columns.Second.Width), Math.Max(columns.Third.Width, columns.Fourth.Width));
            if (widths <= MaxShortWidth)
            {
                FourShort512(codes, columns, ranges, totals, copyStride);
            }
            else
            {
                FourAvx512(codes, columns, ranges, totals, copyStride);
            }
        }
        else if (path == InstructionPath.Avx2)
        {
            FourAvx2(codes, columns, ranges, totals, copyStride);
        }
        else
        {
            FourPortable(codes, columns, ranges, totals, copyStride);
        }

        AddExceptions(codes, columns.First, ranges, totals);
        AddExceptions(codes, columns.Second, ranges, totals + 1);
        AddExceptions(codes, columns.Third, ranges, totals + 2);
        AddExceptions(codes, columns.Fourth, ranges, totals + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchRow<TCode>(TCode* codes, in ColumnQuad columns, nint row)
        where TCode : unmanaged
    {
        Sse.Prefetch0(codes + row);
        Sse.Prefetch0((byte*)columns.First.Address + (row * columns.First.Width));
        Sse.Prefetch0((byte*)columns.Second.Address + (row * columns.Second.Width));
        Sse.Prefetch0((byte*)columns.Third.Address + (row * columns.Third.Width));
        Sse.Prefetch0((byte*)columns.Fourth.Address + (row * columns.Fourth.Width));
    }

    /// <summary>16 rows a step, of values of 4 bytes at most.</summary>
    private static void FourShort512<TCode>(TCode* codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, long* totals, int copyStride)
        where TCode : unmanaged
    {
        nint aWidth = columns.First.Width, bWidth = columns.Second.Width, cWidth = columns.Third.Width, dWidth = columns.Fourth.Width;
        var (aSpread, bSpread, cSpread, dSpread) = (Spread[aWidth], Spread[bWidth], Spread[cWidth], Spread[dWidth]);
        var (aUpper, bUpper, cUpper, dUpper) = (UpperSpread[aWidth], UpperSpread[bWidth], UpperSpread[cWidth], UpperSpread[dWidth]);
        var (aMask, bMask) = (Vector512.Create(columns.First.Mask), Vector512.Create(columns.Second.Mask));
        var (cMask, dMask) = (Vector512.Create(columns.Third.Mask), Vector512.Create(columns.Fourth.Mask));
        var scale = Vector512.Create(columns.First.Scale);
        var lowRows = Vector512.Create(0ul, 1, 8, 9, 2, 3, 10, 11);
        var highRows = Vector512.Create(4ul, 5, 12, 13, 6, 7, 14, 15);
        var isScaled = columns.First.Scale != 1;
        long* totals1 = totals + copyStride, totals2 = totals1 + copyStride, totals3 = totals2 + copyStride;
        var (firstMask, firstScale, otherMasks) = (columns.First.Mask, columns.First.Scale, OtherMasks(columns));
        for (var i = 0; i < ranges.Length; i++)
        {
            if (i + RangesAhead < ranges.Length)
            {
                PrefetchRow(codes, columns, ranges[i + RangesAhead].First);
            }

            var range = ranges[i];
            var code = codes + range.First;
            var end = code + range.Count;
            byte* a = StartOf(columns.First, range.First), b = StartOf(columns.Second, range.First);
            byte* c = StartOf(columns.Third, range.First), d = StartOf(columns.Fourth, range.First);
            var ahead = AheadOf(range);
            for (; code + 16 <= end; code += 16)
            {
                var av = Vector512.Load(a);
                var bv = Vector512.Load(b);
                var cv = Vector512.Load(c);
                var dv = Vector512.Load(d);
                Sse.Prefetch0(a + ahead);
                Sse.Prefetch0(b + ahead);
                Sse.Prefetch0(c + ahead);
                Sse.Prefetch0(d + ahead);
                var va = Avx512Vbmi.PermuteVar64x8(av, aSpread).AsUInt64() & aMask;
                var vb = Avx512Vbmi.PermuteVar64x8(bv, bSpread).AsUInt64() & bMask;
                var vc = Avx512Vbmi.PermuteVar64x8(cv, cSpread).AsUInt64() & cMask;
                var vd = Avx512Vbmi.PermuteVar64x8(dv, dSpread).AsUInt64() & dMask;
                AddEight(totals, totals1, totals2, totals3, code, isScaled ? Avx512DQ.MultiplyLow(va, scale) : va, vb, vc, vd, lowRows, highRows);
                va = Avx512Vbmi.PermuteVar64x8(av, aUpper).AsUInt64() & aMask;
                vb = Avx512Vbmi.PermuteVar64x8(bv, bUpper).AsUInt64() & bMask;
                vc = Avx512Vbmi.PermuteVar64x8(cv, cUpper).AsUInt64() & cMask;
                vd = Avx512Vbmi.PermuteVar64x8(dv, dUpper).AsUInt64() & dMask;
                AddEight(totals, totals1, totals2, totals3, code + 8, isScaled ? Avx512DQ.MultiplyLow(va, scale) : va, vb, vc, vd, lowRows, highRows);
                a += 16 * aWidth;
                b += 16 * bWidth;
                c += 16 * cWidth;
                d += 16 * dWidth;
            }

            for (; code + 8 <= end; code += 8)
            {
                var va = Avx512Vbmi.PermuteVar64x8(Vector512.Load(a), aSpread).AsUInt64() & aMask;
                var vb = Avx512Vbmi.PermuteVar64x8(Vector512.Load(b), bSpread).AsUInt64() & bMask;
                var vc = Avx512Vbmi.PermuteVar64x8(Vector512.Load(c), cSpread).AsUInt64() & cMask;
                var vd = Avx512Vbmi.PermuteVar64x8(Vector512.Load(d), dSpread).AsUInt64() & dMask;
                AddEight(totals, totals1, totals2, totals3, code, isScaled ? Avx512DQ.MultiplyLow(va, scale) : va, vb, vc, vd, lowRows, highRows);
                a += 8 * aWidth;
                b += 8 * bWidth;
                c += 8 * cWidth;
                d += 8 * dWidth;
            }

            AddTail(code, end, a, b, c, d, aWidth, bWidth, cWidth, dWidth, firstMask, firstScale, otherMasks, totals, copyStride);
        }
    }

    /// <summary>8 rows a step, of values of any width.</summary>
    private static void FourAvx512<TCode>(TCode* codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, long* totals, int copyStride)
        where TCode : unmanaged
    {
        nint aWidth = columns.First.Width, bWidth = columns.Second.Width, cWidth = columns.Third.Width, dWidth = columns.Fourth.Width;
        var (aSpread, bSpread, cSpread, dSpread) = (Spread[aWidth], Spread[bWidth], Spread[cWidth], Spread[dWidth]);
        var (aMask, bMask) = (Vector512.Create(columns.First.Mask), Vector512.Create(columns.Second.Mask));
        var (cMask, dMask) = (Vector512.Create(columns.Third.Mask), Vector512.Create(columns.Fourth.Mask));
        var scale = Vector512.Create(columns.First.Scale);
        var lowRows = Vector512.Create(0ul, 1, 8, 9, 2, 3, 10, 11);
        var highRows = Vector512.Create(4ul, 5, 12, 13, 6, 7, 14, 15);
        var isScaled = columns.First.Scale != 1;
        long* totals1 = totals + copyStride, totals2 = totals1 + copyStride, totals3 = totals2 + copyStride;
        var (firstMask, firstScale, otherMasks) = (columns.First.Mask, columns.First.Scale, OtherMasks(columns));
        for (var i = 0; i < ranges.Length; i++)
        {
            if (i + RangesAhead < ranges.Length)
            {
                PrefetchRow(codes, columns, ranges[i + RangesAhead].First);
            }

            var range = ranges[i];
            var code = codes + range.First;
            var end = code + range.Count;
            byte* a = StartOf(columns.First, range.First), b = StartOf(columns.Second, range.First);
            byte* c = StartOf(columns.Third, range.First), d = StartOf(columns.Fourth, range.First);
            var ahead = AheadOf(range);
            for (; code + 8 <= end; code += 8)
            {
                var va = Avx512Vbmi.PermuteVar64x8(Vector512.Load(a), aSpread).AsUInt64() & aMask;
                var vb = Avx512Vbmi.PermuteVar64x8(Vector512.Load(b), bSpread).AsUInt64() & bMask;
                var vc = Avx512Vbmi.PermuteVar64x8(Vector512.Load(c), cSpread).AsUInt64() & cMask;
                var vd = Avx512Vbmi.PermuteVar64x8(Vector512.Load(d), dSpread).AsUInt64() & dMask;
                Sse.Prefetch0(a + ahead);
                Sse.Prefetch0(b + ahead);
                Sse.Prefetch0(c + ahead);
                Sse.Prefetch0(d + ahead);
                AddEight(totals, totals1, totals2, totals3, code, isScaled ? Avx512DQ.MultiplyLow(va, scale) : va, vb, vc, vd, lowRows, highRows);
                a += 8 * aWidth;
                b += 8 * bWidth;
                c += 8 * cWidth;
                d += 8 * dWidth;
            }

            AddTail(code, end, a, b, c, d, aWidth, bWidth, cWidth, dWidth, firstMask, firstScale, otherMasks, totals, copyStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddEight<TCode>(
        long* totals, long* totals1, long* totals2, long* totals3, TCode* code,
        Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c, Vector512<ulong> d, Vector512<ulong> lowRows, Vector512<ulong> highRows)
        where TCode : unmanaged
    {
        // a0 b0 a2 b2 a4 b4 a6 b6 and so on; pairs of pairs make rows 0 and 2, 4 and 6, 1 and 3, 5 and 7.
        var abEven = Avx512F.UnpackLow(a, b);
        var abOdd = Avx512F.UnpackHigh(a, b);
        var cdEven = Avx512F.UnpackLow(c, d);
        var cdOdd = Avx512F.UnpackHigh(c, d);
        var rows02 = Avx512F.PermuteVar8x64x2(abEven, lowRows, cdEven);
        var rows13 = Avx512F.PermuteVar8x64x2(abOdd, lowRows, cdOdd);
        var rows46 = Avx512F.PermuteVar8x64x2(abEven, highRows, cdEven);
        var rows57 = Avx512F.PermuteVar8x64x2(abOdd, highRows, cdOdd);
        Add(totals, CodeSet.Code(code, 0), rows02.GetLower());
        Add(totals1, CodeSet.Code(code, 1), rows13.GetLower());
        Add(totals2, CodeSet.Code(code, 2), rows02.GetUpper());
        Add(totals3, CodeSet.Code(code, 3), rows13.GetUpper());
        Add(totals, CodeSet.Code(code, 4), rows46.GetLower());
        Add(totals1, CodeSet.Code(code, 5), rows57.GetLower());
        Add(totals2, CodeSet.Code(code, 6), rows46.GetUpper());
        Add(totals3, CodeSet.Code(code, 7), rows57.GetUpper());
    }

    /// <summary>4 rows a step: two loads of two rows each make one register of four values.</summary>
    private static void FourAvx2<TCode>(TCode* codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, long* totals, int copyStride)
        where TCode : unmanaged
    {
        nint aWidth = columns.First.Width, bWidth = columns.Second.Width, cWidth = columns.Third.Width, dWidth = columns.Fourth.Width;
        var (aSpread, bSpread, cSpread, dSpread) = (PairSpread[aWidth], PairSpread[bWidth], PairSpread[cWidth], PairSpread[dWidth]);
        var scale = Vector256.Create(columns.First.Scale);
        var isScaled = columns.First.Scale != 1;

        // One multiplication where both factors have 32 bits; there is none of 64.
        var isShort = aWidth <= MaxShortWidth && columns.First.Scale <= uint.MaxValue;
        long* totals1 = totals + copyStride, totals2 = totals1 + copyStride, totals3 = totals2 + copyStride;
        var (firstMask, firstScale, otherMasks) = (columns.First.Mask, columns.First.Scale, OtherMasks(columns));
        foreach (var range in ranges)
        {
            var code = codes + range.First;
            var end = code + range.Count;
            byte* a = StartOf(columns.First, range.First), b = StartOf(columns.Second, range.First);
            byte* c = StartOf(columns.Third, range.First), d = StartOf(columns.Fourth, range.First);
            for (; code + 4 <= end; code += 4)
            {
                var va = Widen(a, aWidth, aSpread);
                var vb = Widen(b, bWidth, bSpread);
                var vc = Widen(c, cWidth, cSpread);
                var vd = Widen(d, dWidth, dSpread);
                if (isScaled)
                {
                    va = isShort ? Avx2.Multiply(va.AsUInt32(), scale.AsUInt32()) : va * scale;
                }

                // a0 b0 a2 b2, a1 b1 a3 b3 and the same of c and d; halves of them make rows.
                var abEven = Avx2.UnpackLow(va, vb);
                var abOdd = Avx2.UnpackHigh(va, vb);
                var cdEven = Avx2.UnpackLow(vc, vd);
                var cdOdd = Avx2.UnpackHigh(vc, vd);
                Add(totals, CodeSet.Code(code, 0), Avx2.Permute2x128(abEven, cdEven, 0x20));
                Add(totals1, CodeSet.Code(code, 1), Avx2.Permute2x128(abOdd, cdOdd, 0x20));
                Add(totals2, CodeSet.Code(code, 2), Avx2.Permute2x128(abEven, cdEven, 0x31));
                Add(totals3, CodeSet.Code(code, 3), Avx2.Permute2x128(abOdd, cdOdd, 0x31));
                a += 4 * aWidth;
                b += 4 * bWidth;
                c += 4 * cWidth;
                d += 4 * dWidth;
            }

            AddTail(code, end, a, b, c, d, aWidth, bWidth, cWidth, dWidth, firstMask, firstScale, otherMasks, totals, copyStride);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<ulong> Widen(byte* values, nint width, Vector256<byte> spread) =>
            Avx2.Shuffle(Vector256.Create(Vector128.Load(values), Vector128.Load(values + (2 * width))), spread).AsUInt64();
    }

    /// <summary>2 rows a step: a shuffle brings a value to its half of a register, where the other half is 0.</summary>
    private static void FourPortable<TCode>(TCode* codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, long* totals, int copyStride)
        where TCode : unmanaged
    {
        nint aWidth = columns.First.Width, bWidth = columns.Second.Width, cWidth = columns.Third.Width, dWidth = columns.Fourth.Width;
        var (a0, a1, b0, b1) = (HalfSpread[0][aWidth], HalfSpread[1][aWidth], HalfSpread[2][bWidth], HalfSpread[3][bWidth]);
        var (c0, c1, d0, d1) = (HalfSpread[0][cWidth], HalfSpread[1][cWidth], HalfSpread[2][dWidth], HalfSpread[3][dWidth]);
        var (aMask, scale) = (columns.First.Mask, columns.First.Scale);
        var (firstMask, firstScale, otherMasks) = (columns.First.Mask, columns.First.Scale, OtherMasks(columns));
        foreach (var range in ranges)
        {
            var code = codes + range.First;
            var end = code + range.Count;
            byte* a = StartOf(columns.First, range.First), b = StartOf(columns.Second, range.First);
            byte* c = StartOf(columns.Third, range.First), d = StartOf(columns.Fourth, range.First);
            long* even = totals, odd = totals + copyStride;
            var toOthers = 2 * copyStride;
            for (; code + 2 <= end; code += 2)
            {
                // No vector multiplies 64 bits everywhere, so a scaled value comes as a scalar.
                var (low, high) = scale == 1
                    ? (Vector128.ShuffleNative(Vector128.Load(a), a0), Vector128.ShuffleNative(Vector128.Load(a), a1))
                    : (Vector128.CreateScalar((*(ulong*)a & aMask) * scale).AsByte(), Vector128.CreateScalar((*(ulong*)(a + aWidth) & aMask) * scale).AsByte());
                var (vb, vc, vd) = (Vector128.Load(b), Vector128.Load(c), Vector128.Load(d));
                AddHalves(even, CodeSet.Code(code, 0), low | Vector128.ShuffleNative(vb, b0), Vector128.ShuffleNative(vc, c0) | Vector128.ShuffleNative(vd, d0));
                AddHalves(odd, CodeSet.Code(code, 1), high | Vector128.ShuffleNative(vb, b1), Vector128.ShuffleNative(vc, c1) | Vector128.ShuffleNative(vd, d1));
                even += toOthers;
                odd += toOthers;
                toOthers = -toOthers;
                a += 2 * aWidth;
                b += 2 * bWidth;
                c += 2 * cWidth;
                d += 2 * dWidth;
            }

            AddTail(code, end, a, b, c, d, aWidth, bWidth, cWidth, dWidth, firstMask, firstScale, otherMasks, totals, copyStride);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void AddHalves(long* totals, nuint group, Vector128<byte> ab, Vector128<byte> cd)
        {
            var at = (ulong*)totals + (group * GroupSum.Lanes);
            (Vector128.Load(at) + ab.AsUInt64()).Store(at);
            (Vector128.Load(at + 2) + cd.AsUInt64()).Store(at + 2);
        }
    }

    /// <summary>Row by row: rows that fill no step.</summary>
    /// <remarks>Masks and scale come from outside of the ranges' loop: to work them out for each row took twice the time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTail<TCode>(
        TCode* code, TCode* end, byte* a, byte* b, byte* c, byte* d, nint aWidth, nint bWidth, nint cWidth, nint dWidth, ulong firstMask, ulong firstScale, Vector256<ulong> otherMasks, long* totals, int copyStride)
        where TCode : unmanaged
    {
        for (var row = 0; code < end; code++, row++)
        {
            var values = Vector256.Create(
                Vector128.Create((*(ulong*)a & firstMask) * firstScale, *(ulong*)b), Vector128.Create(*(ulong*)c, *(ulong*)d));
            Add(totals + ((row & 3) * copyStride), CodeSet.Code(code, 0), values & otherMasks);
            a += aWidth;
            b += bWidth;
            c += cWidth;
            d += dWidth;
        }
    }

    // The first column has been cut before it was scaled. Inlined, as constants in registers would be spilled for a call,
    // and then be loaded from the stack in the loop: 1.2 ns a row instead of 0.8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> OtherMasks(in ColumnQuad columns) =>
        Vector256.Create(ulong.MaxValue, columns.Second.Mask, columns.Third.Mask, columns.Fourth.Mask);

    private static void FourAt<TCode>(TCode* codes, in ColumnQuad columns, int first, ReadOnlySpan<int> rows, long* totals, int copyStride)
        where TCode : unmanaged
    {
        if (HasScales(columns))
        {
            for (var i = 0; i < rows.Length; i++)
            {
                Add(totals, CodeSet.Code(codes, rows[i]), RowOf(columns, first + rows[i]));
            }

            return;
        }

        // Loads go straight to lanes of one register. Only cost has a scale, and its product is a scalar one.
        byte* a = StartOf(columns.First, first), b = StartOf(columns.Second, first), c = StartOf(columns.Third, first), d = StartOf(columns.Fourth, first);
        nint aWidth = columns.First.Width, bWidth = columns.Second.Width, cWidth = columns.Third.Width, dWidth = columns.Fourth.Width;
        var (aMask, scale) = (columns.First.Mask, columns.First.Scale);
        var sparse = Sse.IsSupported && rows.Length > 0 && rows[^1] - rows[0] > rows.Length * MinGap ? rows.Length - RowsAhead : 0;
        var masks = OtherMasks(columns);
        for (var i = 0; i < rows.Length; i++)
        {
            nint row = rows[i];
            if (i < sparse)
            {
                nint ahead = rows[i + RowsAhead];
                Sse.Prefetch0(a + (ahead * aWidth));
                Sse.Prefetch0(b + (ahead * bWidth));
                Sse.Prefetch0(c + (ahead * cWidth));
                Sse.Prefetch0(d + (ahead * dWidth));
                Sse.Prefetch0(codes + ahead);
            }

            var values = Vector256.Create(
                Vector128.Create((*(ulong*)(a + (row * aWidth)) & aMask) * scale, *(ulong*)(b + (row * bWidth))),
                Vector128.Create(*(ulong*)(c + (row * cWidth)), *(ulong*)(d + (row * dWidth))));
            Add(totals + ((i & 3) * copyStride), CodeSet.Code(codes, row), values & masks);
        }

        AddExceptionsAt(codes, columns.First, first, rows, totals);
        AddExceptionsAt(codes, columns.Second, first, rows, totals + 1);
        AddExceptionsAt(codes, columns.Third, first, rows, totals + 2);
        AddExceptionsAt(codes, columns.Fourth, first, rows, totals + 3);
    }

    /// <summary>What no chunk needs: scales of other columns than the first.</summary>
    private static void FourByRows<TCode>(TCode* codes, in ColumnQuad columns, ReadOnlySpan<RowRange> ranges, long* totals, int copyStride)
        where TCode : unmanaged
    {
        foreach (var range in ranges)
        {
            for (var row = range.First; row < range.First + range.Count; row++)
            {
                Add(totals + ((row & 3) * copyStride), CodeSet.Code(codes, row), RowOf(columns, row));
            }
        }
    }

    private static void AddExceptions<TCode>(TCode* codes, in NarrowColumn column, ReadOnlySpan<RowRange> ranges, long* totals)
        where TCode : unmanaged
    {
        if (column.ExceptionCount == 0 || ranges.IsEmpty)
        {
            return;
        }

        var rows = column.ExceptionRows;
        var additions = column.Additions;
        var next = column.FirstException(ranges[0].First);
        foreach (var range in ranges)
        {
            while (next < rows.Length && rows[next] < range.First)
            {
                next++;
            }

            for (; next < rows.Length && rows[next] < range.First + range.Count; next++)
            {
                totals[CodeSet.Code(codes, rows[next]) * GroupSum.Lanes] += (long)additions[next];
            }
        }
    }

    private static void AddExceptionsAt<TCode>(TCode* codes, in NarrowColumn column, int first, ReadOnlySpan<int> rows, long* totals)
        where TCode : unmanaged
    {
        if (column.ExceptionCount == 0 || rows.IsEmpty)
        {
            return;
        }

        var exceptions = column.ExceptionRows;
        for (var i = column.FirstException(first + rows[0]); i < exceptions.Length && exceptions[i] <= first + rows[^1]; i++)
        {
            var row = exceptions[i] - first;
            if (rows.BinarySearch(row) >= 0)
            {
                totals[CodeSet.Code(codes, row) * GroupSum.Lanes] += (long)column.Additions[i];
            }
        }
    }

    // What lies behind a short range is not wanted: then the line at hand is asked for again, which costs nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint AheadOf(RowRange range) => range.Count >= PrefetchBytes ? PrefetchBytes : 0;

    private static bool HasScales(in ColumnQuad columns) => columns.Second.Scale != 1 || columns.Third.Scale != 1 || columns.Fourth.Scale != 1;

    private static Vector256<ulong> RowOf(in ColumnQuad columns, int row) =>
        Vector256.Create(columns.First[row], columns.Second[row], columns.Third[row], columns.Fourth[row]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(long* totals, nuint group, Vector256<ulong> values)
    {
        var at = (ulong*)totals + (group * GroupSum.Lanes);
        (Vector256.Load(at) + values).Store(at);
    }

    private static Vector512<byte> SpreadOf(int width, int firstRow)
    {
        Span<byte> positions = stackalloc byte[Vector512<byte>.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = (byte)Math.Min(((firstRow + (i / sizeof(ulong))) * width) + (i % sizeof(ulong)), Vector512<byte>.Count - 1);
        }

        return Vector512.Create<byte>(positions);
    }

    private static Vector256<byte> PairSpreadOf(int width)
    {
        var pair = HalfSpreadOf(width, row: 0, half: 0) & HalfSpreadOf(width, row: 1, half: 1);
        return Vector256.Create(pair, pair);
    }

    private static Vector128<byte> HalfSpreadOf(int width, int row, int half)
    {
        Span<byte> positions = stackalloc byte[Vector128<byte>.Count];
        positions.Fill(byte.MaxValue);
        for (var i = 0; i < width; i++)
        {
            positions[(half * sizeof(ulong)) + i] = (byte)((row * width) + i);
        }

        return Vector128.Create<byte>(positions);
    }

    // A column of zeros has no memory: its loads find the codes, and its mask makes zeros of them.
    private static byte* StartOf(in NarrowColumn column, int first) => (byte*)column.Address + ((nint)first * column.Width);
}
