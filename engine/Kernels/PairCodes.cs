using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Analytics.Engine.Chunks;

namespace Analytics.Engine.Kernels;

/// <summary>Makes one code of two, for groupings by two dimensions.</summary>
internal static unsafe class PairCodes
{
    /// <summary>Writes the code of each row's pair: <c>left * rightCount + right</c>.</summary>
    /// <param name="left">Codes of 1, 2 or 4 bytes.</param>
    /// <param name="right">Codes of the same chunk, each below <paramref name="rightCount"/>.</param>
    /// <param name="rightCount">Codes on the right.</param>
    /// <param name="first">First row.</param>
    /// <param name="target">Filled completely, from the first row on.</param>
    /// <exception cref="ArgumentException">A pair may have a code above 2^31 - 1, or the same code as another pair.</exception>
    public static void Write(NarrowColumn left, NarrowColumn right, int rightCount, int first, Span<int> target)
    {
        if (rightCount <= 0 || right.Max >= (ulong)rightCount || ((UInt128)left.Max * (uint)rightCount) + right.Max > int.MaxValue)
        {
            throw new ArgumentException($"Found codes up to {left.Max} and {right.Max} with {rightCount} codes on the right; pairs must be distinct and fit in 31 bits.", nameof(rightCount));
        }

        var source = (byte*)left.Address + ((nint)first * left.Width);
        switch (left.Width)
        {
            case 1:
                Write(source, right, rightCount, first, target);
                break;
            case 2:
                Write((ushort*)source, right, rightCount, first, target);
                break;
            default:
                Write((uint*)source, right, rightCount, first, target);
                break;
        }
    }

    private static void Write<TLeft>(TLeft* left, NarrowColumn right, int rightCount, int first, Span<int> target)
        where TLeft : unmanaged
    {
        var source = (byte*)right.Address + ((nint)first * right.Width);
        switch (right.Width)
        {
            case 1:
                Write(left, source, rightCount, target);
                break;
            case 2:
                Write(left, (ushort*)source, rightCount, target);
                break;
            default:
                Write(left, (uint*)source, rightCount, target);
                break;
        }
    }

    private static void Write<TLeft, TRight>(TLeft* left, TRight* right, int rightCount, Span<int> target)
        where TLeft : unmanaged
        where TRight : unmanaged
    {
        ref var start = ref MemoryMarshal.GetReference(target);
        var counts = Vector256.Create((uint)rightCount);
        var row = 0;
        for (; row + Vector256<int>.Count <= target.Length; row += Vector256<int>.Count)
        {
            ((Widen(left + row) * counts) + Widen(right + row)).AsInt32().StoreUnsafe(ref start, (nuint)row);
        }

        for (; row < target.Length; row++)
        {
            target[row] = ((int)CodeSet.Code(left, row) * rightCount) + (int)CodeSet.Code(right, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Widen<TCode>(TCode* codes)
        where TCode : unmanaged
    {
        if (sizeof(TCode) == 4)
        {
            return Vector256.Load((uint*)codes);
        }

        var words = sizeof(TCode) == 2 ? Vector128.Load((ushort*)codes) : Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)codes).AsByte());
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }
}
