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

        Assert.Equal(Dimension.Mapping, QueryPlan.For(Query, table).Cube?.Dimension);
        Assert.NotNull(QueryPlan.For(Query with { Predicates = [new Predicate(Dimension.Provider, ["azure"])] }, table).Cube);
        Assert.Null(QueryPlan.For(Query with { Predicates = [new Predicate(Dimension.Project, ["p1"])] }, table).Cube);
        Assert.Null(QueryPlan.For(Query, table, usesProjections: false).Cube);
        Assert.EndsWith(
            $"cube     Mapping: differences of prefix sums, {table.Projections.CubeFor(Dimension.Mapping)!.Steps.Length} steps x {table.Table(Dimension.Mapping).Count} codes",
            QueryPlan.For(Query, table).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void CubeFor_BudgetForOne_BuildsOne()
    {
        var plain = Table(10);
        var size = UsageSamples.WithCubes(plain, new SampleNames()).Projections.CubeFor(Dimension.Mapping)!.SizeBytes;
        var projections = UsageSamples.WithCubes(plain, new SampleNames(), size).Projections;

        Assert.NotNull(projections.CubeFor(Dimension.Mapping));
        Assert.Null(projections.CubeFor(Dimension.ApiKey));
        Assert.Same(projections.CubeFor(Dimension.Mapping), projections.CubeFor(Dimension.Mapping));
        Assert.Equal(size, projections.UsedBytes);
        Assert.Null(UsageSamples.WithCubes(plain, new SampleNames(), budgetBytes: size - 1).Projections.CubeFor(Dimension.Mapping));
    }

    [Fact]
    public void CubeFor_FewRowsOrNone_IsNull()
    {
        Assert.Null(Table(10).Projections.CubeFor(Dimension.Project));
        Assert.Null(UsageSamples.WithCubes(new UsageTableBuilder().Build(new SampleNames()), new SampleNames()).Projections.CubeFor(Dimension.Project));
    }

    [Fact]
    public void CubeFor_SumsBeyond64Bits_IsNull()
    {
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(UsageRow.Of(Noon, "p1", long.MaxValue), UsageRow.Of(Noon, "p1", 1))], []);

        Assert.Null(UsageSamples.WithCubes(builder.Build(new SampleNames()), new SampleNames()).Projections.CubeFor(Dimension.Project));
    }

    [Fact]
    public void WithNames_OtherNames_KeepsTheCubes()
    {
        var table = UsageSamples.WithCubes(Table(10), new SampleNames());

        Assert.Same(table.Projections, table.WithNames(new SampleNames(edition: 1)).Projections);
    }

    private static UsageTable Table(int rows)
    {
        var random = new Random(1);
        return UsageSamples.Table(random, UsageSamples.Rows(random, rows, Noon, isHuge: false), new SampleNames());
    }
}
