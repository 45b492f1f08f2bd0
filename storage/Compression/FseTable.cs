using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Analytics.Storage.Compression;

/// <summary>What a state of an FSE decoder stands for, and which come next.</summary>
/// <param name="NextState">The first of the states that may follow.</param>
/// <param name="StateBits">Bits to read that are added to it.</param>
/// <param name="ExtraBits">Bits to read that are added to <paramref name="Value"/>.</param>
/// <param name="Value">The symbol's first value.</param>
internal readonly record struct FseState(ushort NextState, byte StateBits, byte ExtraBits, uint Value);

/// <summary>A table of Finite State Entropy (RFC 8878, 4.1): each symbol has as many states as its share of them.</summary>
internal sealed unsafe class FseTable
{
    private const int MinAccuracyLog = 5;

    /// <summary>A count that stands for a share below one state: the symbol has a single one, and all bits are read for the next.</summary>
    private const int LessThanOne = -1;

    private readonly int maxAccuracyLog;
    private readonly byte[] extraBits;
    private readonly uint[] values;
    private readonly FseState[] states;
    private readonly byte[] symbols;
    private readonly short[] counts;
    private readonly ushort[] next;

    /// <param name="maxAccuracyLog">The table has two to this power of states at most.</param>
    /// <param name="firstValue">The value of symbol 0.</param>
    /// <param name="extraBits">For each symbol, the bits that tell its values apart. The next symbol goes on behind them.</param>
    public FseTable(int maxAccuracyLog, uint firstValue, ReadOnlySpan<byte> extraBits)
    {
        this.maxAccuracyLog = maxAccuracyLog;
        this.extraBits = extraBits.ToArray();
        values = new uint[extraBits.Length];
        for (var symbol = 0; symbol < values.Length; symbol++)
        {
            values[symbol] = firstValue;
            firstValue += 1u << extraBits[symbol];
        }

        // Never moved, so that decoding may keep a pointer.
        states = GC.AllocateArray<FseState>(1 << maxAccuracyLog, pinned: true);
        symbols = new byte[1 << maxAccuracyLog];
        counts = new short[extraBits.Length];
        next = new ushort[extraBits.Length];
    }

    /// <summary>The states; there are two to the power of <see cref="AccuracyLog"/>.</summary>
    public FseState* States => (FseState*)Unsafe.AsPointer(ref states[0]);

    /// <summary>Bits of a state's number.</summary>
    public int AccuracyLog { get; private set; }

    /// <summary>Reads a table.</summary>
    /// <param name="source">Starts with the table.</param>
    /// <returns>Bytes that it takes.</returns>
    /// <exception cref="MalformedDataException">It is cut off, too large, or its counts do not add up.</exception>
    public int Read(ReadOnlySpan<byte> source)
    {
        long position = 4;
        var accuracyLog = (int)(Bits(source, 0) & 15) + MinAccuracyLog;
        if (accuracyLog > maxAccuracyLog)
        {
            throw new MalformedDataException($"an FSE table with an accuracy of {accuracyLog} bits", $"at most {maxAccuracyLog}");
        }

        Array.Clear(counts);
        var (remaining, symbol) = ((1 << accuracyLog) + 1, 0);
        while (remaining > 1)
        {
            var count = ReadCount(source, remaining, ref position);
            if (symbol == counts.Length)
            {
                throw new MalformedDataException($"an FSE table of more than {symbol} symbols", "all states given to fewer");
            }

            remaining -= Math.Abs(count);
            counts[symbol++] = (short)count;
            for (var zeros = count == 0 ? 3u : 0; zeros == 3;)
            {
                zeros = Bits(source, position) & 3;
                position += 2;
                symbol = Math.Min(symbol + (int)zeros, counts.Length);
            }
        }

        var bytes = (position + 7) >> 3;
        if (bytes > source.Length)
        {
            throw new MalformedDataException("the end of a Zstandard block in an FSE table", "the rest of it");
        }

        Build(counts, accuracyLog);
        return (int)bytes;
    }

    /// <summary>Makes the table of one symbol, which takes no bits.</summary>
    /// <exception cref="MalformedDataException">There is no such symbol.</exception>
    public void SetSingle(byte symbol)
    {
        if (symbol >= values.Length)
        {
            throw new MalformedDataException($"the symbol {symbol} in a Zstandard sequence", $"less than {values.Length}");
        }

        AccuracyLog = 0;
        states[0] = new FseState(0, 0, extraBits[symbol], values[symbol]);
    }

    /// <summary>Makes the table of counts that add up to two to the power of <paramref name="accuracyLog"/>.</summary>
    public void Build(ReadOnlySpan<short> counts, int accuracyLog)
    {
        AccuracyLog = accuracyLog;
        Spread(counts, 1 << accuracyLog);
        for (var state = 0; state < 1 << accuracyLog; state++)
        {
            var symbol = symbols[state];
            var number = next[symbol]++;
            var stateBits = accuracyLog - BitOperations.Log2(number);
            states[state] = new FseState(
                (ushort)((number << stateBits) - (1 << accuracyLog)), (byte)stateBits, extraBits[symbol], values[symbol]);
        }
    }

    // The rare symbols take the last states; those of all others lie a fixed step apart, which meets each state once.
    private void Spread(ReadOnlySpan<short> counts, int size)
    {
        var high = size - 1;
        for (var symbol = 0; symbol < counts.Length; symbol++)
        {
            next[symbol] = (ushort)Math.Abs(counts[symbol]);
            if (counts[symbol] == LessThanOne)
            {
                symbols[high--] = (byte)symbol;
            }
        }

        var (position, step) = (0, (size >> 1) + (size >> 3) + 3);
        for (var symbol = 0; symbol < counts.Length; symbol++)
        {
            for (var i = 0; i < counts[symbol]; i++)
            {
                symbols[position] = (byte)symbol;
                do
                {
                    position = (position + step) & (size - 1);
                }
                while (position > high);
            }
        }
    }

    // A number up to what remains takes as many bits as that, and one less where it is among the first, which there is
    // room for. It is one more than the count.
    private static int ReadCount(ReadOnlySpan<byte> source, int remaining, ref long position)
    {
        var bits = BitOperations.Log2((uint)remaining);
        var threshold = 1 << bits;
        var shorter = (2 * threshold) - 1 - remaining;
        var value = (int)Bits(source, position) & ((2 * threshold) - 1);
        if ((value & (threshold - 1)) < shorter)
        {
            value &= threshold - 1;
            position += bits;
        }
        else
        {
            value -= value >= threshold ? shorter : 0;
            position += bits + 1;
        }

        return value - 1;
    }

    // 25 bits or more, zeros behind the end; the caller looks at the position then.
    private static uint Bits(ReadOnlySpan<byte> source, long position)
    {
        var rest = source[(int)Math.Min(position >> 3, source.Length)..];
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(rest, out var word))
        {
            for (var i = 0; i < rest.Length; i++)
            {
                word |= (uint)rest[i] << (8 * i);
            }
        }

        return word >> (int)(position & 7);
    }
}
