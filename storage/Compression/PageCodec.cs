using Analytics.Storage.Parquet;

namespace Analytics.Storage.Compression;

/// <summary>Decodes pages by the codec that their column chunk names.</summary>
internal static class PageCodec
{
    // A Brotli meta-block takes a bit that says whether it is the last, two for the nibbles of its length, and the six
    // nibbles that it takes to say 2^24, the most. All codes within may have a single symbol, which takes no bits at all.
    // (With less nibbles it takes more bits nevertheless, for it has to hold its codes or its bytes, too.)
    private const int BrotliBlockBits = 27;
    private const int BrotliBlockBytes = 1 << 24;

    // A Zstandard block takes three bytes, and one if that repeats.
    private const int ZstdBlockBytes = 4;

    /// <summary>Whether pages of this codec can be read.</summary>
    public static bool IsSupported(CompressionCodec codec) => codec is
        CompressionCodec.Uncompressed or CompressionCodec.Snappy or CompressionCodec.Gzip or CompressionCodec.Brotli
        or CompressionCodec.Lz4 or CompressionCodec.Zstd or CompressionCodec.Lz4Raw;

    /// <summary>Decodes one page. Where it is empty, it may be so without being compressed.</summary>
    /// <param name="codec">As the column chunk names it; may be a number that the format has no name for.</param>
    /// <param name="source">Exactly the page as it is in the file.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">The page is damaged, of another length, or of a codec that cannot be read.</exception>
    public static void Decompress(CompressionCodec codec, ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!IsSupported(codec))
        {
            throw Unsupported(codec);
        }

        if (source.IsEmpty && target.IsEmpty)
        {
            return;
        }

        switch (codec)
        {
            case CompressionCodec.Snappy:
                Snappy.Decompress(source, target);
                break;
            case CompressionCodec.Gzip:
                Gzip.Decompress(source, target);
                break;
            case CompressionCodec.Brotli:
                Brotli.Decompress(source, target);
                break;
            case CompressionCodec.Lz4:
                Lz4.DecompressLegacy(source, target);
                break;
            case CompressionCodec.Zstd:
                Zstd.Decompress(source, target);
                break;
            case CompressionCodec.Lz4Raw:
                Lz4.Decompress(source, target);
                break;
            default:
                Copy(source, target);
                break;
        }
    }

    /// <summary>
    /// Returns how many bytes so many compressed ones stand for at most, so that a page whose header says more can be
    /// refused before there is memory for it. Brotli and Zstandard hardly bound it: 5 MB and 32 KiB for each byte.
    /// </summary>
    /// <param name="codec">As the column chunk names it.</param>
    /// <param name="compressedBytes">0 or more.</param>
    /// <returns>Bytes, 0 or more.</returns>
    /// <exception cref="MalformedDataException">Pages of this codec cannot be read.</exception>
    public static long MaxUncompressed(CompressionCodec codec, int compressedBytes) => codec switch
    {
        CompressionCodec.Uncompressed => compressedBytes,
        CompressionCodec.Snappy => (long)compressedBytes * Snappy.MaxRatio,
        CompressionCodec.Gzip => (long)compressedBytes * Gzip.MaxRatio,
        CompressionCodec.Brotli => (long)compressedBytes * 8 / BrotliBlockBits * BrotliBlockBytes,
        CompressionCodec.Lz4 or CompressionCodec.Lz4Raw => (long)compressedBytes * Lz4.MaxRatio,
        CompressionCodec.Zstd => (long)compressedBytes / ZstdBlockBytes * Zstd.MaxBlockBytes,
        _ => throw Unsupported(codec),
    };

    private static void Copy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length != target.Length)
        {
            throw new MalformedDataException($"an uncompressed page of {source.Length} bytes", $"{target.Length}, as the page header says");
        }

        source.CopyTo(target);
    }

    private static MalformedDataException Unsupported(CompressionCodec codec) => new(
        codec == CompressionCodec.Lzo ? "pages compressed with LZO" : $"pages of the compression codec {(int)codec}",
        "Snappy, Gzip, Brotli, LZ4, Zstandard or none",
        "Write the file again with Snappy or Zstandard.");
}
