using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Server.Contracts;

/// <summary>One row of usage, looked at where it lies. One object is moved from row to row.</summary>
/// <param name="zone">Zone of <see cref="Date"/>.</param>
internal sealed class UsageRow(DateTimeZone zone)
{
    private UsageChunk chunk = null!;
    private int row;
    private int run;
    private int runStart;
    private int runEnd;

    /// <summary>Start of the row's interval.</summary>
    public Instant Start { get; private set; }

    /// <summary>The local day that the interval starts in.</summary>
    public LocalDate Date { get; private set; }

    /// <summary>Goes to a row.</summary>
    public void MoveTo(UsageChunk target, int targetRow)
    {
        if (ReferenceEquals(chunk, target) && targetRow >= runStart && targetRow < runEnd)
        {
            row = targetRow;
            return;
        }

        (chunk, row, run) = (target, targetRow, target.RunOf(targetRow));
        (runStart, runEnd) = (run == 0 ? 0 : chunk.RunEnds[run - 1], chunk.RunEnds[run]);
        Start = Instants.FromUnixMicroseconds(chunk.RunStarts[run]);
        Date = Start.InZone(zone).Date;
    }

    /// <summary>The code of a stored dimension.</summary>
    public int Code(Dimension dimension) => (int)chunk.Codes(dimension)[row];

    /// <summary>A number of the row, in the unit of its form.</summary>
    public Int128? this[RowMetric metric] => metric.Value(chunk, row);
}
