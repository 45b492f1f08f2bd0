using System.Globalization;
using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Storage;

public class DirectoryPriceTests
{
    // Dollars per million tokens are micro-dollars per token: 1 is 1,000,000 pico-dollars.
    public static TheoryData<string, TokenCounts, long, bool> Costs => new()
    {
        { "input_tokens=0.0375", new(1, 0, 0, 0, 0), 37_500, false },
        { "input_tokens=0.0375", new(1_000_000, 0, 0, 0, 0), 37_500_000_000, false },
        { "input_tokens=1.25 output_tokens=10", new(1_000, 0, 0, 200, 50), 1_250_000_000L + 2_000_000_000, false },
        { "input_tokens=1 cached_input_tokens=0.1 cache_write_tokens=1.25 output_tokens=4 reasoning_tokens=8", new(100, 30, 20, 10, 4), 50_000_000 + 3_000_000 + 25_000_000 + 24_000_000 + 32_000_000, false },
        { "input_tokens=1", new(100, 30, 20, 0, 0), 100_000_000, false },
        { "input_tokens=0", new(100, 0, 0, 0, 0), 0, false },
        { "output_tokens=1", new(0, 0, 0, 0, 0), 0, false },
        // Halves of a pico-dollar: 0.5 goes to 0, 1.5 to 2, 2.5 to 2; a little more than a half goes up.
        { "input_tokens=0.0000005", new(1, 0, 0, 0, 0), 0, true },
        { "input_tokens=0.0000005", new(3, 0, 0, 0, 0), 2, true },
        { "input_tokens=0.0000005", new(5, 0, 0, 0, 0), 2, true },
        { "input_tokens=0.0000005", new(4, 0, 0, 0, 0), 2, false },
        { "input_tokens=0.000000500001", new(1, 0, 0, 0, 0), 1, true },
        { "input_tokens=0.000000499999", new(1, 0, 0, 0, 0), 0, true },
        // One rounding of the sum: 0.5 and 0.5 are 1, not 0 and 0.
        { "input_tokens=0.0000005 output_tokens=0.0000005", new(1, 0, 0, 1, 0), 1, false },
        { "input_tokens=1", new(long.MaxValue / 1_000_000, 0, 0, 0, 0), long.MaxValue / 1_000_000 * 1_000_000, false },
    };

    public static TheoryData<string, TokenCounts> Unpriced => new()
    {
        { "", new(0, 0, 0, 0, 0) },
        { "input_tokens=1", new(1, 0, 0, 1, 0) },
        { "output_tokens=1", new(1, 0, 0, 1, 0) },
        { "cached_input_tokens=1 output_tokens=1", new(5, 5, 0, 0, 0) },
        { "input_tokens=1 reasoning_tokens=1", new(1, 0, 0, 1, 1) },
    };

    public static TheoryData<string, TokenCounts> TooLarge => new()
    {
        { "input_tokens=1", new((long.MaxValue / 1_000_000) + 1, 0, 0, 0, 0) },
        { "input_tokens=1000000 output_tokens=1000000", new(long.MaxValue, 0, 0, long.MaxValue, 0) },
    };

    public static TheoryData<TokenCounts> Wrong =>
        [new(-1, 0, 0, 0, 0), new(1, 2, 0, 0, 0), new(3, 2, 2, 0, 0), new(0, 0, 0, 1, 2), new(long.MaxValue, long.MaxValue, long.MaxValue, 0, 0)];

    [Theory, MemberData(nameof(Costs))]
    public void TryPrice_Tokens_IsExactAndRoundedOnce(string prices, TokenCounts counts, long picoUsd, bool rounded)
    {
        Assert.Equal(PriceOutcome.Priced, Table(prices).TryPrice("m", counts, out var cost));
        Assert.Equal(new PricedCost(picoUsd, rounded), cost);
    }

    [Theory, MemberData(nameof(Unpriced))]
    public void TryPrice_WholeWithoutPrice_IsUnpriced(string prices, TokenCounts counts)
    {
        Assert.Equal(PriceOutcome.Unpriced, Table(prices).TryPrice("m", counts, out var cost));
        Assert.Equal(default, cost);
    }

    [Theory, MemberData(nameof(TooLarge))]
    public void TryPrice_BeyondSixtyFourBits_IsTooLarge(string prices, TokenCounts counts)
    {
        Assert.Equal(PriceOutcome.TooLarge, Table(prices).TryPrice("m", counts, out var cost));
        Assert.Equal(default, cost);
    }

    [Theory, MemberData(nameof(Wrong))]
    public void TryPrice_PartsBeyondTheirWhole_IsAnError(TokenCounts counts) =>
        Assert.Throws<ArgumentException>(() => Table("input_tokens=1 output_tokens=1").TryPrice("m", counts, out _));

    [Fact]
    public void TryPrice_UnknownMapping_IsUnpriced() =>
        Assert.Equal(PriceOutcome.Unpriced, Table("input_tokens=1").TryPrice("other", default, out _));

    [Fact]
    public void Resolve_OwnPricesElseTheOperators_ByWholeRow()
    {
        var operators = Model("input_tokens=1 output_tokens=1");
        var own = Model("input_tokens=2");

        Assert.Equal(own.Prices, OrganizationDirectory.Resolve("m", own, operators, null).Prices);
        Assert.Equal(operators.Prices, OrganizationDirectory.Resolve("m", Model(""), operators, null).Prices);
        Assert.Empty(OrganizationDirectory.Resolve("m", Model(""), null, null).Prices);
    }

    private static PriceTable Table(string prices) => new([OrganizationDirectory.Resolve("m", Model(prices), null, null)]);

    private static ModelEntry Model(string prices) => new("o", "m", null, null, [.. prices
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(text => text.Split('='))
        .Select(parts => new PriceEntry(parts[0], "token", decimal.Parse(parts[1], CultureInfo.InvariantCulture)))]);
}
