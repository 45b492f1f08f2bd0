using Analytics.Engine.Arrow;
using Analytics.Storage.Catalog;
using Analytics.Storage.Parquet;

namespace Analytics.Storage.Inspection;

/// <summary>Says what a file is and holds, down to a checksum of each column's values.</summary>
/// <remarks>The file is recognized by its first bytes, whatever its name.</remarks>
public static class FileInspector
{
    private const string Advice = "Parquet files, Arrow files and streams, and manifest.json of a data folder can be inspected.";
    private const int HeadBytes = 8;

    private static ReadOnlySpan<byte> ArrowFileMagic => "ARROW1"u8;

    /// <summary>Starts each message of an Arrow stream.</summary>
    private static ReadOnlySpan<byte> ArrowContinuation => [0xFF, 0xFF, 0xFF, 0xFF];

    /// <summary>Inspects one file. A column that is damaged is reported as such; the others are read all the same.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="path">An existing file. Folders such as <c>day=2026-06-01</c> in it count as columns.</param>
    /// <param name="cancellation">Ends the reading between two columns.</param>
    /// <exception cref="CorruptFileException">The file is none that is known, or damaged as a whole.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="OperationCanceledException">The reading was ended.</exception>
    public static InspectedFile Inspect(Files files, string path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(files);
        using var file = files.OpenRead(path);
        Span<byte> head = stackalloc byte[(int)Math.Min(HeadBytes, file.Length)];
        file.Read(0, head);
        if (head.StartsWith(ParquetLayout.Magic) || head.StartsWith(ParquetLayout.EncryptedMagic))
        {
            return ParquetInspector.Inspect(file, path, cancellation);
        }

        if (head.StartsWith(ArrowFileMagic) || head.StartsWith(ArrowContinuation))
        {
            return ArrowInspector.Inspect(file, path, isStream: !head.StartsWith(ArrowFileMagic), cancellation);
        }

        return head.TrimStart(" \t\r\n"u8).StartsWith("{"u8)
            ? new InspectedManifest(path, file.Length, Manifest.Read(files, path))
            : throw Unknown(path, head);
    }

    /// <summary>Inspects rows of any source.</summary>
    /// <param name="path">Where they come from.</param>
    /// <param name="sizeBytes">Size of the source.</param>
    /// <param name="format">What the source is.</param>
    /// <param name="schema">The columns of all batches; dictionaries may differ from one to the next.</param>
    /// <param name="batches">Taken one by one, and only once.</param>
    /// <param name="cancellation">Ends the reading between two batches.</param>
    /// <exception cref="OperationCanceledException">The reading was ended.</exception>
    public static InspectedTable Inspect(
        string path, long sizeBytes, string format, Schema schema, IEnumerable<RecordBatch> batches, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(batches);
        ColumnDigest[] digests = [.. schema.Fields.Select(field => ColumnDigest.For(field.Type))];
        try
        {
            var rowCount = 0L;
            var batchCount = 0;
            foreach (var batch in batches)
            {
                cancellation.ThrowIfCancellationRequested();
                for (var i = 0; i < digests.Length; i++)
                {
                    digests[i].Add(batch.Columns[i]);
                }

                rowCount += batch.RowCount;
                batchCount++;
            }

            return new InspectedTable(path, sizeBytes)
            {
                Format = format,
                Partitions = HivePartition.Parse(path),
                RowCount = rowCount,
                RowGroupCount = batchCount,
                Columns = [.. schema.Fields.Select((field, i) =>
                    new InspectedColumn(field.Name, field.Type, field.IsNullable) { Content = digests[i].Finish() })],
                Metadata = schema.Metadata,
            };
        }
        finally
        {
            Array.ForEach(digests, digest => digest.Dispose());
        }
    }

    private static CorruptFileException Unknown(string path, ReadOnlySpan<byte> head) => new(
        path,
        null,
        null,
        head.IsEmpty ? "an empty file" : $"a file that starts with the bytes {Convert.ToHexStringLower(head)}",
        "'PAR1', 'ARROW1', ffffffff or '{'",
        Advice);
}
