using System.Buffers.Binary;

namespace Analytics.Storage.Compression;

/// <summary>Decodes one LZ4 frame, which some writers took for Parquet's first LZ4 codec.</summary>
internal static class Lz4Frame
{
    private const uint Magic = 0x184D2204;
    private const uint StoredBit = 1u << 31;

    // Flags of the frame.
    private const int VersionMask = 0xC0;
    private const int Version1 = 0x40;
    private const int IndependentBlocks = 0x20;
    private const int BlockChecksums = 0x10;
    private const int ContentSize = 0x08;
    private const int ContentChecksum = 0x04;
    private const int Reserved = 0x02;
    private const int DictionaryId = 0x01;

    public static bool StartsAt(ReadOnlySpan<byte> source) => BinaryPrimitives.TryReadUInt32LittleEndian(source, out var magic) && magic == Magic;

    /// <summary>Decodes the frame.</summary>
    /// <param name="source">Exactly the frame.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">The frame is damaged, needs a dictionary, or is of another length.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        _ = Take(ref source, sizeof(uint));
        var flags = ReadDescriptor(ref source, target.Length);
        var written = 0;
        for (var size = TakeUInt32(ref source); size != 0; size = TakeUInt32(ref source))
        {
            var block = Take(ref source, size & ~StoredBit);
            written = DecodeBlock(block, (size & StoredBit) != 0, (flags & IndependentBlocks) != 0, target, written);
            if ((flags & BlockChecksums) != 0)
            {
                Expect(XxHash32.Of(block), TakeUInt32(ref source), "block");
            }
        }

        if (written != target.Length)
        {
            throw new MalformedDataException($"an LZ4 frame of {written} bytes", $"{target.Length}, as the page header says");
        }

        if ((flags & ContentChecksum) != 0)
        {
            Expect(XxHash32.Of(target), TakeUInt32(ref source), "frame");
        }

        if (!source.IsEmpty)
        {
            throw new MalformedDataException($"{source.Length} bytes behind an LZ4 frame", "the end of the page");
        }
    }

    private static int ReadDescriptor(ref ReadOnlySpan<byte> source, int length)
    {
        var descriptor = source;
        var flags = Take(ref source, 2)[0];
        if ((flags & (VersionMask | Reserved)) != Version1)
        {
            throw new MalformedDataException($"an LZ4 frame with the flags 0x{flags:x2}", "version 1");
        }

        if ((flags & ContentSize) != 0 && BinaryPrimitives.ReadUInt64LittleEndian(Take(ref source, sizeof(ulong))) is var size && size != (ulong)length)
        {
            throw new MalformedDataException($"an LZ4 frame of {size} bytes", $"{length}, as the page header says");
        }

        if ((flags & DictionaryId) != 0)
        {
            throw new MalformedDataException("an LZ4 frame that needs a dictionary", "one without");
        }

        var checksum = (byte)(XxHash32.Of(descriptor[..^source.Length]) >> 8);
        Expect(checksum, Take(ref source, 1)[0], "frame's header");
        return flags;
    }

    private static int DecodeBlock(ReadOnlySpan<byte> block, bool stored, bool independent, Span<byte> target, int written)
    {
        if (!stored)
        {
            var start = independent ? written : 0;
            return start + Lz4.DecodeBlock(block, target[start..], written - start);
        }

        if (!block.TryCopyTo(target[written..]))
        {
            throw new MalformedDataException($"a stored LZ4 block of {block.Length} bytes", $"at most the {target.Length - written} that are missing");
        }

        return written + block.Length;
    }

    private static void Expect(uint computed, uint found, string what)
    {
        if (computed != found)
        {
            throw new MalformedDataException($"the checksum 0x{found:x8} of an LZ4 {what}", $"0x{computed:x8}, as its bytes give");
        }
    }

    private static uint TakeUInt32(ref ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt32LittleEndian(Take(ref source, sizeof(uint)));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> source, uint bytes)
    {
        if (bytes > (uint)source.Length)
        {
            throw new MalformedDataException("the end of the page in an LZ4 frame", $"{bytes - (uint)source.Length} bytes more");
        }

        var taken = source[..(int)bytes];
        source = source[(int)bytes..];
        return taken;
    }
}
