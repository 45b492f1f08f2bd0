using System.Text;
using Analytics.Engine.Usage;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Usage;

public class PicoDollarsTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.0375", 37_500_000_000)]
    [InlineData("12", 12_000_000_000_000)]
    [InlineData("1.5e-7", 150_000)]
    [InlineData("1.5E-7", 150_000)]
    [InlineData("25e+2", 2_500_000_000_000_000)]
    [InlineData("1e6", 1_000_000_000_000_000_000)]
    [InlineData("0007.10", 7_100_000_000_000)]
    [InlineData("1e-0012", 1)]
    [InlineData("0.000000000001", 1)]
    [InlineData("1.0000000000000000000000", 1_000_000_000_000)]
    [InlineData("0e999999999999999999999", 0)]
    [InlineData("0.00", 0)]
    [InlineData("9223372.036854775807", long.MaxValue)]
    [InlineData("9223372036854775807e-12", long.MaxValue)]
    public void TryParse_ExactAmount_GivesIt(string text, long expected) =>
        Assert.Equal((PicoDollarsResult.Ok, expected, false), Parse(text));

    [Theory]
    [InlineData("0.0000000000005", 0)] // half: to the even 0
    [InlineData("0.0000000000015", 2)] // half: to the even 2
    [InlineData("0.0000000000025", 2)]
    [InlineData("0.00000000000050000000000000000001", 1)]
    [InlineData("0.00000000000049999999999999999999", 0)]
    [InlineData("25e-13", 2)]
    [InlineData("35e-13", 4)]
    [InlineData("1e-400", 0)]
    [InlineData("1e-999999999999999999999", 0)]
    [InlineData("9223372.0368547758074", long.MaxValue)]
    public void TryParse_MoreThanTwelveDecimals_RoundsHalfToEvenAndSaysSo(string text, long expected) =>
        Assert.Equal((PicoDollarsResult.Ok, expected, true), Parse(text));

    [Theory]
    [InlineData("9223372.036854775808")]
    [InlineData("9223372.0368547758075")] // rounds to one above
    [InlineData("1e7")]
    [InlineData("1e308")]
    [InlineData("1e999999999999999999999")]
    public void TryParse_AboveSixtyFourBits_IsTooLarge(string text) => Assert.Equal(PicoDollarsResult.TooLarge, Parse(text).Result);

    [Theory]
    [InlineData("")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData(".")]
    [InlineData("1.2.3")]
    [InlineData("+1")]
    [InlineData("-0")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1,000")]
    [InlineData("1_000")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1e-")]
    [InlineData("1e+-1")]
    [InlineData("1e1.5")]
    [InlineData("1e1e1")]
    [InlineData("0x1")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("١")]
    public void TryParse_NoDecimalNumber_SaysSo(string text) => Assert.Equal((PicoDollarsResult.NotANumber, 0, false), Parse(text));

    [Fact]
    public void TryParse_TextsAroundAThousandCharacters_ReadsUpToThat()
    {
        var longest = "0." + new string('0', 997) + "1";

        Assert.Equal((PicoDollarsResult.Ok, 0, true), Parse(longest));
        Assert.Equal((PicoDollarsResult.Ok, 1, false), Parse($"0.{new string('0', 990)}1e979"));
        Assert.Equal((PicoDollarsResult.Ok, 1, false), Parse($"1{new string('0', 900)}e-912"));
        Assert.Equal(PicoDollarsResult.TooLarge, Parse(new string('9', 1_000)).Result);
        Assert.Equal(PicoDollarsResult.NotANumber, Parse(longest + "0").Result);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.000000000001")]
    [InlineData(-1, "-0.000000000001")]
    [InlineData(37_500_000_000, "0.0375")]
    [InlineData(1_000_000_000_000, "1")]
    [InlineData(-1_500_000_000_000, "-1.5")]
    [InlineData(10_000_000_000_000, "10")]
    [InlineData(long.MaxValue, "9223372.036854775807")]
    [InlineData(long.MinValue, "-9223372.036854775808")]
    public void Format_SixtyFourBits_IsShortestExactText(long pico, string expected) => Assert.Equal(expected, PicoDollars.Format(pico));

    [Fact]
    public void Format_OneHundredTwentyEightBits_IsExact()
    {
        Assert.Equal("170141183460469231731687303.715884105727", PicoDollars.Format(Int128.MaxValue));
        Assert.Equal("-170141183460469231731687303.715884105728", PicoDollars.Format(Int128.MinValue));
        Assert.Equal("18446744.073709551614", PicoDollars.Format((Int128)long.MaxValue * 2));
    }

    [Fact]
    public void TryParse_AnyFormattedAmount_IsTheIdentity() => Sampled.Check(500, (random, size) =>
    {
        for (var i = 0; i < size; i++)
        {
            // All magnitudes, not only those near the top.
            var pico = random.NextInt64() >> random.Next(63);
            Assert.Equal((PicoDollarsResult.Ok, pico, false), Parse(PicoDollars.Format(pico)));
        }
    });

    private static (PicoDollarsResult Result, long Pico, bool IsRounded) Parse(string text)
    {
        var result = PicoDollars.TryParse(Encoding.UTF8.GetBytes(text), out var pico, out var isRounded);
        return (result, pico, isRounded);
    }
}
