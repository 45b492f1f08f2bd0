using Analytics.Engine.Arrow;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Projections;

/// <summary>
/// Sums of all measures by the codes of one dimension, from the first row on, at the start of every interval that has
/// rows: the sums of any stretch of time, in any zone, are the difference of two of them.
/// </summary>
/// <remarks>
/// Row r of the cube holds the sums of all usage before step r, and the last row those of all usage. Sums are of 64 bits;
/// a table whose totals could pass that has no cube. The memory is native and freed with the cube.
/// </remarks>
public sealed class PrefixSumCube
{
    private const int Lanes = GroupSum.Lanes;
    private const int Quads = (Measures.Count + Lanes - 1) / Lanes;

    private static readonly Measure[] Order = ColumnQuad.Order(Measures.All);

    private readonly long[] steps;
    private readonly NativeBuffer sums;

    private PrefixSumCube(Dimension dimension, int groups, long[] steps, NativeBuffer sums)
    {
        Dimension = dimension;
        GroupCount = groups;
        this.steps = steps;
        this.sums = sums;
    }

    /// <summary>A stored dimension.</summary>
    public Dimension Dimension { get; }

    /// <summary>Codes of the dimension.</summary>
    public int GroupCount { get; }

    /// <summary>Starts of the intervals that have rows, in microseconds since the Unix epoch, ascending.</summary>
    public ReadOnlySpan<long> Steps => steps;

    /// <summary>Bytes of native memory.</summary>
    public long SizeBytes => sums.LengthBytes;

    /// <summary>The number of steps before an instant: the row that holds the sums up to it.</summary>
    /// <param name="micros">Microseconds since the Unix epoch.</param>
    public int RowAt(long micros)
    {
        var index = steps.AsSpan().BinarySearch(micros);
        return index < 0 ? ~index : index;
    }

    /// <summary>The sums before a step: measure m of group g is at <c>g * Measures.Count + m</c>; valid while the cube is alive.</summary>
    /// <param name="row">0 to the number of steps.</param>
    public ReadOnlySpan<long> Row(int row) => sums.Span<long>().Slice(row * RowLength(GroupCount), RowLength(GroupCount));

    /// <summary>What a cube would take.</summary>
    /// <param name="steps">Distinct interval starts.</param>
    /// <param name="groups">Codes of the dimension.</param>
    /// <returns>Bytes.</returns>
    public static long SizeOf(int steps, int groups) => (steps + 1L) * RowLength(groups) * sizeof(long);

    /// <summary>The interval starts of chunks in time order.</summary>
    /// <param name="chunks">The chunks.</param>
    public static long[] StepsOf(IReadOnlyList<UsageChunk> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        List<long> steps = [];
        foreach (var chunk in chunks)
        {
            foreach (var start in chunk.RunStarts)
            {
                if (steps.Count == 0 || steps[^1] < start)
                {
                    steps.Add(start);
                }
            }
        }

        return [.. steps];
    }

    /// <summary>Adds everything up.</summary>
    /// <param name="dimension">A stored dimension.</param>
    /// <param name="groups">Its codes.</param>
    /// <param name="steps">From <see cref="StepsOf"/>.</param>
    /// <param name="chunks">Rows in time order, whose totals of each measure fit in 63 bits.</param>
    public static PrefixSumCube Build(Dimension dimension, int groups, long[] steps, IReadOnlyList<UsageChunk> chunks)
    {
        var state = (Dimension: dimension, Groups: groups, Steps: steps, Chunks: chunks);
        var sums = NativeBuffer.Create<long, (Dimension Dimension, int Groups, long[] Steps, IReadOnlyList<UsageChunk> Chunks)>(
            (steps.Length + 1) * RowLength(groups), state, static (target, state) => Fill(target, state.Dimension, state.Groups, state.Steps, state.Chunks));
        return new PrefixSumCube(dimension, groups, steps, sums);
    }

    private static int RowLength(int groups) => groups * Measures.Count;

    private static unsafe void Fill(Span<long> target, Dimension dimension, int groups, long[] steps, IReadOnlyList<UsageChunk> chunks)
    {
        // Each share of the steps has one owner, so nothing is merged: first each step's own sums, then they are added up.
        target[..RowLength(groups)].Clear();
        fixed (long* first = target)
        {
            var start = first;
            var length = target.Length;
            var shares = Math.Clamp(Environment.ProcessorCount, 1, Math.Max(1, steps.Length));
            Parallel.For(0, shares, share =>
            {
                var from = (int)((long)steps.Length * share / shares);
                var to = (int)((long)steps.Length * (share + 1) / shares);
                FillSteps(new Span<long>(start, length), dimension, groups, steps, from, to, chunks);
            });
        }

        for (var i = RowLength(groups); i < target.Length; i++)
        {
            target[i] += target[i - RowLength(groups)];
        }
    }

    private static void FillSteps(Span<long> target, Dimension dimension, int groups, long[] steps, int from, int to, IReadOnlyList<UsageChunk> chunks)
    {
        var quads = new long[Quads][];
        for (var quad = 0; quad < Quads; quad++)
        {
            quads[quad] = new long[groups * Lanes];
        }

        var step = from;
        foreach (var chunk in chunks)
        {
            for (var run = FirstRun(chunk, steps[from]); step < to && run < chunk.RunStarts.Length && chunk.RunStarts[run] <= steps[to - 1]; run++)
            {
                if (chunk.RunStarts[run] != steps[step])
                {
                    Finish(target, groups, step++, quads);
                }

                var first = run == 0 ? 0 : chunk.RunEnds[run - 1];
                for (var quad = 0; quad < Quads; quad++)
                {
                    NarrowGroupSum.Four(chunk.Codes(dimension), ColumnQuad.Of(chunk, Order, quad), first, chunk.RunEnds[run] - first, quads[quad], copyStride: 0);
                }
            }

            GC.KeepAlive(chunk);
        }

        if (step < to)
        {
            Finish(target, groups, step, quads);
        }
    }

    private static int FirstRun(UsageChunk chunk, long start)
    {
        var run = chunk.RunStarts.BinarySearch(start);
        return run < 0 ? ~run : run;
    }

    /// <summary>Writes the sums of one step to the row behind it, and starts anew.</summary>
    private static void Finish(Span<long> target, int groups, int step, long[][] quads)
    {
        var row = target.Slice((step + 1) * RowLength(groups), RowLength(groups));
        for (var place = 0; place < Order.Length; place++)
        {
            for (var group = 0; group < groups; group++)
            {
                row[(group * Measures.Count) + (int)Order[place]] = quads[place / Lanes][(group * Lanes) + (place % Lanes)];
            }
        }

        Array.ForEach(quads, Array.Clear);
    }
}
