using Analytics.Bench.Comparison;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage.Rollup;
using Analytics.Tests.Golden;
using Analytics.Tests.Queries;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Interop;

/// <summary>Random stores and questions: our answer, DuckDB's and a plain evaluator's are equal in every cell.</summary>
public class DuckDbDifferentialTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_624;
    private const int Cases = 500;
    private static readonly Instant First = Instant.FromUtc(1990, 1, 1, 0, 0);
    private static readonly BucketSize[] Buckets = [BucketSize.Day, BucketSize.Day, BucketSize.Week, BucketSize.Month];
    private static readonly string[] Mappings = ["azure/gpt-5.5", "openai/gpt-5.5", "a/b/c:d", "lone", "lone:x", "/lead", "trail/", "x:y/z", ""];

    [DuckDbFact]
    public void Answer_RandomRowsAndQueries_EqualsDuckDbsAndThePlainEvaluators()
    {
        using var duck = DuckDb.Open(threads: 2);
        output.WriteLine($"seed {Seed}, DuckDB {DuckDb.Version}");
        for (var number = 0; number < Cases; number++)
        {
            var random = new Random(Seed + number);
            var from = First.InUtc().Date.PlusDays(random.Next(365 * 40));
            var names = Names(random);
            var query = Query(random, from);
            using var store = new GoldenStore(names);
            List<UsageRow> plainRows = [];
            for (var commit = random.Next(3); commit >= 0; commit--)
            {
                var grain = Duration.FromMinutes(random.Next(2) == 0 ? 60 : 15);
                var rows = Rows(random, query).ToArray();
                store.Commit(grain, rows);
                plainRows.AddRange(rows.Select(row => Plain(row, grain)));
            }

            var result = store.Run(query);
            var buckets = result.Plan.Buckets.Buckets.ToArray();
            var expected = DuckDbOracle.Ask(duck, store.ParquetFiles, names, query, buckets);

            var (ours, theirs) = (Answer.Of(result).Lines().Append("end"), expected.Lines().Append("end"));
            var difference = ours.Zip(theirs).FirstOrDefault(line => line.First != line.Second);
            Assert.True(difference == default, $"Seed {Seed + number}, {query}:\nours   {difference.First}\nDuckDB {difference.Second}\n{result.Plan}");
            Assert.Equal(PlainEvaluator.Answer(query, [.. plainRows], store.Names, result.Plan.Table.DataThrough), AnswerText.Of(result));
            Assert.True(result.Plan.IsExact == !AnyEdgeCuts(store, buckets), $"Seed {Seed + number}, {query}: exact is {result.Plan.IsExact}.");
        }
    }

    /// <summary>Whether some edge lies inside of an interval between a file's first and last, found by trying all.</summary>
    private static bool AnyEdgeCuts(GoldenStore store, IReadOnlyList<TimeBucket> buckets) => store.UsageFiles.Any(file =>
        buckets.Select(bucket => bucket.Start).Append(buckets[^1].End).Select(edge => edge.ToUnixTimeSeconds()).Any(edge =>
            edge > file.FirstBucket / 1_000_000
            && edge < (file.LastBucket / 1_000_000) + (file.GrainMinutes * 60)
            && edge % (file.GrainMinutes * 60) != 0));

    /// <summary>A row as it is stored: in the interval that its time falls in.</summary>
    private static UsageRow Plain(GoldenRow row, Duration grain)
    {
        var sinceStart = row.Time.ToUnixTimeTicks() % grain.BclCompatibleTicks;
        return new UsageRow(
            row.Time - Duration.FromTicks(sinceStart),
            [row.Keys.Project, row.Keys.ApiKey, row.Keys.Mapping, row.Keys.App, row.Keys.ServiceType, row.Keys.Agent],
            [.. Measures.All.Select(measure => row.Measures[measure])]);
    }

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

    private static UsageQuery Query(Random random, LocalDate from)
    {
        var ids = DateTimeZoneProviders.Tzdb.Ids;
        var zone = DateTimeZoneProviders.Tzdb[ids[random.Next(ids.Count)]];
        var days = random.Next(10) == 0 ? random.Next(1, 400) : random.Next(1, 40);
        return new UsageQuery(from, from.PlusDays(days - 1), zone, Buckets[random.Next(Buckets.Length)], Dimensions.All[random.Next(Dimensions.All.Count)])
        {
            Predicates = [.. Enumerable.Range(0, Math.Max(0, random.Next(4) - 1)).Select(_ => Predicate(random))],
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

    // Rows lie within a few days of the range, so that some are outside, and near its edges.
    private static IEnumerable<GoldenRow> Rows(Random random, UsageQuery query)
    {
        var start = query.From.AtMidnight().InUtc().ToInstant() - Duration.FromDays(2);
        // Every third time values are 0 or 1, so that sums tie and labels and keys decide.
        var isTiny = random.Next(3) == 0;
        var minutes = (Period.DaysBetween(query.From, query.To) + 5) * 24 * 60;
        for (var count = random.Next(1, 120); count > 0; count--)
        {
            UsageMeasures measures = default;
            foreach (var measure in Measures.All)
            {
                measures[measure] = random.Next(8) switch
                {
                    _ when isTiny => random.Next(2),
                    0 or 1 => 0,
                    2 when random.Next(10) == 0 => long.MaxValue,
                    3 => random.NextInt64(long.MaxValue),
                    _ => random.Next(5_000),
                };
            }

            var keys = new UsageKeys(Key("prj", random), Key("key", random), Mappings[random.Next(Mappings.Length)], Key("any", random), Key("any", random), Key("agt", random));
            yield return new GoldenRow(start + Duration.FromMinutes(random.Next(minutes)), keys, measures);
        }
    }

    private static string Key(string kind, Random random) => random.Next(5) is var number and > 0 ? $"{kind}_{number}" : string.Empty;

    private static IEnumerable<string> Keys(string kind, Random random) => Enumerable.Range(0, 5).Where(_ => random.Next(3) > 0).Select(number => $"{kind}_{number}");

    // Few labels, so that ties are common; one with a quote.
    private static string Label(Random random) => new[] { "alpha", "Alpha", "it's", "Zürich 東京" }[random.Next(4)];
}
