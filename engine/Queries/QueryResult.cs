using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The answer to a query. Every breakdown sums to its total, and the buckets' totals sum to the range's.</summary>
/// <param name="Plan">What was done; it holds the buckets and the names behind the codes.</param>
/// <param name="Totals">Sums of the whole range.</param>
/// <param name="Buckets">One entry for each of the plan's buckets.</param>
/// <param name="Ranking">Sums of the whole range by group, in <see cref="QueryExecutor"/>'s order.</param>
public sealed record QueryResult(QueryPlan Plan, UsageSums Totals, IReadOnlyList<BucketSums> Buckets, IReadOnlyList<GroupSums> Ranking)
{
    /// <summary>Keys and labels of the groups by code.</summary>
    public DimensionTable Groups => Plan.Table.Table(Plan.Query.GroupBy);
}

/// <summary>The sums of one bucket.</summary>
/// <param name="Totals">Of all its rows.</param>
/// <param name="Breakdown">By group, in <see cref="QueryExecutor"/>'s order; groups without usage are left out.</param>
public readonly record struct BucketSums(UsageSums Totals, IReadOnlyList<GroupSums> Breakdown);

/// <summary>The sums of one group.</summary>
/// <param name="Code">The group's code in <see cref="QueryResult.Groups"/>.</param>
/// <param name="Sums">Its sums; at least one is not 0.</param>
public readonly record struct GroupSums(int Code, UsageSums Sums);
