namespace Analytics.Storage;

/// <summary>A file does not hold what it should: it is damaged, or written in a form that is not supported.</summary>
public sealed class CorruptFileException : IOException
{
    /// <summary>Reports what is wrong, in the order: found, where, expected, what to do.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rowGroup">The row group, from 0 on; null where the fault is not in one.</param>
    /// <param name="column">The column; null where the fault is not in one.</param>
    /// <param name="found">What was found, as the start of a sentence.</param>
    /// <param name="expected">What should have been there.</param>
    /// <param name="advice">What to do, as a sentence.</param>
    /// <param name="cause">The error below, if any.</param>
    /// <param name="offset">Bytes from the start of the file to the damaged part; null where unknown.</param>
    public CorruptFileException(
        string path, int? rowGroup, string? column, string found, string expected, string advice, Exception? cause = null, long? offset = null)
        : base($"Found {found} in '{path}'{Place(rowGroup, column, offset)}; expected {expected}. {advice}", cause)
    {
        Path = path;
        RowGroup = rowGroup;
        Column = column;
        Offset = offset;
    }

    /// <summary>Passes on what a reader of another format found, whose message says all of that.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cause">The error.</param>
    internal CorruptFileException(string path, IOException cause)
        : base(cause.Message, cause) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The row group, from 0 on; null where the fault is not in one.</summary>
    public int? RowGroup { get; }

    /// <summary>The column; null where the fault is not in one.</summary>
    public string? Column { get; }

    /// <summary>Bytes from the start of the file to the damaged part, such as a page; null where unknown.</summary>
    public long? Offset { get; }

    private static string Place(int? rowGroup, string? column, long? offset) =>
        (rowGroup is null ? "" : $", row group {rowGroup}") + (column is null ? "" : $", column '{column}'") + (offset is null ? "" : $", byte {offset}");
}
