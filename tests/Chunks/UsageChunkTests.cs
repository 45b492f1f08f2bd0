using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;
using Analytics.Tests.Properties;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Chunks;

public class UsageChunkTests
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 29, 12, 0);

    [Fact]
    public void Build_AnyRows_GivesThemBackAndKnowsTheirFacts() => Sampled.Check(100, (random, size) =>
    {
        var rows = UsageSamples.Rows(random, random.Next(1, size + 2), Noon, isHuge: random.Next(2) == 0);
        var table = UsageSamples.Table(random, rows, new SampleNames());
        foreach (var chunk in table.Chunks)
        {
            foreach (var measure in Measures.All)
            {
                var values = chunk.ToArray(measure);
                Assert.Equal(values.Aggregate((Int128)0, (sum, value) => sum + value), chunk.Total(measure));
                Assert.Equal((ulong)values.Max(), chunk.Values(measure).Max);
                Assert.True(chunk.Bound(measure, chunk.RowCount) >= chunk.Total(measure));
            }

            foreach (var dimension in Dimensions.Stored)
            {
                var codes = chunk.ToArray(dimension);
                Assert.Equal((codes.Min(), codes.Max()), (chunk.MinCode(dimension), chunk.MaxCode(dimension)));
            }
        }

        // The sample's runs overlap, so rows of one instant come in the order of their runs.
        Assert.Equal(Sorted(rows), Sorted(UsageSamples.RowsOf(table)));

        static IEnumerable<string> Sorted(IEnumerable<UsageRow> rows) => rows.Select(row => row.ToString()).Order(StringComparer.Ordinal);
    });

    [Fact]
    public void ToRecordBatch_RowsOfAChunk_AreTheRowsItWasBuiltOf()
    {
        var random = new Random(3);
        var rows = UsageSamples.Rows(random, 300, Noon, isHuge: false);
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(rows)], []);
        var table = builder.Build(new SampleNames());
        string[][] keys = [.. Dimensions.Stored.Select(dimension => Enumerable.Range(0, table.Table(dimension).Count).Select(table.Table(dimension).Key).ToArray())];

        var batch = Assert.Single(table.Chunks).ToRecordBatch(keys);

        var again = new UsageTableBuilder();
        again.Add([batch], []);
        Assert.Equal(rows.Select(row => row.ToString()), UsageSamples.RowsOf(again.Build(new SampleNames())).Select(row => row.ToString()));
    }

    [Fact]
    public void BuildAll_MoreRowsThanAChunkTakes_FillsChunksAndKeepsTheRest()
    {
        var rows = Enumerable.Range(0, (2 * UsageChunk.MaxRows) + 5).Select(i => UsageRow.Of(Noon + Duration.FromHours(i / 1000), $"p{i % 300}", i)).ToArray();
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(rows)], []);
        var chunks = builder.Build(new SampleNames()).Chunks;

        Assert.Equal([UsageChunk.MaxRows, UsageChunk.MaxRows, 5], chunks.Select(chunk => chunk.RowCount));
        Assert.Equal([2, 2, 1], chunks.Select(chunk => chunk.Codes(Dimension.Project).Width > 1 ? 2 : chunk.RowCount == 5 ? 1 : 2));
        Assert.Equal(rows.Select(row => row.Values[(int)Measure.Cost]), chunks.SelectMany(chunk => chunk.ToArray(Measure.Cost)));
    }

    [Fact]
    public void Build_CostsWithACommonDivisor_AreStoredAsQuotients()
    {
        var rows = Enumerable.Range(1, 100).Select(i => UsageRow.Of(Noon, "", i)).ToArray();
        foreach (var row in rows)
        {
            row.Values[(int)Measure.Cost] *= 50_000;
        }

        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(rows)], []);
        var cost = Assert.Single(builder.Build(new SampleNames()).Chunks).Values(Measure.Cost);

        Assert.Equal((1, 50_000ul, 5_000_000ul), (cost.Width, cost.Scale, cost.Max));
    }

    [Fact]
    public void FirstRowFrom_AnyInstant_IsWhereAScanFindsIt()
    {
        var rows = Enumerable.Range(0, 50).Select(i => UsageRow.Of(Noon + Duration.FromMinutes(15 * (i / 7)), "", 1)).ToArray();
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(rows)], []);
        var chunk = Assert.Single(builder.Build(new SampleNames()).Chunks);

        for (var minute = -20; minute < 150; minute += 5)
        {
            var at = Noon + Duration.FromMinutes(minute);
            Assert.Equal(rows.TakeWhile(row => row.Start < at).Count(), chunk.FirstRowFrom(at.ToUnixMicroseconds()));
        }

        Assert.All(Enumerable.Range(0, 50), row => Assert.Equal(row / 7, chunk.RunOf(row)));
    }
}
