using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Tests.Properties;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Queries;

/// <summary>
/// Callers that go away while rows are read; threads that share the rows of one bucket; sums at the end of 64 and of 128
/// bits; an organisation without rows; a top of none.
/// </summary>
public class ExtremeQueryTests
{
    private const int Days = 20;
    private static readonly LocalDate First = new(2026, 3, 20);
    private static readonly UsageQuery ByDay = new(First, First.PlusDays(Days - 1), DateTimeZone.Utc, BucketSize.Day, Dimension.Project);

    public static TheoryData<int> Threads => [1, 2, 4];

    [Theory, MemberData(nameof(Threads))]
    public void Run_CancelledWhileRowsAreRead_StopsAtTheNextRowRange(int threads)
    {
        UsageQuery[] queries =
        [
            ByDay,
            ByDay with { ThenBy = Dimension.ApiKey },
            ByDay with { Predicates = [new Predicate(Dimension.ApiKey, ["k0"])] },
            ByDay with { Bucket = BucketSize.Range },
        ];
        foreach (var query in queries)
        {
            var plan = QueryPlan.For(query, Table());
            Assert.Equal(Days, plan.Scans.Count);
            AssertStopsAt(plan, 5, threads);
        }
    }

    [Fact]
    public void Run_CancelledInTheEarlierRange_StopsAtTheNextRowRange()
    {
        var half = ByDay with { From = First.PlusDays(Days / 2), Compare = Comparison.Previous };
        var plan = QueryPlan.For(half, Table());
        Assert.Equal(Days / 2, plan.Previous!.Scans.Count);

        AssertStopsAt(plan, (Days / 2) + 3, threads: 1);
    }

    [Fact]
    public void Run_NotCancelled_ReadsEachRowRangeOnce()
    {
        foreach (var threads in (int[])[1, 2, 4])
        {
            var plan = QueryPlan.For(ByDay, Table());
            List<Scan> read = [];
            QueryExecutor.Run(plan, threads, 1, CancellationToken.None, scan =>
            {
                lock (read)
                {
                    read.Add(scan);
                }
            });
            Assert.Equal(plan.Scans, read.OrderBy(scan => scan.Bucket));
        }
    }

    [Fact]
    public void Run_TwoThreadsThatBothRead_GiveTheAnswerOfOne()
    {
        var shared = 0;
        var cases = 0;
        Sampled.Check(100, (random, size) =>
        {
            var noon = Instant.FromUtc(2026, 3, 29, 12, 0);
            var rows = UsageSamples.Rows(random, 4 + size, noon, isHuge: random.Next(2) == 0);
            var query = new UsageQuery(First, First.PlusDays(Days - 1), DateTimeZone.Utc, random.Next(2) == 0 ? BucketSize.Range : BucketSize.Day, Dimension.Model)
            {
                ThenBy = random.Next(2) == 0 ? Dimension.Member : null,
                Predicates = random.Next(2) == 0 ? [new Predicate(Dimension.App, ["app1", ""])] : [],
                Top = random.Next(2) == 0 ? 2 : null,
            };
            var plan = QueryPlan.For(query, UsageSamples.Table(random, rows, new SampleNames()));
            if (plan.Scans.Count < 2 || plan.RowCount < 8)
            {
                // One unit of work, which one thread takes.
                return;
            }

            // The first thread waits for a second one before it reads anything.
            using var both = new ManualResetEventSlim();
            HashSet<int> threads = [];
            var answer = QueryExecutor.Run(plan, threads: 2, 1, CancellationToken.None, _ =>
            {
                lock (threads)
                {
                    threads.Add(Environment.CurrentManagedThreadId);
                    if (threads.Count == 2)
                    {
                        both.Set();
                    }
                }

                both.Wait(TimeSpan.FromSeconds(1));
            });

            cases++;
            shared += threads.Count == 2 ? 1 : 0;
            Assert.Equal(AnswerText.Of(QueryExecutor.Run(plan, CancellationToken.None, maxThreads: 1)), AnswerText.Of(answer));
        });

        // A thread that nobody joins within the wait goes on alone: on a busy machine that may happen now and then.
        Assert.True(shared > cases / 2, $"In {shared} of {cases} cases two threads read.");
    }

    [Fact]
    public void AddSum_NarrowSumsBeyond64Bits_AreExact()
    {
        var cells = new CellBuffer(MeasureLanes.Headline);
        foreach (var value in (long[])[long.MaxValue, 1])
        {
            cells.Row(cells.Add(0)).Fill(value);
        }

        var sum = cells.AddSum([0, 1], GroupTable.Others);

        Assert.True(cells.IsWide);
        Assert.All(Measures.Headline, measure => Assert.Equal((Int128)long.MaxValue + 1, cells.Value(sum, measure)));
        Assert.All(Measures.Headline, measure => Assert.Equal(long.MaxValue, cells.Value(0, measure)));
        Assert.All(Measures.Headline, measure => Assert.Equal(2 * ((Int128)long.MaxValue + 1), cells.Totals()[measure]));
    }

