using Analytics.Engine.Arrow;
using Analytics.Storage.Catalog;

namespace Analytics.Storage.Inspection;

/// <summary>What a file is and holds.</summary>
/// <param name="Path">As it was asked for.</param>
/// <param name="SizeBytes">Its size.</param>
public abstract record InspectedFile(string Path, long SizeBytes);

/// <summary>A data folder's list of live files.</summary>
/// <param name="Path">As it was asked for.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Manifest">What it says; its checksum is right.</param>
public sealed record InspectedManifest(string Path, long SizeBytes, Manifest Manifest) : InspectedFile(Path, SizeBytes);

/// <summary>A file of rows and columns.</summary>
/// <param name="Path">As it was asked for.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record InspectedTable(string Path, long SizeBytes) : InspectedFile(Path, SizeBytes)
{
    /// <summary>Parquet, or what else it is.</summary>
    public required string Format { get; init; }

    /// <summary>The program that wrote it, in its own words; null if it does not say.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Columns by the path, which the file itself does not hold.</summary>
    public IReadOnlyList<HivePartition> Partitions { get; init; } = [];

    /// <summary>Rows.</summary>
    public required long RowCount { get; init; }

    /// <summary>Row groups, or record batches.</summary>
    public required int RowGroupCount { get; init; }

    /// <summary>The columns of single values.</summary>
    public required IReadOnlyList<InspectedColumn> Columns { get; init; }

    /// <summary>Names of structs, lists and maps, which are not read, and of Arrow's columns of other types that are not.</summary>
    public IReadOnlyList<string> NestedColumns { get; init; } = [];

    /// <summary>Pairs of text that the writer put beside the schema.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>One column of a file.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type that it is read as.</param>
/// <param name="IsNullable">Whether its values may be null.</param>
public sealed record InspectedColumn(string Name, ArrowType Type, bool IsNullable)
{
    /// <summary>How it is stored; null for a format that stores all columns alike.</summary>
    public StoredColumn? Stored { get; init; }

    /// <summary>What the values come to; null where they cannot be read.</summary>
    public ColumnContent? Content { get; init; }

    /// <summary>Why they cannot; null where they can.</summary>
    public CorruptFileException? Error { get; init; }
}

/// <summary>How a Parquet file stores a column.</summary>
/// <param name="PhysicalType">The type in the file, as the format calls it.</param>
/// <param name="Codecs">The compressions of its chunks, distinct, in order.</param>
/// <param name="Encodings">The encodings of its chunks, distinct, in order.</param>
/// <param name="CompressedBytes">Bytes on disk.</param>
/// <param name="UncompressedBytes">Bytes before compression.</param>
public sealed record StoredColumn(
    string PhysicalType, IReadOnlyList<string> Codecs, IReadOnlyList<string> Encodings, long CompressedBytes, long UncompressedBytes);
