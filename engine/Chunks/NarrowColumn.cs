using System.Numerics;
using System.Runtime.CompilerServices;

namespace Analytics.Engine.Chunks;

/// <summary>One column of a chunk: non-negative integers of 0 to 8 bytes each, little-endian, back to back.</summary>
/// <remarks>
/// A value is the stored number times <see cref="Scale"/>, and for a few rows plus an addition of their own: exceptions,
/// so that some odd values don't make all others wide. Sums are linear, so kernels sum stored numbers and add the
/// exceptions afterwards; whoever reads values finds them whole. Width 0 means that all values are 0. Behind the last
/// value lie at least <see cref="PaddingBytes"/> bytes that may be read, so kernels load whole registers. The memory
/// belongs to the chunk, which is kept alive by whoever uses the column.
/// </remarks>
public readonly unsafe struct NarrowColumn
{
    /// <summary>Bytes behind the last value that may be read: two cache lines.</summary>
    public const int PaddingBytes = 128;

    private readonly nint exceptions;

    internal NarrowColumn(nint address, int width, ulong scale, ulong max)
        : this(address, width, scale, max, exceptions: 0, exceptionCount: 0)
    {
    }

    /// <summary>Makes a column with exceptions.</summary>
    /// <param name="address">The first value.</param>
    /// <param name="width">Bytes of a value; 1 or more, as a column of width 0 is skipped.</param>
    /// <param name="scale">What stored numbers are multiplied by.</param>
    /// <param name="max">The largest value, additions included.</param>
    /// <param name="exceptions">The additions, 8 bytes each, and behind them their rows, 2 bytes each, ascending.</param>
    /// <param name="exceptionCount">Exceptions.</param>
    internal NarrowColumn(nint address, int width, ulong scale, ulong max, nint exceptions, int exceptionCount)
    {
        this.exceptions = exceptions;
        ExceptionCount = exceptionCount;
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

    internal int ExceptionCount { get; }

    /// <summary>What is added to the values of some rows.</summary>
    internal ReadOnlySpan<ulong> Additions => new((void*)exceptions, ExceptionCount);

    /// <summary>The rows of <see cref="Additions"/>, ascending.</summary>
    internal ReadOnlySpan<ushort> ExceptionRows => new((ulong*)exceptions + ExceptionCount, ExceptionCount);

    /// <summary>One value.</summary>
    /// <param name="row">0 to the chunk's rows - 1; not checked.</param>
    public ulong this[int row]
    {
        get
        {
            var value = Width == 0 ? 0 : (Unsafe.ReadUnaligned<ulong>((byte*)Address + ((nint)row * Width)) & Mask) * Scale;
            if (ExceptionCount > 0)
            {
                var exception = FirstException(row);
                value += exception < ExceptionCount && ExceptionRows[exception] == row ? Additions[exception] : 0;
            }

            return value;
        }
    }

    /// <summary>Bytes that a number needs.</summary>
    /// <param name="max">The largest number of a column.</param>
    internal static int WidthOf(ulong max) => (64 - BitOperations.LeadingZeroCount(max) + 7) / 8;

    /// <summary>The first exception from a row on.</summary>
    /// <param name="row">0 or more.</param>
    internal int FirstException(int row)
    {
        var rows = ExceptionRows;
        var (low, high) = (0, rows.Length);
        while (low < high)
        {
            var middle = (int)((uint)(low + high) >> 1);
            (low, high) = rows[middle] < row ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

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

        for (var i = FirstException(first); i < ExceptionCount && ExceptionRows[i] < first + target.Length; i++)
        {
            target[ExceptionRows[i] - first] += T.CreateTruncating(Additions[i]);
        }
    }

    /// <summary>Copies the values of some rows out.</summary>
    /// <typeparam name="T">An integer that is wide enough for <see cref="Max"/>.</typeparam>
    /// <param name="first">Added to each position.</param>
    /// <param name="rows">Ascending positions.</param>
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

        if (ExceptionCount == 0 || rows.IsEmpty)
        {
            return;
        }

        for (var i = FirstException(first + rows[0]); i < ExceptionCount && ExceptionRows[i] <= first + rows[^1]; i++)
        {
            var position = rows.BinarySearch(ExceptionRows[i] - first);
            if (position >= 0)
            {
                target[position] += T.CreateTruncating(Additions[i]);
            }
        }
    }
}
