namespace Analytics.Storage.Parquet;

/// <summary>How a file is written.</summary>
public sealed record ParquetWriterOptions
{
    /// <summary>Small and read by everybody: Snappy where it saves a tenth of a chunk.</summary>
    public static ParquetWriterOptions Default { get; } = new();

    /// <summary>The compression of pages.</summary>
    public ParquetCompression Compression { get; init; } = ParquetCompression.Snappy;

    /// <summary>Whether the places and bounds of pages are written before the footer, so that readers may skip pages.</summary>
    public bool HasPageIndex { get; init; } = true;

    /// <summary>Bytes of a data page before compression, about; 1 or more.</summary>
    internal int PageSizeBytes { get; init; } = 1 << 20;
}

/// <summary>The compression of pages, for each chunk only where it saves a tenth.</summary>
public enum ParquetCompression
{
    /// <summary>No compression.</summary>
    None,

    /// <summary>Snappy, which every reader knows.</summary>
    Snappy,

    /// <summary>Zstandard: smaller and slower. Needs libzstd on this machine.</summary>
    Zstandard,
}
