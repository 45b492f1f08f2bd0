namespace Analytics.Storage.Parquet;

/// <summary>Translates the footer from and to Thrift. What it means is checked by <see cref="ParquetReader"/>.</summary>
internal static class ParquetFooter
{
    private delegate T ElementReader<out T>(ref ThriftCompactReader reader);

    public static void Write(ThriftCompactWriter writer, FileMetadata file)
    {
        writer.BeginStruct();
        writer.Int32(1, file.Version);
        writer.List(2, ThriftType.Struct, file.Schema.Count);
        foreach (var element in file.Schema)
        {
            WriteSchemaElement(writer, element);
        }

        writer.Int64(3, file.RowCount);
        writer.List(4, ThriftType.Struct, file.RowGroups.Count);
        foreach (var rowGroup in file.RowGroups)
        {
            WriteRowGroup(writer, rowGroup);
        }

        WriteKeyValues(writer, 5, file.KeyValues);
        if (file.CreatedBy is not null)
        {
            writer.Text(6, file.CreatedBy);
        }

        writer.List(7, ThriftType.Struct, file.TypeOrdered.Count);
        foreach (var _ in file.TypeOrdered)
        {
            writer.BeginStruct();
            writer.BeginStruct(1);
            writer.EndStruct();
            writer.EndStruct();
        }

        writer.EndStruct();
    }

    /// <exception cref="MalformedDataException">The bytes are not exactly one footer.</exception>
    public static FileMetadata Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftCompactReader(bytes);
        int? version = null;
        long? rowCount = null;
        List<SchemaElement>? schema = null;
        List<RowGroupMetadata>? rowGroups = null;
        List<KeyValuePair<string, string>> keyValues = [];
        List<bool> typeOrdered = [];
        string? createdBy = null;
        var isEncrypted = false;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    version = reader.Int32(type);
                    break;
                case 2:
                    schema = ReadList(ref reader, type, ReadSchemaElement, ThriftType.Struct, MaxElements(bytes.Length));
                    break;
                case 3:
                    rowCount = reader.Int64(type);
                    break;
                case 4:
                    // The schema comes first in all files that are known; were it to come later, nothing would be known of it.
                    var leaves = schema?.Count ?? int.MaxValue;
                    rowGroups = ReadList(ref reader, type, (ref row) => ReadRowGroup(ref row, leaves));
                    break;
                case 5:
                    keyValues = ReadList(ref reader, type, ReadKeyValue);
                    break;
                case 6:
                    createdBy = reader.Text(type);
                    break;
                case 7:
                    typeOrdered = ReadList(ref reader, type, ReadColumnOrder);
                    break;
                case 8:
                    isEncrypted = true;
                    reader.Skip(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        // The footer of a file with encrypted columns is followed by its signature.
        if (reader.Position != bytes.Length && !isEncrypted)
        {
            throw new MalformedDataException($"{bytes.Length - reader.Position} bytes after the footer", "none");
        }

        rowGroups = Required(rowGroups, "row_groups");
        rowGroups.ForEach(rowGroup => ForgetUnorderedBounds(rowGroup, typeOrdered));
        return new FileMetadata
        {
            Version = Required(version, "version"),
            Schema = Required(schema, "schema"),
            RowCount = Required(rowCount, "num_rows"),
            RowGroups = rowGroups,
            KeyValues = keyValues,
            CreatedBy = createdBy,
            TypeOrdered = typeOrdered,
            IsEncrypted = isEncrypted,
        };
    }

    // Without TYPE_ORDER nobody knows by which comparison the bounds were taken.
    private static void ForgetUnorderedBounds(RowGroupMetadata rowGroup, List<bool> typeOrdered)
    {
        for (var i = 0; i < rowGroup.Columns.Count; i++)
        {
            if (i >= typeOrdered.Count || !typeOrdered[i])
            {
                rowGroup.Columns[i].Statistics = null;
            }
        }
    }

