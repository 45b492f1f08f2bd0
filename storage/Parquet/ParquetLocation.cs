namespace Analytics.Storage.Parquet;

/// <summary>A place in a file, for error messages.</summary>
internal readonly record struct ParquetLocation(string Path, int? RowGroup = null, string? Column = null, long? Offset = null)
{
    private const int MaxNameCharacters = 200;
    private const string DamagedAdvice = "The file is damaged; restore it from a backup or write it again.";

    public CorruptFileException Corrupt(string found, string expected, string? advice = null) =>
        new(Path, RowGroup, Column, found, expected, advice ?? DamagedAdvice, null, Offset);

    public CorruptFileException Corrupt(MalformedDataException error) =>
        new(Path, RowGroup, Column, error.Found, error.Expected, error.Advice ?? DamagedAdvice, error, Offset);

    /// <summary>A name for a message, which a damaged file must not fill.</summary>
    public static string Short(string name) => name.Length <= MaxNameCharacters ? name : $"{name.AsSpan(0, MaxNameCharacters)}…";

    /// <summary>Reads bytes that the file should have.</summary>
    public void Read(ReadableFile file, long offset, Span<byte> target)
    {
        try
        {
            file.Read(offset, target);
        }
        catch (EndOfStreamException)
        {
            throw Corrupt("the end of the file", $"{target.Length} bytes from offset {offset} on");
        }
    }
}
