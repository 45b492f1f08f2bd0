using Analytics.Engine.Kernels;
using BenchmarkDotNet.Attributes;

namespace Analytics.Bench.Micro;

/// <summary>Four columns summed by group: what a scan does for every row.</summary>
[MemoryDiagnoser]
public class GroupSumBench : ICheckedBenchmark
{
    private readonly long[][] columns = new long[4][];
    private int[] groups = [];
    private long[] totals = [];

    /// <summary>Rows: 74 KiB (second-level cache) and 36 MiB (memory) of input, 36 bytes a row.</summary>
    [Params(2_048, 1_048_576)]
    public int Rows { get; set; }

    /// <summary>Groups: service types, projects, API keys.</summary>
    [Params(6, 50, 2_000)]
    public int Groups { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(20260624);
        groups = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(Groups) * random.Next(Groups) / Groups)];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = [.. Enumerable.Range(0, Rows).Select(_ => random.NextInt64(1_000_000_000))];
        }

        totals = new long[4 * 4 * Groups];
    }

    [Benchmark(Baseline = true)]
    public long[] Loop()
    {
        Array.Clear(totals);
        for (var column = 0; column < 4; column++)
        {
            var values = columns[column];
            for (var row = 0; row < values.Length; row++)
            {
                totals[(4 * groups[row]) + column] += values[row];
            }
        }

        return totals;
    }

    [Benchmark]
    public long[] Portable() => Run(GroupSum.FourPortable, 0);

    [Benchmark]
    public long[] Chosen() => Run(GroupSum.Four, 0);

    [Benchmark]
    public long[] ChosenWithCopies() => Run(GroupSum.Four, 4 * Groups);

    public void Check()
    {
        var expected = Sums(Loop());
        Checks.Equal(nameof(Portable), expected, Sums(Portable()));
        Checks.Equal(nameof(Chosen), expected, Sums(Chosen()));
        Checks.Equal(nameof(ChosenWithCopies), expected, Sums(ChosenWithCopies()));
    }

    private long[] Sums(long[] copies) =>
        [.. Enumerable.Range(0, 4 * Groups).Select(i => Enumerable.Range(0, 4).Sum(copy => copies[(copy * 4 * Groups) + i]))];

    private long[] Run(GroupSum.FourColumns kernel, int copyStride)
    {
        Array.Clear(totals);
        kernel(groups, columns[0], columns[1], columns[2], columns[3], totals, copyStride);
        return totals;
    }
}
