using System.Numerics;
using System.Runtime.InteropServices;

namespace Analytics.Engine.Arrow;

/// <summary>Which values of an array are there: one bit each, from the lowest of the first byte on, 1 for a value and 0 for a null.</summary>
public sealed class ValidityBitmap
{
    private readonly NativeBuffer bits;
    private readonly int offset;

    /// <summary>Takes over a bitmap.</summary>
    /// <param name="bits">At least (offset + length) bits.</param>
    /// <param name="offset">Bits before the first value's, 0 or more.</param>
    /// <param name="length">Values, 0 or more.</param>
    /// <exception cref="ArgumentException">The bitmap is too short.</exception>
    public ValidityBitmap(NativeBuffer bits, int offset, int length)
    {
        ArgumentNullException.ThrowIfNull(bits);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if ((long)offset + length > bits.LengthBytes * 8L)
        {
            throw new ArgumentException($"{bits.LengthBytes} bytes do not hold the bits {offset} to {(long)offset + length}.", nameof(bits));
        }

        this.bits = bits;
        this.offset = offset;
        Length = length;
        NullCount = length - CountOnes(bits.Span<byte>(), offset, length);
        GC.KeepAlive(bits);
    }

    /// <summary>Values.</summary>
    public int Length { get; }

    /// <summary>Values that are null.</summary>
    public int NullCount { get; }

    /// <summary>The block that the bits lie in.</summary>
    public NativeBuffer Buffer => bits;

    /// <summary>Bits before the first value's.</summary>
    public int BitOffset => offset;

    /// <summary>Whether a value is there.</summary>
    /// <param name="index">0 to <see cref="Length"/> - 1.</param>
    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
            var isValid = IsSet(bits.Span<byte>(), offset + index);
            GC.KeepAlive(this);
            return isValid;
        }
    }

    /// <summary>Packs one flag a value.</summary>
    /// <param name="isValid">True for a value, false for a null.</param>
    public static ValidityBitmap From(ReadOnlySpan<bool> isValid) =>
        new(Pack(isValid), 0, isValid.Length);

    /// <summary>The bits of some consecutive values, sharing this bitmap's memory.</summary>
    /// <param name="first">Position of the first, 0 or more.</param>
    /// <param name="count">How many, 0 or more.</param>
    public ValidityBitmap Slice(int first, int count) => new(bits, offset + first, count);

    internal static NativeBuffer Pack(ReadOnlySpan<bool> values) =>
        NativeBuffer.Create<byte, ReadOnlySpan<bool>>((values.Length + 7) / 8, values, static (target, flags) =>
        {
            target.Clear();
            for (var i = 0; i < flags.Length; i++)
            {
                target[i >> 3] |= (byte)(flags[i] ? 1 << (i & 7) : 0);
            }
        });

    /// <summary>Copies bits to another offset; zeros stand before and behind them.</summary>
    internal static NativeBuffer Copy(NativeBuffer bits, int offset, int length, int targetOffset)
    {
        var copy = NativeBuffer.Create<byte, ReadOnlySpan<byte>>((int)((targetOffset + (long)length + 7) / 8), bits.Span<byte>(), (target, source) =>
        {
            target.Clear();
            if ((offset & 7) == targetOffset && length > 0)
            {
                source.Slice(offset >> 3, target.Length).CopyTo(target);
                target[0] &= (byte)(0xFF << targetOffset);
                target[^1] &= (byte)(0xFF >> ((8 - ((targetOffset + length) & 7)) & 7));
                return;
            }

            for (var i = 0; i < length; i++)
            {
                target[(targetOffset + i) >> 3] |= (byte)(IsSet(source, offset + i) ? 1 << ((targetOffset + i) & 7) : 0);
            }
        });
        GC.KeepAlive(bits);
        return copy;
    }

    internal static bool IsSet(ReadOnlySpan<byte> bits, int index) => (bits[index >> 3] & (1 << (index & 7))) != 0;

    internal static int CountOnes(ReadOnlySpan<byte> bits, int offset, int length)
    {
        var ones = 0;
        var index = offset;
        var end = offset + length;
        for (; index < end && (index & 7) != 0; index++)
        {
            ones += IsSet(bits, index) ? 1 : 0;
        }

        var words = MemoryMarshal.Cast<byte, ulong>(bits[(index >> 3)..(end >> 3 < index >> 3 ? index >> 3 : end >> 3)]);
        foreach (var word in words)
        {
            ones += BitOperations.PopCount(word);
        }

        for (index += words.Length * 64; index < end; index++)
        {
            ones += IsSet(bits, index) ? 1 : 0;
        }

        return ones;
    }
}
