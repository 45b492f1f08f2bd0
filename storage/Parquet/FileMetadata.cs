using System.Buffers.Binary;

namespace Analytics.Storage.Parquet;

/// <summary>The footer: everything about the file but its values.</summary>
internal sealed record FileMetadata
{
    public required int Version { get; init; }

    /// <summary>The root, then its leaves.</summary>
    public required IReadOnlyList<SchemaElement> Schema { get; init; }

    public required long RowCount { get; init; }

    public required IReadOnlyList<RowGroupMetadata> RowGroups { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> KeyValues { get; init; }

    public string? CreatedBy { get; init; }

    /// <summary>For each leaf whether minimum and maximum follow the order of its type; empty if not said.</summary>
    public required IReadOnlyList<bool> TypeOrdered { get; init; }

    public bool IsEncrypted { get; init; }
}

/// <summary>A node of the schema tree.</summary>
internal sealed record SchemaElement
{
    public required string Name { get; init; }

    /// <summary>Null for a group.</summary>
    public PhysicalType? Type { get; init; }

    /// <summary>Bytes of each value of FIXED_LEN_BYTE_ARRAY.</summary>
    public int? TypeLength { get; init; }

    public Repetition? Repetition { get; init; }

    public int? ChildCount { get; init; }

    public ConvertedType? ConvertedType { get; init; }

    public int? Scale { get; init; }

    public int? Precision { get; init; }

    public LogicalType? LogicalType { get; init; }
}

/// <summary>A run of rows whose columns lie one after another.</summary>
public sealed record RowGroupMetadata
{
    /// <summary>Rows, 0 or more.</summary>
    public required long RowCount { get; init; }

    /// <summary>One chunk for each leaf of the schema, nested ones included, in its order.</summary>
    public required IReadOnlyList<ColumnChunkMetadata> Columns { get; init; }
}

/// <summary>The values of one column in one row group.</summary>
public sealed record ColumnChunkMetadata
{
    /// <summary>The column's name; of a nested one the names from the root on, joined by points.</summary>
    public required string Column { get; init; }

    /// <summary>Bytes from the start of the file to the first page header.</summary>
    public long StartOffset => DictionaryPageOffset is > 0 and var dictionary && (dictionary < DataPageOffset || DataPageOffset == 0)
        ? dictionary
        : DataPageOffset;

    /// <summary>Bytes on disk, page headers included.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Bounds of the values; null if the file has none, or none to rely on.</summary>
    public ColumnStatistics? Statistics { get; internal set; }

    internal PhysicalType Type { get; init; }

    internal IReadOnlyList<ParquetEncoding> Encodings { get; init; } = [];

    internal CompressionCodec Codec { get; init; }

    internal long ValueCount { get; init; }

    internal long UncompressedBytes { get; init; }

    internal long DataPageOffset { get; init; }

    internal long? DictionaryPageOffset { get; init; }

    internal IReadOnlyList<KeyValuePair<string, string>> KeyValues { get; init; } = [];

    /// <summary>Where the file says at which offset and row each page begins; null if it does not.</summary>
    internal FileRange? OffsetIndex { get; set; }

    /// <summary>Where the file has bounds for each page; null if it has none.</summary>
    internal FileRange? ColumnIndex { get; set; }

    /// <summary>Why the chunk cannot be read whatever its pages hold: another file, or encryption.</summary>
    internal string? Obstacle { get; set; }
}

/// <summary>Bounds of the values of one chunk.</summary>
/// <param name="Min">Smallest value in PLAIN encoding (texts without length); null if unknown.</param>
/// <param name="Max">Largest value likewise; texts compare by unsigned bytes.</param>
/// <param name="NullCount">Nulls; null if unknown.</param>
public sealed record ColumnStatistics(ReadOnlyMemory<byte>? Min, ReadOnlyMemory<byte>? Max, long? NullCount)
{
    /// <summary>The bounds of a column of integers, instants or money, in the column's unit.</summary>
    /// <param name="min">The smallest value, or less.</param>
    /// <param name="max">The largest value, or more.</param>
    /// <returns>False where the bounds are unknown or not those of integers.</returns>
    public bool TryIntegers(out long min, out long max)
    {
        max = 0;
        return TryInteger(Min, out min) && TryInteger(Max, out max);
    }

    internal static bool TryInteger(ReadOnlyMemory<byte>? bound, out long value)
    {
        value = bound?.Length switch
        {
            sizeof(long) => BinaryPrimitives.ReadInt64LittleEndian(bound.Value.Span),
            sizeof(int) => BinaryPrimitives.ReadInt32LittleEndian(bound.Value.Span),
            _ => 0,
        };
        return bound?.Length is sizeof(long) or sizeof(int);
    }
}

/// <summary>Some bytes of a file.</summary>
/// <param name="Offset">Bytes from the start of the file.</param>
/// <param name="Length">Bytes.</param>
internal sealed record FileRange(long Offset, int Length);
