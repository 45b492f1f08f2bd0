namespace Analytics.Storage.Catalog;

/// <summary>A column that a folder's name tells: <c>day=2026-06-01</c>, as Hive, Spark and DuckDB write them.</summary>
/// <param name="Key">The column's name.</param>
/// <param name="Value">The value of all rows below the folder; null for a null.</param>
public sealed record HivePartition(string Key, string? Value)
{
    private const string Null = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>The partitions in a file's path, the outermost first.</summary>
    /// <param name="path">A path; the file's own name is no partition. Percent-encoded characters are decoded.</param>
    public static IReadOnlyList<HivePartition> Parse(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var segments = path.Split('/', Path.DirectorySeparatorChar);
        return [.. segments.SkipLast(1).Select(segment => segment.Split('=', 2)).Where(parts => parts is [{ Length: > 0 }, _]).Select(Decode)];
    }

    private static HivePartition Decode(string[] parts) =>
        new(Uri.UnescapeDataString(parts[0]), parts[1] == Null ? null : Uri.UnescapeDataString(parts[1]));
}
