using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Storage.Compression;

namespace Analytics.Storage.Parquet;

/// <summary>Reads Parquet files: all columns of single values, in every encoding and compression that writers use.</summary>
/// <remarks>
/// Structs, lists and maps are passed over. Nothing in the file is believed: whatever its bytes, reading gives rows or
/// <see cref="CorruptFileException"/>, and memory is taken only for values that the pages really hold; a size that the
/// file merely claims reserves addresses at most.
/// Safe for use by several threads where the <see cref="ReadableFile"/> is.
/// </remarks>
public sealed class ParquetReader
{
    private readonly ReadableFile file;
    private readonly ParquetSchema columns;

    // One for each thread that reads at the same time: what it needs for one row group it keeps for the next.
    private readonly ConcurrentBag<ColumnChunkReader> readers = [];

    private ParquetReader(ReadableFile file, string name, long footerOffset, ParquetSchema columns, FileMetadata metadata)
    {
        this.file = file;
        this.columns = columns;
        Name = name;
        FooterOffset = footerOffset;
        Schema = new Schema(columns.Columns.Select(column => new Field(column.Name, column.Type, column.IsNullable)));
        CreatedBy = metadata.CreatedBy;
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

    /// <summary>The columns of single values. Texts are always DictionaryUtf8, whatever their encoding in the file.</summary>
    public Schema Schema { get; }

    /// <summary>Names of the structs, lists and maps, which are not read.</summary>
    public IReadOnlyList<string> NestedColumns => columns.NestedColumns;

    /// <summary>The program that wrote the file, in its own words; null if it does not say.</summary>
    public string? CreatedBy { get; }

    /// <summary>Rows of all row groups.</summary>
    public long RowCount { get; }

    /// <summary>The row groups with the bounds of their columns.</summary>
    public IReadOnlyList<RowGroupMetadata> RowGroups { get; }

    /// <summary>The footer's key-value pairs; of a key that appears twice the last.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    internal long FooterOffset { get; }

    /// <summary>The columns of the schema as the file has them.</summary>
    internal IReadOnlyList<ParquetColumn> Columns => columns.Columns;

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
        if (frame.IsEncrypted)
        {
            throw Encrypted(where, "a file with an encrypted footer (PARE)");
        }

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
                throw Encrypted(where, "a file with encrypted columns");
            }

