using System.Numerics;
using Analytics.Engine.Kernels;

namespace Analytics.Engine.Chunks;

/// <summary>Consecutive rows of a chunk.</summary>
/// <param name="First">First row.</param>
/// <param name="Count">Rows, 1 or more.</param>
public readonly record struct RowRange(int First, int Count);

/// <summary>The maximal runs of rows with one code, of a column whose rows are clustered by it.</summary>
/// <remarks>
/// Rows of one interval are sorted by project, so a project's rows lie together. A filter on such a column reads a few
/// bytes a run instead of all codes, and what it finds are ranges, which are summed whole. Runs may go on across
/// intervals. A run takes a code and two bytes for its first row.
/// </remarks>
public readonly unsafe struct CodeRuns
{
    /// <summary>Rows that a run must have on average for the table to be worth its memory and the ranges their overhead.</summary>
    public const int MinRowsPerRun = 4;

    private readonly nint starts;
    private readonly int rowCount;

    internal CodeRuns(nint starts, NarrowColumn codes, int count, int rowCount)
    {
        this.starts = starts;
        this.rowCount = rowCount;
        Codes = codes;
        Count = count;
    }

    /// <summary>Runs; 0 where the column is not clustered.</summary>
    public int Count { get; }

    /// <summary>Whether there is no table, so that the column itself must be read.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The code of each run. Neighbours differ.</summary>
    public NarrowColumn Codes { get; }

    /// <summary>The first row of each run, ascending from 0.</summary>
    public ReadOnlySpan<ushort> Starts => new((void*)starts, Count);

    /// <summary>The row behind a run.</summary>
    /// <param name="run">0 to <see cref="Count"/> - 1; not checked.</param>
    public int EndOf(int run) => run + 1 < Count ? ((ushort*)starts)[run + 1] : rowCount;

    /// <summary>The run that a row belongs to.</summary>
    /// <param name="row">0 or more, below the chunk's rows.</param>
    public int RunOf(int row)
    {
        var run = Starts.BinarySearch((ushort)row);
        return run < 0 ? ~run - 1 : run;
    }

    /// <summary>The ranges of rows whose codes are accepted.</summary>
    /// <param name="predicate">Made of the column or of <see cref="Codes"/>.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows; ranges are cut to them.</param>
    internal RowRanges Select(CodePredicate predicate, int first, int count) => new(this, predicate, first, count);
}

/// <summary>Ranges of rows in ascending order, found as they are asked for. They do not overlap; a few touch.</summary>
internal unsafe ref struct RowRanges
{
    private readonly CodeRuns runs;
    private readonly CodePredicate predicate;
    private readonly int first;
    private readonly int end;
    private readonly int lastRun;

    // Accepted runs of the step at hand that are still to be given: bit i for run step + i.
    private int step;
    private ulong mask;

    internal RowRanges(CodeRuns runs, CodePredicate predicate, int first, int count)
    {
        this.runs = runs;
        this.predicate = predicate;
        this.first = first;
        end = first + count;
        if (count == 0 || runs.IsEmpty)
        {
            (step, lastRun) = (0, -1);
            return;
        }

        (step, lastRun) = (runs.RunOf(first), runs.RunOf(end - 1));
        mask = MaskAt(step);
    }

    /// <summary>The range found last.</summary>
    public RowRange Current { get; private set; }

    /// <summary>This.</summary>
    public readonly RowRanges GetEnumerator() => this;

    /// <summary>Looks for the next range.</summary>
    /// <returns>False where there is none.</returns>
    public bool MoveNext()
    {
        while (mask == 0)
        {
            step += CodePredicate.CodesPerStep;
            if (step > lastRun)
            {
                return false;
            }

            mask = MaskAt(step);
        }

        // Neighbouring runs that are both accepted make one range, up to the end of the step.
        var low = BitOperations.TrailingZeroCount(mask);
        var length = BitOperations.TrailingZeroCount(~(mask >> low));
        mask = low + length >= CodePredicate.CodesPerStep ? 0 : mask & (ulong.MaxValue << (low + length));
        var start = Math.Max(first, runs.Starts[step + low]);
        Current = new RowRange(start, Math.Min(end, runs.EndOf(step + low + length - 1)) - start);
        return true;
    }

    /// <summary>Writes the next ranges.</summary>
    /// <param name="ranges">Room for some.</param>
    /// <returns>Ranges written; fewer than there is room for only where there are no more.</returns>
    public int Take(scoped Span<RowRange> ranges)
    {
        var count = 0;
        while (count < ranges.Length && MoveNext())
        {
            ranges[count++] = Current;
        }

        return count;
    }

    private readonly ulong MaskAt(int run) =>
        predicate.Mask((byte*)runs.Codes.Address + ((nint)run * runs.Codes.Width), Math.Min(CodePredicate.CodesPerStep, lastRun + 1 - run));
}
