using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Analytics.Storage.Parquet;

namespace Analytics.Storage.Compression;

/// <summary>
/// Decodes Snappy's raw format, as pages have it: the length as varint, then elements. The lowest two bits of an
/// element's first byte tell literal bytes (0) from a copy of bytes before, whose distance takes 11 bits (1), two
/// bytes (2) or four (3).
/// </summary>
internal static class Snappy
{
    /// <summary>No block is larger than this times its bytes: 3 of them are a copy of 64 at most.</summary>
    public const int MaxRatio = 22;

    private const int ShortLiteralBytes = 16;

    /// <summary>Decodes one block.</summary>
    /// <param name="source">Exactly the block.</param>
    /// <param name="target">As long as the block says; filled completely.</param>
    /// <exception cref="MalformedDataException">The block is damaged or of another length.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var length = Varint.Read(ref source);
        if (length != (ulong)target.Length)
        {
            throw new MalformedDataException($"a Snappy block of {length} bytes", $"{target.Length}, as the page header says");
        }

        int read = 0, written = 0;
        while (read < source.Length)
        {
            var tag = source[read++];
            if ((tag & 3) == 0)
            {
                var count = LiteralLength(source, tag, ref read);
                if (count > source.Length - read || count > target.Length - written)
                {
                    throw new MalformedDataException(
                        $"{count} literal bytes", $"at most the {source.Length - read} that are left of the block and the {target.Length - written} that are missing");
                }

                CopyLiteral(source, read, target, written, (int)count);
                read += (int)count;
                written += (int)count;
            }
            else
            {
                var offset = CopyOffset(source, tag, ref read, out var count);
                if (offset == 0 || offset > (uint)written || count > target.Length - written)
                {
                    throw new MalformedDataException(
                        $"a copy of {count} bytes from {offset} bytes before", $"1 to {written} before, and at most {target.Length - written} bytes");
                }

                CopyBack(target, written, (int)offset, count);
                written += count;
            }
        }

        if (written != target.Length)
        {
            throw new MalformedDataException($"a Snappy block that ends after {written} bytes", $"{target.Length}");
        }
    }

    private static long LiteralLength(ReadOnlySpan<byte> source, byte tag, ref int read)
    {
        var length = tag >> 2;
        return length < 60 ? length + 1 : 1L + Take(source, length - 59, ref read);
    }

    private static uint CopyOffset(ReadOnlySpan<byte> source, byte tag, ref int read, out int count)
    {
        if ((tag & 3) == 1)
        {
            count = ((tag >> 2) & 7) + 4;
            return ((uint)(tag >> 5) << 8) | Take(source, 1, ref read);
        }

        count = (tag >> 2) + 1;
        return Take(source, (tag & 3) == 2 ? 2 : 4, ref read);
    }

    private static uint Take(ReadOnlySpan<byte> source, int bytes, ref int read)
    {
        if (bytes > source.Length - read)
        {
            throw new MalformedDataException("the end of a Snappy block in an element", $"{bytes - (source.Length - read)} bytes more");
        }

        var value = 0u;
        for (var i = 0; i < bytes; i++)
        {
            value |= (uint)source[read++] << (8 * i);
        }

        return value;
    }

    // Most literals are short; where both sides have the room a fixed size is cheaper than an exact one.
    private static void CopyLiteral(ReadOnlySpan<byte> source, int read, Span<byte> target, int written, int count)
    {
        if (count <= ShortLiteralBytes && source.Length - read >= ShortLiteralBytes && target.Length - written >= ShortLiteralBytes)
        {
            Vector128.Create(source[read..]).CopyTo(target[written..]);
        }
        else
        {
            source.Slice(read, count).CopyTo(target[written..]);
        }
    }

    // A copy may read what it writes: the bytes before repeat. Each round copies all that is there, so it doubles.
    private static void CopyBack(Span<byte> target, int written, int offset, int count)
    {
        var source = target[(written - offset)..];
        for (var done = 0; done < count;)
        {
            var part = Math.Min(offset + done, count - done);
            source[..part].CopyTo(source[(offset + done)..]);
            done += part;
        }
    }
}

