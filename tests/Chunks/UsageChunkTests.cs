using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
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
                Assert.Equal((codes.Max() / 64) + 1, chunk.CodesPresent(dimension).Length);
                Assert.Equal(codes.Distinct().Order(), Enumerable.Range(0, 64 * chunk.CodesPresent(dimension).Length).Where(code => IsPresent(chunk, dimension, code)));
                CheckRuns(chunk, dimension, codes);
            }
        }

        // The sample's runs overlap, so rows of one instant come in the order of their runs.
        Assert.Equal(Sorted(rows), Sorted(UsageSamples.RowsOf(table)));

        static IEnumerable<string> Sorted(IEnumerable<UsageRow> rows) => rows.Select(row => row.ToString()).Order(StringComparer.Ordinal);
    });

    [Fact]
    public void CodeRuns_ClusteredRows_GiveTheRangesThatAScanFinds() => Sampled.Check(100, (random, size) =>
    {
        // Runs of 1 to 40 rows, of projects with one-byte or two-byte codes; keys change with every row.
        var rows = new List<UsageRow>();
        var projects = random.Next(2) == 0 ? 5 : 400;
        while (rows.Count < 30 * size)
        {
            var (start, project) = (Noon + Duration.FromHours(rows.Count / 100), $"p{random.Next(projects)}");
            rows.AddRange(Enumerable.Range(0, random.Next(1, 41)).Select(i => UsageRow.Of(start, project, i, $"k{i % 2}")));
        }

        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch([.. rows])], []);
        var chunk = Assert.Single(builder.Build(new SampleNames()).Chunks);
        var codes = chunk.ToArray(Dimension.Project);
        CheckRuns(chunk, Dimension.Project, codes);
        CheckRuns(chunk, Dimension.ApiKey, chunk.ToArray(Dimension.ApiKey));

        var share = random.Next(4);
        bool[] accepted = [.. Enumerable.Range(0, codes.Max() + 1).Select(code => random.Next(3) < share || code == codes[0])];
        var first = random.Next(rows.Count + 1);
        var count = random.Next(rows.Count - first + 1);
        var predicate = new CodePredicate(chunk.Codes(Dimension.Project), accepted);
        var runs = chunk.CodeRuns(Dimension.Project);
        if (runs.IsEmpty)
        {
            return;
        }

        List<RowRange> found = [];
        foreach (var range in runs.Select(predicate, first, count))
        {
            found.Add(range);
        }

        var taken = new RowRange[3];
        var ranges = runs.Select(predicate, first, count);
        List<RowRange> again = [];
        for (var length = taken.Length; length == taken.Length;)
        {
            length = ranges.Take(taken);
            again.AddRange(taken[..length]);
        }

        Assert.All(found, range => Assert.True(range.Count > 0));
        Assert.Equal(Enumerable.Range(first, count).Where(row => accepted[codes[row]]), found.SelectMany(range => Enumerable.Range(range.First, range.Count)));
        Assert.Equal(found, again);
        Assert.True(found.Count <= 1 + runs.Count);
    });

    [Fact]
    public void CodeRuns_ShortRuns_AreNotKept()
    {
        var rows = Enumerable.Range(0, 80).Select(i => UsageRow.Of(Noon, $"p{i / 4}", 1, $"k{i / 3}")).ToArray();
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch(rows)], []);
        var chunk = Assert.Single(builder.Build(new SampleNames()).Chunks);

        Assert.Equal((20, 0), (chunk.CodeRuns(Dimension.Project).Count, chunk.CodeRuns(Dimension.ApiKey).Count));
        Assert.Equal(1, chunk.CodeRuns(Dimension.Agent).Count);
    }

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
    public void Build_FewLargeOrOddCosts_BecomeExceptions()
    {
        // One row in 200 is 2^56 and more, one is no multiple of what divides all others.
        var costs = Enumerable.Range(1, 2_000).Select(i => i % 200 == 7 ? long.MaxValue - i : i % 200 == 9 ? (50_000L * i) + 1 : 50_000L * i).ToArray();
        var chunk = ChunkOf(costs);
        var cost = chunk.Values(Measure.Cost);

        Assert.Equal((2, 50_000ul, (ulong)costs.Max(), 20), (cost.Width, cost.Scale, cost.Max, cost.ExceptionCount));
        CheckCosts(chunk, costs, new Random(1));
    }

    [Fact]
    public void Build_TooManyExceptions_StayInTheColumn()
    {
        var costs = Enumerable.Range(1, 2_000).Select(i => i % 50 == 7 ? long.MaxValue - i : 50_000L * i).ToArray();
        var chunk = ChunkOf(costs);
        var cost = chunk.Values(Measure.Cost);

        Assert.Equal((8, 0), (cost.Width, cost.ExceptionCount));
        CheckCosts(chunk, costs, new Random(1));
    }

    [Fact]
    public void Build_AnyCosts_AreReadAndSummedWhole() => Sampled.Check(60, (random, size) =>
    {
        var divisor = random.Next(4) switch { 0 => 1, 1 => 50_000, 2 => random.Next(1, 1 << 20), _ => 3L << 57 };
        var most = divisor > 1L << 20 ? 10 : 1L << random.Next(1, 40);
        var share = random.Next(3) switch { 0 => 0, 1 => 0.005, _ => 0.03 };
        var costs = Enumerable.Range(0, 40 * size).Select(_ =>
            random.NextDouble() < share
                ? random.Next(2) == 0 ? random.NextInt64() : (divisor * random.NextInt64(most)) + (1L << random.Next(60))
                : divisor * random.NextInt64(most)).ToArray();
        CheckCosts(ChunkOf(costs), costs, random);
    });

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

    private static UsageChunk ChunkOf(long[] costs)
    {
        var builder = new UsageTableBuilder();
        builder.Add([UsageSamples.Batch([.. costs.Select((cost, i) => UsageRow.Of(Noon, $"p{i % 3}", cost))])], []);
        return Assert.Single(builder.Build(new SampleNames()).Chunks);
    }

    /// <summary>Every way to read a column, and every kernel, on some stretch of it.</summary>
    private static void CheckCosts(UsageChunk chunk, long[] costs, Random random)
    {
        var cost = chunk.Values(Measure.Cost);
        var codes = chunk.Codes(Dimension.Project);
        var first = random.Next(costs.Length + 1);
        var count = random.Next(costs.Length - first + 1);
        int[] rows = [.. Enumerable.Range(0, count).Where(_ => random.Next(3) == 0)];
        var copied = new long[count];
        var taken = new long[rows.Length];
        cost.CopyTo<long>(first, copied);
        cost.Take<long>(first, rows, taken);

        Assert.Equal(costs, chunk.ToArray(Measure.Cost));
        Assert.Equal(costs.Select(value => (ulong)value), Enumerable.Range(0, costs.Length).Select(row => cost[row]));
        Assert.Equal(costs.AsSpan(first, count).ToArray(), copied);
        Assert.Equal(rows.Select(row => costs[first + row]), taken);
        Assert.Equal(costs.Aggregate((Int128)0, (sum, value) => sum + value), chunk.Total(Measure.Cost));

        // Totals wrap where costs are huge; both sides do.
        var columns = ColumnQuad.Of(chunk, [Measure.Cost, Measure.RequestCount], 0);
        RowRange[] ranges = [.. rows.Where(row => row % 5 == 0).Select(row => new RowRange(first + row, 1 + Math.Min(row % 4, count - row - 1)))];
        foreach (var path in Enum.GetValues<InstructionPath>().Where(path => path <= InstructionPaths.Best))
        {
            GuardedColumn.On(path, () =>
            {
                var totals = new long[64];
                NarrowGroupSum.Four(codes, columns, first, count, totals, 16);
                Assert.Equal(Expected(Enumerable.Range(first, count)), Sums(totals));
                Array.Clear(totals);
                NarrowGroupSum.FourAt(codes, columns, first, rows, totals, 16);
                Assert.Equal(Expected(rows.Select(row => first + row)), Sums(totals));
                Array.Clear(totals);
                NarrowGroupSum.FourIn(codes, columns, ranges, totals, 16);
                Assert.Equal(Expected(ranges.SelectMany(range => Enumerable.Range(range.First, range.Count))), Sums(totals));
            });
        }

        long[] Expected(IEnumerable<int> rows)
        {
            var sums = new long[16];
            foreach (var row in rows)
            {
                sums[4 * (int)codes[row]] += costs[row];
                sums[(4 * (int)codes[row]) + 1]++;
            }

            return sums;
        }

        static long[] Sums(long[] copies) => [.. Enumerable.Range(0, 16).Select(i => copies[i] + copies[16 + i] + copies[32 + i] + copies[48 + i])];
    }

    private static bool IsPresent(UsageChunk chunk, Dimension dimension, int code) => ((chunk.CodesPresent(dimension)[code / 64] >> code) & 1) != 0;

    private static void CheckRuns(UsageChunk chunk, Dimension dimension, int[] codes)
    {
        var runs = chunk.CodeRuns(dimension);
        int[] starts = [.. Enumerable.Range(0, codes.Length).Where(row => row == 0 || codes[row] != codes[row - 1])];
        if (starts.Length * CodeRuns.MinRowsPerRun > codes.Length)
        {
            Assert.True(runs.IsEmpty);
            return;
        }

        Assert.Equal(starts, runs.Starts.ToArray().Select(start => (int)start));
        Assert.Equal(starts.Select(start => codes[start]), Enumerable.Range(0, runs.Count).Select(run => (int)runs.Codes[run]));
        Assert.Equal(starts.Skip(1).Append(codes.Length), Enumerable.Range(0, runs.Count).Select(runs.EndOf));
        Assert.All([0, codes.Length / 2, codes.Length - 1], row => Assert.Equal(starts.Count(start => start <= row) - 1, runs.RunOf(row)));
    }
}
