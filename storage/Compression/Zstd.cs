namespace Analytics.Storage.Compression;

/// <summary>Decodes Zstandard (RFC 8878).</summary>
internal static class Zstd
{
    /// <summary>The most bytes of a block, and so what the four bytes of the shortest one, a repeated byte, can stand for.</summary>
    public const int MaxBlockBytes = 128 * 1024;

    /// <summary>Decodes all frames, one behind the other; those to be skipped give nothing.</summary>
    /// <param name="source">Exactly the frames.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">A frame is damaged, needs a dictionary, or the length is another.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target) => NativeZstd.Decompress(source, target);
}
