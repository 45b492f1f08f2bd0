using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Analytics.Engine.Chunks;

namespace Analytics.Engine.Kernels;

/// <summary>Which codes appear: a bitmap with bit c for code c.</summary>
internal static unsafe class CodeSet
{
    // Up to here a byte is stored for each row, which waits for nothing; a bit waits for the word that it is set in.
    private const int MaxBytes = 4_096;

    /// <summary>Words of a bitmap.</summary>
    /// <param name="max">The largest code.</param>
    public static int WordsOf(ulong max) => checked((int)(max / 64)) + 1;

    /// <summary>Marks the codes of consecutive rows.</summary>
    /// <param name="codes">Codes of 1, 2 or 4 bytes.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="bitmap">Added to; <see cref="WordsOf"/> words or more.</param>
    /// <exception cref="ArgumentException">The bitmap is too short for the column's largest code.</exception>
    public static void Mark(NarrowColumn codes, int first, int count, Span<ulong> bitmap)
    {
        Check(codes, bitmap.Length);
        var source = (byte*)codes.Address + ((nint)first * codes.Width);
        switch (codes.Width)
        {
            case 1:
                Mark(source, count, codes.Max, bitmap);
                break;
            case 2:
                Mark((ushort*)source, count, codes.Max, bitmap);
                break;
            default:
                Mark((uint*)source, count, codes.Max, bitmap);
                break;
        }
    }

    /// <summary>Marks the codes of some rows.</summary>
    /// <param name="codes">Codes of 1, 2 or 4 bytes.</param>
    /// <param name="first">Added to each position.</param>
    /// <param name="rows">Positions.</param>
    /// <param name="bitmap">Added to; <see cref="WordsOf"/> words or more.</param>
    /// <exception cref="ArgumentException">The bitmap is too short for the column's largest code.</exception>
    public static void MarkAt(NarrowColumn codes, int first, ReadOnlySpan<int> rows, Span<ulong> bitmap)
    {
        Check(codes, bitmap.Length);
        var source = (byte*)codes.Address + ((nint)first * codes.Width);
        switch (codes.Width)
        {
            case 1:
                MarkAt(source, rows, bitmap);
                break;
            case 2:
                MarkAt((ushort*)source, rows, bitmap);
                break;
            default:
                MarkAt((uint*)source, rows, bitmap);
                break;
        }
    }

    /// <summary>One code.</summary>
    /// <typeparam name="TCode">byte, ushort, uint or int.</typeparam>
    /// <param name="codes">Codes.</param>
    /// <param name="row">Position; not checked.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Code<TCode>(TCode* codes, nint row)
        where TCode : unmanaged =>
        sizeof(TCode) == 1 ? ((byte*)codes)[row] : sizeof(TCode) == 2 ? ((ushort*)codes)[row] : ((uint*)codes)[row];

    [SkipLocalsInit]
    private static void Mark<TCode>(TCode* codes, int count, ulong max, Span<ulong> bitmap)
        where TCode : unmanaged
    {
        ref var word = ref MemoryMarshal.GetReference(bitmap);
        if (max >= MaxBytes || (int)max > 16 * count)
        {
            for (var row = 0; row < count; row++)
            {
                var code = Code(codes, row);
                Unsafe.Add(ref word, code >> 6) |= 1ul << (int)(code & 63);
            }

            return;
        }

        var seen = stackalloc byte[MaxBytes];
        var words = WordsOf(max);
        new Span<byte>(seen, 64 * words).Clear();
        for (var row = 0; row < count; row++)
        {
            seen[Code(codes, row)] = 1;
        }

        for (var i = 0; i < words; i++)
        {
            Unsafe.Add(ref word, i) |= ~Vector512.Equals(Vector512.Load(seen + (64 * i)), Vector512<byte>.Zero).ExtractMostSignificantBits();
        }
    }

    private static void MarkAt<TCode>(TCode* codes, ReadOnlySpan<int> rows, Span<ulong> bitmap)
        where TCode : unmanaged
    {
        ref var word = ref MemoryMarshal.GetReference(bitmap);
        foreach (var row in rows)
        {
            var code = Code(codes, row);
            Unsafe.Add(ref word, code >> 6) |= 1ul << (int)(code & 63);
        }
    }

    private static void Check(NarrowColumn codes, int words)
    {
        if (words < WordsOf(codes.Max) || codes.Width is not (1 or 2 or 4))
        {
            throw new ArgumentException($"Found {words} words for codes of {codes.Width} bytes up to {codes.Max}, expected {WordsOf(codes.Max)} and 1, 2 or 4 bytes.", nameof(words));
        }
    }
}
