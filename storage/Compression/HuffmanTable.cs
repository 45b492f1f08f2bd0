using System.Numerics;
using System.Runtime.CompilerServices;

namespace Analytics.Storage.Compression;

/// <summary>
/// The Huffman code of a Zstandard block's literals (RFC 8878, 4.2). A weight of 0 stands for a byte that does not occur;
/// one more halves the code's share of bits, and the last byte's weight follows from the others.
/// </summary>
internal sealed unsafe class HuffmanTable
{
    private const int MaxCodeBits = 11;
    private const int MaxSymbols = 256;
    private const int MaxWeightAccuracyLog = 6;
    private const int DirectWeights = 128;
    private const int Streams = 4;
    private const int JumpTableBytes = 6;

    // As many codes as one word holds when at most 7 bits of it are used.
    private const int CodesPerWord = 5;
    private const int BytesPerWord = 7;

    private readonly FseTable weightTable = new(MaxWeightAccuracyLog, 0, new byte[MaxCodeBits + 1]);
    private readonly byte[] weights = new byte[MaxSymbols];

    // For the next 11 bits, whatever the longest code: the byte in the upper half, its code's length in the lower.
    private readonly ushort[] entries = GC.AllocateArray<ushort>(1 << MaxCodeBits, pinned: true);

    private ushort* Entries => (ushort*)Unsafe.AsPointer(ref entries[0]);

    /// <summary>Reads the weights and makes the table.</summary>
    /// <param name="source">Starts with the weights.</param>
    /// <returns>Bytes that they take.</returns>
    /// <exception cref="MalformedDataException">They are cut off or make no code.</exception>
    public int Read(ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty)
        {
            throw new MalformedDataException("the end of a Zstandard block before a Huffman table", "the table");
        }

        int header = source[0], count;
        var bytes = header < DirectWeights ? header : (header - DirectWeights + 2) >> 1;
        if (bytes > source.Length - 1)
        {
            throw new MalformedDataException($"a Huffman table of {bytes} bytes", $"at most the {source.Length - 1} that are left of the block");
        }

        var body = source.Slice(1, bytes);
        if (header < DirectWeights)
        {
            count = ReadCompressedWeights(body);
        }
        else
        {
            count = header - DirectWeights + 1;
            for (var i = 0; i < count; i++)
            {
                weights[i] = (byte)((i & 1) == 0 ? body[i >> 1] >> 4 : body[i >> 1] & 15);
            }
        }

