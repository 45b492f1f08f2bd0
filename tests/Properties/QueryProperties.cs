using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Queries;
using Analytics.Tests.Usage;
using NodaTime;
using NodaTime.Extensions;
using Xunit;

namespace Analytics.Tests.Properties;

/// <summary>What holds for every query on every table: random rows near a clock change of a random zone.</summary>
public class QueryProperties
{
    private const int Cases = 400;

    private static readonly DateTimeZone[] Zones = [.. DateTimeZoneProviders.Tzdb.GetAllZones()];

    [Fact]
    public void Run_AnyQuery_EqualsPlainEvaluator() => ForAll((table, rows, query, _) =>
    {
        var result = Run(query, table);

        Assert.Equal(PlainEvaluator.Answer(query, rows, new SampleNames()), AnswerText.Of(result));
        Assert.Equal(PlainEvaluator.IsExact(query, table.Coverage), result.Plan.IsExact);
    });

    [Fact]
    public void Run_AnyQuery_Reconciles() => ForAll((table, _, query, random) =>
    {
        var result = Run(query, table);
        var other = Run(query with { GroupBy = Any(random, Dimensions.All) }, table);

        Assert.Equal(result.Totals, Sum(result.Buckets.Select(bucket => bucket.Totals)));
        Assert.Equal(result.Totals, Sum(result.Ranking.Select(group => group.Sums)));
        Assert.All(result.Buckets, bucket => Assert.Equal(bucket.Totals, Sum(bucket.Breakdown.Select(group => group.Sums))));
        Assert.Equal(result.Buckets.Select(bucket => bucket.Totals), other.Buckets.Select(bucket => bucket.Totals));
        Assert.Equal(result.Totals, Run(query with { Bucket = BucketSize.Range }, table).Totals);
    });

    [Fact]
    public void Run_RangeSplitAnywhere_GivesTheSameDays() => ForAll((table, _, query, random) =>
    {
        query = query with { Bucket = BucketSize.Day, To = query.To.PlusDays(1) };
        var middle = query.From.PlusDays(random.Next(Period.DaysBetween(query.From, query.To)));

        var (left, right) = (Run(query with { To = middle }, table), Run(query with { From = middle.PlusDays(1) }, table));

        Assert.Equal(AnswerText.OfBuckets(Run(query, table)), AnswerText.OfBuckets(left, right));
    });

    [Fact]
    public void Run_PredicateAndItsComplement_PartitionTheTotals() => ForAll((table, _, query, random) =>
    {
        var dimension = Any(random, Dimensions.All);
        var members = table.Table(dimension);
        var sides = Enumerable.Range(0, members.Count).Select(members.Key).ToLookup(_ => random.Next(2) == 0);
        QueryResult Side(bool side) => Run(query with { Predicates = [.. query.Predicates, new Predicate(dimension, [.. sides[side], "unknown"])] }, table);

        var (accepted, refused) = (Side(true), Side(false));

        var expected = Run(query, table).Buckets.Select(bucket => bucket.Totals);
        Assert.Equal(expected, accepted.Buckets.Zip(refused.Buckets, (left, right) => left.Totals + right.Totals));
    });

    private static void ForAll(Action<UsageTable, UsageRow[], UsageQuery, Random> property) => Sampled.Check(Cases, (random, size) =>
    {
        var zone = Any(random, Zones);
        var transitions = zone.GetZoneIntervals(Instant.FromUtc(1850, 1, 1, 0, 0), Instant.FromUtc(2040, 1, 1, 0, 0)).Where(part => part.HasStart).ToArray();
        var near = transitions.Length == 0 ? Instant.FromUtc(2026, 3, 29, 0, 0) : Any(random, transitions).Start;
        var rows = UsageSamples.Rows(random, random.Next(size * 4), near, isHuge: random.Next(3) == 0);
        var table = UsageSamples.Table(random, rows, new SampleNames());
        var from = near.InUtc().Date.PlusDays(random.Next(-12, 10));
        var query = new UsageQuery(
            from,
            from.PlusDays(random.Next(12)),
            random.Next(4) == 0 ? Any(random, Zones) : zone,
            random.Next(3) == 0 ? BucketSize.Range : BucketSize.Day,
            Any(random, Dimensions.All))
        {
            Predicates = [.. Enumerable.Range(0, Math.Max(0, random.Next(-2, 4))).Select(_ => AnyPredicate(random, table))],
        };
        property(table, rows, query, random);
    });

    private static Predicate AnyPredicate(Random random, UsageTable table)
    {
        var dimension = Any(random, Dimensions.All);
        var members = table.Table(dimension);
        string[] keys = [.. Enumerable.Range(0, members.Count).Select(members.Key), "unknown"];
        return new Predicate(dimension, [.. keys.Where(_ => random.Next(3) != 0)]);
    }

    private static QueryResult Run(UsageQuery query, UsageTable table) => QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);

    private static UsageSums Sum(IEnumerable<UsageSums> parts) => parts.Aggregate(default(UsageSums), UsageSums.Add);

    private static T Any<T>(Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];
}