    [Fact]
    public void Sums_UpTo128Bits_AreExact()
    {
        var cells = Wide(Int128.MaxValue - 1, 1);
        var range = new RangeSums(MeasureLanes.Headline, 1, isNarrow: false);
        range.Add(0, cells.WideRow(0));
        range.Add(0, [1, 1, 1, 1]);

        Assert.Equal(Int128.MaxValue, cells.Totals()[Measure.Cost]);
        Assert.Equal(Int128.MaxValue, cells.ToTable([0, 1]).Totals()[Measure.Cost]);
        Assert.Equal(Int128.MaxValue, GroupTable.Sum(cells.ToTable([0]), cells.ToTable([1]).WithCodes([0])).Value(0, Measure.Cost));
        Assert.Equal(Int128.MaxValue, range.ToCells().Value(0, Measure.Cost));
        Assert.Equal(Int128.MaxValue, cells.Value(cells.AddSum([0, 1], GroupTable.Others), Measure.Cost));
    }

    [Fact]
    public void Sums_Beyond128Bits_ThrowAndDoNotWrap()
    {
        var cells = Wide(Int128.MaxValue, 1);
        var range = new RangeSums(MeasureLanes.Headline, 1, isNarrow: false);
        range.Add(0, cells.WideRow(0));

        Assert.Throws<OverflowException>(() => cells.AddSum([0, 1], GroupTable.Others));
        Assert.Throws<OverflowException>(() => cells.Totals());
        Assert.Throws<OverflowException>(() => cells.ToTable([0, 1]).Totals());
        Assert.Throws<OverflowException>(() => GroupTable.Sum(cells.ToTable([0]), cells.ToTable([1]).WithCodes([0])));
        Assert.Throws<OverflowException>(() => range.Add(0, cells.WideRow(1)));
        Assert.Throws<OverflowException>(() => range.Add(0, [1, 1, 1, 1]));
    }

    [Fact]
    public void Run_OrganisationWithoutRows_IsZeroForEveryKindOfQuery()
    {
        var names = new SampleNames();
        var empty = new UsageTableBuilder().Build(names);
        var queries =
            from size in Enum.GetValues<BucketSize>()
            from thenBy in (Dimension?[])[null, Dimension.Member]
            from compare in Enum.GetValues<Comparison>()
            from rankBy in Enum.GetValues<RankBy>()
            from top in (int?[])[null, 1]
            from measures in (IReadOnlyList<Measure>[])[Measures.All, Measures.Headline]
            from keys in (string[]?[])[null, [""], ["unknown"], []]
            select new UsageQuery(First, First.PlusDays(40), DateTimeZoneProviders.Tzdb["Europe/Paris"], size, Dimension.Model)
            {
                ThenBy = thenBy,
                Compare = compare,
                RankBy = rankBy,
                Top = top,
                Measures = measures,
                Predicates = keys is null ? [] : [new Predicate(Dimension.Provider, keys), new Predicate(Dimension.App, keys)],
            };
        foreach (var table in (UsageTable[])[empty, UsageSamples.WithCubes(empty, names)])
        {
            foreach (var query in queries)
            {
                var result = QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);

                Assert.Equal(TimeBuckets.Of(query.Bucket, query.From, query.To, query.Zone).Count, result.Buckets.Count);
                Assert.All(result.Buckets, bucket => Assert.True(bucket.Totals.IsZero && bucket.Breakdown.Count == 0));
                Assert.True(result.Totals.IsZero && result.Ranking.Count == 0 && result.Plan.IsExact);
                Assert.Equal(query.Compare == Comparison.None, result.Previous is null);
                Assert.True(result.Previous is null || (result.Previous.Totals.IsZero && result.Previous.Ranking.Count == 0));
                var reader = result.Read();
                reader.MoveTo(result.Buckets.Count - 1);
                Assert.True(reader.Count == 0 && reader.Totals(0).IsZero);
            }
        }

        foreach (var per in (Dimension?[])[null, .. Dimensions.All.Select(dimension => (Dimension?)dimension)])
        {
            var counts = DistinctCounter.Run(new DistinctQuery(First, First, DateTimeZone.Utc, Dimension.ApiKey) { Per = per }, empty, CancellationToken.None);
            Assert.All(counts.ByGroup, count => Assert.Equal(0, count));
            Assert.DoesNotContain(true, counts.WithNone);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void For_TopOfNone_Throws(int top) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => QueryPlan.For(ByDay with { Top = top }, new UsageTableBuilder().Build(new SampleNames())));

    private static void AssertStopsAt(QueryPlan plan, int range, int threads)
    {
        using var source = new CancellationTokenSource();
        var read = 0;

        // One thread has all row ranges in one unit of work.
        Assert.Throws<OperationCanceledException>(() => QueryExecutor.Run(plan, threads, threads == 1 ? plan.Table.RowCount : 1, source.Token, _ =>
        {
            if (Interlocked.Increment(ref read) == range)
            {
                source.Cancel();
            }
        }));

        // Other threads may each have looked at the token just before.
        Assert.InRange(read, range, range + threads - 1);
    }

    /// <summary>A stretch for each day, so that each day is a row range; with two keys, so that filters are needed.</summary>
    private static UsageTable Table()
    {
        var builder = new UsageTableBuilder();
        for (var day = 0; day < Days; day++)
        {
            var noon = First.PlusDays(day).At(new LocalTime(12, 0)).InUtc().ToInstant();
            builder.Add([UsageSamples.Batch(UsageRow.Of(noon, "p1", 1, "k0"), UsageRow.Of(noon, "p2", 2, "k1"))], []);
        }

        return builder.Build(new SampleNames());
    }

    private static CellBuffer Wide(params Int128[] values)
    {
        var cells = new CellBuffer(MeasureLanes.Headline);
        cells.Widen();
        foreach (var (group, value) in values.Index())
        {
            cells.WideRow(cells.Add(group)).Fill(value);
        }

        return cells;
    }
}
