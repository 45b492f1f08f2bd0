using Analytics.Engine.Usage;

namespace Analytics.Storage.Import;

/// <summary>Why a line was not taken.</summary>
/// <param name="Line">Line number in the file, from 1.</param>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Field">The field at fault; null where the line as a whole is.</param>
/// <param name="Detail">What was found and what was expected, for people.</param>
public sealed record Rejection(long Line, string Code, string? Field, string Detail);

/// <summary>What an import did.</summary>
public sealed class ImportSummary
{
    /// <summary>Rejections and conflicts that are kept in memory; all of them are written to the rejects file.</summary>
    public const int MaxErrors = 100;

    private readonly List<Rejection> errors = [];

    /// <summary>Lines taken.</summary>
    public long Accepted { get; set; }

    /// <summary>Lines whose id was known. Those with other content are in <see cref="Conflicts"/> too; the first stays.</summary>
    public long Duplicates { get; set; }

    /// <summary>Duplicates whose content differs from the first.</summary>
    public long Conflicts { get; set; }

    /// <summary>Lines not taken.</summary>
    public long Rejected { get; private set; }

    /// <summary>Lines taken whose cost was rounded to 12 decimals.</summary>
    public long Rounded { get; set; }

    /// <summary>Sums of what was taken.</summary>
    public UsageSums Totals { get; set; }

    /// <summary>Rollup rows written.</summary>
    public long Rows { get; set; }

    /// <summary>Where the rejected lines are; null where there are none.</summary>
    public string? RejectsPath { get; set; }

    /// <summary>The first rejections and conflicts.</summary>
    public IReadOnlyList<Rejection> Errors => errors;

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

    private void Note(Rejection rejection)
    {
        if (errors.Count < MaxErrors)
        {
            errors.Add(rejection);
        }
    }
}
