using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The answer to a query. Every breakdown sums to its total, and the buckets' totals sum to the range's.</summary>
/// <param name="Plan">What was done; it holds the buckets and the names behind the codes.</param>
/// <param name="Totals">Sums of the whole range.</param>
/// <param name="Buckets">One entry for each of the plan's buckets.</param>
/// <param name="Ranking">Sums of the whole range by group, in <see cref="GroupOrder"/>'s order.</param>
public sealed record QueryResult(QueryPlan Plan, UsageSums Totals, IReadOnlyList<BucketSums> Buckets, GroupTable Ranking)
{
    /// <summary>Keys and labels of the groups by code.</summary>
    public DimensionTable Groups => Plan.Table.Table(Plan.Query.GroupBy);
}

/// <summary>The sums of one bucket.</summary>
/// <param name="Totals">Of all its rows.</param>
/// <param name="Breakdown">By group, in <see cref="GroupOrder"/>'s order; groups without usage are left out.</param>
public sealed record BucketSums(UsageSums Totals, GroupTable Breakdown)
{
    /// <summary>A bucket without usage.</summary>
    public static readonly BucketSums Empty = new(default, GroupTable.Empty);
}

/// <summary>The sums of one group.</summary>
/// <param name="Code">The group's code in <see cref="QueryResult.Groups"/>, or <see cref="GroupTable.Others"/>.</param>
/// <param name="Sums">Its sums; at least one is not 0.</param>
public readonly record struct GroupSums(int Code, UsageSums Sums);
