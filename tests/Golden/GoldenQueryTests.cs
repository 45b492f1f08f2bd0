using System.Globalization;
using System.Numerics;
using Analytics.Bench.Comparison;
using Analytics.Engine.Kernels;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Tests.Chunks;
using Analytics.Tests.Interop;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Golden;

/// <summary>
/// Every <c>.query</c> file beside this one: its own numbers add up; our store and engine give its answer on every
/// instruction path, with cubes and without, with one thread and with two; DuckDB gives its answer over the same Parquet
/// files, and has the same calendar.
/// </summary>
public class GoldenQueryTests
{
    private static readonly string[] DocumentedColumns =
    [
        "bucket_start TIMESTAMP WITH TIME ZONE",
        "project VARCHAR", "api_key VARCHAR", "mapping VARCHAR", "app VARCHAR", "service_type VARCHAR", "agent VARCHAR",
        "request_count BIGINT", "error_count BIGINT", "client_error_count BIGINT", "cache_hit_count BIGINT", "unpriced_count BIGINT",
        "input_tokens BIGINT", "cached_input_tokens BIGINT", "cache_write_tokens BIGINT", "output_tokens BIGINT", "reasoning_tokens BIGINT",
        "cost DECIMAL(18,12)",
    ];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Golden");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.query").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void File_AsWritten_AddsUp(string file)
    {
        var golden = Read(file);

        Assert.Equal(golden.Query.From, golden.Buckets[0].Date);
        Assert.All(golden.Buckets.Zip(golden.Buckets.Skip(1)), days => Assert.Equal(days.First.End, days.Second.Start));
        if (golden.Query.Bucket == BucketSize.Day)
        {
            Assert.Equal(golden.Query.To, golden.Buckets[^1].Date);
            Assert.Equal(Period.DaysBetween(golden.Query.From, golden.Query.To) + 1, golden.Buckets.Count);
        }

        var bucket = golden.Query.Bucket == BucketSize.Hour ? "start" : "date";
        foreach (var column in (string[])["cost", "requests", "tokens"])
        {
            Assert.Equal(golden.Totals[0][column], Sum(golden.BucketRows, column));
            Assert.Equal(golden.Totals[0][column], Sum(golden.Ranking, column));
            Assert.All(golden.BucketRows, row => Assert.Equal(row[column], Sum(golden.Breakdown.Where(group => group[bucket] == row[bucket]), column)));
            if (golden.Earlier is not null)
            {
                Assert.Equal(golden.Totals[0]["before_" + column], Sum(golden.Ranking, "before_" + column));
            }
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void Engine_GoldenFile_GivesItsAnswer(string file)
    {
        var golden = Read(file);
        using var store = Store(golden);
        var table = store.Load();
        var cubes = UsageSamples.WithCubes(table, store.Names);
        foreach (var path in Enum.GetValues<InstructionPath>().Where(path => path <= InstructionPaths.Best))
        {
            GuardedColumn.On(path, () =>
            {
                foreach (var threads in (int[])[1, 2])
                {
                    foreach (var plan in (QueryPlan[])[QueryPlan.For(golden.Query, table, usesProjections: false), QueryPlan.For(golden.Query, cubes)])
                    {
                        var result = QueryExecutor.Run(plan, threads, minRowsPerThread: 1, CancellationToken.None);
                        var way = $"{path}, {threads} threads:\n{plan}\n";

                        AssertNone(way, golden.FirstDifference(Answer.Of(result)));
                        AssertNone(way, golden.IsExact == plan.IsExact ? null : $"exact: found {plan.IsExact}, expected {golden.IsExact}.");
                        Assert.Equal(golden.Earlier, plan.Previous is { } previous ? new EarlierRange(previous.Buckets.Start, previous.Buckets.End) : null);
                    }
                }
            });
        }
    }

    [DuckDbTheory, MemberData(nameof(Files))]
    public void DuckDb_GoldenFile_GivesItsAnswer(string file)
    {
        var golden = Read(file);
        using var store = Store(golden);
        using var duck = DuckDb.Open(threads: 1);

        AssertNone("DuckDB: ", golden.FirstDifference(DuckDbOracle.Ask(duck, store.ParquetFiles, golden.Names, golden.Query, golden.Buckets, golden.Earlier)));
        Assert.Equal(DocumentedColumns, DuckDbOracle.Describe(duck, store.ParquetFiles));
    }

    [DuckDbTheory, MemberData(nameof(Files))]
    public void DuckDb_GoldenFile_HasTheSameCalendar(string file)
    {
        var golden = Read(file);
        using var store = Store(golden);
        using var duck = DuckDb.Open(threads: 1);

        AssertNone("DuckDB: ", DuckDbOracle.FirstOtherDay(duck, store.ParquetFiles, golden.Query, golden.Buckets));
    }

    // Assert.Null would cut the text short.
    private static void AssertNone(string way, string? difference) => Assert.True(difference is null, way + difference);

    private static GoldenQuery Read(string file) => GoldenQuery.Read(Path.Combine(Folder, file + ".query"));

    private static GoldenStore Store(GoldenQuery golden)
    {
        var store = new GoldenStore(golden.Names);
        store.Commit(golden.Grain, golden.Rows);
        return store;
    }

    /// <summary>The sum of decimal texts as the shortest decimal text, on a way of its own: in units of 1e-12.</summary>
    private static string Sum(IEnumerable<Dictionary<string, string>> rows, string column)
    {
        var sum = rows.Aggregate(BigInteger.Zero, (total, row) =>
        {
            var parts = row[column].Split('.');
            return total + BigInteger.Parse(parts[0] + (parts.Length > 1 ? parts[1] : string.Empty).PadRight(12, '0'), CultureInfo.InvariantCulture);
        });
        var digits = sum.ToString(CultureInfo.InvariantCulture).PadLeft(13, '0');
        return $"{digits[..^12]}.{digits[^12..]}".TrimEnd('0').TrimEnd('.');
    }
}
