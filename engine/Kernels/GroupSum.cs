using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Analytics.Engine.Kernels;

/// <summary>Adds up columns by group.</summary>
public static class GroupSum
{
    /// <summary>What <see cref="Four"/> and its paths have in common.</summary>
    internal delegate void FourColumns(
        ReadOnlySpan<int> groups,
        ReadOnlySpan<long> first,
        ReadOnlySpan<long> second,
        ReadOnlySpan<long> third,
        ReadOnlySpan<long> fourth,
        Span<long> totals,
        int copyStride);

    /// <summary>Values of one group in the totals of <see cref="Four"/>.</summary>
    public const int Lanes = 4;

    /// <summary>
    /// Adds each row's values of four columns to the four totals of the row's group: one 256-bit addition a row, where
    /// column by column would be four dependent loads and stores.
    /// </summary>
    /// <param name="groups">n group numbers g; <c>4 g + 3 + 3 copyStride</c> is inside of <paramref name="totals"/>.</param>
    /// <param name="first">n values in the column's own unit. Measure columns hold no nulls.</param>
    /// <param name="second">n values.</param>
    /// <param name="third">n values.</param>
    /// <param name="fourth">n values.</param>
    /// <param name="totals">
    /// Added to: the four sums of group g are at <c>4 g</c>. The caller has proven that no total passes 64 bits.
    /// </param>
    /// <param name="copyStride">
    /// 0, or the distance between four copies of the totals which consecutive rows take in turn; their sum is the
    /// answer. Rows come in runs of one group, and without copies each addition would wait for the one before it.
    /// </param>
    /// <exception cref="ArgumentException">A length does not fit, or a group lies outside of the totals.</exception>
    public static void Four(
        ReadOnlySpan<int> groups,
        ReadOnlySpan<long> first,
        ReadOnlySpan<long> second,
        ReadOnlySpan<long> third,
        ReadOnlySpan<long> fourth,
        Span<long> totals,
        int copyStride = 0)
    {
        Check(groups, first, second, third, fourth, totals, copyStride);
        if (Avx2.IsSupported)
        {
            FourAvx2(groups, first, second, third, fourth, totals, copyStride);
        }
        else
        {
            FourPortable(groups, first, second, third, fourth, totals, copyStride);
        }
    }

    /// <summary>Adds each value to its group's total, exact beyond 64 bits.</summary>
    /// <param name="values">n values in the column's own unit, 0 or more. Measure columns hold no nulls.</param>
    /// <param name="groups">n group numbers, each below the length of <paramref name="totals"/>.</param>
    /// <param name="totals">Added to. 2^31 rows of 2^63 stay far below 2^127.</param>
    public static void Int64(ReadOnlySpan<long> values, ReadOnlySpan<int> groups, Span<Int128> totals)
    {
        Debug.Assert(values.Length == groups.Length, "One group for each value.");
        for (var i = 0; i < values.Length; i++)
        {
            totals[groups[i]] += values[i];
        }
    }

    /// <summary><see cref="Four"/> with AVX2: four rows of four columns are loaded, transposed, and added row by row.</summary>
    internal static void FourAvx2(
        ReadOnlySpan<int> groups,
        ReadOnlySpan<long> first,
        ReadOnlySpan<long> second,
        ReadOnlySpan<long> third,
        ReadOnlySpan<long> fourth,
        Span<long> totals,
        int copyStride)
    {
        // Lengths and groups were checked, so references replace bounds checks in the loop.
        ref var code = ref MemoryMarshal.GetReference(groups);
        ref var a = ref MemoryMarshal.GetReference(first);
        ref var b = ref MemoryMarshal.GetReference(second);
        ref var c = ref MemoryMarshal.GetReference(third);
        ref var d = ref MemoryMarshal.GetReference(fourth);
        ref var total = ref MemoryMarshal.GetReference(totals);
        nuint row = 0;
        for (; row + 4 <= (nuint)groups.Length; row += 4)
        {
            var va = Vector256.LoadUnsafe(ref a, row);
            var vb = Vector256.LoadUnsafe(ref b, row);
            var vc = Vector256.LoadUnsafe(ref c, row);
            var vd = Vector256.LoadUnsafe(ref d, row);

            // a0 b0 a2 b2, a1 b1 a3 b3 and the same of c and d; halves of them make rows.
            var abEven = Avx2.UnpackLow(va, vb);
            var abOdd = Avx2.UnpackHigh(va, vb);
            var cdEven = Avx2.UnpackLow(vc, vd);
            var cdOdd = Avx2.UnpackHigh(vc, vd);
            Add(ref total, Unsafe.Add(ref code, row), 0, Avx2.Permute2x128(abEven, cdEven, 0x20));
            Add(ref total, Unsafe.Add(ref code, row + 1), copyStride, Avx2.Permute2x128(abOdd, cdOdd, 0x20));
            Add(ref total, Unsafe.Add(ref code, row + 2), 2 * copyStride, Avx2.Permute2x128(abEven, cdEven, 0x31));
            Add(ref total, Unsafe.Add(ref code, row + 3), 3 * copyStride, Avx2.Permute2x128(abOdd, cdOdd, 0x31));
        }

        var rest = (int)row;
        FourPortable(groups[rest..], first[rest..], second[rest..], third[rest..], fourth[rest..], totals, copyStride);
    }

    /// <summary><see cref="Four"/> by what every machine has.</summary>
    internal static void FourPortable(
        ReadOnlySpan<int> groups,
        ReadOnlySpan<long> first,
        ReadOnlySpan<long> second,
        ReadOnlySpan<long> third,
        ReadOnlySpan<long> fourth,
        Span<long> totals,
        int copyStride)
    {
        ref var total = ref MemoryMarshal.GetReference(totals);
        for (var row = 0; row < groups.Length; row++)
        {
            Add(ref total, groups[row], (row & 3) * copyStride, Vector256.Create(first[row], second[row], third[row], fourth[row]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref long totals, int group, int copy, Vector256<long> values)
    {
        var at = (nuint)(uint)((group * Lanes) + copy);
        (Vector256.LoadUnsafe(ref totals, at) + values).StoreUnsafe(ref totals, at);
    }

    private static void Check(
        ReadOnlySpan<int> groups,
        ReadOnlySpan<long> first,
        ReadOnlySpan<long> second,
        ReadOnlySpan<long> third,
        ReadOnlySpan<long> fourth,
        Span<long> totals,
        int copyStride)
    {
        var length = groups.Length;
        if (first.Length != length || second.Length != length || third.Length != length || fourth.Length != length)
        {
            throw new ArgumentException($"Found columns of {first.Length}, {second.Length}, {third.Length} and {fourth.Length} values, expected {length}, one for each group number.");
        }

        // One pass over the codes in registers; without it a wrong code would write anywhere.
        var max = groups.IsEmpty ? -1 : (long)ColumnSum.Max(MemoryMarshal.Cast<int, uint>(groups));
        if ((((long)max + 1) * Lanes) + (3L * copyStride) > totals.Length)
        {
            throw new ArgumentException($"Found group {max} with totals of {totals.Length} values, expected {(((long)max + 1) * Lanes) + (3L * copyStride)} or more.", nameof(totals));
        }
    }
}
