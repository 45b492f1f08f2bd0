using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Endpoints;
using Analytics.Storage;

namespace Analytics.Server.Reconciliation;

/// <summary>A question's range and filters on rows as files have them: by text, not by the codes of a table in memory.</summary>
internal sealed class FileFilter
{
    private readonly IReadOnlyList<Predicate> predicates;
    private readonly DirectoryNames names;
    private readonly long start;
    private readonly long end;

    /// <summary>Makes a filter.</summary>
    public FileFilter(Question question)
    {
        var request = question.Request;
        predicates = request.Predicates;
        names = new DirectoryNames(question.Directory);
        start = request.Zone.AtStartOfDay(request.From).ToInstant().ToUnixMicroseconds();
        end = request.Zone.AtStartOfDay(request.To.PlusDays(1)).ToInstant().ToUnixMicroseconds();
    }

    /// <summary>Columns that the filters read.</summary>
    public IEnumerable<string> Columns => predicates.Select(predicate => predicate.Dimension.StoredSource().ColumnName()).Distinct();

    /// <summary>Whether a row's interval starts in the range.</summary>
    public bool IsInRange(long micros) => micros >= start && micros < end;

    /// <summary>Whether a file's rows may lie in the range.</summary>
    public bool Overlaps(long firstBucket, long lastBucket) => firstBucket < end && lastBucket >= start;

    /// <summary>Whether a row of a batch meets all filters.</summary>
    public Func<int, bool> Accepted(RecordBatch rows)
    {
        var columns = predicates.Select(predicate =>
        {
            var column = UsageSchema.Codes(rows, predicate.Dimension.StoredSource())!;
            var keys = predicate.Keys.ToHashSet(StringComparer.Ordinal);
            return (Column: column, Accepted: Enumerable.Range(0, column.Dictionary.Length).Select(code => keys.Contains(KeyOf(predicate.Dimension, column.Dictionary[code]))).ToArray());
        }).ToArray();
        return row => Array.TrueForAll(columns, column => column.Accepted[column.Column.Codes[row]]);
    }

    private string KeyOf(Dimension dimension, string stored) => dimension.IsStored() ? stored : names.Derive(dimension, stored);
}
