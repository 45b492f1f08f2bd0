using System.Buffers.Binary;

namespace Analytics.Storage.Compression;

/// <summary>
/// Decodes LZ4. A block is a row of sequences: a token, whose high nibble says how many literal bytes follow it and whose
/// low one how many more than 4 bytes to copy then (15 in either: bytes are added until one is below 255), and the
/// distance of that copy as two bytes. The last sequence ends with its literals.
/// </summary>
internal static class Lz4
{
    /// <summary>No block is larger than this times its bytes: a byte of a length adds 255 at most.</summary>
    public const int MaxRatio = 255;

    private const int MinMatch = 4;
    private const int LengthInNextBytes = 15;

    /// <summary>Decodes one block without a frame (Parquet's LZ4_RAW).</summary>
    /// <param name="source">Exactly the block.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">The block is damaged or of another length.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var written = DecodeBlock(source, target, 0);
        if (written != target.Length)
        {
            throw new MalformedDataException($"an LZ4 block that ends after {written} bytes", $"{target.Length}, as the page header says");
        }
    }

    /// <summary>
    /// Decodes what writers took Parquet's first LZ4 codec for: blocks as Hadoop frames them, an LZ4 frame, or one block.
    /// </summary>
    /// <param name="source">Exactly the page.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">The page is damaged or of another length.</exception>
    public static void DecompressLegacy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (TryDecompressHadoop(source, target))
        {
            return;
        }

        if (Lz4Frame.StartsAt(source))
        {
            Lz4Frame.Decompress(source, target);
        }
        else
        {
            Decompress(source, target);
        }
    }

    /// <summary>Decodes one block behind what <paramref name="target"/> holds already, which its copies may reach.</summary>
    /// <param name="source">Exactly the block.</param>
    /// <param name="target">Room for the block and perhaps more.</param>
    /// <param name="written">Bytes that are there already.</param>
    /// <returns>Bytes of <paramref name="target"/> that are there then.</returns>
    /// <exception cref="MalformedDataException">The block is damaged or does not fit.</exception>
    internal static unsafe int DecodeBlock(ReadOnlySpan<byte> source, Span<byte> target, int written)
    {
        fixed (byte* input = source, output = target)
        {
            var read = 0;
            while (read < source.Length)
            {
                var token = source[read++];
                var literals = Length(source, token >> 4, ref read);
                if (literals > source.Length - read || literals > target.Length - written)
                {
                    throw new MalformedDataException(
                        $"{literals} literal bytes", $"at most the {source.Length - read} that are left of the LZ4 block and the {target.Length - written} that are missing");
                }

                CopyLiterals(source[read..], target[written..], input + read, output + written, (int)literals);
                read += (int)literals;
                written += (int)literals;
                if (read == source.Length)
                {
                    return written;
                }

                var offset = Offset(source, ref read);
                var count = Length(source, token & 15, ref read) + MinMatch;
                if (offset == 0 || offset > written || count > target.Length - written)
                {
                    throw new MalformedDataException(
                        $"a copy of {count} bytes from {offset} bytes before", $"1 to {written} before, and at most {target.Length - written} bytes");
                }

                Copies.Back(output + written, offset, (int)count, output + target.Length);
                written += (int)count;
            }
        }

        throw new MalformedDataException("the end of an LZ4 block behind a copy", "literals at the end");
    }

    private static unsafe void CopyLiterals(ReadOnlySpan<byte> source, Span<byte> target, byte* input, byte* output, int count)
    {
        if (source.Length >= count + Copies.Slack && target.Length >= count + Copies.Slack)
        {
            Copies.Wide(input, output, count);
        }
        else
        {
            source[..count].CopyTo(target);
        }
    }

    // Each byte of the block adds at most 255, so the sum cannot leave 64 bits.
    private static long Length(ReadOnlySpan<byte> source, int nibble, ref int read)
    {
        long length = nibble;
        if (nibble == LengthInNextBytes)
        {
            byte more;
            do
            {
                if (read == source.Length)
                {
                    throw new MalformedDataException("the end of an LZ4 block in a length", "more of it");
                }

                more = source[read++];
                length += more;
            }
            while (more == byte.MaxValue);
        }

        return length;
    }

    private static int Offset(ReadOnlySpan<byte> source, ref int read)
    {
        if (source.Length - read < sizeof(ushort))
        {
            throw new MalformedDataException("the end of an LZ4 block in the distance of a copy", "two bytes");
        }

        var offset = BinaryPrimitives.ReadUInt16LittleEndian(source[read..]);
        read += sizeof(ushort);
        return offset;
    }

    // Hadoop, big-endian, repeated:
    //   u32  bytes of the next blocks together, uncompressed
    //   u32  bytes of the first block, the block; further ones until the bytes are there
    // Nothing marks it. What cannot be it says so in its first bytes nearly always, before anything is thrown.
    private static bool TryDecompressHadoop(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(source, out var together) || together > (uint)target.Length
            || (BinaryPrimitives.TryReadUInt32BigEndian(source[sizeof(uint)..], out var first) && first > (uint)source.Length))
        {
            return false;
        }

        try
        {
            var written = 0;
            while (!source.IsEmpty)
            {
                var end = written + (long)TakeBigEndian(ref source);
                while (written < end)
                {
                    var block = TakeBigEndian(ref source);
                    if (block > (uint)source.Length || end > target.Length)
                    {
                        return false;
                    }

                    written = DecodeBlock(source[..(int)block], target[..(int)end], written);
                    source = source[(int)block..];
                }
            }

            return written == target.Length;
        }
        catch (MalformedDataException)
        {
            return false;
        }
    }

    private static uint TakeBigEndian(ref ReadOnlySpan<byte> source)
    {
        if (source.Length < sizeof(uint))
        {
            throw new MalformedDataException("the end of an LZ4 page in a block's length", "four bytes");
        }

        var value = BinaryPrimitives.ReadUInt32BigEndian(source);
        source = source[sizeof(uint)..];
        return value;
    }
}
