using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Chunks;

/// <summary>Puts rows of several sorted runs in time order.</summary>
public static class RunMerge
{
    /// <summary>Cuts runs into pieces that follow one another in time.</summary>
    /// <param name="runs">Batches of <see cref="UsageSchema"/>, each sorted by time; they may overlap one another.</param>
    /// <param name="codes">For each run and stored dimension the table's code for each code of the batch.</param>
    /// <returns>Pieces in time order; rows of one instant stay in the order of their runs.</returns>
    public static IEnumerable<ChunkPiece> InTimeOrder(IReadOnlyList<RecordBatch> runs, IReadOnlyList<int[][]> codes)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(codes);
        var next = new PriorityQueue<(int Run, int Row), (long Start, int Run)>();
        for (var run = 0; run < runs.Count; run++)
        {
            if (runs[run].RowCount > 0)
            {
                next.Enqueue((run, 0), (Starts(runs[run])[0], run));
            }
        }

        while (next.TryDequeue(out var place, out _))
        {
            // Rows come in long stretches of one run: up to where another run's next row is due.
            var limit = next.TryPeek(out _, out var other) ? other : (Start: long.MaxValue, Run: int.MaxValue);
            var end = End(Starts(runs[place.Run]), place.Run, place.Row, limit);
            yield return new ChunkPiece(runs[place.Run], place.Row, end - place.Row, codes[place.Run]);
            if (end < runs[place.Run].RowCount)
            {
                next.Enqueue((place.Run, end), (Starts(runs[place.Run])[end], place.Run));
            }
        }
    }

    // Doubling steps, then halving ones: a run of its own is passed in a few comparisons.
    private static int End(ReadOnlySpan<long> starts, int run, int row, (long Start, int Run) limit)
    {
        var low = row + 1;
        var step = 1;
        while (low < starts.Length && IsBefore(starts[low]))
        {
            low += step;
            step *= 2;
        }

        (low, var high) = (Math.Max(row + 1, low - (step / 2)), Math.Min(low, starts.Length));
        while (low < high)
        {
            var middle = (int)((uint)(low + high) >> 1);
            (low, high) = IsBefore(starts[middle]) ? (middle + 1, high) : (low, middle);
        }

        return low;

        bool IsBefore(long start) => (start, run).CompareTo(limit) < 0;
    }

    private static ReadOnlySpan<long> Starts(RecordBatch run) => run.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values;
}
