using System.Buffers;
using System.IO.Compression;

namespace Analytics.Storage.Compression;

/// <summary>Decodes one Brotli stream. It has no checksum.</summary>
internal static class Brotli
{
    /// <summary>Decodes the stream.</summary>
    /// <param name="source">Exactly the stream.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">The stream is damaged or of another length.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        // Without any room the decoder asks for more before it looks whether there is anything.
        Span<byte> room = stackalloc byte[1];
        using var decoder = new BrotliDecoder();
        var status = decoder.Decompress(source, target.IsEmpty ? room : target, out var read, out var written);
        if (status == OperationStatus.DestinationTooSmall
            || (status == OperationStatus.Done && written != target.Length))
        {
            throw new MalformedDataException(
                $"a Brotli stream of {(status == OperationStatus.Done ? $"{written} bytes" : "more bytes")}", $"{target.Length}, as the page header says");
        }

        if (status != OperationStatus.Done)
        {
            throw new MalformedDataException(
                status == OperationStatus.NeedMoreData ? "the end of the page in a Brotli stream" : "a damaged Brotli stream", "a stream as RFC 7932 says");
        }

        if (read != source.Length)
        {
            throw new MalformedDataException($"{source.Length - read} bytes behind a Brotli stream", "the end of the page");
        }
    }
}
