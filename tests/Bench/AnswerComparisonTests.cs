using Analytics.Bench.Comparison;
using Xunit;

namespace Analytics.Tests.Bench;

/// <summary>A comparison that says "equal" of anything would make every benchmark worthless.</summary>
public class AnswerComparisonTests
{
    private static readonly ComparisonQuery ByDay = ComparisonQuery.All.First(query => query.Shape == AnswerShape.Buckets);
    private static readonly ComparisonQuery Totals = ComparisonQuery.All.First(query => query.Shape == AnswerShape.Totals);
    private static readonly ComparisonQuery Members = ComparisonQuery.All.First(query => query.Shape == AnswerShape.Members);

    private static readonly string[] Ours = ["2026-01-01|prj_1|3|20|30|400", "2026-01-01|prj_2|1|2|3|4", "2026-01-02|prj_1|5|6|7|8"];

    [Fact]
    public void RequireEqual_SameLines_Passes() => AnswerComparison.RequireEqual("Q2", ByDay, Ours, [.. Ours]);

    [Theory]
    [InlineData("2026-01-01|prj_1|2|20|30|400", "Q2, Peer: row '2026-01-01|prj_1', request_count: found 2, expected 3.")]
    [InlineData("2026-01-01|prj_1|3|21|30|400", "Q2, Peer: row '2026-01-01|prj_1', input_tokens: found 21, expected 20.")]
    [InlineData("2026-01-01|prj_1|3|20|30|401", "Q2, Peer: row '2026-01-01|prj_1', cost: found 401, expected 400.")]
    [InlineData("2026-01-01|prj_3|3|20|30|400", "Q2, Peer: row '2026-01-01|prj_1' is missing; expected 2026-01-01|prj_1|3|20|30|400.")]
    public void RequireEqual_OneOtherCell_IsNamed(string line, string message) => Assert.Equal(
        message,
        Assert.Throws<DifferentAnswerException>(() => AnswerComparison.RequireEqual("Q2, Peer", ByDay, Ours, [line, .. Ours[1..]])).Message);

    [Fact]
    public void RequireEqual_RowTooMuch_IsNamed() => Assert.Equal(
        "Q2, Peer: row '2026-01-03|prj_1' is not in this engine's answer.",
        Assert.Throws<DifferentAnswerException>(() => AnswerComparison.RequireEqual("Q2, Peer", ByDay, Ours, [.. Ours, "2026-01-03|prj_1|0|0|0|0"])).Message);

    [Fact]
    public void RequireEqual_RowTwice_IsNamed() => Assert.Equal(
        "Q2, Peer: row '2026-01-01|prj_1' is there 2 times.",
        Assert.Throws<DifferentAnswerException>(() => AnswerComparison.RequireEqual("Q2, Peer", ByDay, Ours, [Ours[0], .. Ours])).Message);

    [Fact]
    public void RequireEqual_TotalsAndKeys_AreCompared()
    {
        Assert.Contains("cost: found 5, expected 4", Assert.Throws<DifferentAnswerException>(() => AnswerComparison.RequireEqual("Q1", Totals, ["1|2|3|4"], ["1|2|3|5"])).Message, StringComparison.Ordinal);
        Assert.Contains("keys: found 6, expected 5", Assert.Throws<DifferentAnswerException>(() => AnswerComparison.RequireEqual("Q6", Members, ["ana|1|2|3|4|5"], ["ana|1|2|3|4|6"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.000000000000", "0")]
    [InlineData("0.000000000001", "1")]
    [InlineData("12", "12000000000000")]
    [InlineData("1.5", "1500000000000")]
    [InlineData("12345678901234567890.123456789012", "12345678901234567890123456789012")]
    public void PicoDollarsOf_Dollars_KeepsEveryDigit(string dollars, string expected) => Assert.Equal(expected, AnswerComparison.PicoDollarsOf(dollars));
}
