using Analytics.Engine.Projections;
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

        Assert.Equal(PlainEvaluator.Answer(query, rows, new SampleNames(), table.DataThrough), AnswerText.Of(result));
        Assert.Equal(PlainEvaluator.IsExact(query, table.Coverage), result.Plan.IsExact);
    });

    [Fact]
    public void Run_AnyQuery_Reconciles() => ForAll((table, _, query, random) =>
    {
        var result = Run(query, table);
        var other = Run(query with { GroupBy = Any(random, Dimensions.All), ThenBy = null }, table);

        Assert.Equal(result.Totals, Sum(result.Buckets.Select(bucket => bucket.Totals)));
        Assert.Equal(result.Totals, Sum(result.Ranking.Select(group => group.Sums)));
        Assert.All(result.Buckets, bucket => Assert.Equal(bucket.Totals, Sum(bucket.Breakdown.Select(group => group.Sums))));
        Assert.Equal(result.Buckets.Select(bucket => bucket.Totals), other.Buckets.Select(bucket => bucket.Totals));
        foreach (var size in Enum.GetValues<BucketSize>())
        {
            var sized = Run(query with { Bucket = size }, table);
            Assert.Equal(result.Totals, sized.Totals);
            Assert.Equal(result.Totals, Sum(sized.Buckets.Select(bucket => bucket.Totals)));
            Assert.Equal(result.Ranking, sized.Ranking);
        }
    });

    [Fact]
    public void Run_WithCubes_GivesTheAnswerOfAScan() => ForAll((table, _, query, _) =>
    {
        var cubes = UsageSamples.WithCubes(table, new SampleNames());
        var expected = QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);

        var answers = new[] { true, false }.Select(usesProjections => QueryPlan.For(query, cubes, usesProjections)).ToList();

        Assert.Null(answers[1].Cube);
        Assert.All(answers, plan => Assert.Equal(AnswerText.Of(expected), AnswerText.Of(QueryExecutor.Run(plan, CancellationToken.None))));
        Assert.All(answers, plan => Assert.Equal(expected.Plan.IsExact, plan.IsExact));
    });

    [Fact]
    public void Run_CubesOfTheTableBefore_GiveTheAnswerOfAScan() => ForAll((_, rows, query, random) =>
    {
        // Months apart, so that a cube has segments that an append leaves alone.
        UsageRow[] spread = [.. rows.Select(row => row with { Start = row.Start + Duration.FromDays(random.Next(-150, 150)) }).OrderBy(row => row.Start)];
        var whole = UsageSamples.Table(random, spread, new SampleNames());
        var memory = new ProjectionMemory(long.MaxValue);
        query = query with { From = query.From.PlusDays(-random.Next(160)), To = query.To.PlusDays(random.Next(160)) };
        UsageTable? before = null;
        for (var part = 0; part < 3; part++)
        {
            // Any chunks, also between those that were there; codes that only later chunks have come at the end.
            var chunks = whole.Chunks.Where(chunk => part == 2 || random.Next(2) == 0 || (before?.Chunks.Contains(chunk) ?? false)).ToArray();
            string[][] keys =
            [
                .. Dimensions.Stored.Select(dimension => Enumerable.Range(0, chunks.Select(chunk => chunk.MaxCode(dimension)).Append(0).Max() + 1)
                    .Select(whole.Table(dimension).Key).ToArray()),
            ];
            var projections = new UsageProjections(chunks, keys.Select(all => all.Length), memory, buildsAtOnce: true, before?.Projections);
            var table = new UsageTable(chunks, whole.Coverage, keys, new SampleNames(), projections);

            Assert.Equal(AnswerText.Of(QueryExecutor.Run(QueryPlan.For(query, table, usesProjections: false), CancellationToken.None)), AnswerText.Of(Run(query, table)));
            Assert.Equal(projections.UsedBytes, memory.UsedBytes);
            before = table;
        }
    });

    [Fact]
    public void DistinctCounter_AnyQuery_EqualsPlainCounting() => ForAll((table, rows, query, random) =>
    {
        var distinct = new DistinctQuery(query.From, query.To, query.Zone, query.GroupBy)
        {
            Per = random.Next(2) == 0 ? Any(random, Dimensions.All) : null,
            Predicates = query.Predicates,
        };
        var names = new SampleNames();

        var counts = DistinctCounter.Run(distinct, table, CancellationToken.None);

        var expected = PlainEvaluator.Selected(query, rows, names)
            .GroupBy(row => distinct.Per is { } per ? PlainEvaluator.KeyOf(row, per, names) : string.Empty, row => PlainEvaluator.KeyOf(row, distinct.Counted, names))
            .ToDictionary(group => group.Key, group => group.Distinct().ToArray());
        for (var group = 0; group < counts.ByGroup.Count; group++)
        {
            var found = expected.GetValueOrDefault(distinct.Per is { } per ? table.Table(per).Key(group) : string.Empty, []);
            Assert.Equal(found.Length, counts.ByGroup[group]);
            Assert.Equal(found.Count(key => key.Length > 0), counts.Named(group));
        }
    });

    [Fact]
    public void Run_AnyNumberOfThreads_GivesTheSameAnswer() => ForAll((table, _, query, random) =>
    {
        var expected = AnswerText.Of(Run(query, table));
        var threads = random.Next(2, 6);

        Assert.Equal(expected, AnswerText.Of(QueryExecutor.Run(QueryPlan.For(query, table), threads, random.Next(1, 9), CancellationToken.None)));
    });

    [Fact]
    public void Run_HourBuckets_HoldTheRowsOfTheirLocalHour() => ForAll((table, rows, query, _) =>
    {
        var result = Run(query with { Bucket = BucketSize.Hour, Predicates = [], Measures = Measures.All }, table);

        var expected = rows
            .Where(row => result.Plan.Buckets.Start <= row.Start && row.Start < result.Plan.Buckets.End)
            .GroupBy(row => HourOf(row.Start, query.Zone))
            .ToDictionary(hour => hour.Key, hour => hour.Aggregate((Int128)0, (sum, row) => sum + row.Values[(int)Measure.InputTokens]));
        for (var i = 0; i < result.Buckets.Count; i++)
        {
            var (date, start, end) = result.Plan.Buckets[i];
            Assert.Equal(expected.GetValueOrDefault(HourOf(start, query.Zone)), result.Buckets[i].Totals[Measure.InputTokens]);
            Assert.Equal(start.InZone(query.Zone).Date, date);
            Assert.True(start == end || HourOf(start, query.Zone) == HourOf(end - Duration.Epsilon, query.Zone), $"{start} to {end} is more than an hour of {query.Zone.Id}.");
        }

        static (LocalDate, int, Offset) HourOf(Instant instant, DateTimeZone zone) =>
            (instant.InZone(zone).Date, instant.InZone(zone).Hour, instant.InZone(zone).Offset);
    });

    [Fact]
    public void Run_TopAndOthers_AddUpToTheWhole() => ForAll((table, _, query, random) =>
    {
        var whole = Run(query with { Top = null }, table);
        var top = random.Next(1, 4);
        var cut = Run(query with { Top = top }, table);

        Assert.Equal(whole.Totals, cut.Totals);
        Assert.Equal(whole.Ranking.Take(top), cut.Ranking.Take(top));
        Assert.Equal(Math.Min(whole.Ranking.Count, top + 1), cut.Ranking.Count);
        Assert.Equal(Sum(whole.Ranking.Skip(top).Select(group => group.Sums)), Sum(cut.Ranking.Where(group => group.Code == GroupTable.Others).Select(group => group.Sums)));
        Assert.All(cut.Buckets, bucket => Assert.DoesNotContain(GroupTable.Others, bucket.Breakdown.SkipLast(1).Select(group => group.Code)));
    });

    [Fact]
    public void Run_RangeSplitAnywhere_GivesTheSameDays() => ForAll((table, _, query, random) =>
    {
        query = query with { Bucket = BucketSize.Day, To = query.To.PlusDays(1), Top = null };
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
            Any(random, [BucketSize.Range, BucketSize.Day, BucketSize.Day, BucketSize.Week, BucketSize.Month]),
            Any(random, Dimensions.All))
        {
            RankBy = Any(random, Enum.GetValues<RankBy>()),
            ThenBy = random.Next(3) == 0 ? Any(random, Dimensions.All) : null,
            Compare = Any(random, [Comparison.None, Comparison.None, Comparison.Previous, Comparison.PreviousYear]),
            Top = random.Next(3) == 0 ? random.Next(1, 4) : null,
            Predicates = [.. Enumerable.Range(0, Math.Max(0, random.Next(-2, 4))).Select(_ => AnyPredicate(random, table))],
        };
        query = query with
        {
            ThenBy = query.ThenBy == query.GroupBy ? null : query.ThenBy,
            Measures = random.Next(3) == 0 ? [.. Measures.All.Where(measure => random.Next(2) == 0 || GroupOrder.MeasuresFor(query.RankBy).Contains(measure))] : query.Measures,
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
