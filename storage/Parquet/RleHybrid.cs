using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Kernels;

namespace Analytics.Storage.Parquet;

/// <summary>
/// Runs of small numbers: the body of a dictionary-encoded data page, which is one byte bit width and then runs, and
/// levels and booleans, whose width is 1. A run is a varint header h, then for
/// even h one value that repeats h / 2 times, in whole bytes, or for odd h (h / 2) * 8 values, bit-packed from the
/// lowest bit on.
/// </summary>
internal static class RleHybrid
{
    private const int MaxWidth = 32;
    private const int GroupSize = 8;
    private const int BlockSize = 1024;

    /// <summary>Bits for an index into a dictionary.</summary>
    /// <param name="count">Entries, 1 or more.</param>
    /// <returns>1 to 32: some readers do not expect the width 0 of a single entry.</returns>
    public static int WidthFor(int count) => Math.Max(1, 32 - BitOperations.LeadingZeroCount((uint)count - 1));

    /// <summary>Appends one page body.</summary>
    /// <param name="indices">Each 0 or more and less than 2^width.</param>
    /// <param name="width">1 to 32 bits.</param>
    /// <param name="target">Grows by about indices * width / 8 bytes at most.</param>
    public static void Encode(ReadOnlySpan<int> indices, int width, ArrayBufferWriter<byte> target)
    {
        WriteByte(target, (byte)width);
        EncodeRuns(indices, width, target);
    }

    /// <summary>Appends the runs alone, whose width the reader knows: the levels of a page.</summary>
    /// <param name="indices">Each 0 or more and less than 2^width.</param>
    /// <param name="width">1 to 32 bits.</param>
    /// <param name="target">Grows by about indices * width / 8 bytes at most.</param>
    public static void EncodeRuns(ReadOnlySpan<int> indices, int width, ArrayBufferWriter<byte> target)
    {
        // A repeated run has to save more than the headers it costs: 8 packed bytes, and whole groups.
        var shortestRun = width >= GroupSize ? GroupSize : 64 / width;
        var pending = 0;
        for (var i = 0; i < indices.Length;)
        {
            var run = indices[i..].IndexOfAnyExcept(indices[i]);
            run = run < 0 ? indices.Length - i : run;

            // Only the last packed run may be padded, so the run first fills up the packed group before it.
            var fill = -(i - pending) & (GroupSize - 1);
            if (run - fill >= shortestRun)
            {
                Pack(indices[pending..(i + fill)], width, target);
                Repeat(indices[i], run - fill, width, target);
                pending = i + run;
            }

            i += run;
        }

        Pack(indices[pending..], width, target);
    }

    /// <summary>Checks that a page body has enough values, before anything is allocated for them.</summary>
    /// <exception cref="MalformedDataException">It has not.</exception>
    public static void Check(ReadOnlySpan<byte> page, int valueCount)
    {
        if (valueCount == 0)
        {
            return;
        }

        var runs = Open(page);
        while (valueCount > 0)
        {
            valueCount -= runs.Next(valueCount, out _, out _);
        }
    }

    /// <summary>Counts the ones in runs of single bits.</summary>
    /// <param name="source">Runs of width 1, without the width.</param>
    /// <param name="valueCount">Bits, 0 or more.</param>
    /// <exception cref="MalformedDataException">There are fewer.</exception>
    public static int CountOnes(ReadOnlySpan<byte> source, int valueCount)
    {
        var runs = new Runs(source, width: 1);
        var ones = 0;
        while (valueCount > 0)
        {
            var count = runs.Next(valueCount, out var packed, out var value);
            CheckBit(value);
            ones += packed.IsEmpty ? value * count : Bits.CountOnes(packed, count);
            valueCount -= count;
        }

        return ones;
    }

    /// <summary>Decodes runs of single bits into flags.</summary>
    /// <param name="source">Runs of width 1, without the width.</param>
    /// <param name="target">Filled completely.</param>
    /// <exception cref="MalformedDataException">There are fewer bits.</exception>
    public static void DecodeBits(ReadOnlySpan<byte> source, Span<bool> target)
    {
        var runs = new Runs(source, width: 1);
        while (!target.IsEmpty)
        {
            var count = runs.Next(target.Length, out var packed, out var value);
            CheckBit(value);
            if (packed.IsEmpty)
            {
                target[..count].Fill(value == 1);
            }
            else
            {
                Bits.Unpack(packed, target[..count]);
            }

            target = target[count..];
        }
    }

    /// <summary>Decodes a page body.</summary>
    /// <param name="page">A body that passed <see cref="Check"/> for as many values as <paramref name="target"/> has.</param>
    /// <param name="count">Entries of the dictionary.</param>
    /// <param name="target">Filled completely.</param>
    /// <exception cref="MalformedDataException">An index lies outside of the dictionary.</exception>
    public static void DecodeIndices(ReadOnlySpan<byte> page, int count, Span<int> target)
    {
        if (target.IsEmpty)
        {
            return;
        }

        var runs = Open(page);
        for (var rest = target; !rest.IsEmpty;)
        {
            var run = rest[..runs.Next(rest.Length, out var packed, out var value)];
            if (packed.IsEmpty)
            {
                run.Fill(value);
            }
            else
            {
                BitUnpacker.Unpack(packed, runs.Width, MemoryMarshal.Cast<int, uint>(run));
            }

            rest = rest[run.Length..];
        }

        CheckIndices(MemoryMarshal.Cast<int, uint>(target), count);
    }

