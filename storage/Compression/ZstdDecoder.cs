using System.Buffers.Binary;

namespace Analytics.Storage.Compression;

/// <summary>Where a Zstandard block goes.</summary>
/// <param name="frameStart">First byte of the block's frame, from which its copies may take.</param>
/// <param name="start">First byte of the block.</param>
/// <param name="blockEnd">The block ends here or before.</param>
/// <param name="end">The memory ends here.</param>
internal readonly unsafe ref struct ZstdTarget(byte* frameStart, byte* start, byte* blockEnd, byte* end)
{
    public byte* FrameStart { get; } = frameStart;

    public byte* Start { get; } = start;

    public byte* BlockEnd { get; } = blockEnd;

    public byte* End { get; } = end;
}

/// <summary>
/// Decodes Zstandard (RFC 8878) without any library. The target is the window, so the size of the window that a frame
/// asks for does not matter. Per thread it keeps 150 KB of tables and literals.
/// </summary>
/// <remarks>
/// libzstd (1.5.4) takes some damaged frames that this refuses, because it does not look at all that the RFC rules out:
/// bits left of or missing in a bit stream, reserved bits that are set, blocks above the maximum of their frame, a
/// repeated distance that becomes 0, and Huffman codes of 12 bits. What it gives then is as long as it should be; whether
/// it is right, only the checksum of the frame tells. It may also take frames of the formats before the RFC, which have
/// other magic numbers. It refuses windows of more than 2 GiB, which do not matter here. Else, both take the same.
/// </remarks>
internal sealed unsafe class ZstdDecoder
{
    private const uint Magic = 0xFD2FB528;
    private const uint SkippableMagic = 0x184D2A50;
    private const uint SkippableMask = 0xFFFFFFF0;

    // Flags of a frame.
    private const int SingleSegment = 0x20;
    private const int Reserved = 0x08;
    private const int ContentChecksum = 0x04;

    private const int BlockHeaderBytes = 3;
    private const int RawBlock = 0;
    private const int RepeatedByte = 1;
    private const int CompressedBlock = 2;

    [ThreadStatic]
    private static ZstdDecoder? ofThread;

    private readonly ZstdLiterals literals = new();
    private readonly ZstdSequences sequences = new();

    /// <summary>Decodes all frames, as <see cref="Zstd.Decompress"/> says.</summary>
    /// <param name="source">Exactly the frames.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">A frame is damaged, needs a dictionary, or the length is another.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var decoder = ofThread ??= new ZstdDecoder();
        var written = 0;

        // Blocks are read by pointer: neither side may move.
        fixed (byte* input = source, output = target)
        {
            while (!source.IsEmpty)
            {
                var magic = TakeUInt32(ref source);
                if ((magic & SkippableMask) == SkippableMagic)
                {
                    _ = Take(ref source, TakeUInt32(ref source));
                }
                else if (magic == Magic)
                {
                    written += decoder.DecodeFrame(ref source, target[written..]);
                }
                else
                {
                    throw new MalformedDataException($"0x{magic:x8} at the start of a Zstandard frame", $"0x{Magic:x8}");
                }
            }
        }