/// <summary>Encodes Snappy's raw format. Equal bytes give equal blocks, whatever was compressed before.</summary>
/// <remarks>Not safe for use by several threads at once.</remarks>
internal sealed class SnappyCompressor
{
    // Within a fragment each distance fits the two bytes of a copy and each position those of the table.
    private const int FragmentBytes = 1 << 16;
    private const int MinTableSize = 1 << 8;
    private const int MaxTableSize = 1 << 14;
    private const int ShortestFragment = 16;
    private const int MatchBytes = sizeof(uint);
    private const int LongestCopy = 64;

    private readonly ushort[] table = new ushort[MaxTableSize];

    /// <summary>Appends one block.</summary>
    /// <param name="source">May be empty.</param>
    /// <param name="target">Grows by source + source / 6 + 42 bytes at most.</param>
    public void Compress(ReadOnlySpan<byte> source, ArrayBufferWriter<byte> target)
    {
        Varint.Write(target, (ulong)source.Length);
        while (!source.IsEmpty)
        {
            var fragment = source[..Math.Min(FragmentBytes, source.Length)];
            target.Advance(CompressFragment(fragment, target.GetSpan(fragment.Length + (fragment.Length / 6) + 32)));
            source = source[fragment.Length..];
        }
    }

    private int CompressFragment(ReadOnlySpan<byte> fragment, Span<byte> target)
    {
        var (written, literal) = (0, 0);
        if (fragment.Length >= ShortestFragment)
        {
            var size = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)fragment.Length), MinTableSize, MaxTableSize);
            var slots = table.AsSpan(0, size);
            slots.Clear();
            var shift = BitOperations.LeadingZeroCount((uint)size - 1);

            // Where nothing was found for long the steps grow, so that what cannot be compressed costs little.
            var misses = 0;
            for (var position = 1; position <= fragment.Length - MatchBytes;)
            {
                var word = Word(fragment, position);
                ref var slot = ref slots[(int)((word * 0x1E35A7BD) >> shift)];
                var candidate = (int)slot;
                slot = (ushort)position;
                if (Word(fragment, candidate) != word)
                {
                    position += 1 + (misses++ >> 5);
                    continue;
                }

                var matched = MatchBytes + fragment[(candidate + MatchBytes)..].CommonPrefixLength(fragment[(position + MatchBytes)..]);
                written += WriteLiteral(fragment[literal..position], target[written..]);
                written += WriteCopies(position - candidate, matched, target[written..]);
                position += matched;
                literal = position;
                misses = 0;
            }
        }

        return written + WriteLiteral(fragment[literal..], target[written..]);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int position) =>
        Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), position));

    private static int WriteLiteral(ReadOnlySpan<byte> literal, Span<byte> target)
    {
        if (literal.IsEmpty)
        {
            return 0;
        }

        var length = literal.Length - 1;
        var head = length < 60 ? 1 : length < 256 ? 2 : 3;
        target[0] = (byte)((head == 1 ? length : 58 + head) << 2);
        if (head == 2)
        {
            target[1] = (byte)length;
        }
        else if (head == 3)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target[1..], (ushort)length);
        }

        literal.CopyTo(target[head..]);
        return head + literal.Length;
    }

    private static int WriteCopies(int offset, int length, Span<byte> target)
    {
        var written = 0;
        while (length > 0)
        {
            // No rest of less than 4 bytes, the least that the short form can copy.
            var count = length <= LongestCopy ? length : Math.Min(LongestCopy, length - MatchBytes);
            if (count is >= MatchBytes and < 12 && offset < 1 << 11)
            {
                target[written] = (byte)(((offset >> 8) << 5) | ((count - MatchBytes) << 2) | 1);
                target[written + 1] = (byte)offset;
                written += 2;
            }
            else
            {
                target[written] = (byte)(((count - 1) << 2) | 2);
                BinaryPrimitives.WriteUInt16LittleEndian(target[(written + 1)..], (ushort)offset);
                written += 3;
            }

            length -= count;
        }

        return written;
    }
}
