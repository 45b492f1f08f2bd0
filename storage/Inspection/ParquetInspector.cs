using Analytics.Storage.Catalog;
using Analytics.Storage.Parquet;

namespace Analytics.Storage.Inspection;

/// <summary>Inspects Parquet files: one column of one row group is in memory at a time.</summary>
internal static class ParquetInspector
{
    public static InspectedTable Inspect(ReadableFile file, string path, CancellationToken cancellation)
    {
        var reader = ParquetReader.Open(file, path);
        using var decoder = new ColumnChunkReader();
        return new InspectedTable(path, file.Length)
        {
            Format = "Parquet",
            CreatedBy = reader.CreatedBy,
            Partitions = HivePartition.Parse(path),
            RowCount = reader.RowCount,
            RowGroupCount = reader.RowGroups.Count,
            Columns = [.. reader.Columns.Select((column, index) => Inspect(reader, decoder, column, index, cancellation))],
            NestedColumns = reader.NestedColumns,
            Metadata = reader.Metadata,
        };
    }

    private static InspectedColumn Inspect(
        ParquetReader reader, ColumnChunkReader decoder, ParquetColumn column, int index, CancellationToken cancellation)
    {
        var inspected = new InspectedColumn(column.Name, column.Type, column.IsNullable) { Stored = StoredAs(reader, column) };
        try
        {
            using var digest = ColumnDigest.For(column.Type);
            for (var rowGroup = 0; rowGroup < reader.RowGroups.Count; rowGroup++)
            {
                cancellation.ThrowIfCancellationRequested();
                digest.Add(reader.ReadColumn(decoder, rowGroup, index, checkPages: false));
            }

            return inspected with { Content = digest.Finish() };
        }
        catch (CorruptFileException error)
        {
            return inspected with { Error = error };
        }
    }

    private static StoredColumn StoredAs(ParquetReader reader, ParquetColumn column)
    {
        ColumnChunkMetadata[] chunks = [.. reader.RowGroups.Select(rowGroup => rowGroup.Columns[column.Leaf])];
        return new StoredColumn(
            NameOf(column.Physical),
            [.. chunks.Select(chunk => NameOf(chunk.Codec)).Distinct().Order(StringComparer.Ordinal)],
            [.. chunks.SelectMany(chunk => chunk.Encodings).Select(NameOf).Distinct().Order(StringComparer.Ordinal)],
            chunks.Sum(chunk => chunk.SizeBytes),
            // A claim that nothing checks: it may be any number.
            chunks.Aggregate(0L, static (sum, chunk) => unchecked(sum + chunk.UncompressedBytes)));
    }

    // As the format calls them; a number of a newer version stays a number.
    private static string NameOf(PhysicalType type) => type switch
    {
        PhysicalType.Boolean => "BOOLEAN",
        PhysicalType.Int32 => "INT32",
        PhysicalType.Int64 => "INT64",
        PhysicalType.Int96 => "INT96",
        PhysicalType.Float => "FLOAT",
        PhysicalType.Double => "DOUBLE",
        PhysicalType.ByteArray => "BYTE_ARRAY",
        _ => "FIXED_LEN_BYTE_ARRAY",
    };

    private static string NameOf(CompressionCodec codec) => codec switch
    {
        CompressionCodec.Uncompressed => "UNCOMPRESSED",
        CompressionCodec.Snappy => "SNAPPY",
        CompressionCodec.Gzip => "GZIP",
        CompressionCodec.Lzo => "LZO",
        CompressionCodec.Brotli => "BROTLI",
        CompressionCodec.Lz4 => "LZ4",
        CompressionCodec.Zstd => "ZSTD",
        CompressionCodec.Lz4Raw => "LZ4_RAW",
        _ => $"{(int)codec}",
    };

    private static string NameOf(ParquetEncoding encoding) => encoding switch
    {
        ParquetEncoding.Plain => "PLAIN",
        ParquetEncoding.PlainDictionary => "PLAIN_DICTIONARY",
        ParquetEncoding.Rle => "RLE",
        ParquetEncoding.BitPacked => "BIT_PACKED",
        ParquetEncoding.DeltaBinaryPacked => "DELTA_BINARY_PACKED",
        ParquetEncoding.DeltaLengthByteArray => "DELTA_LENGTH_BYTE_ARRAY",
        ParquetEncoding.DeltaByteArray => "DELTA_BYTE_ARRAY",
        ParquetEncoding.RleDictionary => "RLE_DICTIONARY",
        ParquetEncoding.ByteStreamSplit => "BYTE_STREAM_SPLIT",
        _ => $"{(int)encoding}",
    };
}
