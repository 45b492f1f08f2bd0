using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using BenchmarkDotNet.Attributes;

namespace Analytics.Bench.Micro;

/// <summary>Four narrow columns of a chunk summed by group, on every instruction path; whole, of some rows, and of ranges.</summary>
[MemoryDiagnoser]
public class NarrowGroupSumBench : ICheckedBenchmark
{
    private const int Rows = UsageChunk.MaxRows;

    private readonly long[][] values = new long[4][];
    private int[] groups = [];
    private int[] selected = [];
    private RowRange[] ranges = [];
    private long[] totals = [];
    private int copyStride;
    private NarrowColumn codes;
    private ColumnQuad columns;

    /// <summary>Bytes of a cost: 4 (all columns short), 5 (a wide one). With it go 3, 3 and 1.</summary>
    [Params(4, 5)]
    public int CostBytes { get; set; }

    /// <summary>Groups: projects with one-byte codes and four copies, API keys with two-byte codes and none.</summary>
    [Params(50, 2_000)]
    public int Groups { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(20260624);
        var widths = (int[])[CostBytes, 3, 3, 1];
        groups = NarrowSamples.Codes(random, Rows, Groups, 3);
        for (var i = 0; i < values.Length; i++)
        {
            var scale = i == 0 ? 50 : 1;
            values[i] = [.. Enumerable.Range(0, Rows).Select(_ => scale * random.NextInt64(1L << (8 * widths[i])))];
        }

        codes = NarrowSamples.Column([.. groups.Select(group => (long)group)], Groups <= 256 ? 1 : 2);
        columns = new ColumnQuad(
            NarrowSamples.Column(values[0], CostBytes, 50), NarrowSamples.Column(values[1], 3), NarrowSamples.Column(values[2], 3), NarrowSamples.Column(values[3], 1));
        selected = [.. Enumerable.Range(0, Rows).Where(_ => random.Next(50) == 0)];
        ranges = [.. Enumerable.Range(0, Rows / 640).Select(i => new RowRange((640 * i) + random.Next(600), 1 + random.Next(40)))];
        copyStride = Groups <= 256 ? 4 * Groups : 0;
        totals = new long[(4 * Groups) + (3 * copyStride)];
    }

    [Benchmark(Baseline = true)]
    public long[] Loop()
    {
        Array.Clear(totals);
        for (var column = 0; column < 4; column++)
        {
            var of = values[column];
            for (var row = 0; row < of.Length; row++)
            {
                totals[(4 * groups[row]) + column] += of[row];
            }
        }

        return totals;
    }

    [Benchmark]
    public long[] Portable() => On(InstructionPath.Portable);

    [Benchmark]
    public long[] Avx2() => On(InstructionPath.Avx2);

    [Benchmark]
    public long[] Chosen() => On(InstructionPaths.Best);

    /// <summary>One row in 50.</summary>
    [Benchmark]
    public long[] Selected() => Run(() => NarrowGroupSum.FourAt(codes, columns, 0, selected, totals, copyStride));

    /// <summary>Ranges of 20 rows, 3 % of all.</summary>
    [Benchmark]
    public long[] Ranges() => Run(() => NarrowGroupSum.FourIn(codes, columns, ranges, totals, copyStride));

    public void Check()
    {
        var expected = Sums(Loop());
        Checks.Equal(nameof(Portable), expected, Sums(Portable()));
        Checks.Equal(nameof(Avx2), expected, Sums(Avx2()));
        Checks.Equal(nameof(Chosen), expected, Sums(Chosen()));
        Checks.Equal(nameof(Selected), Sums(Run(() => AddAll(selected))), Sums(Selected()));
        Checks.Equal(nameof(Ranges), Sums(Run(() => AddAll(ranges.SelectMany(range => Enumerable.Range(range.First, range.Count))))), Sums(Ranges()));
    }

    private long[] On(InstructionPath path)
    {
        var before = InstructionPaths.Current;
        InstructionPaths.Current = path <= InstructionPaths.Best ? path : InstructionPaths.Best;
        Run(() => NarrowGroupSum.Four(codes, columns, 0, Rows, totals, copyStride));
        InstructionPaths.Current = before;
        return totals;
    }

    private long[] Run(Action add)
    {
        Array.Clear(totals);
        add();
        return totals;
    }

    private void AddAll(IEnumerable<int> rows)
    {
        foreach (var row in rows)
        {
            for (var column = 0; column < 4; column++)
            {
                totals[(4 * groups[row]) + column] += values[column][row];
            }
        }
    }

    private long[] Sums(long[] copies) =>
        [.. Enumerable.Range(0, 4 * Groups).Select(i => copyStride == 0 ? copies[i] : Enumerable.Range(0, 4).Sum(copy => copies[(copy * copyStride) + i]))];
}
