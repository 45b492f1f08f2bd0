namespace Analytics.Storage.Compression;

/// <summary>
/// Decodes Zstandard (RFC 8878): by libzstd where it loads, else by <see cref="ZstdDecoder"/>, which says in what they
/// differ. The environment variable ANALYTICS_ZSTD=managed forces the latter.
/// </summary>
internal static class Zstd
{
    /// <summary>The most bytes of a block, and so what the four bytes of the shortest one, a repeated byte, can stand for.</summary>
    public const int MaxBlockBytes = 128 * 1024;

    private const string Switch = "ANALYTICS_ZSTD";

    private static readonly bool UsesLibrary = Environment.GetEnvironmentVariable(Switch) != "managed" && NativeZstd.IsAvailable;

    /// <summary>Decodes all frames, one behind the other; those to be skipped give nothing.</summary>
    /// <param name="source">Exactly the frames; without any there are no bytes.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">A frame is damaged, needs a dictionary, or the length is another.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (UsesLibrary)
        {
            NativeZstd.Decompress(source, target);
        }
        else
        {
            ZstdDecoder.Decompress(source, target);
        }
    }
}
