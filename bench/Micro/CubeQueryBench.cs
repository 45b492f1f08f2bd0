using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using BenchmarkDotNet.Attributes;
using NodaTime;

namespace Analytics.Bench.Micro;

/// <summary>Questions for a year that cubes answer, caches warm: from the query to every cell, in no order.</summary>
/// <remarks>One organisation-year of 50 projects, 120 mappings of 40 models, and 2,000 keys of 400 members, four sums.</remarks>
[MemoryDiagnoser]
public class CubeQueryBench : ICheckedBenchmark, IUsageNames
{
    private const int Rows = 2_000_000;
    private static readonly LocalDate First = new(2025, 7, 1);
    private static readonly DateTimeZone Paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];
    private static readonly int[] Sizes = [50, 2_000, 120, 10, 4, 20];
    private UsageTable? table;

    /// <summary>The year, with all cubes.</summary>
    private UsageTable Table => table ??= Make();

    [Benchmark]
    public long ByProject() => Cells(Query(BucketSize.Day, Dimension.Project));

    [Benchmark]
    public long ByServiceType() => Cells(Query(BucketSize.Day, Dimension.ServiceType));

    [Benchmark]
    public long ByModel() => Cells(Query(BucketSize.Day, Dimension.Model));

    [Benchmark]
    public long ByApiKey() => Cells(Query(BucketSize.Day, Dimension.ApiKey));

    [Benchmark]
    public long TopTenApiKeys() => Cells(Query(BucketSize.Range, Dimension.ApiKey) with { Top = 10 });

    [Benchmark]
    public long Members() => Cells(Query(BucketSize.Range, Dimension.Member));

    [Benchmark]
    public long ProjectByModel() => Cells(Query(BucketSize.Day, Dimension.Model) with { Predicates = [new Predicate(Dimension.Project, ["p7"])] });

    /// <inheritdoc/>
    public void Check()
    {
        foreach (var query in (UsageQuery[])
            [
                Query(BucketSize.Day, Dimension.Project), Query(BucketSize.Day, Dimension.Model), Query(BucketSize.Day, Dimension.ApiKey),
                Query(BucketSize.Range, Dimension.Member), Query(BucketSize.Day, Dimension.Model) with { Predicates = [new Predicate(Dimension.Project, ["p7"])] },
            ])
        {
            if (QueryPlan.For(query, Table).Cube is null)
            {
                throw new InvalidOperationException($"{query} has no cube.");
            }

            Checks.Equal(query.GroupBy.ToString(), [Cells(query, usesProjections: false)], [Cells(query)]);
        }
    }

    /// <inheritdoc/>
    public Name NameOf(Dimension dimension, string key) => new(key);

    /// <inheritdoc/>
    public string Derive(Dimension derived, string storedKey) => storedKey.Length == 0
        ? string.Empty
        : $"{derived}{int.Parse(storedKey.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) / (derived == Dimension.Member ? 5 : 3)}";

    private static UsageQuery Query(BucketSize bucket, Dimension groupBy) =>
        new(First, First.PlusDays(364), Paris, bucket, groupBy) { Measures = Engine.Usage.Measures.Headline };

    private long Cells(UsageQuery query, bool usesProjections = true)
    {
        using var result = QueryExecutor.Run(QueryPlan.For(query, Table, usesProjections), CancellationToken.None);
        long sum = 0;
        if (query.Bucket == BucketSize.Range)
        {
            foreach (var measure in query.Measures)
            {
                for (var i = 0; i < result.Ranking.Count; i++)
                {
                    sum += (long)result.Ranking.Value(i, measure);
                }
            }

            return sum;
        }

        var reader = result.Read(query.Measures);
        for (var bucket = 0; bucket < result.Plan.Buckets.Count; bucket++)
        {
            reader.MoveTo(bucket, isOrdered: false);
            for (var i = 0; i < reader.Count; i++)
            {
                foreach (var value in reader.Row(i))
                {
                    sum += value;
                }
            }
        }

        return sum;
    }

    private UsageTable Make()
    {
        var random = new Random(1);
        var start = Paris.AtStartOfDay(First).ToInstant();
        var times = new long[Rows];
        var codes = Sizes.Select(_ => new int[Rows]).ToArray();
        var values = UsageSchema.MeasuresOf(UsageSchema.Requests).Select(_ => new long[Rows]).ToArray();
        for (var row = 0; row < Rows; row++)
        {
            times[row] = (start + Duration.FromHours((int)((long)row * 365 * 24 / Rows))).ToUnixMicroseconds();
            for (var dimension = 0; dimension < Sizes.Length; dimension++)
            {
                codes[dimension][row] = random.Next(Sizes[dimension]);
            }

            foreach (var measure in UsageSchema.MeasuresOf(UsageSchema.Requests))
            {
                values[(int)measure][row] = random.Next(1, measure == Measure.Cost ? 1_000_000_000 : 1_000);
            }
        }

        var batch = new RecordBatch(UsageSchema.Requests,
        [
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, times),
            .. codes.Select((column, dimension) => new DictionaryArray(
                new PrimitiveArray<int>(ArrowType.Int32, column), StringArray.From([.. Enumerable.Range(0, Sizes[dimension]).Select(code => $"p{code}")]))),
            .. values.Select((column, measure) => new PrimitiveArray<long>(UsageSchema.Schema.Fields[UsageSchema.ColumnOf((Measure)measure)].Type, column)),
        ]);
        var builder = new UsageTableBuilder();
        builder.Add([batch], []);
        var usage = builder.Build(this);

        // Asked for until scans have read as many rows as there are, every cube is built.
        foreach (var groupBy in Dimensions.All)
        {
            for (var time = 0; time < 3; time++)
            {
                QueryPlan.For(Query(BucketSize.Day, groupBy), usage);
                QueryPlan.For(Query(BucketSize.Day, groupBy) with { Predicates = [new Predicate(Dimension.Project, ["p7"])] }, usage);
            }
        }

        return usage;
    }
}
