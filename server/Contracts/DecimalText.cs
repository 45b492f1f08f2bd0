using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>Integers and exact decimals as ASCII: <see cref="PicoDollars.Format(Int128, Span{byte})"/> with eight digits at a time.</summary>
/// <remarks>
/// Eight digits come from one register without a loop or a branch: a number is split into two halves of four digits, these
/// into quarters of two, and these into digits, all at once. Zeros at either end are found by counting zero bits, as they
/// are zero bytes until '0' is added.
/// </remarks>
internal static class DecimalText
{
    /// <summary>Bytes that a number needs at most.</summary>
    public const int MaxLength = PicoDollars.MaxFormatLength;

    /// <summary>Bytes that an integer needs at most: Int128's smallest, with its sign.</summary>
    public const int MaxIntegerLength = 40;

    private const ulong PerDollar = PicoDollars.PerDollar;
    private const int BlockDigits = 8;
    private const uint BlockEnd = 100_000_000;
    private const uint Rest = 10_000; // of a dollar's twelve decimals behind the first eight
    private const ulong Zeros = 0x3030_3030_3030_3030;

    private static ReadOnlySpan<byte> Pairs =>
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"u8;

    /// <summary>Writes a number of 1e-12 parts as the shortest exact decimal.</summary>
    /// <param name="pico">The number times 1e12, of either sign.</param>
    /// <param name="target">Room for <see cref="MaxLength"/> bytes, all of which may be written.</param>
    /// <returns>Bytes of the number.</returns>
    public static int Write(Int128 pico, Span<byte> target) =>
        (Int128)(ulong)pico == pico ? Write((ulong)pico, target) : PicoDollars.Format(pico, target);

    /// <summary>The same of a number that has no sign and 64 bits.</summary>
    public static int Write(ulong pico, Span<byte> target)
    {
        var whole = pico / PerDollar;
        var length = Integer(whole, target);
        var decimals = pico - (whole * PerDollar);
        if (decimals == 0)
        {
            return length;
        }

        target[length++] = (byte)'.';
        var first = (uint)(decimals / Rest);
        var last = (uint)decimals - (first * Rest); // modulo 2^32, as both are
        var digits = Block(first);
        WriteBlock(digits, target[length..]);
        if (last != 0)
        {
            length += BlockDigits;
            digits = Block(last * Rest);
            WriteBlock(digits, target[length..]);
        }

        // Later digits are in higher bytes, so zeros at the end are zero bits at the top.
        return length + BlockDigits - (BitOperations.LeadingZeroCount(digits) / 8);
    }

    /// <summary>Writes an integer of any size.</summary>
    /// <param name="value">The integer.</param>
    /// <param name="target">Room for <see cref="MaxIntegerLength"/> bytes, all of which may be written.</param>
    /// <returns>Bytes of the integer.</returns>
    public static int Integer(Int128 value, Span<byte> target)
    {
        if ((Int128)(ulong)value == value)
        {
            return Integer((ulong)value, target);
        }

        var isWritten = value.TryFormat(target, out var written, default, CultureInfo.InvariantCulture);
        Debug.Assert(isWritten, "40 bytes hold every 128-bit integer.");
        return written;
    }

    /// <summary>The same of an integer that has no sign and 64 bits.</summary>
    public static int Integer(ulong value, Span<byte> target)
    {
        if (value < BlockEnd)
        {
            return First((uint)value, target);
        }

        var (upper, lower) = Math.DivRem(value, BlockEnd);
        var length = Integer(upper, target);
        WriteBlock(Block((uint)lower), target[length..]);
        return length + BlockDigits;
    }

    /// <summary>Writes a number with a leading zero where it needs one.</summary>
    /// <param name="value">0 to 99.</param>
    /// <param name="target">Room for 2 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwoDigits(int value, Span<byte> target) =>
        MemoryMarshal.Write(target, MemoryMarshal.Read<ushort>(Pairs.Slice(value * 2, 2)));

    /// <summary>Writes up to eight digits without zeros before them.</summary>
    private static int First(uint value, Span<byte> target)
    {
        var digits = Block(value);
        var zeros = Math.Min(BitOperations.TrailingZeroCount(digits) / 8, BlockDigits - 1);
        WriteBlock(digits >> (zeros * 8), target);
        return BlockDigits - zeros;
    }

    /// <summary>Eight digits as the values of eight bytes, the first in the lowest.</summary>
    /// <param name="value">Below 100,000,000.</param>
    private static ulong Block(uint value)
    {
        // Multiplications by rounded reciprocals: exact for four digits and two.
        var half = value / 10_000;
        var halves = half | ((ulong)(value - (half * 10_000)) << 32);
        var hundreds = ((halves * 10_486) >> 20) & 0x0000_007F_0000_007F;
        var quarters = hundreds | ((halves - (hundreds * 100)) << 16);
        var tens = ((quarters * 103) >> 10) & 0x000F_000F_000F_000F;
        return tens | ((quarters - (tens * 10)) << 8);
    }

    private static void WriteBlock(ulong digits, Span<byte> target) => BinaryPrimitives.WriteUInt64LittleEndian(target, digits + Zeros);
}
