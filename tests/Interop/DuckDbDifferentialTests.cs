using Analytics.Bench.Comparison;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Rollup;
using Analytics.Tests.Golden;
using Analytics.Tests.Queries;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Interop;

/// <summary>
/// Random stores and questions: our answer, DuckDB's and a plain evaluator's are equal in every cell and in order. Ours is
/// given four times, from cubes and from rows, by one thread and by two.
/// </summary>
public class DuckDbDifferentialTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_624;
    private const int Stores = 420;
    private const int QueriesPerStore = 5;
    private static readonly LocalDate First = new(1990, 1, 1);
    private static readonly string[] Mappings = ["azure/gpt-5.5", "openai/gpt-5.5", "a/b/c:d", "lone", "lone:x", "/lead", "trail/", "x:y/z", ""];

    [DuckDbFact]
    public void Answer_RandomRowsAndQueries_EqualsDuckDbsAndThePlainEvaluators()
    {
        var (queries, fromCubes, compared, pivots, empty) = (0, 0, 0, 0, 0);
        Parallel.For(
            0,
            Stores,
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            () => DuckDb.Open(threads: 1),
            (number, _, duck) =>
            {
                var random = new Random(Seed + number);
                using var store = RandomStore.Of(random);
                for (var i = 0; i < QueriesPerStore; i++)
                {
                    var query = Query(random, store);
                    var result = Check(duck, store, query, random, $"Seed {Seed} + {number}, query {i}");
                    Interlocked.Increment(ref queries);
                    Interlocked.Add(ref fromCubes, result.Plan.Cube is null ? 0 : 1);
                    Interlocked.Add(ref compared, result.Previous is null ? 0 : 1);
                    Interlocked.Add(ref pivots, query.ThenBy is null ? 0 : 1);
                    Interlocked.Add(ref empty, result.Totals.IsZero ? 1 : 0);
                }

                return duck;
            },
            duck => duck.Dispose());

        output.WriteLine(
            $"seed {Seed}, DuckDB {DuckDb.Version}: {queries} queries on {Stores} stores, {fromCubes} answered by a cube; {pivots} of two dimensions, {compared} with an earlier range, {empty} of no usage");
        Assert.Equal(Stores * QueriesPerStore, queries);

        // Else the questions have drifted away from what the test is for.
        Assert.True(fromCubes > queries / 4 && pivots > queries / 5 && compared > queries / 4 && empty < queries / 2);
    }

    /// <summary>Asks everybody.</summary>
    /// <returns>Our answer, from a cube where one can give it.</returns>
    private static QueryResult Check(DuckDb duck, RandomStore store, UsageQuery query, Random random, string what)
    {
        var plans = new[] { QueryPlan.For(query, store.Cubes), QueryPlan.For(query, store.Table, usesProjections: false) };
        var buckets = plans[0].Buckets.Buckets.ToArray();
        var previous = plans[0].Previous?.Buckets;

        // The edges are ours here. The plain evaluator finds its own, and so does DuckDB's calendar in the golden queries.
        var expected = DuckDbOracle.Ask(duck, store.ParquetFiles, store.Names, query, buckets, previous is null ? null : new EarlierRange(previous.Start, previous.End));
        var plain = PlainEvaluator.Answer(query, store.Rows, store.UsageNames, store.Table.DataThrough);
        QueryResult? first = null;
        foreach (var plan in plans)
        {
            foreach (var threads in (int[])[1, 2])
            {
                var result = QueryExecutor.Run(plan, threads, random.Next(1, 9), CancellationToken.None);
                first ??= result;
                var answer = Answer.Of(result);
                var difference = answer.FirstDifference(expected);
                Assert.True(difference is null, $"{what}, {threads} threads, {Describe(query)}:\nours against DuckDB's\n{difference}\n{plan}");
                Assert.True(plain == AnswerText.Of(result), $"{what}, {threads} threads, {Describe(query)}:\nours\n{AnswerText.Of(result)}\nthe plain evaluator's\n{plain}\n{plan}");
                Assert.Equal(!AnyEdgeCuts(store, buckets), plan.IsExact);
            }

            Measure[] measures = [.. Measures.All.Where(_ => random.Next(4) == 0)];
            Assert.Equal(Part(expected, query, measures), Part(first!, measures));
        }

        return first!;
    }

    /// <summary>The cells of a reader that was asked for some measures only.</summary>
    private static IEnumerable<string> Part(QueryResult result, Measure[] measures)
    {
        var reader = result.Read(measures);
        for (var bucket = 0; bucket < result.Plan.Buckets.Count; bucket++)
        {
            reader.MoveTo(bucket);
            for (var i = 0; i < reader.Count; i++)
            {
                var group = reader.Group(i);
                var names = Enumerable.Range(0, group == GroupTable.Others ? 0 : result.Groups.Dimensions).Select(dimension => result.Groups.Key(group, dimension));
                yield return $"{bucket} {string.Join('|', names)}: {string.Join(' ', Measures.All.Select(measure => reader.Value(i, measure)))}";
            }
        }
    }

    /// <summary>The same cells of an answer.</summary>
    private static IEnumerable<string> Part(Answer answer, UsageQuery query, Measure[] measures)
    {
        Measure[] wanted = [.. measures.Union(GroupOrder.MeasuresFor(query.RankBy)).Intersect(query.Measures)];
        return answer.Buckets.SelectMany((bucket, i) => bucket.Groups
            .Where(group => wanted.Any(measure => group.Sums[measure] != 0))
            .Select(group => $"{i} {string.Join('|', group.Names.Select(name => name.Key))}: {string.Join(' ', Measures.All.Select(measure => wanted.Contains(measure) ? group.Sums[measure] : 0))}"));
    }

    private static string Describe(UsageQuery query) =>
        $"{query}, where {string.Join(" and ", query.Predicates.Select(predicate => $"{predicate.Dimension} in '{string.Join("', '", predicate.Keys)}'"))}, measures {string.Join(", ", query.Measures)}";

    /// <summary>Whether some edge lies inside of an interval between a file's first and last, found by trying all.</summary>
    private static bool AnyEdgeCuts(RandomStore store, IReadOnlyList<TimeBucket> buckets) => store.UsageFiles.Any(file =>
        buckets.Select(bucket => bucket.Start).Append(buckets[^1].End).Select(edge => edge.ToUnixTimeSeconds()).Any(edge =>
            edge > file.FirstBucket / 1_000_000
            && edge < (file.LastBucket / 1_000_000) + (file.GrainMinutes * 60)
            && edge % (file.GrainMinutes * 60) != 0));

    private static NameTables Names(Random random) => new()
    {
        Projects = [.. Keys("prj", random).Select(key => new NamedThing(key, Label(random), random.Next(4) == 0))],
        ApiKeys = [.. Keys("key", random).Select(key => new NamedThing(key, Label(random), random.Next(4) == 0, random.Next(4) == 0 ? null : $"u_{random.Next(5)}"))],
        Agents = [.. Keys("agt", random).Select(key => new NamedThing(key, Label(random)))],
        Members = [.. Keys("u", random).Select(key => new NamedThing(key, Label(random)))],
        Models =
        [
            .. Mappings.Where(mapping => mapping.Length > 0 && random.Next(3) == 0)
                .Select(mapping => new NamedModel(mapping, random.Next(3) == 0 ? null : "gpt-5.5", random.Next(3) == 0 ? null : $"provider {random.Next(2)}")),
        ],
    };

    private static UsageQuery Query(Random random, RandomStore store)
    {
        var ids = DateTimeZoneProviders.Tzdb.Ids;
        var bucket = Any(random, Enum.GetValues<BucketSize>());
        var from = store.First.PlusDays(random.Next(-4, store.Days));
        var to = from.PlusDays(bucket == BucketSize.Hour ? random.Next(4) : random.Next(6) == 0 ? random.Next(400) : random.Next(40));
        if (bucket != BucketSize.Hour && random.Next(4) == 0)
        {
            // Whole months, which are compared with months.
            from = new LocalDate(from.Year, from.Month, 1);
            to = from.PlusMonths(random.Next(1, 4)).PlusDays(-1);
        }

        var rankBy = Any(random, Enum.GetValues<RankBy>());
        var groupBy = Any(random, Dimensions.All);
        Dimension? thenBy = random.Next(2) == 0 ? null : Any(random, Dimensions.All);
        return new UsageQuery(from, to, DateTimeZoneProviders.Tzdb[Any(random, ids)], bucket, groupBy)
        {
            ThenBy = thenBy == groupBy ? null : thenBy,
            Predicates = [.. Enumerable.Range(0, Math.Max(0, random.Next(5) - 2)).Select(_ => Predicate(random))],
            Measures = random.Next(4) switch
            {
                0 => Measures.Headline,
                1 => [.. Measures.All.Where(measure => random.Next(3) == 0 || GroupOrder.MeasuresFor(rankBy).Contains(measure))],
                _ => Measures.All,
            },
            RankBy = rankBy,
            Top = random.Next(3) == 0 ? random.Next(1, 6) : null,
            Compare = Any(random, [Comparison.None, Comparison.Previous, Comparison.PreviousYear]),
        };
    }

    private static Predicate Predicate(Random random)
    {
        var dimension = Dimensions.All[random.Next(Dimensions.All.Count)];
        return new Predicate(dimension, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => dimension switch
        {
            Dimension.Member => random.Next(4) == 0 ? string.Empty : $"u_{random.Next(5)}",
            Dimension.Model => new[] { "gpt-5.5", "lone", "b/c", "y/z", "z", string.Empty }[random.Next(6)],
            Dimension.Provider => new[] { "azure", "openai", "provider 0", "provider 1", "a", string.Empty }[random.Next(6)],
            Dimension.Mapping => Mappings[random.Next(Mappings.Length)],
            Dimension.Project => Key("prj", random),
            Dimension.ApiKey => Key("key", random),
            Dimension.Agent => Key("agt", random),
            _ => Key("any", random),
        }).Distinct()]);
    }

    private static string Key(string kind, Random random) => random.Next(5) is var number and > 0 ? $"{kind}_{number}" : string.Empty;

    private static IEnumerable<string> Keys(string kind, Random random) => Enumerable.Range(0, 5).Where(_ => random.Next(3) > 0).Select(number => $"{kind}_{number}");

    // Few labels, so that ties are common; one with a quote.
    private static string Label(Random random) => new[] { "alpha", "Alpha", "it's", "Zürich 東京" }[random.Next(4)];

    private static T Any<T>(Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    /// <summary>A store on disk with random rows and names, and the same rows in plain values.</summary>
    private sealed class RandomStore : IDisposable
    {
        private readonly GoldenStore store;

        private RandomStore(NameTables names, LocalDate first, int days)
        {
            (Names, First, Days) = (names, first, days);
            store = new GoldenStore(names);
            Table = Cubes = null!;
        }

        public NameTables Names { get; }

        /// <summary>The day that most rows lie after.</summary>
        public LocalDate First { get; }

        public int Days { get; }

        public UsageRow[] Rows { get; private set; } = [];

        public UsageTable Table { get; private set; }

        /// <summary>The same with every cube that is asked for.</summary>
        public UsageTable Cubes { get; private set; }

        public IUsageNames UsageNames => store.Names;

        public IReadOnlyList<string> ParquetFiles => store.ParquetFiles;

        public IReadOnlyList<UsageFileFacts> UsageFiles => store.UsageFiles;

        public static RandomStore Of(Random random)
        {
            var first = DuckDbDifferentialTests.First.PlusDays(random.Next(365 * 40));
            var made = new RandomStore(Names(random), first, random.Next(3) == 0 ? random.Next(200, 800) : random.Next(3, 40));
            List<UsageRow> rows = [];

            // 0: sums tie, and labels and keys decide. 2: sums pass 64 bits, and cubes do not serve.
            var scale = random.Next(4);
            for (var commit = random.Next(3); commit >= 0; commit--)
            {
                var grain = Duration.FromMinutes(random.Next(2) == 0 ? 60 : 15);
                var committed = made.RandomRows(random, scale).ToArray();
                made.store.Commit(grain, committed);
                rows.AddRange(committed.Select(row => Plain(row, grain)));
            }

            made.Rows = [.. rows];
            made.Table = made.store.Load();
            made.Cubes = UsageSamples.WithCubes(made.Table, made.UsageNames);
            return made;
        }

        public void Dispose() => store.Dispose();

        // Some rows lie outside of any question, some in the months and in the year before it.
        private IEnumerable<GoldenRow> RandomRows(Random random, int scale)
        {
            for (var count = random.Next(1, 120); count > 0; count--)
            {
                UsageMeasures measures = default;
                foreach (var measure in UsageSchema.MeasuresOf(UsageSchema.Requests))
                {
                    measures[measure] = (scale, random.Next(8)) switch
                    {
                        (0, _) => random.Next(2),
                        (_, 0 or 1) => 0,
                        (2, 2) when random.Next(10) == 0 => long.MaxValue,
                        (2, 3) => random.NextInt64(long.MaxValue),
                        (_, 4) => random.NextInt64(1_000_000_000_000_000),
                        _ => random.Next(5_000),
                    };
                }

                var keys = new UsageKeys(Key("prj", random), Key("key", random), Mappings[random.Next(Mappings.Length)], Key("any", random), Key("any", random), Key("agt", random));
                var day = First.PlusDays(random.Next(-2, Days + 2)).PlusDays(random.Next(5) switch { 0 => -random.Next(60), 1 => -365, _ => 0 });
                yield return new GoldenRow(day.AtMidnight().InUtc().ToInstant() + Duration.FromMinutes(random.Next(24 * 60)), keys, measures);
            }
        }

        /// <summary>A row as it is stored: in the interval that its time falls in.</summary>
        private static UsageRow Plain(GoldenRow row, Duration grain)
        {
            var sinceStart = row.Time.ToUnixTimeTicks() % grain.BclCompatibleTicks;
            return new UsageRow(
                row.Time - Duration.FromTicks(sinceStart),
                [row.Keys.Project, row.Keys.ApiKey, row.Keys.Mapping, row.Keys.App, row.Keys.ServiceType, row.Keys.Agent, "", "", ""],
                [.. Measures.All.Select(measure => row.Measures[measure])]);
        }
    }
}
