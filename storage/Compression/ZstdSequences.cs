using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Analytics.Storage.Compression;

/// <summary>
/// Decodes the sequences section of a Zstandard block (RFC 8878, 3.1.1.3.2) and carries it out: each sequence puts some
/// of the literals, then copies bytes from before.
/// </summary>
internal sealed unsafe class ZstdSequences
{
    private const int Predefined = 0;
    private const int SingleSymbol = 1;
    private const int Compressed = 2;

    // With so many bits to read a word may not be enough for the next states, which take up to 26.
    private const int BitsBeforeRefill = BackwardBits.RefilledBits - 26;

    private readonly Field literalLengths = new(
        9, 0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        6, [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1]);

    // Two to the power of the symbol, and so many bits more.
    private readonly Field offsets = new(
        8, 1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31],
        5, [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1]);

    private readonly Field matchLengths = new(
        9, 3, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        6, [1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1]);

    // The distances of the last copies that were not repeated themselves.
    private uint offset1;
    private uint offset2;
    private uint offset3;

    /// <summary>Forgets the tables and the distances, as each frame begins with its own.</summary>
    public void Reset()
    {
        (offset1, offset2, offset3) = (1, 4, 8);
        literalLengths.Reset();
        offsets.Reset();
        matchLengths.Reset();
    }

    /// <summary>Decodes the section and puts the block.</summary>
    /// <param name="source">Exactly the section.</param>
    /// <param name="literals">Those of the block.</param>
    /// <param name="target">Where the block goes; what is before in its frame is there.</param>
    /// <returns>Where the block ends.</returns>
    /// <exception cref="MalformedDataException">The section is damaged or does not fit.</exception>
    public byte* Decode(ReadOnlySpan<byte> source, ZstdLiterals literals, in ZstdTarget target)
    {
        var literal = literals.Start;
        var literalEnd = literal + literals.Length;
        var at = target.Start;
        var count = ReadCount(ref source);
        if (count > 0)
        {
            ReadTables(ref source);
            fixed (byte* stream = source)
            {
                at = Execute(new BackwardBits(stream, source.Length), count, ref literal, literalEnd, target);
            }
        }
        else if (!source.IsEmpty)
        {
            throw new MalformedDataException($"{source.Length} bytes behind a Zstandard block without sequences", "its end");
        }

        var rest = literalEnd - literal;
        if (rest > target.BlockEnd - at)
        {
            throw Overflow(rest, 0, target.BlockEnd - at);
        }

        new ReadOnlySpan<byte>(literal, (int)rest).CopyTo(new Span<byte>(at, (int)rest));
        return at + rest;
    }

    private static int ReadCount(ref ReadOnlySpan<byte> source)
    {
        var first = source.IsEmpty ? throw CutOff() : source[0];
        var bytes = first switch { < 128 => 1, < 255 => 2, _ => 3 };
        if (bytes > source.Length)
        {
            throw CutOff();
        }

        var count = bytes switch
        {
            1 => first,
            2 => ((first - 128) << 8) | source[1],
            _ => (source[1] | (source[2] << 8)) + 0x7F00,
        };
        source = source[bytes..];
        return count;
    }

    private void ReadTables(ref ReadOnlySpan<byte> source)
    {
        var modes = source.IsEmpty ? throw CutOff() : source[0];
        if ((modes & 3) != 0)
        {
            throw new MalformedDataException($"the compression modes 0x{modes:x2} of sequences", "two zeros at their end");
        }

        source = source[1..];
        literalLengths.Read(modes >> 6, ref source);
        offsets.Read((modes >> 4) & 3, ref source);
        matchLengths.Read((modes >> 2) & 3, ref source);
    }

    private byte* Execute(BackwardBits bits, int count, ref byte* literals, byte* literalEnd, in ZstdTarget target)
    {
        FseState* literalStates = literalLengths.Current.States, offsetStates = offsets.Current.States, matchStates = matchLengths.Current.States;
        var literalState = literalStates + bits.Read(literalLengths.Current.AccuracyLog);
        var offsetState = offsetStates + bits.Read(offsets.Current.AccuracyLog);
        var matchState = matchStates + bits.Read(matchLengths.Current.AccuracyLog);
        byte* literal = literals, at = target.Start, frame = target.FrameStart, blockEnd = target.BlockEnd, wideEnd = target.End - Copies.Slack;

        while (true)
        {
            bits.Refill();
            var (literalNow, offsetNow, matchNow) = (*literalState, *offsetState, *matchState);
            var offsetValue = offsetNow.Value + bits.Read(offsetNow.ExtraBits);
            var match = (nint)(matchNow.Value + bits.Read(matchNow.ExtraBits));
            if (offsetNow.ExtraBits + matchNow.ExtraBits + literalNow.ExtraBits > BitsBeforeRefill)
            {
                bits.Refill();
            }

            var length = (nint)(literalNow.Value + bits.Read(literalNow.ExtraBits));
            var offset = Distance(offsetValue, length == 0);
            if (length > literalEnd - literal || length + match > blockEnd - at)
            {
                throw Overflow(length, match, Math.Min(literalEnd - literal, blockEnd - at));
            }

            // A distance of 0 becomes the largest.
            if (offset - 1 >= (ulong)(at + length - frame))
            {
                throw new MalformedDataException($"a copy from {offset} bytes before", $"1 to {at + length - frame} before");
            }

            if (at + length + match <= wideEnd)
            {
                PutWide(literal, at, length, (nint)offset, match);
            }
            else
            {
                Unsafe.CopyBlockUnaligned(at, literal, (uint)length);
                Copies.Back(at + length, (nint)offset, match, target.End);
            }

            literal += length;
            at += length + match;
            if (--count == 0)
            {
                break;
            }

            literalState = literalStates + literalNow.NextState + bits.Read(literalNow.StateBits);
            matchState = matchStates + matchNow.NextState + bits.Read(matchNow.StateBits);
            offsetState = offsetStates + offsetNow.NextState + bits.Read(offsetNow.StateBits);
        }

        literals = literal;
        return bits.Remaining == 0 ? at : throw new MalformedDataException($"{bits.Remaining} bits left of a block's sequences", "none behind the last one");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutWide(byte* literal, byte* at, nint length, nint offset, nint match)
    {
        Vector128.Store(Vector128.Load(literal), at);
        if (length > Vector128<byte>.Count)
        {
            Copies.Wide(literal + Vector128<byte>.Count, at + Vector128<byte>.Count, length - Vector128<byte>.Count);
        }

        Copies.WideBack(at + length, offset, match);
    }

    // Values up to 3 stand for the distances of before; without literals the last one would be of no use, and so is left
    // out, and the third value stands for one less than it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Distance(uint value, bool noLiterals)
    {
        uint distance;
        if (value > 3)
        {
            distance = value - 3;
            (offset1, offset2, offset3) = (distance, offset1, offset2);
            return distance;
        }

        var which = value + (noLiterals ? 1u : 0);
        if (which == 1)
        {
            return offset1;
        }

        distance = which switch { 2 => offset2, 3 => offset3, _ => offset1 - 1 };
        (offset1, offset2, offset3) = (distance, offset1, which == 2 ? offset3 : offset2);
        return distance;
    }

    private static MalformedDataException Overflow(long literals, long match, long most) =>
        new($"a sequence of {literals} literals and a copy of {match} bytes", $"at most the {most} that are left");

    private static MalformedDataException CutOff() => new("the end of a Zstandard block in its sequences", "the rest of them");

    /// <summary>One of the three numbers of a sequence, and the tables that it may be coded with.</summary>
    private sealed class Field
    {
        private readonly FseTable predefined;
        private readonly FseTable own;
        private FseTable? current;

        public Field(int maxAccuracyLog, uint firstValue, ReadOnlySpan<byte> extraBits, int predefinedAccuracyLog, ReadOnlySpan<short> predefinedCounts)
        {
            own = new FseTable(maxAccuracyLog, firstValue, extraBits);
            predefined = new FseTable(predefinedAccuracyLog, firstValue, extraBits);
            predefined.Build(predefinedCounts, predefinedAccuracyLog);
        }

        public FseTable Current => current!;

        public void Reset() => current = null;

        public void Read(int mode, ref ReadOnlySpan<byte> source)
        {
            switch (mode)
            {
                case Predefined:
                    current = predefined;
                    break;
                case SingleSymbol:
                    own.SetSingle(source.IsEmpty ? throw CutOff() : source[0]);
                    source = source[1..];
                    current = own;
                    break;
                case Compressed:
                    source = source[own.Read(source)..];
                    current = own;
                    break;
                default:
                    _ = current ?? throw new MalformedDataException("sequences with a table of the block before", "a table, as no block before has one");
                    break;
            }
        }
    }
}
