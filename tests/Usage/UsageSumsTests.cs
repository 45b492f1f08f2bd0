using System.Numerics;
using Analytics.Engine.Usage;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Usage;

public class UsageSumsTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(5, 0, 0)]
    [InlineData(0, 5, 0)]
    [InlineData(1, 3, 333_333)]
    [InlineData(2, 3, 666_667)]
    [InlineData(1, 1, 1_000_000)]
    [InlineData(3, 2, 1_500_000)]
    [InlineData(1, 2_000_000, 0)] // 0.5: to the even 0
    [InlineData(3, 2_000_000, 2)] // 1.5: to the even 2
    [InlineData(5, 2_000_000, 2)] // 2.5: to the even 2
    [InlineData(1, 2_000_001, 0)]
    [InlineData(1, 1_999_999, 1)]
    public void Millionths_Ratio_RoundsHalfToEven(long part, long whole, long expected) => Assert.Equal(expected, Ratio.Millionths(part, whole));

    [Fact]
    public void Millionths_AnyRatio_EqualsRationalArithmetic() => Sampled.Check(500, (random, _) =>
    {
        var whole = Wide(random) + 1;
        var part = Wide(random) % (Int128)BigInteger.Pow(10, 32);
        var exact = BigInteger.DivRem((BigInteger)part * 1_000_000, (BigInteger)whole, out var rest);
        var half = (rest * 2).CompareTo((BigInteger)whole);

        Assert.Equal((Int128)(half > 0 || (half == 0 && !exact.IsEven) ? exact + 1 : exact), Ratio.Millionths(part, whole));
    });

    [Fact]
    public void Millionths_PartTooLarge_Throws()
    {
        Assert.Equal(1_000_000, Ratio.Millionths((Int128)1e32, (Int128)1e32));
        Assert.Equal(0, Ratio.Millionths(1, Int128.MaxValue));
        Assert.Throws<OverflowException>(() => Ratio.Millionths(Int128.MaxValue / 1_000, 1));
    }

    [Fact]
    public void Add_AllMeasures_AddsEach()
    {
        var (left, right) = (Sums(measure => (int)measure + 1), Sums(measure => 100 * (int)measure));

        var sum = left + right;

        Assert.All(Measures.All, measure => Assert.Equal((101 * (int)measure) + 1, sum[measure]));
        Assert.Equal(sum, UsageSums.Add(right, left));
        Assert.Equal(1, left[Measure.RequestCount]); // a value: the operands stay as they were
    }

    [Fact]
    public void Add_BeyondOneHundredTwentyEightBits_Throws()
    {
        var max = Sums(_ => Int128.MaxValue);

        Assert.Throws<OverflowException>(() => max + max);
        Assert.Throws<OverflowException>(() => max.TotalTokens);
    }

    [Fact]
    public void Equals_OneMeasureDiffers_IsNotEqual() => Assert.All(Measures.All, measure =>
    {
        UsageSums sums = default;
        Assert.True(sums.IsZero);
        sums[measure] = (Int128)1 << 64; // equal in the lower half
        Assert.False(sums.IsZero);
        Assert.True(sums != default && !sums.Equals((object)default(UsageSums)));
        Assert.True(sums == default(UsageSums) + sums && sums.GetHashCode() == (default(UsageSums) + sums).GetHashCode());
    });

    [Fact]
    public void DerivedSums_TokensAndErrors_ComeFromTheirParts()
    {
        var sums = Sums(measure => measure switch
        {
            Measure.RequestCount => 3,
            Measure.ErrorCount => 1,
            Measure.ClientErrorCount => 2, // not the gateway's errors
            Measure.InputTokens => long.MaxValue,
            Measure.OutputTokens => 1,
            _ => 9,
        });

        Assert.Equal(333_333, sums.ErrorRateMillionths);
        Assert.Equal((Int128)long.MaxValue + 1, sums.TotalTokens);
        Assert.Equal(0, default(UsageSums).ErrorRateMillionths);
        Assert.StartsWith("request_count=3, error_count=1, client_error_count=2, ", sums.ToString(), StringComparison.Ordinal);
    }

    private static UsageSums Sums(Func<Measure, Int128> values)
    {
        UsageSums sums = default;
        foreach (var measure in Measures.All)
        {
            sums[measure] = values(measure);
        }

        return sums;
    }

    private static Int128 Wide(Random random) =>
        (Int128)(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()) >> random.Next(2, 127));
}