            metadata = WriterFaults.Mend(metadata, frame.FooterOffset);
            var schema = ParquetSchema.FromElements(metadata.Schema, where);
            CheckRowGroups(metadata, schema, frame.FooterOffset, where);
            return new ParquetReader(file, name, frame.FooterOffset, schema, metadata);
        }
        catch (MalformedDataException error)
        {
            throw (where with { Offset = frame.FooterOffset }).Corrupt(error);
        }
    }

    /// <summary>Reads some columns of one row group; only their bytes are read from the file.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="columns">Distinct names of columns of the schema; the batch has them in this order.</param>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    /// <exception cref="CorruptFileException">A column is damaged, or in a form that is not supported.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public RecordBatch ReadRowGroup(int rowGroup, IReadOnlyList<string> columns) =>
        ReadRowGroup(rowGroup, columns, new NativeArena(ArenaBytes(rowGroup, columns)));

    /// <summary>The same, into memory that is used again and again.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="columns">Distinct names of columns of the schema; the batch has them in this order.</param>
    /// <param name="arena">Gives the memory for values of fixed width and for codes as far as it has room.</param>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    /// <exception cref="CorruptFileException">A column is damaged, or in a form that is not supported.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public RecordBatch ReadRowGroup(int rowGroup, IReadOnlyList<string> columns, NativeArena arena)
    {
        var indices = IndicesOf(rowGroup, columns);
        var reader = Rent();
        try
        {
            return new RecordBatch(
                new Schema(indices.Select(index => Schema.Fields[index])),
                (int)RowGroups[rowGroup].RowCount,
                [.. indices.Select(index => ReadColumn(reader, rowGroup, index, checkPages: false, arena))]);
        }
        finally
        {
            readers.Add(reader);
        }
    }

    /// <summary>What <see cref="ReadRowGroup(int, IReadOnlyList{string}, NativeArena)"/> takes of an arena: so all columns lie in one block.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="columns">Distinct names of columns of the schema.</param>
    /// <returns>Bytes. A block of them is only reserved, so what a lying footer says of it costs nothing.</returns>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    public long ArenaBytes(int rowGroup, IReadOnlyList<string> columns) =>
        IndicesOf(rowGroup, columns).Sum(index => NativeArena.SizeOf(RowGroups[rowGroup].RowCount * WidthOf(Schema.Fields[index].Type)));

    /// <summary>Reads the distinct texts of one column of one row group; where they are in a dictionary, without decoding the rows.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="column">A column of texts.</param>
    /// <returns>In the order of the dictionary that <see cref="ReadRowGroup(int, IReadOnlyList{string})"/> gives.</returns>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    /// <exception cref="CorruptFileException">The column is damaged, or in a form that is not supported.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public StringArray ReadTexts(int rowGroup, string column)
    {
        _ = ChunkOf(rowGroup, column, out var type);
        if (type is not ArrowType.DictionaryType)
        {
            throw new ArgumentException($"Column '{column}' of '{Name}' is {type}, not text.", nameof(column));
        }

        var reader = Rent();
        try
        {
            return Decode(rowGroup, IndexOf(column), checkPages: false, reader, (bytes, chunk, source, check) => reader.ReadTexts(bytes, chunk, source, check));
        }
        finally
        {
            readers.Add(reader);
        }
    }

    /// <summary>Whether a row group may have a value in a range, by the bounds in the footer; nothing else is read.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="column">A column of the schema, of signed integers, dates, timestamps or decimals.</param>
    /// <param name="min">The least value that is asked for, in the column's unit.</param>
    /// <param name="max">The greatest value that is asked for.</param>
    /// <returns>False only where no value can be in the range; true also where the file has no bounds to rely on.</returns>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    public bool MayHold(int rowGroup, string column, long min, long max)
    {
        var chunk = ChunkOf(rowGroup, column, out var type);
        var isOrdered = type is ArrowType.IntType(_, true) or ArrowType.DateType or ArrowType.TimestampType or ArrowType.TimeType or ArrowType.DecimalType;
        return !isOrdered
            || chunk.Statistics is not { } statistics
            || !statistics.TryIntegers(out var least, out var greatest)
            || (least <= max && greatest >= min);
    }

    /// <summary>Whether a row group may have a text, by the bounds in the footer; nothing else is read.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="column">A column of the schema, of texts.</param>
    /// <param name="utf8">The text that is asked for.</param>
    /// <returns>False only where the text cannot be there; true also where the file has no bounds to rely on.</returns>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    public bool MayHold(int rowGroup, string column, ReadOnlySpan<byte> utf8)
    {
        var chunk = ChunkOf(rowGroup, column, out var type);
        return type is not ArrowType.DictionaryType
            || chunk.Statistics is not { Min: { } min, Max: { } max }
            || (min.Span.SequenceCompareTo(utf8) <= 0 && utf8.SequenceCompareTo(max.Span) <= 0);
    }

    /// <summary>What the footer says of the values of one column in one row group.</summary>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="column">A column of the schema.</param>
    /// <exception cref="ArgumentException">There is no such row group or column.</exception>
    public ColumnChunkMetadata Chunk(int rowGroup, string column) => ChunkOf(rowGroup, column, out _);

    /// <summary>Reads one column of one row group.</summary>
    /// <param name="reader">Used for this call alone.</param>
    /// <param name="rowGroup">0 to the number of row groups - 1.</param>
    /// <param name="column">0 to the number of columns - 1.</param>
    /// <param name="checkPages">Whether to compare pages with their checksums even if that of the chunk, which covers them, is right.</param>
    /// <param name="arena">Gives the memory for values of fixed width and for codes, if it has room.</param>
    internal ArrowArray ReadColumn(ColumnChunkReader reader, int rowGroup, int column, bool checkPages, NativeArena? arena = null) =>
        Decode(rowGroup, column, checkPages, reader, (bytes, chunk, source, check) => reader.Read(bytes, chunk, source, check, arena));

    private delegate T ChunkDecoder<T>(ReadOnlySpan<byte> bytes, ColumnChunkMetadata chunk, ParquetColumn column, bool checkPages);

    private T Decode<T>(int rowGroup, int column, bool checkPages, ColumnChunkReader reader, ChunkDecoder<T> decode)
    {
        var source = columns.Columns[column];
        var chunk = RowGroups[rowGroup].Columns[source.Leaf];
        var where = new ParquetLocation(Name, rowGroup, source.Name);
        CheckReadable(chunk, where);
        var size = (int)chunk.SizeBytes;
        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var bytes = rented.AsSpan(0, size);
            where.Read(file, chunk.StartOffset, bytes);
            var isChecked = CheckChunkCrc(chunk, bytes, where);
            return decode(bytes, chunk, source, checkPages || !isChecked);
        }
        catch (MalformedDataException error)
        {
            throw (where with { Offset = chunk.StartOffset + reader.Position }).Corrupt(error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private ColumnChunkReader Rent() => readers.TryTake(out var reader) ? reader : new ColumnChunkReader();

    private int[] IndicesOf(int rowGroup, IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(rowGroup);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rowGroup, RowGroups.Count);
        return [.. columns.Select(IndexOf)];
    }

    // Bytes of each value that are taken from the arena.
    private static int WidthOf(ArrowType type) => type switch
    {
        ArrowType.IntType or ArrowType.FloatType or ArrowType.DateType or ArrowType.TimeType or ArrowType.TimestampType or ArrowType.DecimalType(64, _, _) => sizeof(long),
        ArrowType.DictionaryType => sizeof(int),
        _ => 0,
    };

    private int IndexOf(string column) => Schema.IndexOf(column) is >= 0 and var index
        ? index
        : throw new ArgumentException($"'{Name}' has no column '{column}' of single values.", nameof(column));

    private ColumnChunkMetadata ChunkOf(int rowGroup, string column, out ArrowType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowGroup);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rowGroup, RowGroups.Count);
        var source = columns.Columns[IndexOf(column)];
        type = source.Type;
        return RowGroups[rowGroup].Columns[source.Leaf];
    }

    private static CorruptFileException Encrypted(ParquetLocation where, string found) =>
        where.Corrupt(found, "a plain one", "Write the file again without encryption.");

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
        var hasLastMagic = tail[sizeof(uint)..].SequenceEqual(ParquetLayout.Magic);
        var isEncrypted = head.SequenceEqual(ParquetLayout.EncryptedMagic) || tail[sizeof(uint)..].SequenceEqual(ParquetLayout.EncryptedMagic);
        if (length > longest && !hasLastMagic && !isEncrypted)
        {
            throw where.Corrupt("no 'PAR1' at the end", "it", "The file was cut off, is still being written, or has more behind its end; get it whole.");
        }

        if (length > longest)
        {
            throw where.Corrupt($"a footer length of {length} bytes", $"at most {longest}");
        }

        return new ParquetFrame(
            file.Length - tail.Length - length,
            (int)length,
            head.SequenceEqual(ParquetLayout.Magic),
            hasLastMagic,
            isEncrypted);
    }

    private static void CheckReadable(ColumnChunkMetadata chunk, ParquetLocation where)
    {
        if (chunk.Obstacle is not null)
        {
            throw where.Corrupt(chunk.Obstacle, "plain values in the same file", "Write the file again in one piece and without encryption.");
        }

        if (!PageCodec.IsSupported(chunk.Codec))
        {
            throw where.Corrupt($"compression {chunk.Codec}", "Snappy, Gzip, Brotli, Lz4, Lz4Raw, Zstd or none", "Write the file again with Snappy or Zstd.");
        }

        if (chunk.SizeBytes > ParquetLayout.MaxChunkBytes)
        {
            throw where.Corrupt(
                $"{chunk.SizeBytes} bytes in one row group", $"at most {ParquetLayout.MaxChunkBytes}", "Write the file again with smaller row groups.");
        }
    }

    private static bool CheckChunkCrc(ColumnChunkMetadata chunk, ReadOnlySpan<byte> bytes, ParquetLocation where)
    {
        var text = chunk.KeyValues.LastOrDefault(pair => pair.Key == ParquetLayout.CrcKey).Value;
        if (text is null)
        {
            return false;
        }

        var actual = Crc32.Of(bytes).ToString("x8", CultureInfo.InvariantCulture);
        return actual == text
            ? true
            : throw where.Corrupt($"bytes with CRC-32 {actual}", $"{text}, as the footer says");
    }

    private static void CheckRowGroups(FileMetadata metadata, ParquetSchema schema, long footerOffset, ParquetLocation where)
    {
        var rows = 0L;
        var ranges = new List<(long Start, long End, int RowGroup, int Leaf)>(metadata.RowGroups.Sum(rowGroup => rowGroup.Columns.Count));
        for (var i = 0; i < metadata.RowGroups.Count; i++)
        {
            var rowGroup = metadata.RowGroups[i];
            var place = where with { RowGroup = i };
            if (rowGroup.RowCount is < 0 or > ParquetLayout.MaxRowsPerRowGroup)
            {
                throw place.Corrupt(
                    $"{rowGroup.RowCount} rows", $"0 to {ParquetLayout.MaxRowsPerRowGroup}", "Write the file again with smaller row groups.");
            }

            if (rowGroup.Columns.Count != schema.LeafPaths.Count)
            {
                throw place.Corrupt($"{rowGroup.Columns.Count} columns", $"{schema.LeafPaths.Count}, as in the schema");
            }

            foreach (var field in schema.Columns)
            {
                CheckColumn(rowGroup.Columns[field.Leaf], field, rowGroup.RowCount, place with { Column = field.Name });
            }

            for (var c = 0; c < rowGroup.Columns.Count; c++)
            {
                var chunk = rowGroup.Columns[c];
                CheckChunk(chunk, schema.LeafPaths[c], footerOffset, place);
                ranges.Add((chunk.StartOffset, chunk.StartOffset + chunk.SizeBytes, i, c));
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
                var chunk = where with { RowGroup = ranges[i].RowGroup, Column = $"{schema.LeafPaths[ranges[i].Leaf]}" };
                throw chunk.Corrupt($"a start at byte {ranges[i].Start}", $"at least {ranges[i - 1].End}, the end of the chunk before");
            }
        }
    }

    private static void CheckColumn(ColumnChunkMetadata chunk, ParquetColumn column, long rowCount, ParquetLocation where)
    {
        if (chunk.Type != column.Physical)
        {
            throw where.Corrupt($"a chunk of type {chunk.Type}", $"{column.Physical}, as in the schema");
        }

        if (chunk.ValueCount != rowCount)
        {
            throw where.Corrupt($"{chunk.ValueCount} values", $"{rowCount}, one for each row");
        }
    }

    private static void CheckChunk(ColumnChunkMetadata chunk, LeafPath path, long footerOffset, ParquetLocation rowGroup)
    {
        if (!path.Is(chunk.Column))
        {
            var expected = ParquetLocation.Short($"{path}");
            throw (rowGroup with { Column = expected }).Corrupt($"a chunk of column '{ParquetLocation.Short(chunk.Column)}'", $"'{expected}', as in the schema");
        }

        var start = chunk.StartOffset;
        if (start < ParquetLayout.MagicBytes || start > footerOffset || chunk.SizeBytes < 0 || chunk.SizeBytes > footerOffset - start)
        {
            throw (rowGroup with { Column = chunk.Column }).Corrupt(
                $"a chunk of {chunk.SizeBytes} bytes from byte {start} on", $"one between {ParquetLayout.MagicBytes} and {footerOffset}, the footer");
        }
    }
}

/// <summary>Where the footer lies, and whether both magics are in place.</summary>
internal readonly record struct ParquetFrame(long FooterOffset, int FooterBytes, bool HasFirstMagic, bool HasLastMagic, bool IsEncrypted);