        Build(count);
        return 1 + bytes;
    }

    /// <summary>Decodes one stream.</summary>
    /// <exception cref="MalformedDataException">The stream does not end with the last byte of <paramref name="target"/>.</exception>
    public void DecodeOne(byte* stream, int streamBytes, byte* target, int length) =>
        DecodeTo(new BackwardBits(stream, streamBytes), target, target + length);

    /// <summary>Decodes four streams: the lengths of three as two bytes each, then all. Each gives a quarter, rounded up.</summary>
    /// <exception cref="MalformedDataException">A stream is cut off, or does not end with the last byte of its quarter.</exception>
    public void DecodeFour(byte* source, int bytes, byte* target, int length)
    {
        var quarter = (length + Streams - 1) / Streams;
        var streams = stackalloc byte*[Streams + 1];
        if (!Split(source, bytes, streams) || quarter * (Streams - 1) > length)
        {
            throw new MalformedDataException($"four Huffman streams in {bytes} bytes for {length}", "lengths that fit");
        }

        var shortest = bytes;
        for (var i = 0; i < Streams; i++)
        {
            shortest = Math.Min(shortest, (int)(streams[i + 1] - streams[i]));
        }

        if (shortest >= sizeof(ulong))
        {
            DecodeInterleaved(streams, target, quarter, target + length);
            return;
        }

        for (var i = 0; i < Streams; i++)
        {
            var start = target + (i * quarter);
            DecodeOne(streams[i], (int)(streams[i + 1] - streams[i]), start, i < Streams - 1 ? quarter : (int)(target + length - start));
        }
    }

    private static bool Split(byte* source, int bytes, byte** streams)
    {
        if (bytes < JumpTableBytes)
        {
            return false;
        }

        var end = source + bytes;
        streams[0] = source + JumpTableBytes;
        streams[Streams] = end;
        for (var i = 0; i < Streams - 1; i++)
        {
            var streamBytes = source[2 * i] | (source[(2 * i) + 1] << 8);
            if (streamBytes > end - streams[i])
            {
                return false;
            }

            streams[i + 1] = streams[i] + streamBytes;
        }

        return true;
    }

    // A word of each stream is in flight, so that the look-ups of one run while those of the others wait. A bit that is
    // set below the word tells how far it is used: its place is how often the word was shifted.
    private void DecodeInterleaved(byte** streams, byte* target, int quarter, byte* end)
    {
        var table = Entries;
        byte* start0 = streams[0], start1 = streams[1], start2 = streams[2], start3 = streams[3];
        byte* at0 = start1 - sizeof(ulong), at1 = start2 - sizeof(ulong), at2 = start3 - sizeof(ulong), at3 = streams[4] - sizeof(ulong);
        byte* target0 = target, target1 = target0 + quarter, target2 = target1 + quarter, target3 = target2 + quarter;
        ulong word0 = Word(at0, BackwardBits.UnusedBits(at0, 8)), word1 = Word(at1, BackwardBits.UnusedBits(at1, 8));
        ulong word2 = Word(at2, BackwardBits.UnusedBits(at2, 8)), word3 = Word(at3, BackwardBits.UnusedBits(at3, 8));

        while (true)
        {
            var words = Math.Min(Math.Min(at0 - start0, at1 - start1), Math.Min(at2 - start2, at3 - start3)) / BytesPerWord;
            words = Math.Min(words, (end - target3) / CodesPerWord);
            if (words == 0)
            {
                break;
            }

            for (; words > 0; words--)
            {
                DecodeWord(table, ref word0, ref at0, target0);
                DecodeWord(table, ref word1, ref at1, target1);
                DecodeWord(table, ref word2, ref at2, target2);
                DecodeWord(table, ref word3, ref at3, target3);
                target0 += CodesPerWord;
                target1 += CodesPerWord;
                target2 += CodesPerWord;
                target3 += CodesPerWord;
            }
        }

        DecodeTo(new BackwardBits(start0, at0, BitOperations.TrailingZeroCount(word0)), target0, target + quarter);
        DecodeTo(new BackwardBits(start1, at1, BitOperations.TrailingZeroCount(word1)), target1, target + (2 * quarter));
        DecodeTo(new BackwardBits(start2, at2, BitOperations.TrailingZeroCount(word2)), target2, target + (3 * quarter));
        DecodeTo(new BackwardBits(start3, at3, BitOperations.TrailingZeroCount(word3)), target3, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(byte* at, int used) => (Unsafe.ReadUnaligned<ulong>(at) | 1) << used;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DecodeWord(ushort* table, ref ulong word, ref byte* at, byte* target)
    {
        var bits = word;
        for (var i = 0; i < CodesPerWord; i++)
        {
            // A shift takes the lowest six bits of its count only, and so not the byte.
            var entry = (int)table[bits >> (64 - MaxCodeBits)];
            bits <<= entry;
            target[i] = (byte)(entry >> 8);
        }

        var used = BitOperations.TrailingZeroCount(bits);
        at -= used >> 3;
        word = Word(at, used & 7);
    }

    private void DecodeTo(BackwardBits bits, byte* target, byte* end)
    {
        var table = Entries;
        while (end - target >= CodesPerWord)
        {
            bits.Refill();
            for (var i = 0; i < CodesPerWord; i++)
            {
                var entry = table[bits.Peek(MaxCodeBits)];
                bits.Skip(entry & 15);
                target[i] = (byte)(entry >> 8);
            }

            target += CodesPerWord;
        }

        bits.Refill();
        while (target < end)
        {
            var entry = table[bits.Peek(MaxCodeBits)];
            bits.Skip(entry & 15);
            *target++ = (byte)(entry >> 8);
        }

        if (bits.Remaining != 0)
        {
            throw new MalformedDataException($"{bits.Remaining} bits left of a Huffman stream", "none behind its last byte");
        }
    }

    // Two states take turns. The stream ends where one has no bits for its next state; the other one's weight is the last.
    private int ReadCompressedWeights(ReadOnlySpan<byte> source)
    {
        var table = weightTable.Read(source);
        fixed (byte* stream = source)
        {
            var bits = new BackwardBits(stream + table, source.Length - table);
            var states = weightTable.States;
            var state = states[bits.Read(weightTable.AccuracyLog)];
            var other = states[bits.Read(weightTable.AccuracyLog)];
            for (var count = 0; count < MaxSymbols - 2;)
            {
                weights[count++] = (byte)state.Value;
                if (bits.Remaining < state.StateBits)
                {
                    weights[count++] = (byte)other.Value;
                    return count;
                }

                bits.Refill();
                (state, other) = (other, states[state.NextState + bits.Read(state.StateBits)]);
            }
        }

        throw new MalformedDataException($"more than {MaxSymbols - 1} weights in a Huffman table", "one for each byte but the last");
    }

    private void Build(int count)
    {
        var shares = 0;
        for (var symbol = 0; symbol < count; symbol++)
        {
            shares += (1 << weights[symbol]) >> 1;
        }

        // The last byte has what is missing to a power of two.
        var codeBits = BitOperations.Log2((uint)shares) + 1;
        var missing = (1 << codeBits) - shares;
        weights[count++] = (byte)(BitOperations.Log2((uint)missing) + 1);
        var longest = weights.AsSpan(0, count).Count((byte)1);
        if (shares == 0 || codeBits > MaxCodeBits || !BitOperations.IsPow2(missing) || longest < 2)
        {
            throw new MalformedDataException("Huffman weights that make no code", $"shares of two to the power of {MaxCodeBits} or less");
        }

        var position = 0;
        for (var weight = 1; weight <= codeBits; weight++)
        {
            var width = 1 << (weight - 1 + MaxCodeBits - codeBits);
            for (var symbol = 0; symbol < count; symbol++)
            {
                if (weights[symbol] == weight)
                {
                    entries.AsSpan(position, width).Fill((ushort)((symbol << 8) | (codeBits + 1 - weight)));
                    position += width;
                }
            }
        }
    }
}
