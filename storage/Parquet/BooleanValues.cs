using System.Buffers.Binary;

namespace Analytics.Storage.Parquet;

/// <summary>Decodes values of BOOLEAN: one bit each, or runs of bits after a length of four bytes.</summary>
internal static class BooleanValues
{
    /// <summary>Checks that a page has the values it should have.</summary>
    /// <param name="body">The values of one page.</param>
    /// <param name="encoding">Their encoding.</param>
    /// <param name="valueCount">How many there should be.</param>
    /// <exception cref="MalformedDataException">There are not, or the type has no such encoding.</exception>
    public static void Check(ReadOnlySpan<byte> body, ParquetEncoding encoding, int valueCount)
    {
        switch (encoding)
        {
            case ParquetEncoding.Plain when body.Length < (valueCount + 7L) / 8:
                throw new MalformedDataException($"{body.Length} bytes of values", $"{valueCount} bits");
            case ParquetEncoding.Plain:
                break;
            case ParquetEncoding.Rle:
                _ = valueCount == 0 ? 0 : RleHybrid.CountOnes(Runs(body), valueCount);
                break;
            default:
                throw Encodings.Unsupported(encoding, "Plain or Rle");
        }
    }

    /// <summary>Decodes a page.</summary>
    /// <param name="body">Values that passed <see cref="Check"/>.</param>
    /// <param name="encoding">Their encoding.</param>
    /// <param name="target">Filled completely.</param>
    public static void Decode(ReadOnlySpan<byte> body, ParquetEncoding encoding, Span<bool> target)
    {
        if (encoding == ParquetEncoding.Plain)
        {
            Bits.Unpack(body, target);
        }
        else if (!target.IsEmpty)
        {
            RleHybrid.DecodeBits(Runs(body), target);
        }
    }

    private static ReadOnlySpan<byte> Runs(ReadOnlySpan<byte> body)
    {
        var length = body.Length < sizeof(uint) ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(body);
        return length <= body.Length - sizeof(uint)
            ? body.Slice(sizeof(uint), (int)length)
            : throw new MalformedDataException($"{body.Length} bytes of values", "a length of four bytes, and as many bytes of runs");
    }
}
