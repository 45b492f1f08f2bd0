using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Analytics.Storage.Compression;

/// <summary>
/// Copies of mostly short runs of bytes. The caller has checked that both sides lie in memory of its own; the wide ones
/// read and write up to <see cref="Slack"/> bytes beyond what was asked for, because a loop over whole vectors costs
/// less than one that ends exactly.
/// </summary>
internal static unsafe class Copies
{
    /// <summary>Bytes behind both sides that a wide copy may touch.</summary>
    public const int Slack = 32;

    /// <summary>For each distance below a word, the first multiple that a word fits into.</summary>
    private static ReadOnlySpan<byte> WholeWords => [0, 8, 8, 9, 8, 10, 12, 14];

    /// <summary>Copies <paramref name="count"/> bytes, or a few more; the sides are 16 bytes apart or more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wide(byte* source, byte* target, nint count)
    {
        do
        {
            Vector128.Store(Vector128.Load(source), target);
            source += Vector128<byte>.Count;
            target += Vector128<byte>.Count;
            count -= Vector128<byte>.Count;
        }
        while (count > 0);
    }

    /// <summary>
    /// Copies <paramref name="count"/> bytes, or a few more, from <paramref name="offset"/> bytes before. Where the copy
    /// reads what it writes, the bytes before repeat.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WideBack(byte* target, nint offset, nint count)
    {
        if (offset >= Vector128<byte>.Count)
        {
            Wide(target - offset, target, count);
        }
        else
        {
            WideRepeat(target, offset, count);
        }
    }

    /// <summary>As <see cref="WideBack"/>, but writes nothing from <paramref name="end"/> on.</summary>
    public static void Back(byte* target, nint offset, nint count, byte* end)
    {
        var wide = Math.Min(count, (nint)(end - target) - Slack);
        if (wide > 0)
        {
            WideBack(target, offset, wide);
        }

        for (var i = Math.Max(wide, 0); i < count; i++)
        {
            target[i] = target[i - offset];
        }
    }

    private static void WideRepeat(byte* target, nint offset, nint count)
    {
        var source = target - offset;
        if (offset == 1)
        {
            new Span<byte>(target, (int)count).Fill(*source);
            return;
        }

        if (offset < sizeof(ulong))
        {
            for (var i = 0; i < sizeof(ulong); i++)
            {
                target[i] = source[i];
            }

            // What repeats at a distance repeats at each multiple of it.
            target += sizeof(ulong);
            source = target - WholeWords[(int)offset];
            count -= sizeof(ulong);
        }

        for (; count > 0; count -= sizeof(ulong))
        {
            Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<ulong>(source));
            source += sizeof(ulong);
            target += sizeof(ulong);
        }
    }
}