    private static void WriteSchemaElement(ThriftCompactWriter writer, SchemaElement element)
    {
        writer.BeginStruct();
        WriteInt32(writer, 1, (int?)element.Type);
        WriteInt32(writer, 2, element.TypeLength);
        WriteInt32(writer, 3, (int?)element.Repetition);
        writer.Text(4, element.Name);
        WriteInt32(writer, 5, element.ChildCount);
        WriteInt32(writer, 6, (int?)element.ConvertedType);
        WriteInt32(writer, 7, element.Scale);
        WriteInt32(writer, 8, element.Precision);
        element.LogicalType?.Write(writer, 10);
        writer.EndStruct();
    }

    private static SchemaElement ReadSchemaElement(ref ThriftCompactReader reader)
    {
        int? physical = null, typeLength = null, repetition = null, childCount = null, converted = null, scale = null, precision = null;
        string? name = null;
        LogicalType? logical = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    physical = reader.Int32(type);
                    break;
                case 2:
                    typeLength = reader.Int32(type);
                    break;
                case 3:
                    repetition = reader.Int32(type);
                    break;
                case 4:
                    name = reader.Text(type);
                    break;
                case 5:
                    childCount = reader.Int32(type);
                    break;
                case 6:
                    converted = reader.Int32(type);
                    break;
                case 7:
                    scale = reader.Int32(type);
                    break;
                case 8:
                    precision = reader.Int32(type);
                    break;
                case 10 when type == ThriftType.Struct:
                    logical = LogicalType.Read(ref reader);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new SchemaElement
        {
            Name = Required(name, "name of a schema element"),
            Type = (PhysicalType?)physical,
            TypeLength = typeLength,
            Repetition = (Repetition?)repetition,
            ChildCount = childCount,
            ConvertedType = (ConvertedType?)converted,
            Scale = scale,
            Precision = precision,
            LogicalType = logical,
        };
    }

    private static void WriteRowGroup(ThriftCompactWriter writer, RowGroupMetadata rowGroup)
    {
        writer.BeginStruct();
        writer.List(1, ThriftType.Struct, rowGroup.Columns.Count);
        foreach (var column in rowGroup.Columns)
        {
            WriteColumnChunk(writer, column);
        }

        writer.Int64(2, rowGroup.Columns.Sum(column => column.UncompressedBytes));
        writer.Int64(3, rowGroup.RowCount);
        if (rowGroup.Columns.Count > 0)
        {
            writer.Int64(5, rowGroup.Columns[0].StartOffset);
        }

        writer.Int64(6, rowGroup.Columns.Sum(column => column.SizeBytes));
        writer.EndStruct();
    }

