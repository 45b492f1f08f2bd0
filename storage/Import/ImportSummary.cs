using System.Runtime.InteropServices;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>Why a line was not taken.</summary>
/// <param name="Line">Number of the line in the file, or of the row in a Parquet file, from 1.</param>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Field">The field at fault; null where the line as a whole is.</param>
/// <param name="Detail">What was found and what was expected, for people.</param>
public sealed record Rejection(long Line, string Code, string? Field, string Detail);

/// <summary>What an import did.</summary>
public sealed class ImportSummary
{
    /// <summary>Rejections and conflicts that are kept in memory; all of them are written to the rejects file.</summary>
    public const int MaxErrors = 100;

    /// <summary>Taken requests or rows that are kept as a sample.</summary>
    public const int MaxSamples = 5;

    private readonly List<Rejection> errors = [];
    private readonly List<RollupRow> samples = [];
    private readonly Dictionary<string, long> unpriced = new(StringComparer.Ordinal);
    private Instant last = Instant.MinValue;

    /// <summary>What the file consists of, for messages: "line", or "row". All that is said of lines here is said of rows then.</summary>
    public string Unit { get; internal init; } = "line";

    /// <summary>Lines read, the empty ones and the header too.</summary>
    public long Lines { get; internal set; }

    /// <summary>Length of the rollup intervals.</summary>
    public Duration Grain { get; internal set; }

    /// <summary>Lines taken.</summary>
    public long Accepted { get; private set; }

    /// <summary>Lines whose id was known. Those with other content are in <see cref="Conflicts"/> too; the first stays.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Duplicates whose content differs from the first.</summary>
    public long Conflicts { get; private set; }

    /// <summary>Lines not taken.</summary>
    public long Rejected { get; private set; }

    /// <summary>Lines taken whose cost was rounded to 12 decimals.</summary>
    public long Rounded { get; private set; }

    /// <summary>Rows taken that start inside of an interval of the chosen grain: they count from the interval's start.</summary>
    public long OffGrain { get; set; }

    /// <summary>Sums of what was taken.</summary>
    public UsageSums Totals { get; private set; }

    /// <summary>Requests without a price by mapping.</summary>
    public IReadOnlyDictionary<string, long> Unpriced => unpriced;

    /// <summary>The first requests or rows that were taken, priced.</summary>
    public IReadOnlyList<RollupRow> Samples => samples;

    /// <summary>End of the last interval with something taken; null where nothing was.</summary>
    public Instant? DataThrough => Accepted == 0 ? null : EndOfInterval(last);

    /// <summary>Rollup rows written.</summary>
    public long Rows { get; internal set; }

    /// <summary>Where the rejected lines are; null where there are none.</summary>
    public string? RejectsPath { get; internal set; }

    /// <summary>The first rejections and conflicts.</summary>
    public IReadOnlyList<Rejection> Errors => errors;

    /// <summary>Counts a line that was taken.</summary>
    /// <param name="row">The request or row.</param>
    internal void Accept(in RollupRow row)
    {
        Accepted++;
        Rounded += row.IsRounded ? 1 : 0;
        var totals = Totals;
        for (var i = 0; i < Measures.Count; i++)
        {
            totals[(Measure)i] += row.Measures[(Measure)i];
        }

        Totals = totals;

        if (row.Measures[Measure.UnpricedCount] is > 0 and var count)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(unpriced, row.Keys.Mapping, out _) += count;
        }

        last = Instant.Max(last, row.Time);
        if (samples.Count < MaxSamples)
        {
            samples.Add(row);
        }
    }

    /// <summary>Counts a rejected line.</summary>
    /// <param name="rejection">Why.</param>
    public void Reject(Rejection rejection)
    {
        Rejected++;
        Note(rejection);
    }

    /// <summary>Counts a line under a known id.</summary>
    /// <param name="line">Line number.</param>
    /// <param name="id">The id.</param>
    /// <param name="isConflict">Whether its content differs from the first.</param>
    /// <returns>The conflict, or null.</returns>
    public Rejection? Duplicate(long line, string id, bool isConflict)
    {
        Duplicates++;
        if (!isConflict)
        {
            return null;
        }

        Conflicts++;
        var conflict = new Rejection(line, "conflict", "id", $"id '{id}' was taken before with other content; the first stays.");
        Note(conflict);
        return conflict;
    }

    private Instant EndOfInterval(Instant time)
    {
        var grain = (long)Grain.TotalSeconds;
        return Instant.FromUnixTimeSeconds(((time.ToUnixTimeSeconds() / grain) + 1) * grain);
    }

    private void Note(Rejection rejection)
    {
        if (errors.Count < MaxErrors)
        {
            errors.Add(rejection);
        }
    }
}
