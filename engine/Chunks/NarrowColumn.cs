using System.Numerics;
using System.Runtime.CompilerServices;

namespace Analytics.Engine.Chunks;

/// <summary>One column of a chunk: non-negative integers of 0 to 8 bytes each, little-endian, back to back.</summary>
/// <remarks>
/// A value is the stored number times <see cref="Scale"/>. Width 0 means that all values are 0. Behind the last value lie at
/// least <see cref="PaddingBytes"/> bytes that may be read, so kernels load whole registers. The memory belongs to the
/// chunk, which is kept alive by whoever uses the column.
/// </remarks>
public readonly unsafe struct NarrowColumn
{
    /// <summary>Bytes behind the last value that may be read: two cache lines.</summary>
    public const int PaddingBytes = 128;

    internal NarrowColumn(nint address, int width, ulong scale, ulong max)
    {
        Address = address;
        Width = width;
        Scale = scale;
        Max = max;
    }

    /// <summary>Bytes of each value, 0 to 8.</summary>
    public int Width { get; }

    /// <summary>What stored numbers are multiplied by, 1 or more.</summary>
    public ulong Scale { get; }

    /// <summary>The largest value, or more.</summary>
    public ulong Max { get; }

    internal nint Address { get; }

    /// <summary>Zeros above the bytes of a value.</summary>
    internal ulong Mask => Width == 0 ? 0 : ulong.MaxValue >> (64 - (8 * Width));

    /// <summary>One value.</summary>
    /// <param name="row">0 to the chunk's rows - 1; not checked.</param>
    public ulong this[int row] => Width == 0 ? 0 : (Unsafe.ReadUnaligned<ulong>((byte*)Address + ((nint)row * Width)) & Mask) * Scale;

    /// <summary>Bytes that a number needs.</summary>
    /// <param name="max">The largest number of a column.</param>
    internal static int WidthOf(ulong max) => (64 - BitOperations.LeadingZeroCount(max) + 7) / 8;

    /// <summary>Copies consecutive values out.</summary>
    /// <typeparam name="T">An integer that is wide enough for <see cref="Max"/>.</typeparam>
    /// <param name="first">First row.</param>
    /// <param name="target">Filled completely.</param>
    public void CopyTo<T>(int first, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (Width == 0)
        {
            target.Clear();
            return;
        }

        var (mask, scale) = (Mask, Scale);
        var source = (byte*)Address + ((nint)first * Width);
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = T.CreateTruncating((Unsafe.ReadUnaligned<ulong>(source) & mask) * scale);
            source += Width;
        }
    }

    /// <summary>Copies the values of some rows out.</summary>
    /// <typeparam name="T">An integer that is wide enough for <see cref="Max"/>.</typeparam>
    /// <param name="first">Added to each position.</param>
    /// <param name="rows">Positions.</param>
    /// <param name="target">Room for as many values.</param>
    public void Take<T>(int first, ReadOnlySpan<int> rows, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (Width == 0)
        {
            target[..rows.Length].Clear();
            return;
        }

        var (mask, scale) = (Mask, Scale);
        var source = (byte*)Address + ((nint)first * Width);
        for (var i = 0; i < rows.Length; i++)
        {
            target[i] = T.CreateTruncating((Unsafe.ReadUnaligned<ulong>(source + ((nint)rows[i] * Width)) & mask) * scale);
        }
    }
}
