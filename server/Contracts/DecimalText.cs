using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>Exact decimals as ASCII: <see cref="PicoDollars.Format(Int128, Span{byte})"/> with two digits at a time.</summary>
internal static class DecimalText
{
    /// <summary>Bytes that a number needs at most.</summary>
    public const int MaxLength = PicoDollars.MaxFormatLength;

    private const ulong PerDollar = PicoDollars.PerDollar;
    private const uint Half = 1_000_000; // PerDollar's square root: six decimals

    private static ReadOnlySpan<byte> Pairs =>
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"u8;

    /// <summary>Writes a number of 1e-12 parts as the shortest exact decimal.</summary>
    /// <param name="pico">The number times 1e12, of either sign.</param>
    /// <param name="target">Room for <see cref="MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Int128 pico, Span<byte> target)
    {
        if (pico < 0 || pico > ulong.MaxValue)
        {
            return PicoDollars.Format(pico, target);
        }

        var (whole, rest) = Math.DivRem((ulong)pico, PerDollar);
        _ = whole.TryFormat(target, out var length, default, CultureInfo.InvariantCulture);
        if (rest == 0)
        {
            return length;
        }

        target[length] = (byte)'.';
        var decimals = target.Slice(length + 1, PicoDollars.Decimals);
        var (high, low) = ((uint)(rest / Half), (uint)(rest % Half));
        SixDigits(high, decimals);
        var count = 6;
        if (low != 0)
        {
            SixDigits(low, decimals[6..]);
            count = 12;
        }

        while (decimals[count - 1] == '0')
        {
            count--;
        }

        return length + 1 + count;
    }

    /// <summary>Writes a number with a leading zero where it needs one.</summary>
    /// <param name="value">0 to 99.</param>
    /// <param name="target">Room for 2 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwoDigits(int value, Span<byte> target) =>
        MemoryMarshal.Write(target, MemoryMarshal.Read<ushort>(Pairs.Slice(value * 2, 2)));

    private static void SixDigits(uint value, Span<byte> target)
    {
        TwoDigits((int)(value / 10_000), target);
        TwoDigits((int)(value / 100 % 100), target[2..]);
        TwoDigits((int)(value % 100), target[4..]);
    }
}
