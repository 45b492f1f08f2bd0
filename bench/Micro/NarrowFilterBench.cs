using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using BenchmarkDotNet.Attributes;

namespace Analytics.Bench.Micro;

/// <summary>What is done to the codes of a chunk: finding rows, marking codes, making pairs.</summary>
[MemoryDiagnoser]
public class NarrowFilterBench : ICheckedBenchmark
{
    private const int Rows = UsageChunk.MaxRows;

    private int[] plain = [];
    private int[] rows = [];
    private int[] narrowed = [];
    private int[] pairs = [];
    private bool[] accepted = [];
    private ulong[] bitmap = [];
    private NarrowColumn codes;

    /// <summary>Distinct codes: one byte, two bytes.</summary>
    [Params(50, 2_000)]
    public int Codes { get; set; }

    /// <summary>Accepted codes in a hundred; 0 is one code.</summary>
    [Params(0, 10, 90)]
    public int Accepted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(20260624);
        plain = NarrowSamples.Codes(random, Rows, Codes, 1);
        codes = NarrowSamples.Column([.. plain.Select(code => (long)code)], Codes <= 256 ? 1 : 2);
        accepted = [.. Enumerable.Range(0, Codes).Select(code => code == Codes / 3 || random.Next(100) < Accepted)];
        (rows, narrowed, pairs) = (new int[Rows], new int[Rows], new int[Rows]);
        bitmap = new ulong[CodeSet.WordsOf((ulong)Codes)];
    }

    [Benchmark(Baseline = true)]
    public int Loop()
    {
        var count = 0;
        for (var row = 0; row < plain.Length; row++)
        {
            if (accepted[plain[row]])
            {
                rows[count++] = row;
            }
        }

        return count;
    }

    [Benchmark]
    public int Select() => NarrowFilter.Select(codes, 0, Rows, accepted, rows);

    [Benchmark]
    public int Narrow()
    {
        for (var i = 0; i < Rows; i++)
        {
            narrowed[i] = i;
        }

        return NarrowFilter.Narrow(codes, 0, accepted, narrowed);
    }

    [Benchmark]
    public ulong[] Mark()
    {
        Array.Clear(bitmap);
        CodeSet.Mark(codes, 0, Rows, bitmap);
        return bitmap;
    }

    [Benchmark]
    public int[] Pairs()
    {
        PairCodes.Write(codes, codes, Codes, 0, pairs);
        return pairs;
    }

    public void Check()
    {
        int[] expected = [.. rows[..Loop()]];
        Checks.Equal(nameof(Select), expected, rows[..Select()]);
        Checks.Equal(nameof(Narrow), expected, narrowed[..Narrow()]);
        Checks.Equal(nameof(Pairs), plain.Select(code => (code * Codes) + code), Pairs());
        var marked = Mark();
        Checks.Equal(nameof(Mark), plain.Distinct().Order(), Enumerable.Range(0, Codes).Where(code => ((marked[code / 64] >> code) & 1) != 0));
    }
}
