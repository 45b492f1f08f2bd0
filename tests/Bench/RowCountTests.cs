using Analytics.Bench.Comparison;
using Xunit;

namespace Analytics.Tests.Bench;

public class RowCountTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("250k", 250_000)]
    [InlineData("250K", 250_000)]
    [InlineData("1M", 1_000_000)]
    [InlineData("10m", 10_000_000)]
    [InlineData("2G", 2_000_000_000)]
    [InlineData("1_000_000", 1_000_000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void TryParse_Number_IsRead(string text, long expected)
    {
        Assert.True(RowCount.TryParse(text, out var rows));
        Assert.Equal(expected, rows);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0M")]
    [InlineData("M")]
    [InlineData("-1")]
    [InlineData("1.5M")]
    [InlineData("1MM")]
    [InlineData("1T")]
    [InlineData(" 1")]
    [InlineData("9223372036854775808")]
    [InlineData("9223372036854775807k")]
    public void TryParse_NoNumber_IsRefused(string text) => Assert.False(RowCount.TryParse(text, out _));

    [Fact]
    public void ParseList_SeveralNumbers_AreReadInOrder() => Assert.Equal([1_000_000, 10_000_000, 7], RowCount.ParseList("1M, 10M,7")!);

    [Theory]
    [InlineData("1M,")]
    [InlineData("1M,,2M")]
    [InlineData("1M;2M")]
    public void ParseList_AnyPartWrong_IsRefused(string text) => Assert.Null(RowCount.ParseList(text));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(2_501, "2,501")]
    [InlineData(250_000, "250k")]
    [InlineData(1_000_000, "1M")]
    [InlineData(1_500_000, "1,500k")]
    [InlineData(100_000_000, "100M")]
    [InlineData(2_670_556, "2,670,556")]
    public void Format_Number_IsShortAndExact(long rows, string expected) => Assert.Equal(expected, RowCount.Format(rows));
}
