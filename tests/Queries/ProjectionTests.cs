using Analytics.Engine.Projections;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Queries;

public class ProjectionTests
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 29, 12, 0);
    private static readonly UsageQuery Query = new(new LocalDate(2026, 3, 28), new LocalDate(2026, 3, 30), DateTimeZone.Utc, BucketSize.Day, Dimension.Model);

    [Fact]
    public void For_NoFilterOrOneOnTheSameColumn_TakesTheCube()
    {
        var table = UsageSamples.WithCubes(Table(10), new SampleNames());

        Assert.Equal(Dimension.Mapping, QueryPlan.For(Query, table).Cube?.Key.First);
        Assert.NotNull(QueryPlan.For(Query with { Predicates = [new Predicate(Dimension.Provider, ["azure"])] }, table).Cube);
        Assert.Null(QueryPlan.For(Query, table, usesProjections: false).Cube);
        Assert.EndsWith(
            $"cube     Mapping by interval, 12 measures: differences of prefix sums, {table.Projections.CubeFor(ByInterval(Dimension.Mapping), 0)!.StepCount} steps x {table.Table(Dimension.Mapping).Count} groups",
            QueryPlan.For(Query, table).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void CubeFor_BudgetForOne_KeepsTheLast()
    {
        var plain = Table(10);
        var size = UsageSamples.WithCubes(plain, new SampleNames()).Projections.CubeFor(ByInterval(Dimension.ApiKey), 0)!.SizeBytes;
        var projections = UsageSamples.WithCubes(plain, new SampleNames(), size).Projections;

        Assert.NotNull(projections.CubeFor(ByInterval(Dimension.Mapping), 0));
        var last = projections.CubeFor(ByInterval(Dimension.ApiKey), 0);
        Assert.Same(last, Assert.Single(projections.Cubes));
        Assert.Same(last, projections.CubeFor(ByInterval(Dimension.ApiKey), 0));
        Assert.Equal(size, projections.UsedBytes);
    }

    [Fact]
    public void Run_BudgetTooSmallForAnyCube_ReadsRows()
    {
        var plain = Table(40);
        foreach (var budget in (long[])[0, 1, 100])
        {
            var table = UsageSamples.WithCubes(plain, new SampleNames(), budget);
            var plan = QueryPlan.For(Query, table);

            Assert.Null(plan.Cube);
            Assert.Equal(AnswerText.Of(QueryExecutor.Run(QueryPlan.For(Query, plain), CancellationToken.None)), AnswerText.Of(QueryExecutor.Run(plan, CancellationToken.None)));
            Assert.Equal(0, table.Projections.UsedBytes);
        }
    }

    [Fact]
    public void For_CrossFilterOrTwoDimensions_TakesACubeOfPairsByDays()
    {
        var table = UsageSamples.WithCubes(Table(40), new SampleNames());
        var filtered = Query with { Predicates = [new Predicate(Dimension.Project, ["p1"])] };

        var key = QueryPlan.For(filtered, table).Cube?.Key;
        Assert.Equal(new CubeKey(Dimension.Project, Dimension.Mapping, DateTimeZone.Utc, IsHeadline: false), key);
        Assert.Equal(key, QueryPlan.For(Query with { ThenBy = Dimension.Project, Bucket = BucketSize.Month }, table).Cube?.Key);

        // Its steps are days, so hours are read; and three columns are more than a cube has.
        Assert.Null(QueryPlan.For(filtered with { Bucket = BucketSize.Hour }, table).Cube);
        Assert.Null(QueryPlan.For(filtered with { ThenBy = Dimension.App }, table).Cube);
    }

    [Fact]
    public void CubeFor_LargeTable_IsBuiltOnceScansHaveReadAsManyRows()
    {
        var table = Table(110_000);
        var byDays = ByInterval(Dimension.Project) with { Second = Dimension.ApiKey, DaysOf = DateTimeZone.Utc };

        Assert.Null(table.Projections.CubeFor(byDays, 60_000));
        Assert.NotNull(table.Projections.CubeFor(byDays, 60_000));
        Assert.NotNull(table.Projections.CubeFor(byDays with { IsHeadline = true }, 0));

        // Small ones are there from the first question on.
        Assert.NotNull(table.Projections.CubeFor(ByInterval(Dimension.ServiceType), 1));
    }

    [Fact]
    public void BuildAhead_LargeTable_BuildsSmallCubes()
    {
        var (large, small) = (Table(110_000), Table(100));
        large.Projections.BuildAhead();
        small.Projections.BuildAhead();

        Assert.Equal(Dimensions.Stored, large.Projections.Cubes.Select(cube => cube.Key.First).Order());
        Assert.Empty(small.Projections.Cubes);
    }

    [Fact]
    public void Shrink_MachineIsShortOfMemory_LetsTheLeastUsefulGoFirst()
    {
        var plain = Table(40);
        var memory = new ProjectionMemory(long.MaxValue);
        var projections = new UsageProjections(plain.Chunks, Dimensions.Stored.Select(dimension => plain.Table(dimension).Count), memory, buildsAtOnce: true);
        foreach (var dimension in Dimensions.Stored)
        {
            projections.CubeFor(ByInterval(dimension), 0);
        }

        var smallest = projections.Cubes.MinBy(cube => cube.SizeBytes)!;
        var all = memory.UsedBytes;
        Assert.Equal(all - smallest.SizeBytes, memory.Shrink(smallest.SizeBytes));
        Assert.Equal(smallest.SizeBytes, Assert.Single(projections.Cubes).SizeBytes);
        Assert.Equal(smallest.SizeBytes, memory.Shrink(0));
        Assert.Empty(projections.Cubes);
        Assert.NotNull(projections.CubeFor(ByInterval(Dimension.Project), 0));
    }

    [Fact]
    public void CubeFor_FewRowsOrNone_IsNull()
    {
        Assert.Null(Table(10).Projections.CubeFor(ByInterval(Dimension.Project), 0));
        Assert.Null(UsageSamples.WithCubes(new UsageTableBuilder().Build(new SampleNames()), new SampleNames()).Projections.CubeFor(ByInterval(Dimension.Project), 0));
    }

    [Fact]
    public void CubeFor_AMonthBeyond63Bits_IsNull()
    {
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(UsageRow.Of(Noon, "p1", long.MaxValue), UsageRow.Of(Noon, "p1", 1))], []);

        Assert.Null(UsageSamples.WithCubes(builder.Build(new SampleNames()), new SampleNames()).Projections.CubeFor(ByInterval(Dimension.Project), 0));
    }

    [Fact]
    public void Run_MonthsThatPass64BitsTogether_AreExactByCube()
    {
        var builder = new UsageTableBuilder();
        for (var month = 0; month < 8; month++)
        {
            var time = Noon + Duration.FromDays(40 * month);
            builder.Add([UsageSamples.Batch(UsageRow.Of(time, "p1", long.MaxValue - 10, "k10"), UsageRow.Of(time, "p2", month, "k11"))], []);
        }

        var table = UsageSamples.WithCubes(builder.Build(new SampleNames()), new SampleNames());
        foreach (var bucket in Enum.GetValues<BucketSize>())
        {
            foreach (var groupBy in (Dimension[])[Dimension.Project, Dimension.Member, Dimension.App])
            {
                var query = Query with { From = new LocalDate(2026, 3, 1), To = new LocalDate(2027, 3, 1), Bucket = bucket, GroupBy = groupBy, Top = 1 };
                var plan = QueryPlan.For(query, table);

                Assert.NotNull(plan.Cube);
                Assert.Equal((Int128)8 * (long.MaxValue - 10) + 28, QueryExecutor.Run(plan, CancellationToken.None).Totals[Measure.Cost]);
                Assert.Equal(
                    AnswerText.Of(QueryExecutor.Run(QueryPlan.For(query, table, usesProjections: false), CancellationToken.None)),
                    AnswerText.Of(QueryExecutor.Run(plan, CancellationToken.None)));
            }
        }
    }

    [Fact]
    public void WithNames_OtherNames_KeepsTheCubes()
    {
        var table = UsageSamples.WithCubes(Table(10), new SampleNames());

        Assert.Same(table.Projections, table.WithNames(new SampleNames(edition: 1)).Projections);
    }

    private static CubeKey ByInterval(Dimension dimension) => new(dimension, null, null, IsHeadline: false);

    private static UsageTable Table(int rows)
    {
        var random = new Random(1);
        return UsageSamples.Table(random, UsageSamples.Rows(random, rows, Noon, isHuge: false), new SampleNames());
    }
}
