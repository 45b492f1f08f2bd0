using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Queries;

/// <summary>Runs <see cref="AllocationTests"/> when no other test runs.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public class AllocationTestsAlone;

/// <summary>What queries allocate, to the byte: nothing for a row, nothing for a bucket that is read.</summary>
/// <remarks>They run alone: a test beside them takes the memory that is lent to all, and what they would have been lent is made anew.</remarks>
[Collection(nameof(AllocationTests))]
public class AllocationTests(ITestOutputHelper output)
{
    private const int Projects = 8;
    private const int Days = 10;
    private const int Rows = 200_000;
    private const int Runs = 30;

    // A day's table: its codes, with room for the empty key too (64), and the object (56). The sums' memory is lent.
    private const long DayBytes = 64 + 56;

    // What is there once: running sums of 9 groups, three quads in four copies (3,528), the range's sums in the thread's share
    // and joined (2 x 888), the buffer that groups are ranked in, with room for 16 (1,648); the rest is lists, the dictionary
    // of days, the ranking and the result. The list of units of work has an int for about 16,384 rows: room for 16 here, with
    // twice the rows too, because a unit is a day in both.
    private const long ScanBytes = 14_392;
    private static readonly LocalDate First = new(2026, 3, 20);
    private static readonly UsageQuery ByDay = new(First, First.PlusDays(Days - 1), DateTimeZone.Utc, BucketSize.Day, Dimension.Project);

    [Fact]
    public void Run_ScanByDay_AllocatesForGroupsAndDaysOnly()
    {
        var once = AllocatedByScan(Table(Rows, Days));
        var twice = AllocatedByScan(Table(2 * Rows, Days));
        var longer = AllocatedByScan(Table(Rows, Days + 2));
        output.WriteLine($"{Rows} rows, {Days} days: {once} bytes; twice the rows: {twice} bytes; two more days: {longer} bytes");

        Assert.Equal(once, twice);
        AssertBytes(ScanBytes + (Days * DayBytes), once);
        AssertBytes(2 * DayBytes, longer - once);
    }

    [Fact]
    public void MoveTo_NextBucket_AllocatesNothing()
    {
        var table = Table(2_000, Days);
        var cubes = UsageSamples.WithCubes(table, new SampleNames());
        UsageQuery[] queries =
        [
            ByDay,
            ByDay with { Top = 3 },
            ByDay with { Measures = Measures.Headline, RankBy = RankBy.Tokens },
            ByDay with { ThenBy = Dimension.ApiKey, Top = 5 },
            ByDay with { Predicates = [new Predicate(Dimension.Project, ["p1", "p2"])] },
        ];
        foreach (var query in queries)
        {
            var (fromCube, fromRows) = (QueryPlan.For(query, cubes), QueryPlan.For(query, table, usesProjections: false));
            Assert.True(fromCube.Cube is not null && fromRows.Cube is null);
            foreach (var plan in (QueryPlan[])[fromCube, fromRows])
            {
                var result = QueryExecutor.Run(plan, CancellationToken.None);

                // The first bucket makes the memory that all others are read into.
                var bytes = Least(() =>
                {
                    var reader = result.Read();
                    Assert.NotEqual(0, Read(reader, 0, 1));
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    var sum = Read(reader, 1, Days);
                    var after = GC.GetAllocatedBytesForCurrentThread();
                    Assert.NotEqual(0, sum);
                    return after - before;
                });
                Assert.Equal(0, bytes);
            }
        }
    }

    [Fact]
    public void Run_ResultsNeverGivenBack_LeaveTheNextOnesAsCheap()
    {
        var table = Table(Rows, Days);
        for (var run = 0; run < 100; run++)
        {
            // 1,000 tables are lost, more than are kept of a size.
            QueryExecutor.Run(QueryPlan.For(ByDay, table, usesProjections: false), threads: 1, minRowsPerThread: 50_000, CancellationToken.None);
        }

        AssertBytes(ScanBytes + (Days * DayBytes), AllocatedByScan(table));
    }

    private static Int128 Read(BucketReader reader, int from, int to)
    {
        Int128 sum = 0;
        for (var bucket = from; bucket < to; bucket++)
        {
            reader.MoveTo(bucket);
            sum += reader.Totals(bucket)[Measure.Cost];
            for (var i = 0; i < reader.Count; i++)
            {
                sum += reader.Group(i) + reader.Value(i, Measure.InputTokens);
            }
        }

        return sum;
    }

    private static long AllocatedByScan(UsageTable table)
    {
        // Past the last day there are no rows, so the range may be longer than the table.
        var plan = QueryPlan.For(ByDay with { To = ByDay.To.PlusDays(2) }, table, usesProjections: false);
        return Least(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var result = QueryExecutor.Run(plan, threads: 1, minRowsPerThread: 50_000, CancellationToken.None);
            var after = GC.GetAllocatedBytesForCurrentThread();
            result.Dispose();
            return after - before;
        });
    }

    /// <summary>The figure of a run that no garbage collection fell into.</summary>
    /// <remarks>
    /// A collection (of what tests before this one left) takes away the rest of the thread's allocation buffer, up to 8 KiB
    /// that then count as allocated. It only ever adds, and not to the least of many runs.
    /// </remarks>
    private static long Least(Func<long> bytes) => Enumerable.Range(0, Runs).Min(_ => bytes());

    // The optimizing compiler keeps some objects on the stack.
    private static void AssertBytes(long expected, long found)
    {
#if DEBUG
        Assert.Equal(expected, found);
#else
        Assert.InRange(found, 0, expected);
#endif
    }

    /// <summary>Rows spread evenly over the days; every project has the same sums on every day, so that all of them tie.</summary>
    private static UsageTable Table(int rows, int days)
    {
        var start = First.AtMidnight().InUtc().ToInstant().ToUnixTimeTicks() / 10;
        var indices = Enumerable.Range(0, rows).ToArray();
        var columns = new List<ArrowArray>
        {
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, [.. indices.Select(row => start + ((long)row * days * 24 / rows * 3_600_000_000))]),
        };
        foreach (var dimension in Dimensions.Stored)
        {
            var groups = dimension == Dimension.Project ? Projects : dimension == Dimension.ApiKey ? 3 : 1;
            columns.Add(new DictionaryArray(
                new PrimitiveArray<int>(ArrowType.Int32, [.. indices.Select(row => row % groups)]),
                StringArray.From([.. Enumerable.Range(0, groups).Select(group => $"p{group}")])));
        }

        foreach (var measure in Measures.All)
        {
            columns.Add(new PrimitiveArray<long>(UsageSchema.Schema.Fields[UsageSchema.ColumnOf(measure)].Type, [.. indices.Select(row => (long)measure + 1)]));
        }

        var builder = new UsageTableBuilder();
        builder.Add([new RecordBatch(UsageSchema.Schema, columns)], []);
        return builder.Build(new SampleNames());
    }
}