    private static RowGroupMetadata ReadRowGroup(ref ThriftCompactReader reader, int maxColumns)
    {
        List<ColumnChunkMetadata>? columns = null;
        long? rowCount = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    columns = ReadList(ref reader, type, ReadColumnChunk, ThriftType.Struct, maxColumns);
                    break;
                case 3:
                    rowCount = reader.Int64(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new RowGroupMetadata
        {
            Columns = Required(columns, "columns of a row group"),
            RowCount = Required(rowCount, "num_rows of a row group"),
        };
    }

    private static void WriteColumnChunk(ThriftCompactWriter writer, ColumnChunkMetadata chunk)
    {
        writer.BeginStruct();
        writer.Int64(2, 0); // file_offset: required, and deprecated
        writer.BeginStruct(3);
        writer.Int32(1, (int)chunk.Type);
        writer.List(2, ThriftType.Int32, chunk.Encodings.Count);
        foreach (var encoding in chunk.Encodings)
        {
            writer.Int32Element((int)encoding);
        }

        writer.List(3, ThriftType.Binary, 1);
        writer.TextElement(chunk.Column);
        writer.Int32(4, (int)chunk.Codec);
        writer.Int64(5, chunk.ValueCount);
        writer.Int64(6, chunk.UncompressedBytes);
        writer.Int64(7, chunk.SizeBytes);
        WriteKeyValues(writer, 8, chunk.KeyValues);
        writer.Int64(9, chunk.DataPageOffset);
        if (chunk.DictionaryPageOffset is { } dictionaryPageOffset)
        {
            writer.Int64(11, dictionaryPageOffset);
        }

        if (chunk.Statistics is { } statistics)
        {
            WriteStatistics(writer, 12, statistics);
        }

        writer.EndStruct();
        WriteRange(writer, 4, chunk.OffsetIndex);
        WriteRange(writer, 6, chunk.ColumnIndex);
        writer.EndStruct();
    }

    private static void WriteRange(ThriftCompactWriter writer, short field, FileRange? range)
    {
        if (range is { } present)
        {
            writer.Int64(field, present.Offset);
            writer.Int32((short)(field + 1), present.Length);
        }
    }

    private static ColumnChunkMetadata ReadColumnChunk(ref ThriftCompactReader reader)
    {
        ColumnChunkMetadata? metadata = null;
        string? obstacle = null;
        long? offsetIndex = null, columnIndex = null;
        int? offsetIndexLength = null, columnIndexLength = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    obstacle = "a column stored in another file";
                    reader.Skip(type);
                    break;
                case 3 when type == ThriftType.Struct:
                    metadata = ReadColumnMetadata(ref reader);
                    break;
                case 4:
                    offsetIndex = reader.Int64(type);
                    break;
                case 5:
                    offsetIndexLength = reader.Int32(type);
                    break;
                case 6:
                    columnIndex = reader.Int64(type);
                    break;
                case 7:
                    columnIndexLength = reader.Int32(type);
                    break;
                case 8 or 9:
                    obstacle = "an encrypted column";
                    reader.Skip(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        // Set rather than copied with: a footer has many chunks, and little else.
        var chunk = Required(metadata, "meta_data of a column chunk");
        chunk.Obstacle = obstacle;
        chunk.OffsetIndex = RangeOf(offsetIndex, offsetIndexLength);
        chunk.ColumnIndex = RangeOf(columnIndex, columnIndexLength);
        return chunk;

        static FileRange? RangeOf(long? offset, int? length) => offset is { } start && length is { } bytes ? new FileRange(start, bytes) : null;
    }

    private static ColumnChunkMetadata ReadColumnMetadata(ref ThriftCompactReader reader)
    {
        int? physical = null, codec = null;
        long? valueCount = null, uncompressed = null, compressed = null, dataPage = null, dictionaryPage = null;
        string? path = null;
        ParquetEncoding[]? encodings = null;
        List<KeyValuePair<string, string>>? keyValues = null;
        ColumnStatistics? statistics = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    physical = reader.Int32(type);
                    break;
                case 2:
                    encodings = ReadEncodings(ref reader, type);
                    break;
                case 3:
                    path = ReadPath(ref reader, type);
                    break;
                case 4:
                    codec = reader.Int32(type);
                    break;
                case 5:
                    valueCount = reader.Int64(type);
                    break;
                case 6:
                    uncompressed = reader.Int64(type);
                    break;
                case 7:
                    compressed = reader.Int64(type);
                    break;
                case 8:
                    keyValues = ReadList(ref reader, type, ReadKeyValue);
                    break;
                case 9:
                    dataPage = reader.Int64(type);
                    break;
                case 11:
                    dictionaryPage = reader.Int64(type);
                    break;
                case 12 when type == ThriftType.Struct:
                    statistics = ReadStatistics(ref reader);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new ColumnChunkMetadata
        {
            Column = Required(path, "path_in_schema"),
            Type = (PhysicalType)Required(physical, "type of a column chunk"),
            Encodings = Required(encodings, "encodings"),
            Codec = (CompressionCodec)Required(codec, "codec"),
            ValueCount = Required(valueCount, "num_values"),
            UncompressedBytes = Required(uncompressed, "total_uncompressed_size"),
            SizeBytes = Required(compressed, "total_compressed_size"),
            DataPageOffset = Required(dataPage, "data_page_offset"),
            DictionaryPageOffset = dictionaryPage,
            KeyValues = keyValues ?? [],
            Statistics = statistics,
        };
    }

    private static string ReadPath(ref ThriftCompactReader reader, ThriftType type)
    {
        var count = reader.List(type, ThriftType.Binary);
        if (count <= 1)
        {
            return count == 0 ? "" : reader.Text(ThriftType.Binary);
        }

        // Goes over them twice: as texts of their own, many short names would take far more memory than they do here.
        const int MaxStackBytes = 256;
        var ahead = reader;
        var size = count - 1;
        for (var i = 0; i < count; i++)
        {
            size += ahead.Binary(ThriftType.Binary).Length;
        }

        var path = size <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[size];
        var used = 0;
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                path[used++] = (byte)'.';
            }

            var name = reader.Binary(ThriftType.Binary);
            name.CopyTo(path[used..]);
            used += name.Length;
        }

        return ThriftCompactReader.Text(path[..used]);
    }

