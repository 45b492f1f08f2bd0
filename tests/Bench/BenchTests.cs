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

    [DuckDbFact]
    public void Compare_GeneratedRows_AreAnsweredEqually()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, GeneratorCommands.Run(["rollups", "--data", folder.File("data"), "--rows", "20000", "--organizations", "1", "--until", "2026-06-24"], output, error));
        var organization = Directory.GetDirectories(folder.File("data/requests")).Single().Split('=')[^1];

        Assert.Equal(0, SideBySide.Run(folder.File("data"), organization, rounds: 1, output));

        Assert.Contains("All cells were compared and are equal.", output.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
