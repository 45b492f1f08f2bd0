using System.Numerics;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Splits the change in cost from an earlier range to a range into volume, mix and price, group by group, in integers.</summary>
/// <remarks>
/// <para>
/// A group's rows are looked at by mapping, because a mapping is what has a price. The quantity of a mapping is its tokens
/// (input plus output); of one that has none in either range, its requests. Tokens and requests are never added up: the
/// split is made for each of the two units, and its parts are added.
/// </para>
/// <para>
/// With b and q a mapping's cost and quantity before, c and r now, and B, Q, C, R their sums over the group's mappings:
/// volume is B * R / Q - B: what the change would be if only the quantity had changed. Where Q is 0 all of C - B is volume.
/// mix is the sum of b * r / q, less B * R / Q: what other shares of the mappings add at the prices of before. A mapping
/// without a quantity before has no price of before; its own cost of now stands there, so that it counts as mix.
/// price is what remains: C, less the sum of b * r / q. It holds changed prices, and also what rows do not tell apart
/// within a mapping: longer answers to the same prompts, more reads from a cache.
/// Each quotient is rounded half to even to a pico-dollar. Volume, mix and price sum to C - B exactly, whatever was rounded.
/// </para>
/// </remarks>
public static class CostChange
{
    // Quotients are cut here, a quintillion dollars: sums over all groups then fit in 128 bits. What is cut remains in price.
    private static readonly BigInteger Limit = BigInteger.Pow(10, 30);

    /// <summary>What the earlier and the later range are asked for.</summary>
    public static IReadOnlyList<Measure> Measures { get; } = Usage.Measures.Headline;

    /// <summary>The change by group of the first dimension.</summary>
    /// <param name="result">By mapping, or by any other dimension and then by mapping; with an earlier range and without a top.</param>
    /// <returns>One entry for each group that has usage in one of the ranges, in no order.</returns>
    /// <exception cref="ArgumentException">The answer is none of those.</exception>
    public static IReadOnlyList<CostContribution> ByGroup(QueryResult result) => Split(result, code => result.Groups.Code(code));

    /// <summary>The change of everything together: what shifts between mappings is mix here, of whichever group it is.</summary>
    /// <param name="result">As for <see cref="ByGroup"/>.</param>
    /// <exception cref="ArgumentException">The answer is none of those.</exception>
    public static CostContribution Whole(QueryResult result) => Split(result, _ => 0) is [var whole] ? whole : default;

    private static List<CostContribution> Split(QueryResult result, Func<int, int> groupOf)
    {
        ArgumentNullException.ThrowIfNull(result);
        var query = result.Plan.Query;
        if (result.Previous is not { Ranking: var before } || query.Top is not null || (query.ThenBy ?? query.GroupBy) != Dimension.Mapping)
        {
            throw new ArgumentException("The answer has no earlier range, or it is cut, or it does not go down to mappings.", nameof(result));
        }

        Dictionary<int, Sums> groups = [];
        for (var i = 0; i < result.Ranking.Count; i++)
        {
            var group = groupOf(result.Ranking.Code(i));
            if (!groups.TryGetValue(group, out var sums))
            {
                groups.Add(group, sums = new Sums());
            }

            sums.Add(UsageAmount.Of(before, i), UsageAmount.Of(result.Ranking, i));
        }

        return [.. groups.Select(group => group.Value.ToContribution(group.Key))];
    }

    private static BigInteger Scale(BigInteger cost, BigInteger quantity, BigInteger earlier)
    {
        var (quotient, rest) = BigInteger.DivRem(cost * quantity, earlier);
        var twice = rest * 2;
        return BigInteger.Min(twice > earlier || (twice == earlier && !quotient.IsEven) ? quotient + 1 : quotient, Limit);
    }

    /// <summary>One group's sums.</summary>
    private sealed class Sums
    {
        private readonly Unit tokens = new();
        private readonly Unit requests = new();
        private UsageAmount before;
        private UsageAmount now;

        public void Add(UsageAmount earlier, UsageAmount later)
        {
            (before, now) = (before + earlier, now + later);
            if (earlier.Tokens != 0 || later.Tokens != 0)
            {
                tokens.Add(earlier.Cost, earlier.Tokens, later.Cost, later.Tokens);
            }
            else
            {
                requests.Add(earlier.Cost, earlier.Requests, later.Cost, later.Requests);
            }
        }

        public CostContribution ToContribution(int group)
        {
            var volume = tokens.Volume + requests.Volume;
            var mix = tokens.Mix + requests.Mix;
            return new CostContribution(group, before, now, (Int128)volume, (Int128)mix, now.Cost - before.Cost - (Int128)volume - (Int128)mix);
        }
    }

    /// <summary>The mappings of a group whose quantity has one unit.</summary>
    private sealed class Unit
    {
        private BigInteger costBefore;
        private BigInteger quantityBefore;
        private BigInteger costNow;
        private BigInteger quantityNow;
        private BigInteger atPricesBefore;

        public BigInteger Volume => AtMixBefore - costBefore;

        public BigInteger Mix => BigInteger.Min(atPricesBefore, Limit) - AtMixBefore;

        private BigInteger AtMixBefore => quantityBefore.IsZero ? costNow : Scale(costBefore, quantityNow, quantityBefore);

        public void Add(Int128 costBefore, Int128 quantityBefore, Int128 costNow, Int128 quantityNow)
        {
            this.costBefore += costBefore;
            this.quantityBefore += quantityBefore;
            this.costNow += costNow;
            this.quantityNow += quantityNow;
            atPricesBefore += quantityBefore == 0 ? costNow : Scale(costBefore, quantityNow, quantityBefore);
        }
    }
}

/// <summary>One group's part of a change in cost.</summary>
/// <param name="Group">The group's code in the answer's first dimension.</param>
/// <param name="Before">Its usage in the earlier range.</param>
/// <param name="Now">Its usage in the range.</param>
/// <param name="Volume">The part that more or less usage makes, in pico-dollars.</param>
/// <param name="Mix">The part that other mappings make.</param>
/// <param name="Price">What remains.</param>
public readonly record struct CostContribution(int Group, UsageAmount Before, UsageAmount Now, Int128 Volume, Int128 Mix, Int128 Price)
{
    /// <summary>The change in cost: volume, mix and price together.</summary>
    public Int128 Change => Now.Cost - Before.Cost;
}

/// <summary>What usage adds up to, as far as a change in cost is concerned.</summary>
/// <param name="Cost">Pico-dollars.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Tokens">Input plus output tokens.</param>
public readonly record struct UsageAmount(Int128 Cost, Int128 Requests, Int128 Tokens)
{
    /// <summary>Adds part by part.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static UsageAmount operator +(UsageAmount left, UsageAmount right) =>
        new(checked(left.Cost + right.Cost), checked(left.Requests + right.Requests), checked(left.Tokens + right.Tokens));

    /// <summary>The same as the operator.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static UsageAmount Add(UsageAmount left, UsageAmount right) => left + right;

    internal static UsageAmount Of(GroupTable table, int index) => new(
        table.Value(index, Measure.Cost),
        table.Value(index, Measure.RequestCount),
        checked(table.Value(index, Measure.InputTokens) + table.Value(index, Measure.OutputTokens)));
}
