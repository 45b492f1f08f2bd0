using Analytics.Bench;
using Analytics.Bench.Comparison;
using Analytics.DataGen;
using Analytics.Tests.Interop;
using Xunit;

namespace Analytics.Tests.Bench;

/// <summary>No benchmark is timed whose answer is wrong: what <c>bench --check</c> and <c>bench compare</c> do, on little data.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Check_AllBenchmarks_GiveThePlainAnswer()
    {
        using var output = new StringWriter();

        Checks.RunAll(output);

        Assert.All(Checks.Benchmarks, benchmark => Assert.Contains($"ok {benchmark.Name} ", output.ToString(), StringComparison.Ordinal));
    }

    // Every form of DuckDB answers every query; a wrong answer anywhere ends the command with 1.
    [DuckDbFact]
    public void Compare_GeneratedRows_AreAnsweredEqually()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, GeneratorCommands.Run(["rollups", "--data", folder.File("data"), "--rows", "20000", "--organizations", "1", "--until", "2026-06-24"], output, error));
        var options = new ComparisonOptions { Data = folder.File("data"), Peers = ["duckdb"], Rounds = 1, RoofBytes = 32 << 20, Results = folder.File("results"), Json = folder.File("report.json") };

        Assert.Equal(0, ComparisonCommand.Run(options, output, error));

        var report = ComparisonReport.FromJson(File.ReadAllText(folder.File("report.json")));
        var year = Assert.Single(report.Years);
        Assert.Equal(20_000, year.Rows);
        Assert.Equal(ComparisonQuery.All.Select(query => query.Name), year.Queries.Select(query => query.Name));
        Assert.All(year.Queries, query => Assert.InRange(query.Times.Count(time => time.System == "DuckDB"), query.Name == "Q5" ? 2 : 3, 3));
        Assert.Equal(File.ReadAllText(folder.File("results/compare.md")), ComparisonMarkdown.Of(report));
    }

    [Fact]
    public void Compare_NothingToCompare_SaysWhatIsMissing()
    {
        using var error = new StringWriter();

        Assert.Equal(2, ComparisonCommand.Run(new ComparisonOptions { Results = folder.File("none") }, TextWriter.Null, error));
        Assert.Equal(65, ComparisonCommand.Run(new ComparisonOptions { Results = folder.File("none"), WritesReadme = true }, TextWriter.Null, error));
        Assert.Contains("give --rows N", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("there is no report", error.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
