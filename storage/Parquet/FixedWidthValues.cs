using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Analytics.Storage.Parquet;

/// <summary>Decodes values of INT32, INT64, INT96, FLOAT and DOUBLE.</summary>
/// <remarks>Values are taken from the page as they lie: the machine is little-endian, as all that .NET runs on here.</remarks>
internal static class FixedWidthValues
{
    /// <summary>Checks that a page has the values it should have, before anything is allocated for them.</summary>
    /// <typeparam name="T">As wide as the physical type.</typeparam>
    /// <param name="body">The values of one page.</param>
    /// <param name="encoding">Their encoding.</param>
    /// <param name="valueCount">How many there should be.</param>
    /// <exception cref="MalformedDataException">There are not, or the type has no such encoding.</exception>
    public static void Check<T>(ReadOnlySpan<byte> body, ParquetEncoding encoding, int valueCount)
        where T : unmanaged
    {
        switch (encoding)
        {
            case ParquetEncoding.Plain or ParquetEncoding.ByteStreamSplit:
                if (body.Length != (long)valueCount * Unsafe.SizeOf<T>())
                {
                    throw new MalformedDataException($"{body.Length} bytes of values", $"{valueCount} values of {Unsafe.SizeOf<T>()} bytes");
                }

                break;
            case ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary:
                RleHybrid.Check(body, valueCount);
                break;
            case ParquetEncoding.DeltaBinaryPacked when typeof(T) == typeof(int) || typeof(T) == typeof(long):
                DeltaBinaryPacked.Check(body, valueCount);
                break;
            default:
                throw Encodings.Unsupported(encoding, "Plain, RleDictionary, ByteStreamSplit or, for integers, DeltaBinaryPacked");
        }
    }

    /// <summary>Decodes a page.</summary>
    /// <typeparam name="T">As wide as the physical type.</typeparam>
    /// <param name="body">Values that passed <see cref="Check"/>.</param>
    /// <param name="encoding">Their encoding.</param>
    /// <param name="dictionary">The entries of the dictionary page, if there is one.</param>
    /// <param name="target">Filled completely.</param>
    /// <exception cref="MalformedDataException">An index lies outside of the dictionary.</exception>
    public static void Decode<T>(ReadOnlySpan<byte> body, ParquetEncoding encoding, ReadOnlySpan<T> dictionary, Span<T> target)
        where T : unmanaged
    {
        if (target.IsEmpty)
        {
            return;
        }

        switch (encoding)
        {
            case ParquetEncoding.Plain:
                body.CopyTo(MemoryMarshal.AsBytes(target));
                break;
            case ParquetEncoding.ByteStreamSplit:
                JoinStreams(body, MemoryMarshal.AsBytes(target), Unsafe.SizeOf<T>());
                break;
            case ParquetEncoding.DeltaBinaryPacked when typeof(T) == typeof(int):
                DeltaBinaryPacked.Decode(body, MemoryMarshal.Cast<T, int>(target));
                break;
            case ParquetEncoding.DeltaBinaryPacked:
                DeltaBinaryPacked.Decode(body, MemoryMarshal.Cast<T, long>(target));
                break;
            default:
                RleHybrid.Decode(body, dictionary, target);
                break;
        }
    }

    /// <summary>Puts values together whose first bytes come first, then their second bytes, and so on.</summary>
    /// <param name="streams">As many bytes as <paramref name="target"/>.</param>
    /// <param name="target">Whole values.</param>
    /// <param name="width">Bytes of a value.</param>
    public static void JoinStreams(ReadOnlySpan<byte> streams, Span<byte> target, int width)
    {
        var count = target.Length / width;
        for (var stream = 0; stream < width; stream++)
        {
            var source = streams.Slice(stream * count, count);
            for (var i = 0; i < source.Length; i++)
            {
                target[(i * width) + stream] = source[i];
            }
        }
    }
}
