using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>Reads Parquet files of required columns in PLAIN, dictionary and DELTA_BINARY_PACKED encoding, uncompressed or with Snappy.</summary>
/// <remarks>
/// Nothing in the file is believed: whatever its bytes, reading gives rows or <see cref="CorruptFileException"/>, and
/// memory stays within a small multiple of the uncompressed size (at most 22 times the file's) plus 8 bytes for each
/// value that its pages really hold.
/// Safe for use by several threads where the <see cref="ReadableFile"/> is.
/// </remarks>
public sealed class ParquetReader
{
    private readonly ReadableFile file;

    private ParquetReader(ReadableFile file, string name, long footerOffset, Schema schema, FileMetadata metadata)
    {
        this.file = file;
        Name = name;
        FooterOffset = footerOffset;
        Schema = schema;
        RowCount = metadata.RowCount;
        RowGroups = metadata.RowGroups;
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in metadata.KeyValues)
        {
            pairs[key] = value;
        }

        Metadata = pairs;
    }

    /// <summary>The file's name in messages.</summary>
    public string Name { get; }

    /// <summary>The columns. Texts are always DictionaryUtf8, whatever their encoding in the file.</summary>
    public Schema Schema { get; }

    /// <summary>Rows of all row groups.</summary>
    public long RowCount { get; }

    /// <summary>The row groups with the bounds of their columns.</summary>
    public IReadOnlyList<RowGroupMetadata> RowGroups { get; }

    /// <summary>The footer's key-value pairs; of a key that appears twice the last.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    internal long FooterOffset { get; }

    /// <summary>Reads and checks the footer.</summary>
    /// <param name="file">Stays open as long as the reader is used; not disposed here.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="CorruptFileException">The footer is damaged, or describes columns that are not supported.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static ParquetReader Open(ReadableFile file, string name) => Open(file, name, checkMagic: true);

    internal static ParquetReader Open(ReadableFile file, string name, bool checkMagic)
    {
        ArgumentNullException.ThrowIfNull(file);
        var where = new ParquetLocation(name);
        var frame = ReadFrame(file, where);
        if (checkMagic && !(frame.HasFirstMagic && frame.HasLastMagic))
        {
            throw where.Corrupt(
                $"no 'PAR1' at the {(frame.HasFirstMagic ? "end" : "start")}", "a Parquet file, which starts and ends with it");
        }

        var bytes = new byte[frame.FooterBytes];
        where.Read(file, frame.FooterOffset, bytes);
        try
        {
            var metadata = ParquetFooter.Read(bytes);
            if (metadata.IsEncrypted)
            {
                throw new MalformedDataException("an encrypted file", "a plain one", "Write the file again without encryption.");
            }

            var schema = ParquetSchema.FromElements(metadata.Schema, where);
            CheckRowGroups(metadata, schema, frame.FooterOffset, where);
            return new ParquetReader(file, name, frame.FooterOffset, schema, metadata);
        }
        catch (MalformedDataException error)
        {
            throw where.Corrupt(error);
        }
    }

    /// <summary>Reads some columns of one row group; only their bytes are read from the file.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="columns">Distinct names of columns of the schema; the batch has them in this order. Without any the batch has no rows.</param>
    /// <returns>Texts as DictionaryArray with distinct texts, INT64 as PrimitiveArray of long, INT32 of int.</returns>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    /// <exception cref="CorruptFileException">A column is damaged, or in a form that is not supported.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public RecordBatch ReadRowGroup(int rowGroup, IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(rowGroup);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rowGroup, RowGroups.Count);
        var indices = new int[columns.Count];
        for (var i = 0; i < indices.Length; i++)
        {
            indices[i] = Schema.IndexOf(columns[i]);
            if (indices[i] < 0)
            {
                throw new ArgumentException($"'{Name}' has no column '{columns[i]}'.", nameof(columns));
            }
        }

        var projected = new Schema(indices.Select(index => Schema.Fields[index]));
        return new RecordBatch(projected, [.. indices.Select(index => ReadColumn(rowGroup, index, checkPages: false))]);
    }

    /// <summary>Reads one column of one row group.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="column">0 to the number of columns - 1.</param>
    /// <param name="checkPages">Whether to compare pages with their checksums even if that of the chunk, which covers them, is right.</param>
    internal ArrowArray ReadColumn(int rowGroup, int column, bool checkPages)
    {
        var chunk = RowGroups[rowGroup].Columns[column];
        var where = new ParquetLocation(Name, rowGroup, Schema.Fields[column].Name);
        CheckReadable(chunk, where);
        var size = (int)chunk.SizeBytes;
        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var bytes = rented.AsSpan(0, size);
            where.Read(file, chunk.StartOffset, bytes);
            var isChecked = CheckChunkCrc(chunk, bytes, where);
            var pages = ColumnPages.Find(bytes, chunk.Codec, (int)chunk.ValueCount, checkPages || !isChecked);
            return chunk.Codec == CompressionCodec.Uncompressed
                ? Decode(bytes, pages, chunk, Schema.Fields[column].Type)
                : DecodeCompressed(bytes, pages, chunk, Schema.Fields[column].Type);
        }
        catch (MalformedDataException error)
        {
            throw where.Corrupt(error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    internal static ParquetFrame ReadFrame(ReadableFile file, ParquetLocation where)
    {
        const int SmallestFile = ParquetLayout.MagicBytes + ParquetLayout.TailBytes;
        if (file.Length < SmallestFile)
        {
            throw where.Corrupt($"a file of {file.Length} bytes", $"at least {SmallestFile}");
        }

        Span<byte> head = stackalloc byte[ParquetLayout.MagicBytes];
        Span<byte> tail = stackalloc byte[ParquetLayout.TailBytes];
        where.Read(file, 0, head);
        where.Read(file, file.Length - tail.Length, tail);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        var longest = Math.Min(file.Length - SmallestFile, Array.MaxLength - sizeof(uint));
        if (length > longest)
        {
            throw where.Corrupt($"a footer length of {length} bytes", $"at most {longest}");
        }

        return new ParquetFrame(
            file.Length - tail.Length - length,
            (int)length,
            head.SequenceEqual(ParquetLayout.Magic),
            tail[sizeof(uint)..].SequenceEqual(ParquetLayout.Magic));
    }

    private static ArrowArray DecodeCompressed(ReadOnlySpan<byte> bytes, List<Page> pages, ColumnChunkMetadata chunk, ArrowType type)
    {
        var size = pages.Sum(page => page.Header.UncompressedBytes);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var uncompressed = rented.AsSpan(0, size);
            return Decode(uncompressed, ColumnPages.Decompress(bytes, pages, uncompressed), chunk, type);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static ArrowArray Decode(ReadOnlySpan<byte> bytes, List<Page> pages, ColumnChunkMetadata chunk, ArrowType type)
    {
        var valueCount = (int)chunk.ValueCount;
        var reader = new ColumnChunkReader(bytes, pages, chunk.Type);
        return chunk.Type switch
        {
            PhysicalType.Int32 => reader.Integers<int>(type, valueCount),
            PhysicalType.Int64 => reader.Integers<long>(type, valueCount),
            _ => reader.Texts(valueCount),
        };
    }

    private static void CheckReadable(ColumnChunkMetadata chunk, ParquetLocation where)
    {
        if (chunk.Obstacle is not null)
        {
            throw where.Corrupt(chunk.Obstacle, "plain values in the same file", "Write the file again in one piece and without encryption.");
        }

        if (chunk.Codec is not (CompressionCodec.Uncompressed or CompressionCodec.Snappy))
        {
            throw where.Corrupt($"compression {chunk.Codec}", "Uncompressed or Snappy", "Write the file again without compression or with Snappy.");
        }

        if (chunk.SizeBytes > ParquetLayout.MaxChunkBytes)
        {
            throw where.Corrupt(
                $"{chunk.SizeBytes} bytes in one row group", $"at most {ParquetLayout.MaxChunkBytes}", "Write the file again with smaller row groups.");
        }
    }

    private static bool CheckChunkCrc(ColumnChunkMetadata chunk, ReadOnlySpan<byte> bytes, ParquetLocation where)
    {
        var text = chunk.KeyValues.LastOrDefault(pair => pair.Key == ParquetLayout.ChunkCrcKey).Value;
        if (text is null)
        {
            return false;
        }

        var actual = Crc32.Of(bytes).ToString("x8", CultureInfo.InvariantCulture);
        return actual == text
            ? true
            : throw where.Corrupt($"bytes with CRC-32 {actual}", $"{text}, as the footer says");
    }

    private static void CheckRowGroups(FileMetadata metadata, Schema schema, long footerOffset, ParquetLocation where)
    {
        var rows = 0L;
        var ranges = new List<(long Start, long End, ParquetLocation Where)>();
        for (var i = 0; i < metadata.RowGroups.Count; i++)
        {
            var rowGroup = metadata.RowGroups[i];
            var place = where with { RowGroup = i };
            if (rowGroup.RowCount is < 0 or > ParquetLayout.MaxRowsPerRowGroup)
            {
                throw place.Corrupt(
                    $"{rowGroup.RowCount} rows", $"0 to {ParquetLayout.MaxRowsPerRowGroup}", "Write the file again with smaller row groups.");
            }

            if (rowGroup.Columns.Count != schema.Fields.Count)
            {
                throw place.Corrupt($"{rowGroup.Columns.Count} columns", $"{schema.Fields.Count}, as in the schema");
            }

            for (var c = 0; c < rowGroup.Columns.Count; c++)
            {
                var chunk = rowGroup.Columns[c];
                var column = place with { Column = schema.Fields[c].Name };
                CheckChunk(chunk, schema.Fields[c], rowGroup.RowCount, footerOffset, column);
                ranges.Add((chunk.StartOffset, chunk.StartOffset + chunk.SizeBytes, column));
            }

            rows += rowGroup.RowCount;
        }

        if (rows != metadata.RowCount)
        {
            throw where.Corrupt($"row groups of {rows} rows", $"{metadata.RowCount}, as the footer says");
        }

        // Chunks that share bytes would let a small file stand for any amount of rows.
        ranges.Sort((a, b) => (a.Start, a.End).CompareTo((b.Start, b.End)));
        for (var i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Start < ranges[i - 1].End)
            {
                throw ranges[i].Where.Corrupt($"a start at byte {ranges[i].Start}", $"at least {ranges[i - 1].End}, the end of the chunk before");
            }
        }
    }

    private static void CheckChunk(ColumnChunkMetadata chunk, Field field, long rowCount, long footerOffset, ParquetLocation where)
    {
        if (chunk.Column != field.Name || chunk.Type != ParquetSchema.PhysicalTypeOf(field.Type))
        {
            throw where.Corrupt(
                $"a chunk of column '{chunk.Column}' and type {chunk.Type}",
                $"'{field.Name}' and {ParquetSchema.PhysicalTypeOf(field.Type)}, as in the schema");
        }

        if (chunk.ValueCount != rowCount)
        {
            throw where.Corrupt($"{chunk.ValueCount} values", $"{rowCount}, one for each row");
        }

        var start = chunk.StartOffset;
        if (start < ParquetLayout.MagicBytes || start > footerOffset || chunk.SizeBytes < 0 || chunk.SizeBytes > footerOffset - start)
        {
            throw where.Corrupt(
                $"a chunk of {chunk.SizeBytes} bytes from byte {start} on", $"one between {ParquetLayout.MagicBytes} and {footerOffset}, the footer");
        }
    }
}

/// <summary>Where the footer lies, and whether both magics are in place.</summary>
internal readonly record struct ParquetFrame(long FooterOffset, int FooterBytes, bool HasFirstMagic, bool HasLastMagic);