    /// <summary>Decodes a page body and looks each index up.</summary>
    /// <param name="page">A body that passed <see cref="Check"/> for as many values as <paramref name="target"/> has.</param>
    /// <param name="dictionary">What the indices stand for.</param>
    /// <param name="target">Filled completely.</param>
    /// <exception cref="MalformedDataException">An index lies outside of the dictionary.</exception>
    public static void Decode<T>(ReadOnlySpan<byte> page, ReadOnlySpan<T> dictionary, Span<T> target)
        where T : unmanaged
    {
        if (target.IsEmpty)
        {
            return;
        }

        var runs = Open(page);
        Span<uint> block = stackalloc uint[BlockSize];
        while (!target.IsEmpty)
        {
            var count = runs.Next(target.Length, out var packed, out var value);
            var run = target[..count];
            if (packed.IsEmpty)
            {
                run.Fill((uint)value < (uint)dictionary.Length ? dictionary[value] : throw Outside(value, dictionary.Length));
            }

            for (var done = 0; done < count && !packed.IsEmpty; done += BlockSize)
            {
                // 1024 values end on a byte whatever the width.
                var indices = block[..Math.Min(BlockSize, count - done)];
                BitUnpacker.Unpack(packed[(done / 8 * runs.Width)..], runs.Width, indices);
                CheckIndices(indices, dictionary.Length);
                LookUp(indices, dictionary, run.Slice(done, indices.Length));
            }

            target = target[count..];
        }
    }

    private static Runs Open(ReadOnlySpan<byte> page) => page.IsEmpty || page[0] > MaxWidth
        ? throw new MalformedDataException(
            page.IsEmpty ? "an empty page of dictionary indices" : $"a bit width of {page[0]}", $"a bit width of 0 to {MaxWidth}")
        : new Runs(page[1..], page[0]);

    private static void CheckBit(int value)
    {
        if (value is not (0 or 1))
        {
            throw new MalformedDataException($"a level of {value}", "0 or 1");
        }
    }

    /// <summary>Looks indices up that are checked.</summary>
    private static void LookUp<T>(ReadOnlySpan<uint> indices, ReadOnlySpan<T> dictionary, Span<T> target)
    {
        ref var first = ref MemoryMarshal.GetReference(dictionary);
        for (var i = 0; i < indices.Length; i++)
        {
            target[i] = Unsafe.Add(ref first, indices[i]);
        }
    }

    private static void CheckIndices(ReadOnlySpan<uint> indices, int count)
    {
        var most = ColumnSum.Max(indices);
        if (most >= (uint)count)
        {
            throw Outside((int)most, count);
        }
    }

    private static void Repeat(int value, int count, int width, ArrayBufferWriter<byte> target)
    {
        Varint.Write(target, (ulong)count << 1);
        for (var bits = 0; bits < width; bits += 8)
        {
            WriteByte(target, (byte)(value >> bits));
        }
    }

    private static void Pack(ReadOnlySpan<int> values, int width, ArrayBufferWriter<byte> target)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var groups = (values.Length + GroupSize - 1) / GroupSize;
        Varint.Write(target, ((ulong)groups << 1) | 1);
        var length = groups * width;
        var bytes = target.GetSpan(length)[..length];
        bytes.Clear();
        var buffered = 0ul;
        var bits = 0;
        var position = 0;
        foreach (var value in values)
        {
            buffered |= (ulong)(uint)value << bits;
            bits += width;
            if (bits >= 32)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[position..], (uint)buffered);
                position += sizeof(uint);
                buffered >>= 32;
                bits -= 32;
            }
        }

        for (; bits > 0; bits -= 8)
        {
            bytes[position++] = (byte)buffered;
            buffered >>= 8;
        }

        target.Advance(length);
    }

    private static void WriteByte(ArrayBufferWriter<byte> target, byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    private static MalformedDataException Outside(int index, int count) =>
        new($"dictionary index {(uint)index}", $"less than {count}, the number of entries");

    /// <summary>Passes over the runs of one page body.</summary>
    private ref struct Runs
    {
        private ReadOnlySpan<byte> rest;

        public Runs(ReadOnlySpan<byte> source, int width)
        {
            Width = width;
            rest = source;
        }

        public int Width { get; }

        /// <summary>Reads the next run.</summary>
        /// <param name="wanted">Values still needed, 1 or more.</param>
        /// <param name="packed">The bits of a packed run; empty for a repeated one.</param>
        /// <param name="value">The value of a repeated run.</param>
        /// <returns>0 to <paramref name="wanted"/> values; the last packed group may hold more.</returns>
        public int Next(int wanted, out ReadOnlySpan<byte> packed, out int value)
        {
            var header = Varint();
            packed = default;
            value = 0;
            if ((header & 1) == 0)
            {
                var bytes = Take((Width + 7) / 8);
                for (var i = 0; i < bytes.Length; i++)
                {
                    value |= bytes[i] << (8 * i);
                }

                return (int)Math.Min(header >> 1, (ulong)wanted);
            }

            var groups = (long)Math.Min(header >> 1, int.MaxValue);
            var count = (int)Math.Min(groups * GroupSize, wanted);
            if (Width > 0)
            {
                packed = Take((((long)count * Width) + 7) / 8);

                // The padding of the last group may be missing.
                rest = rest[(int)Math.Min((groups * Width) - packed.Length, rest.Length)..];
            }

            return count;
        }

        private ulong Varint()
        {
            var result = 0ul;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = Take(1)[0];
                result |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return result;
                }
            }

            throw new MalformedDataException("a run header of more than 10 bytes", "at most 10");
        }

        private ReadOnlySpan<byte> Take(long count)
        {
            if (count > rest.Length)
            {
                throw new MalformedDataException("the end of the runs of a page", $"{count} bytes more");
            }

            var taken = rest[..(int)count];
            rest = rest[(int)count..];
            return taken;
        }
    }
}