    private static ParquetEncoding[] ReadEncodings(ref ThriftCompactReader reader, ThriftType type)
    {
        var encodings = new ParquetEncoding[reader.List(type, ThriftType.Int32)];
        foreach (ref var encoding in encodings.AsSpan())
        {
            encoding = (ParquetEncoding)reader.Int32(ThriftType.Int32);
        }

        return encodings;
    }

    private static void WriteStatistics(ThriftCompactWriter writer, short field, ColumnStatistics statistics)
    {
        writer.BeginStruct(field);
        if (statistics.NullCount is { } nullCount)
        {
            writer.Int64(3, nullCount);
        }

        if (statistics.Max is { } max)
        {
            writer.Binary(5, max.Span);
        }

        if (statistics.Min is { } min)
        {
            writer.Binary(6, min.Span);
        }

        writer.EndStruct();
    }

    private static ColumnStatistics ReadStatistics(ref ThriftCompactReader reader)
    {
        long? nullCount = null;
        ReadOnlyMemory<byte>? min = null, max = null;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 3:
                    nullCount = reader.Int64(type);
                    break;
                case 5:
                    max = reader.Binary(type).ToArray();
                    break;
                case 6:
                    min = reader.Binary(type).ToArray();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new ColumnStatistics(min, max, nullCount);
    }

    private static void WriteKeyValues(ThriftCompactWriter writer, short field, IReadOnlyList<KeyValuePair<string, string>> keyValues)
    {
        if (keyValues.Count == 0)
        {
            return;
        }

        writer.List(field, ThriftType.Struct, keyValues.Count);
        foreach (var (key, value) in keyValues)
        {
            writer.BeginStruct();
            writer.Text(1, key);
            writer.Text(2, value);
            writer.EndStruct();
        }
    }

    private static KeyValuePair<string, string> ReadKeyValue(ref ThriftCompactReader reader)
    {
        string? key = null;
        var value = "";
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    key = reader.Text(type);
                    break;
                case 2:
                    value = reader.Text(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new(Required(key, "key of a key-value pair"), value);
    }

    // A union: field 1 is TYPE_ORDER, others are orders that are unknown here.
    private static bool ReadColumnOrder(ref ThriftCompactReader reader)
    {
        var isTypeOrder = false;
        for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)
        {
            isTypeOrder = id == 1;
            reader.Skip(type);
        }

        return isTypeOrder;
    }

    // An element can be three bytes long and takes a hundred in memory. Real ones name a type, too, and have a chunk in each
    // row group.
    private static int MaxElements(int footerBytes) => 10_000 + (footerBytes / 16);

    // The list grows as elements arrive: the count reserves no more than one byte for each that is there.
    private static List<T> ReadList<T>(
        ref ThriftCompactReader reader, ThriftType type, ElementReader<T> read, ThriftType element = ThriftType.Struct, int most = int.MaxValue)
    {
        var left = reader.List(type, element);
        if (left > most)
        {
            throw new MalformedDataException($"{left} elements in a list of the footer", $"at most {most}, by the schema and the size of the footer");
        }

        var list = new List<T>(Math.Min(left, Math.Max(1, reader.Remaining / IntPtr.Size)));
        for (; left > 0; left--)
        {
            list.Add(read(ref reader));
        }

        return list;
    }

    private static void WriteInt32(ThriftCompactWriter writer, short field, int? value)
    {
        if (value is { } present)
        {
            writer.Int32(field, present);
        }
    }

    private static T Required<T>(T? value, string name)
        where T : struct => value ?? throw Missing(name);

    private static T Required<T>(T? value, string name)
        where T : class => value ?? throw Missing(name);

    private static MalformedDataException Missing(string name) => new($"a footer without {name}", $"{name}, which is required");
}
