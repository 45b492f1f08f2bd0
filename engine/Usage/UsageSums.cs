using System.Runtime.CompilerServices;

namespace Analytics.Engine.Usage;

/// <summary>One exact sum for each measure, in the measure's own unit. 128 bits, so no sum of usage overflows.</summary>
public struct UsageSums : IEquatable<UsageSums>
{
    private Values values;

    /// <summary>The sum of one measure.</summary>
    /// <param name="measure">Any measure.</param>
    public Int128 this[Measure measure]
    {
        readonly get => values[(int)measure];
        set => values[(int)measure] = value;
    }

    /// <summary>Input plus output tokens.</summary>
    public readonly Int128 TotalTokens => checked(this[Measure.InputTokens] + this[Measure.OutputTokens]);

    /// <summary>Errors per request in millionths (0 to 1,000,000), rounded half to even; 0 where there are no requests.</summary>
    public readonly Int128 ErrorRateMillionths => Ratio.Millionths(this[Measure.ErrorCount], this[Measure.RequestCount]);

    /// <summary>Whether every sum is 0.</summary>
    public readonly bool IsZero => Equals(default);

    /// <summary>Adds measure by measure.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <exception cref="OverflowException">A sum passes 128 bits.</exception>
    public static UsageSums operator +(UsageSums left, UsageSums right)
    {
        for (var i = 0; i < Measures.Count; i++)
        {
            left.values[i] = checked(left.values[i] + right.values[i]);
        }

        return left;
    }

    /// <summary>The same as the operator.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static UsageSums Add(UsageSums left, UsageSums right) => left + right;

    /// <summary>Equality of all sums.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(UsageSums left, UsageSums right) => left.Equals(right);

    /// <summary>Inequality of any sum.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(UsageSums left, UsageSums right) => !left.Equals(right);

    /// <inheritdoc/>
    public readonly bool Equals(UsageSums other) => ((ReadOnlySpan<Int128>)values).SequenceEqual(other.values);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is UsageSums other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(values[0], values[(int)Measure.InputTokens], values[(int)Measure.Cost]);

    /// <inheritdoc/>
    public override readonly string ToString()
    {
        var sums = this;
        return string.Join(", ", Measures.All.Select(measure => $"{measure.ColumnName()}={sums[measure]}"));
    }

    [InlineArray(Measures.Count)]
    private struct Values
    {
        private Int128 first;
    }
}

/// <summary>Exact ratios of integers, for shares and rates.</summary>
public static class Ratio
{
    // A million times this has 64 bits.
    private const ulong MaxShortPart = ulong.MaxValue / 1_000_000;

    /// <summary>part / whole in millionths, rounded half to even.</summary>
    /// <param name="part">0 or more, at most 1e32.</param>
    /// <param name="whole">0 or more.</param>
    /// <returns>The ratio times 1,000,000; 0 where <paramref name="whole"/> is 0.</returns>
    /// <exception cref="OverflowException"><paramref name="part"/> is larger than 1e32.</exception>
    public static Int128 Millionths(Int128 part, Int128 whole)
    {
        if (whole == 0)
        {
            return 0;
        }

        if (part >= 0 && part <= MaxShortPart && whole > 0 && whole <= long.MaxValue)
        {
            return Millionths((ulong)part, (ulong)whole);
        }

        var (quotient, remainder) = Int128.DivRem(checked(part * 1_000_000), whole);
        var twice = (UInt128)remainder * 2;
        var roundUp = twice > (UInt128)whole || (twice == (UInt128)whole && Int128.IsOddInteger(quotient));
        return roundUp ? quotient + 1 : quotient;
    }

    // No instruction divides 128 bits by 128, and every bucket of an answer has a rate.
    private static ulong Millionths(ulong part, ulong whole)
    {
        var (quotient, remainder) = Math.DivRem(part * 1_000_000, whole);
        var twice = remainder * 2;
        return quotient + (twice > whole || (twice == whole && ulong.IsOddInteger(quotient)) ? 1ul : 0);
    }
}
