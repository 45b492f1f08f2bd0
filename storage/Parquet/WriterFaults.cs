namespace Analytics.Storage.Parquet;

/// <summary>Mends what old writers are known to put wrong into their footers.</summary>
internal static class WriterFaults
{
    private const string ParquetMr = "parquet-mr";
    private const int MaxDictionaryHeaderBytes = 100;

    // The first version of parquet-mr that counts the header of the dictionary page (PARQUET-816).
    private static readonly Version Mended = new(1, 2, 9);

    /// <summary>
    /// Lengthens the chunks of files whose writer left the header of the dictionary page out of their size, though never
    /// into the next chunk. How long the header is they do not say; what lies after the last page is not looked at.
    /// </summary>
    /// <param name="file">The footer, not yet checked.</param>
    /// <param name="footerOffset">Where the last chunk ends at the latest.</param>
    public static FileMetadata Mend(FileMetadata file, long footerOffset)
    {
        if (!LeavesOutDictionaryHeaders(file.CreatedBy))
        {
            return file;
        }

        var starts = file.RowGroups.SelectMany(rowGroup => rowGroup.Columns).Select(chunk => chunk.StartOffset).Append(footerOffset).Order().ToArray();
        return file with
        {
            RowGroups = [.. file.RowGroups.Select(rowGroup => rowGroup with
            {
                Columns = [.. rowGroup.Columns.Select(chunk => chunk with { SizeBytes = SizeOf(chunk, starts) })],
            })],
        };
    }

    private static long SizeOf(ColumnChunkMetadata chunk, long[] starts)
    {
        var index = Array.BinarySearch(starts, chunk.StartOffset) + 1;
        return chunk is { StartOffset: >= 0, SizeBytes: >= 0 } && index < starts.Length && chunk.SizeBytes <= starts[index] - chunk.StartOffset
            ? Math.Min(chunk.SizeBytes + MaxDictionaryHeaderBytes, starts[index] - chunk.StartOffset)
            : chunk.SizeBytes;
    }

    private static bool LeavesOutDictionaryHeaders(string? createdBy)
    {
        if (createdBy is null || !createdBy.StartsWith(ParquetMr, StringComparison.Ordinal))
        {
            return false;
        }

        // "parquet-mr version 1.8.1 (build ...)"; the oldest do not say.
        var words = createdBy.Split(' ');
        var numbers = words is [_, "version", var text, ..] ? text.Split('-')[0] : "0.0";
        return Version.TryParse(numbers, out var version) && version < Mended;
    }
}
