using System.Numerics;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Chunks;

/// <summary>
/// Up to 65,536 usage rows in time order, in one block of native memory with columns as narrow as their largest value.
/// </summary>
/// <remarks>
/// Time is not a column: rows of one interval are a run, and the runs' starts are a short table. Beside the columns the
/// chunk knows what lets a query do without them: which codes appear, where they lie if rows are clustered by them, and
/// each measure's exact total and largest value.
/// </remarks>
public sealed class UsageChunk
{
    /// <summary>The most rows of a chunk: with about 25 bytes a row it fits in the second-level cache.</summary>
    public const int MaxRows = 65_536;

    private readonly NativeBuffer memory;
    private readonly NarrowColumn[] codes;
    private readonly ulong[][] codesPresent;
    private readonly CodeRuns[] codeRuns;
    private readonly int[] minCodes;
    private readonly int[] maxCodes;
    private readonly NarrowColumn[] values;
    private readonly Int128[] totals;
    private readonly long[] runStarts;
    private readonly int[] runEnds;

    internal UsageChunk(
        NativeBuffer memory, NarrowColumn[] codes, ulong[][] codesPresent, CodeRuns[] codeRuns, NarrowColumn[] values, Int128[] totals, long[] runStarts, int[] runEnds)
    {
        this.memory = memory;
        this.codes = codes;
        this.codesPresent = codesPresent;
        this.codeRuns = codeRuns;
        minCodes = [.. codesPresent.Select(LowestBit)];
        maxCodes = [.. codesPresent.Select(HighestBit)];
        this.values = values;
        this.totals = totals;
        this.runStarts = runStarts;
        this.runEnds = runEnds;
    }

    /// <summary>Rows, 1 or more.</summary>
    public int RowCount => runEnds[^1];

    /// <summary>Bytes of native memory.</summary>
    public long SizeBytes => memory.LengthBytes;

    /// <summary>Start of the first row's interval.</summary>
    public Instant FirstBucket => Instants.FromUnixMicroseconds(runStarts[0]);

    /// <summary>Start of the last row's interval.</summary>
    public Instant LastBucket => Instants.FromUnixMicroseconds(runStarts[^1]);

    /// <summary>For each run of rows of one interval its start, in microseconds since the Unix epoch, ascending.</summary>
    public ReadOnlySpan<long> RunStarts => runStarts;

    /// <summary>For each run the position behind its last row.</summary>
    public ReadOnlySpan<int> RunEnds => runEnds;

    /// <summary>Codes of a stored dimension by row.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public NarrowColumn Codes(Dimension dimension) => codes[(int)dimension];

    /// <summary>Values of a measure by row.</summary>
    /// <param name="measure">Any measure.</param>
    public NarrowColumn Values(Measure measure) => values[(int)measure];

    /// <summary>The smallest code of a dimension.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public int MinCode(Dimension dimension) => minCodes[(int)dimension];

    /// <summary>The largest code of a dimension.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public int MaxCode(Dimension dimension) => maxCodes[(int)dimension];

    /// <summary>Which codes of a dimension appear: bit c of the bitmap for code c.</summary>
    /// <param name="dimension">A stored dimension.</param>
    /// <returns><c><see cref="MaxCode"/> / 64 + 1</c> words.</returns>
    public ReadOnlySpan<ulong> CodesPresent(Dimension dimension) => codesPresent[(int)dimension];

    /// <summary>Runs of one code of a dimension; empty where runs are short.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public CodeRuns CodeRuns(Dimension dimension) => codeRuns[(int)dimension];

    /// <summary>The exact sum of a measure over all rows.</summary>
    /// <param name="measure">Any measure.</param>
    public Int128 Total(Measure measure) => totals[(int)measure];

    /// <summary>What no sum over some of the rows can pass: the smaller of the exact total and the largest value times the rows.</summary>
    /// <param name="measure">Any measure.</param>
    /// <param name="rows">Number of rows, 0 or more.</param>
    public Int128 Bound(Measure measure, int rows) => Int128.Min(totals[(int)measure], (Int128)values[(int)measure].Max * rows);

    /// <summary>The first row whose interval starts at an instant or later.</summary>
    /// <param name="micros">Microseconds since the Unix epoch.</param>
    public int FirstRowFrom(long micros)
    {
        var run = runStarts.AsSpan().BinarySearch(micros);
        run = run < 0 ? ~run : run;
        return run == 0 ? 0 : runEnds[run - 1];
    }

    /// <summary>The run that a row belongs to.</summary>
    /// <param name="row">0 to <see cref="RowCount"/> - 1.</param>
    public int RunOf(int row)
    {
        var run = runEnds.AsSpan().BinarySearch(row + 1);
        return run < 0 ? ~run : run;
    }

    /// <summary>The rows as a record batch of <see cref="UsageSchema"/>, copied out.</summary>
    /// <param name="keys">For each stored dimension its keys by code.</param>
    public RecordBatch ToRecordBatch(IReadOnlyList<IReadOnlyList<string>> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var columns = new ArrowArray[UsageSchema.Schema.Fields.Count];
        var times = new long[RowCount];
        for (var run = 0; run < runEnds.Length; run++)
        {
            times.AsSpan((run == 0 ? 0 : runEnds[run - 1])..runEnds[run]).Fill(runStarts[run]);
        }

        columns[UsageSchema.BucketStart] = new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, times);
        foreach (var dimension in Dimensions.Stored)
        {
            var copied = new int[RowCount];
            Codes(dimension).CopyTo<int>(0, copied);
            columns[UsageSchema.ColumnOf(dimension)] = new DictionaryArray(
                new PrimitiveArray<int>(ArrowType.Int32, copied), StringArray.From(keys[(int)dimension]));
        }

        foreach (var measure in Measures.All)
        {
            var column = UsageSchema.ColumnOf(measure);
            columns[column] = new PrimitiveArray<long>(UsageSchema.Schema.Fields[column].Type, ToArray(measure));
        }

        return new RecordBatch(UsageSchema.Schema, columns);
    }

    /// <summary>The values of a measure, copied out.</summary>
    /// <param name="measure">Any measure.</param>
    public long[] ToArray(Measure measure)
    {
        var copied = new long[RowCount];
        Values(measure).CopyTo<long>(0, copied);
        GC.KeepAlive(this);
        return copied;
    }

    /// <summary>The codes of a dimension, copied out.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public int[] ToArray(Dimension dimension)
    {
        var copied = new int[RowCount];
        Codes(dimension).CopyTo<int>(0, copied);
        GC.KeepAlive(this);
        return copied;
    }

    private static int LowestBit(ulong[] bitmap)
    {
        var word = bitmap.AsSpan().IndexOfAnyExcept(0ul);
        return (64 * word) + BitOperations.TrailingZeroCount(bitmap[word]);
    }

    private static int HighestBit(ulong[] bitmap) => (64 * bitmap.Length) - 1 - BitOperations.LeadingZeroCount(bitmap[^1]);
}
