using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Queries;

/// <summary>What was asked of one organisation's usage.</summary>
/// <param name="From">First local day.</param>
/// <param name="To">Last local day, inclusive.</param>
/// <param name="Zone">Zone whose days are counted.</param>
/// <param name="Bucket">How the range is cut.</param>
/// <param name="GroupBy">What each bucket and the range are broken down by.</param>
public sealed record UsageQuery(LocalDate From, LocalDate To, DateTimeZone Zone, BucketSize Bucket, Dimension GroupBy)
{
    /// <summary>A second dimension: groups are then the pairs that occur. Null for one dimension.</summary>
    public Dimension? ThenBy { get; init; }

    /// <summary>Predicates; a row counts if it meets all of them.</summary>
    public IReadOnlyList<Predicate> Predicates { get; init; } = [];

    /// <summary>What is added up; sums of other measures are 0. What groups are ordered by has to be among them, and requests, which settle ties.</summary>
    public IReadOnlyList<Measure> Measures { get; init; } = Usage.Measures.All;

    /// <summary>What groups are ordered by, largest first.</summary>
    public RankBy RankBy { get; init; }

    /// <summary>How many groups, the first of the range's ranking, keep an entry of their own; all others are added up to one. Null for all.</summary>
    public int? Top { get; init; }

    /// <summary>The earlier range whose sums stand beside this one's.</summary>
    public Comparison Compare { get; init; }

    /// <summary>First day of an earlier range of as many days, where it is none that <see cref="Compare"/> names.</summary>
    public LocalDate? CompareFrom { get; init; }
}

/// <summary>What groups are ordered by.</summary>
public enum RankBy
{
    /// <summary>Cost.</summary>
    Cost,

    /// <summary>Requests.</summary>
    Requests,

    /// <summary>Input plus output tokens.</summary>
    Tokens,
}

/// <summary>Accepts rows whose key is one of a set.</summary>
/// <param name="Dimension">Any dimension.</param>
/// <param name="Keys">Accepted keys; the empty key accepts rows without a value. A key that no row has accepts nothing.</param>
public sealed record Predicate(Dimension Dimension, IReadOnlyList<string> Keys);
