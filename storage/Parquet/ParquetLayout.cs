namespace Analytics.Storage.Parquet;

/// <summary>
/// The frame of a file: magic, column chunks, footer, footer length (4 bytes, little-endian), magic.
/// </summary>
internal static class ParquetLayout
{
    public const int MagicBytes = 4;
    public const int TailBytes = sizeof(uint) + MagicBytes;

    /// <summary>The most rows of a row group: what bounds the memory for values that repeat in a few bytes.</summary>
    public const int MaxRowsPerRowGroup = 1 << 24;

    /// <summary>The most bytes of a column chunk, which is read in one piece.</summary>
    public const int MaxChunkBytes = 1 << 30;

    /// <summary>The largest dictionary that is written by choice: a larger one does not fit the processor's cache on reading.</summary>
    public const int DictionaryLimitBytes = 1 << 20;

    /// <summary>
    /// Key of metadata with 8 hexadecimal digits: of a chunk's the CRC-32 of all bytes of the chunk, of the file's that of
    /// the page index.
    /// </summary>
    public const string CrcKey = "analytics.crc32";

    public static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <summary>Stands in the place of <see cref="Magic"/> where the footer is encrypted.</summary>
    public static ReadOnlySpan<byte> EncryptedMagic => "PARE"u8;
}
