using System.Numerics;
using System.Runtime.InteropServices;

namespace Analytics.Storage.Parquet;

/// <summary>Single bits, from the lowest of the first byte on.</summary>
internal static class Bits
{
    /// <summary>Counts ones.</summary>
    /// <param name="source">At least <paramref name="count"/> bits.</param>
    /// <param name="count">Bits to look at.</param>
    public static int CountOnes(ReadOnlySpan<byte> source, int count)
    {
        var ones = 0;
        var words = MemoryMarshal.Cast<byte, ulong>(source[..(count / 8)]);
        foreach (var word in words)
        {
            ones += BitOperations.PopCount(word);
        }

        for (var i = words.Length * sizeof(ulong); i < count / 8; i++)
        {
            ones += BitOperations.PopCount(source[i]);
        }

        return count % 8 == 0 ? ones : ones + BitOperations.PopCount((uint)source[count / 8] & ((1u << (count % 8)) - 1));
    }

    /// <summary>One flag for each bit.</summary>
    /// <param name="source">At least as many bits as <paramref name="target"/> has flags.</param>
    /// <param name="target">Filled completely.</param>
    public static void Unpack(ReadOnlySpan<byte> source, Span<bool> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (source[i >> 3] & (1 << (i & 7))) != 0;
        }
    }

    /// <summary>One flag for each bit, of bits that begin with the highest of the first byte: the old encoding BIT_PACKED.</summary>
    /// <param name="source">At least as many bits as <paramref name="target"/> has flags.</param>
    /// <param name="target">Filled completely.</param>
    public static void UnpackHighestFirst(ReadOnlySpan<byte> source, Span<bool> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (source[i >> 3] & (0x80 >> (i & 7))) != 0;
        }
    }
}
