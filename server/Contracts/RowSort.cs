using Analytics.Engine.Chunks;

namespace Analytics.Server.Contracts;

/// <summary>An order of usage rows: by time or by a metric. Equal rows keep their order in time, so that it is total.</summary>
/// <param name="Metric">The metric; null for time.</param>
/// <param name="IsDescending">Largest or latest first.</param>
internal sealed record RowSort(RowMetric? Metric, bool IsDescending)
{
    /// <summary>The word for time.</summary>
    public const string Time = "time";

    /// <summary>What stands before a word for the other direction.</summary>
    public const string Descending = "-";

    /// <summary>Reads one of <see cref="RowTable.Sorts"/>.</summary>
    public static RowSort Parse(string name, RowTable table)
    {
        var isDescending = name.StartsWith(Descending, StringComparison.Ordinal);
        var word = isDescending ? name[Descending.Length..] : name;
        return new RowSort(table.Metrics.FirstOrDefault(metric => metric.Name == word), isDescending);
    }

    /// <summary>What a row is ordered by; 0 for time, less than all numbers where there is none.</summary>
    public Int128 KeyOf(UsageChunk chunk, int row) => Metric is null ? 0 : Metric.Value(chunk, row) ?? -1;

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
