using Analytics.Engine.Usage;

namespace Analytics.Storage.Rollup;

/// <summary>A part of what a request cost: so much of something, by one pricing rule.</summary>
/// <param name="Rule">The rule, such as <c>input_tokens</c>; not empty.</param>
/// <param name="Unit">What is counted, such as <c>token</c> or <c>second</c>; not empty.</param>
/// <param name="QuantityMicros">How much, in millionths of the unit, 0 or more.</param>
/// <param name="CostPicoUsd">1e-12 US dollars, 0 or more.</param>
public readonly record struct PricedItem(string Rule, string Unit, long QuantityMicros, long CostPicoUsd)
{
    /// <summary>Quantities are millionths.</summary>
    public const long MicrosPerUnit = 1_000_000;

    /// <summary>The rule of the one item of a request whose cost was said as a whole.</summary>
    public const string WholeRequest = "request";

    /// <summary>The unit of tokens.</summary>
    public const string Token = "token";

    /// <summary>What a cost that was said as a whole becomes: one item for the requests; none where it is 0.</summary>
    /// <param name="measures">Requests and cost.</param>
    /// <remarks>More requests than a quantity holds (9.2e12) are left out of the quantity: it is 0 then.</remarks>
    public static IReadOnlyList<PricedItem> Whole(UsageMeasures measures)
    {
        var requests = measures[Measure.RequestCount];
        return measures[Measure.Cost] == 0
            ? []
            : [new PricedItem(WholeRequest, WholeRequest, requests <= long.MaxValue / MicrosPerUnit ? requests * MicrosPerUnit : 0, measures[Measure.Cost])];
    }
}