        if (written != target.Length)
        {
            throw new MalformedDataException($"Zstandard frames of {written} bytes", $"{target.Length}, as the page header says");
        }
    }

    private int DecodeFrame(ref ReadOnlySpan<byte> source, Span<byte> target)
    {
        var flags = Take(ref source, 1)[0];
        var (window, length) = ReadHeader(ref source, flags);
        if (length > (ulong)target.Length && length != ulong.MaxValue)
        {
            throw new MalformedDataException($"a Zstandard frame of {length} bytes", $"at most the {target.Length} that are missing of the page");
        }

        literals.Reset();
        sequences.Reset();
        var written = DecodeBlocks(ref source, target, (int)Math.Min(window, Zstd.MaxBlockBytes));
        if (length != ulong.MaxValue && (ulong)written != length)
        {
            throw new MalformedDataException($"a Zstandard frame that ends after {written} bytes", $"{length}, as its header says");
        }

        if ((flags & ContentChecksum) != 0)
        {
            var (computed, found) = ((uint)XxHash64.Of(target[..written]), TakeUInt32(ref source));
            if (computed != found)
            {
                throw new MalformedDataException($"the checksum 0x{found:x8} of a Zstandard frame", $"0x{computed:x8}, as its bytes give");
            }
        }

        return written;
    }

    // The length is the largest number where the frame does not say it.
    private static (ulong Window, ulong Length) ReadHeader(ref ReadOnlySpan<byte> source, int flags)
    {
        if ((flags & Reserved) != 0)
        {
            throw new MalformedDataException($"a Zstandard frame with the flags 0x{flags:x2}", "a zero for the reserved one");
        }

        var single = (flags & SingleSegment) != 0;
        var window = single ? 0 : Window(Take(ref source, 1)[0]);
        var dictionary = Number(Take(ref source, (flags & 3) switch { 3 => 4, var bytes => (uint)bytes }));
        if (dictionary != 0)
        {
            throw new MalformedDataException($"a Zstandard frame that needs the dictionary {dictionary}", "one without", "Write the file again without a dictionary.");
        }

        var length = (flags >> 6) switch
        {
            0 => single ? Number(Take(ref source, 1)) : ulong.MaxValue,
            1 => Number(Take(ref source, 2)) + 256,
            2 => Number(Take(ref source, 4)),
            _ => Number(Take(ref source, 8)),
        };
        return (single ? length : window, length);
    }

    private static ulong Window(byte descriptor)
    {
        var bytes = 1ul << (10 + (descriptor >> 3));
        return bytes + (bytes / 8 * (ulong)(descriptor & 7));
    }

    private int DecodeBlocks(ref ReadOnlySpan<byte> source, Span<byte> target, int maxBlockBytes)
    {
        var written = 0;
        for (var last = false; !last;)
        {
            var header = (int)Number(Take(ref source, BlockHeaderBytes));
            last = (header & 1) != 0;
            var (type, size) = ((header >> 1) & 3, header >> 3);
            if (size > maxBlockBytes)
            {
                throw new MalformedDataException($"a Zstandard block of {size} bytes", $"at most {maxBlockBytes}");
            }

            var block = Take(ref source, type == RepeatedByte ? 1 : (uint)size);
            written = type == CompressedBlock
                ? DecodeCompressed(block, source.Length, target, written, maxBlockBytes)
                : written + PutPlain(type, size, block, target[written..]);
        }

        return written;
    }

    private static int PutPlain(int type, int size, ReadOnlySpan<byte> block, Span<byte> target)
    {
        if (type > CompressedBlock || size > target.Length)
        {
            throw new MalformedDataException($"a Zstandard block of the type {type} with {size} bytes", $"a type below 3, and at most the {target.Length} that are missing");
        }

        if (type == RawBlock)
        {
            block.CopyTo(target);
        }
        else
        {
            target[..size].Fill(block[0]);
        }

        return size;
    }

    private int DecodeCompressed(ReadOnlySpan<byte> block, int behind, Span<byte> target, int written, int maxBlockBytes)
    {
        var section = literals.Read(block, behind, maxBlockBytes);
        fixed (byte* output = target)
        {
            var start = output + written;
            var room = Math.Min(maxBlockBytes, target.Length - written);
            return (int)(sequences.Decode(block[section..], literals, new ZstdTarget(output, start, start + room, output + target.Length)) - output);
        }
    }

    private static uint TakeUInt32(ref ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt32LittleEndian(Take(ref source, sizeof(uint)));

    private static ulong Number(ReadOnlySpan<byte> bytes)
    {
        var value = 0ul;
        for (var i = 0; i < bytes.Length; i++)
        {
            value |= (ulong)bytes[i] << (8 * i);
        }

        return value;
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> source, uint bytes)
    {
        if (bytes > (uint)source.Length)
        {
            throw new MalformedDataException("the end of the page in a Zstandard frame", $"{bytes - (uint)source.Length} bytes more");
        }

        var taken = source[..(int)bytes];
        source = source[(int)bytes..];
        return taken;
    }
}
