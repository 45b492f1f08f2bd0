using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Queries;

/// <summary>How many different things the rows of a range name: exact, by bitmap.</summary>
/// <param name="From">First local day.</param>
/// <param name="To">Last local day, inclusive.</param>
/// <param name="Zone">Zone whose days are meant.</param>
/// <param name="Counted">What is counted.</param>
public sealed record DistinctQuery(LocalDate From, LocalDate To, DateTimeZone Zone, Dimension Counted)
{
    /// <summary>What it is counted by, keys by member, say; null for one count.</summary>
    public Dimension? Per { get; init; }

    /// <summary>An earlier range that is counted in place of the days, as far as they have elapsed; null for the days.</summary>
    public ComparisonRange? Earlier { get; init; }

    /// <summary>Predicates; a row counts if it meets all of them.</summary>
    public IReadOnlyList<Predicate> Predicates { get; init; } = [];
}

/// <summary>The answer to a <see cref="DistinctQuery"/>.</summary>
/// <param name="ByGroup">By code of <see cref="DistinctQuery.Per"/>, or one count. "None" is counted as one thing.</param>
/// <param name="WithNone">By the same codes, whether "none" is among what was counted.</param>
public sealed record DistinctCounts(IReadOnlyList<int> ByGroup, IReadOnlyList<bool> WithNone)
{
    /// <summary>What is named, without "none".</summary>
    /// <param name="group">A code of <see cref="DistinctQuery.Per"/>; 0 where there is none.</param>
    public int Named(int group = 0) => ByGroup[group] - (WithNone[group] ? 1 : 0);
}
