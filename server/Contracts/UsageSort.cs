using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>An order of usage rows: by time or by a metric. Equal rows keep their order in time, so that it is total.</summary>
/// <param name="Metric">The metric; null for time.</param>
/// <param name="IsDescending">Largest or latest first.</param>
internal sealed record UsageSort(Metric? Metric, bool IsDescending)
{
    /// <summary>The word for time.</summary>
    public const string Time = "time";

    private const char Descending = '-';

    /// <summary>All orders in the words of the parameter.</summary>
    public static IEnumerable<string> Names => Metric.All.Select(metric => metric.Name).Prepend(Time).SelectMany(name => new[] { name, Descending + name });

    /// <summary>Reads one of <see cref="Names"/>.</summary>
    public static UsageSort Parse(string name)
    {
        var isDescending = name[0] == Descending;
        return new UsageSort(Metric.All.FirstOrDefault(metric => metric.Name == name[(isDescending ? 1 : 0)..]), isDescending);
    }

    /// <summary>What a row is ordered by; 0 for time.</summary>
    public Int128 KeyOf(UsageChunk chunk, int row) => Metric?.Form switch
    {
        null => 0,
        MetricForm.TotalTokens => (Int128)chunk.Values(Measure.InputTokens)[row] + chunk.Values(Measure.OutputTokens)[row],
        MetricForm.ErrorRate => chunk.Values(Measure.ErrorCount)[row] is > 0 and var errors ? Ratio.Millionths(errors, chunk.Values(Measure.RequestCount)[row]) : 0,
        _ => chunk.Values(Metric.Measure)[row],
    };

    /// <summary>Whether a row comes before another.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Less than 0, 0 or more than 0, as in <see cref="IComparable{T}"/>.</returns>
    public int Compare(RowPlace left, RowPlace right)
    {
        var order = left.Key.CompareTo(right.Key);
        return order != 0
            ? IsDescending ? -order : order
            : Metric is null && IsDescending ? right.Position.CompareTo(left.Position) : left.Position.CompareTo(right.Position);
    }
}

/// <summary>A row of a table.</summary>
/// <param name="Key">What it is ordered by.</param>
/// <param name="Position">Its chunk's number times <see cref="UsageChunk.MaxRows"/>, plus its row: the order of time.</param>
internal readonly record struct RowPlace(Int128 Key, long Position);
