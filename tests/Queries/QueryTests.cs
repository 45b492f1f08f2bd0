using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Queries;

/// <summary>Named examples beside the properties in Properties/QueryProperties.cs.</summary>
public class QueryTests
{
    private static readonly DateTimeZone Paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];
    private static readonly LocalDate Forward = new(2026, 3, 29);

    [Fact]
    public void Run_DayOfTwentyThreeHours_CountsEachRowOnItsOwnDay()
    {
        var table = Table(
            UsageRow.Of(Instant.FromUtc(2026, 3, 28, 22, 45), "p1", 1),
            UsageRow.Of(Instant.FromUtc(2026, 3, 28, 23, 0), "p1", 10),
            UsageRow.Of(Instant.FromUtc(2026, 3, 29, 21, 45), "p2", 100),
            UsageRow.Of(Instant.FromUtc(2026, 3, 29, 22, 0), "p2", 1_000));

        var result = Run(Query(Forward.PlusDays(-1), Forward.PlusDays(1)), table);

        Assert.Equal([1, 110, 1_000], result.Buckets.Select(bucket => bucket.Totals[Measure.Cost]));
        Assert.Equal(["p2", "p1"], result.Buckets[1].Breakdown.Select(group => result.Groups.Key(group.Code)));
    }

    [Fact]
    public void Run_SumsBeyondSixtyFourBits_AreExact()
    {
        var noon = Instant.FromUtc(2026, 3, 29, 12, 0);
        var table = Table([.. Enumerable.Range(0, 1_000).Select(i => UsageRow.Of(noon, $"p{i % 2}", long.MaxValue, apiKey: $"k{i % 3}"))]);

        var result = Run(Query(Forward, Forward), table);

        Assert.Equal((Int128)long.MaxValue * 1_000, result.Totals[Measure.Cost]);
        Assert.All(result.Ranking, group => Assert.Equal((Int128)long.MaxValue * 500, group.Sums[Measure.Cost]));
        Assert.Equal(1_000, result.Totals[Measure.RequestCount]);
    }

    [Fact]
    public void Run_EqualCostAndRequests_OrdersByLabelThenKey()
    {
        var noon = Instant.FromUtc(2026, 3, 29, 12, 0);
        var table = Table([.. new[] { "p4", "p1", "p3", "p2", "" }.Select(project => UsageRow.Of(noon, project, 1))]);

        var ranking = Run(Query(Forward, Forward), table).Ranking;

        // '1' is 49: labels are "Project 1" for p1 and p4, 2 for p2, 0 for p3.
        Assert.Equal(["", "p3", "p1", "p4", "p2"], ranking.Select(group => table.Table(Dimension.Project).Key(group.Code)));
    }

    [Fact]
    public void Run_EmptyTable_HasABucketForEachDayAndNoGroups()
    {
        var result = Run(Query(Forward, Forward.PlusDays(2)), new UsageTableBuilder().Build(new SampleNames()));

        Assert.Equal(3, result.Buckets.Count);
        Assert.All(result.Buckets, bucket => Assert.True(bucket.Totals.IsZero && bucket.Breakdown.Count == 0));
        Assert.True(result.Totals.IsZero && result.Plan.IsExact);
        Assert.Empty(result.Ranking);
    }

    [Fact]
    public void For_PredicateOnUnknownKey_ScansNoRows()
    {
        var table = Table(UsageRow.Of(Instant.FromUtc(2026, 3, 29, 12, 0), "p1", 1, mapping: "azure/gpt"));

        foreach (var dimension in Dimensions.All)
        {
            var plan = QueryPlan.For(Query(Forward, Forward) with { Predicates = [new Predicate(dimension, ["unknown"])] }, table);
            Assert.Empty(plan.Scans);
            Assert.True(QueryExecutor.Run(plan, CancellationToken.None).Totals.IsZero);
        }
    }

    [Fact]
    public void For_PredicatesOnOneColumn_MustAllBeMet()
    {
        var table = Table([.. new[] { "azure/gpt", "openai/gpt", "openai/mini" }.Select(mapping => UsageRow.Of(Instant.FromUtc(2026, 3, 29, 12, 0), "p1", 1, mapping: mapping))]);

        var result = Run(
            Query(Forward, Forward) with
            {
                GroupBy = Dimension.Mapping,
                Predicates = [new Predicate(Dimension.Model, ["gpt"]), new Predicate(Dimension.Provider, ["openai", "self"])],
            },
            table);

        Assert.Equal("openai/gpt", result.Groups.Key(Assert.Single(result.Ranking).Code));
    }

    [Fact]
    public void Run_Cancelled_Throws()
    {
        var plan = QueryPlan.For(Query(Forward, Forward), Table(UsageRow.Of(Instant.FromUtc(2026, 3, 29, 12, 0), "p1", 1)));

        Assert.Throws<OperationCanceledException>(() => QueryExecutor.Run(plan, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void For_RangeInverted_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => QueryPlan.For(Query(Forward, Forward.PlusDays(-1)), Table()));

    [Fact]
    public void ToString_Plan_ReadsAsText()
    {
        var builder = new UsageTableBuilder();
        for (var day = 28; day <= 30; day++)
        {
            var noon = Instant.FromUtc(2026, 3, day, 12, 0);
            var rows = UsageSamples.Batch(UsageRow.Of(noon, "p1", 1, "k11", "azure/gpt"), UsageRow.Of(noon, "p2", 1, "k12", "openai/gpt"));
            builder.Add([rows], [new Coverage(Instant.FromUtc(2026, 3, day, 0, 0), Instant.FromUtc(2026, 3, day + 1, 0, 0), Duration.FromHours(1))]);
        }

        var query = new UsageQuery(Forward, Forward.PlusDays(1), DateTimeZoneProviders.Tzdb["Asia/Kolkata"], BucketSize.Day, Dimension.Member)
        {
            Predicates = [new Predicate(Dimension.Model, ["gpt"]), new Predicate(Dimension.Project, ["p1"])],
            ThenBy = Dimension.App,
            Compare = Comparison.Previous,
            Top = 3,
        };

        Assert.Equal(
            """
            group by Member (looked up from ApiKey) and App
            sums     12 measures, top 3 by Cost and others
            buckets  2 x Day in Asia/Kolkata, 2026-03-28T18:30:00Z to 2026-03-30T18:30:00Z, not exact: an edge cuts an interval
            filter   Project: 1 of 3 codes
            filter   Mapping: 2 of 3 codes
            scan     4 of 6 rows in 2 row ranges of 2 chunks (1 pruned), sums in 64 bits
            compare  Previous: 2026-03-26T18:30:00Z to 2026-03-28T18:30:00Z
            scan     2 of 6 rows in 1 row ranges of 1 chunks (2 pruned), sums in 64 bits
            """,
            QueryPlan.For(query, builder.Build(new SampleNames())).ToString());
    }

    private static UsageQuery Query(LocalDate from, LocalDate through) => new(from, through, Paris, BucketSize.Day, Dimension.Project);

    private static UsageTable Table(params UsageRow[] rows)
    {
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(rows)], []);
        return builder.Build(new SampleNames());
    }

    private static QueryResult Run(UsageQuery query, UsageTable table) => QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);
}
