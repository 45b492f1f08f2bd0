using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Analytics.Engine.Usage;

/// <summary>Money between text and the integer that is stored: pico-US-dollars, 1e-12 USD.</summary>
/// <remarks>
/// Pico, because list prices such as $0.0375 per million tokens are then whole numbers per token; see
/// docs/decisions/0002. Text never passes through a floating-point number.
/// </remarks>
public static class PicoDollars
{
    /// <summary>Decimals of a dollar.</summary>
    public const int Decimals = 12;

    /// <summary>Pico-dollars in one dollar.</summary>
    public const long PerDollar = 1_000_000_000_000;

    private const int MaxTextLength = 1_000;

    /// <summary>Reads dollars from decimal text such as <c>0.0375</c>, <c>12</c> or <c>1.5e-7</c>.</summary>
    /// <param name="text">ASCII: digits with at most one point, optionally an exponent. No sign, spaces or separators, at most 1,000 characters.</param>
    /// <param name="pico">Pico-dollars, 0 or more, rounded half to even where the text has more than 12 decimals.</param>
    /// <param name="isRounded">Whether rounding changed the value.</param>
    /// <returns>What became of it.</returns>
    public static PicoDollarsResult TryParse(ReadOnlySpan<byte> text, out long pico, out bool isRounded) => TryParse(text, Decimals, out pico, out isRounded);

    /// <summary>Reads a decimal number of another scale, such as a quantity, by the same rules.</summary>
    /// <param name="text">As for money.</param>
    /// <param name="decimals">Decimals that are kept, 0 to 18.</param>
    /// <param name="pico">The number times 10 to the power of <paramref name="decimals"/>.</param>
    /// <param name="isRounded">Whether rounding changed the value.</param>
    /// <returns>What became of it.</returns>
    public static PicoDollarsResult TryParse(ReadOnlySpan<byte> text, int decimals, out long pico, out bool isRounded)
    {
        (pico, isRounded) = (0, false);
        if (text.Length > MaxTextLength || !TrySplit(text, out var digits, out var exponent))
        {
            return PicoDollarsResult.NotANumber;
        }

        if (digits.IsZero)
        {
            return PicoDollarsResult.Ok;
        }

        // value = digits * 10^exponent dollars = digits * 10^shift pico-dollars.
        var shift = exponent + decimals;
        if (shift > 20)
        {
            return PicoDollarsResult.TooLarge;
        }

        BigInteger exact;
        if (shift >= 0)
        {
            exact = digits * BigInteger.Pow(10, (int)shift);
        }
        else if (shift < -(MaxTextLength + 20))
        {
            (exact, isRounded) = (0, true);
        }
        else
        {
            var divisor = BigInteger.Pow(10, (int)-shift);
            exact = BigInteger.DivRem(digits, divisor, out var remainder);
            isRounded = !remainder.IsZero;
            var half = (remainder * 2).CompareTo(divisor);
            if (half > 0 || (half == 0 && !exact.IsEven))
            {
                exact++;
            }
        }

        if (exact > long.MaxValue)
        {
            return PicoDollarsResult.TooLarge;
        }

        pico = (long)exact;
        return PicoDollarsResult.Ok;
    }

    /// <summary>Bytes that <see cref="Format(Int128, Span{byte})"/> needs at most: a sign, 27 digits, a point and 12 digits.</summary>
    public const int MaxFormatLength = 41;

    /// <summary>Writes dollars as the shortest exact decimal text: at most 12 decimals, trailing zeros dropped.</summary>
    /// <param name="pico">Pico-dollars, of either sign.</param>
    public static string Format(Int128 pico)
    {
        Span<byte> text = stackalloc byte[MaxFormatLength];
        return Encoding.ASCII.GetString(text[..Format(pico, text)]);
    }

    /// <summary>The same into a buffer.</summary>
    /// <param name="pico">Pico-dollars, of either sign.</param>
    /// <param name="target">Room for <see cref="MaxFormatLength"/> ASCII characters.</param>
    /// <returns>Characters written.</returns>
    public static int Format(Int128 pico, Span<byte> target)
    {
        var length = 0;
        if (pico < 0)
        {
            target[length++] = (byte)'-';
        }

        var magnitude = (UInt128)(pico < 0 ? -pico : pico);

        // Nearly all amounts fit in 64 bits, where division is fast.
        var (dollars, rest) = magnitude <= ulong.MaxValue
            ? ((UInt128)((ulong)magnitude / (ulong)PerDollar), (ulong)magnitude % (ulong)PerDollar)
            : (magnitude / (UInt128)PerDollar, (ulong)(magnitude % (UInt128)PerDollar));
        var isWritten = dollars <= ulong.MaxValue
            ? ((ulong)dollars).TryFormat(target[length..], out var digits, default, CultureInfo.InvariantCulture)
            : dollars.TryFormat(target[length..], out digits, default, CultureInfo.InvariantCulture);
        Debug.Assert(isWritten, "The buffer holds 27 digits.");
        length += digits;
        if (rest == 0)
        {
            return length;
        }

        target[length++] = (byte)'.';
        for (var i = Decimals - 1; i >= 0; i--)
        {
            target[length + i] = (byte)('0' + (rest % 10));
            rest /= 10;
        }

        length += Decimals;
        while (target[length - 1] == '0')
        {
            length--;
        }

        return length;
    }

    private static bool TrySplit(ReadOnlySpan<byte> text, out BigInteger digits, out long exponent)
    {
        (digits, exponent) = (default, 0);
        var mantissa = text;
        var e = text.IndexOfAny((byte)'e', (byte)'E');
        if (e >= 0)
        {
            mantissa = text[..e];
            if (!TryExponent(text[(e + 1)..], out exponent))
            {
                return false;
            }
        }

        Span<char> all = stackalloc char[mantissa.Length];
        var count = 0;
        var point = -1;
        foreach (var character in mantissa)
        {
            if (character is >= (byte)'0' and <= (byte)'9')
            {
                all[count++] = (char)character;
            }
            else if (character == '.' && point < 0)
            {
                point = count;
            }
            else
            {
                return false;
            }
        }

        // As in JSON, a point has digits on both sides.
        if (count == 0 || point == 0 || point == count)
        {
            return false;
        }

        exponent -= point < 0 ? 0 : count - point;
        digits = BigInteger.Parse(all[..count], NumberStyles.None, CultureInfo.InvariantCulture);
        return true;
    }

    private static bool TryExponent(ReadOnlySpan<byte> text, out long exponent)
    {
        exponent = 0;
        var isNegative = !text.IsEmpty && text[0] == '-';
        var digits = !text.IsEmpty && text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        if (digits.IsEmpty)
        {
            return false;
        }

        foreach (var character in digits)
        {
            if (character is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            exponent = Math.Min((exponent * 10) + (character - '0'), 1_000_000);
        }

        exponent = isNegative ? -exponent : exponent;
        return true;
    }
}

/// <summary>What reading an amount of money came to.</summary>
public enum PicoDollarsResult
{
    /// <summary>Read, perhaps rounded.</summary>
    Ok,

    /// <summary>The text is not a decimal number of 0 or more.</summary>
    NotANumber,

    /// <summary>The amount does not fit in 64 bits of pico-dollars: it is above $9,223,372.036854775807.</summary>
    TooLarge,
}
