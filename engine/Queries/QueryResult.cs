using System.Collections;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The answer to a query. Every breakdown sums to its total, and the buckets' totals sum to the range's.</summary>
/// <remarks>
/// What belongs to a bucket is made when it is looked at: a year by thousands of keys is mostly not looked at as a whole.
/// Who disposes an answer, once nobody looks at its buckets any more, lends their memory to the next one; who does not
/// leaves it to the garbage collector.
/// </remarks>
public sealed class QueryResult : IDisposable
{
    private readonly Func<IBuckets> open;
    private readonly bool[]? kept;
    private bool isReturned;

    internal QueryResult(QueryPlan plan, GroupNames groups, UsageSums totals, GroupTable ranking, PreviousSums? previous, bool[]? kept, Func<IBuckets> open)
    {
        Plan = plan;
        Groups = groups;
        Totals = totals;
        Ranking = ranking;
        Previous = previous;
        this.kept = kept;
        this.open = open;
        Buckets = new BucketList(this);
    }

    /// <summary>What was done; it holds the buckets.</summary>
    public QueryPlan Plan { get; }

    /// <summary>Keys and labels of the groups.</summary>
    public GroupNames Groups { get; }

    /// <summary>Sums of the whole range.</summary>
    public UsageSums Totals { get; }

    /// <summary>Sums of the whole range by group, in <see cref="GroupOrder"/>'s order; with a comparison, groups of the earlier range among them.</summary>
    public GroupTable Ranking { get; }

    /// <summary>The sums of the earlier range; null where none was asked for, or it lies before the first date.</summary>
    public PreviousSums? Previous { get; }

    /// <summary>One entry for each of the plan's buckets, made anew each time that it is looked at.</summary>
    public IReadOnlyList<BucketSums> Buckets { get; }

    /// <summary>Memory that the buckets' cells take until the answer is disposed; 0 where a cube tells them.</summary>
    public long CellBytes => isReturned ? 0 : open().SizeBytes;

    /// <summary>Reads bucket by bucket without allocating.</summary>
    /// <param name="measures">What is wanted of each group, all that were asked for if null. Groups in which all of these, the ranked metric and requests are 0 are left out.</param>
    public BucketReader Read(IReadOnlyList<Measure>? measures = null) => new(
        open(),
        new GroupOrder(Plan.Query.RankBy, Groups),
        kept,
        measures is null ? Plan.Query.Measures : [.. measures.Union(GroupOrder.MeasuresFor(Plan.Query.RankBy)).Intersect(Plan.Query.Measures)]);

    /// <summary>Gives the buckets' memory back. Totals and ranking stay.</summary>
    public void Dispose()
    {
        if (!isReturned)
        {
            isReturned = true;
            open().Return();
        }
    }

    private sealed class BucketList(QueryResult result) : IReadOnlyList<BucketSums>
    {
        public int Count => result.Plan.Buckets.Count;

        public BucketSums this[int index]
        {
            get
            {
                ArgumentOutOfRangeException.ThrowIfNegative(index);
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
                return At(result.Read(), index);
            }
        }

        public IEnumerator<BucketSums> GetEnumerator()
        {
            var reader = result.Read();
            for (var i = 0; i < Count; i++)
            {
                yield return At(reader, i);
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private static BucketSums At(BucketReader reader, int index)
        {
            reader.MoveTo(index);
            return new BucketSums(reader.Totals(index), reader.ToTable());
        }
    }
}

/// <summary>The sums of one bucket.</summary>
/// <param name="Totals">Of all its rows.</param>
/// <param name="Breakdown">By group, in <see cref="GroupOrder"/>'s order; groups without usage are left out.</param>
public sealed record BucketSums(UsageSums Totals, GroupTable Breakdown);

/// <summary>The sums of an earlier range, beside those of the range.</summary>
/// <param name="Range">The earlier range, as far as the range has elapsed.</param>
/// <param name="Totals">Its sums.</param>
/// <param name="Ranking">Its sums by group: one entry for each entry of the range's ranking, in that order; others are those of the same groups.</param>
public sealed record PreviousSums(ComparisonRange Range, UsageSums Totals, GroupTable Ranking);

/// <summary>The sums of one group.</summary>
/// <param name="Code">The group's number in <see cref="QueryResult.Groups"/>, or <see cref="GroupTable.Others"/>.</param>
/// <param name="Sums">Its sums.</param>
public readonly record struct GroupSums(int Code, UsageSums Sums);
