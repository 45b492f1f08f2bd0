namespace Analytics.Storage.Directory;

/// <summary>Prices as integers: 1e-18 US dollars per token, exact for every price that a document may have.</summary>
internal static class AttoPrice
{
    // US dollars per million tokens to atto-dollars per token: 1e18 / 1e6.
    private const decimal AttoPerUsdPerMillion = 1_000_000_000_000;

    public static long PerToken(PriceEntry price) => (long)(price.UsdPerMillion * AttoPerUsdPerMillion);

    public static decimal UsdPerMillion(long attoPerToken) => attoPerToken / AttoPerUsdPerMillion;
}
