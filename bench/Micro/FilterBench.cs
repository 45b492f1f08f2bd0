using Analytics.Engine.Kernels;
using BenchmarkDotNet.Attributes;

namespace Analytics.Bench.Micro;

/// <summary>Finding the rows of one key, and of a set of keys.</summary>
[MemoryDiagnoser]
public class FilterBench : ICheckedBenchmark
{
    private int[] codes = [];
    private int[] rows = [];
    private bool[] accepted = [];

    /// <summary>Rows: 8 KiB and 4 MiB of codes.</summary>
    [Params(2_048, 1_048_576)]
    public int Rows { get; set; }

    /// <summary>Distinct codes; one of them is looked for.</summary>
    [Params(6, 200)]
    public int Codes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(20260624);
        codes = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(Codes))];
        rows = new int[Rows];
        accepted = new bool[Codes];
        accepted[1] = true;
    }

    [Benchmark(Baseline = true)]
    public int Loop()
    {
        var count = 0;
        for (var row = 0; row < codes.Length; row++)
        {
            if (codes[row] == 1)
            {
                rows[count++] = row;
            }
        }

        return count;
    }

    [Benchmark]
    public int Equal() => Filter.Equal(codes, 1, rows);

    [Benchmark]
    public int Set() => Filter.Rows(codes, accepted, rows);

    public void Check()
    {
        int[] expected = [.. rows[..Loop()]];
        Checks.Equal(nameof(Equal), expected, rows[..Equal()]);
        Checks.Equal(nameof(Set), expected, rows[..Set()]);
    }
}
