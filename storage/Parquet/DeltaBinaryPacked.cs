using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Analytics.Storage.Parquet;

/// <summary>
/// The body of a page of differences: varints block size, miniblocks of a block, values and zigzag first value, then
/// blocks. A block is its zigzag smallest difference, one byte bit width for each miniblock, then the miniblocks: what
/// each difference is above the smallest, bit-packed from the lowest bit on.
/// </summary>
/// <remarks>All sums wrap in 64 bits. Those of INT32 wrap in 32, which are the lower half of the same sums.</remarks>
internal static class DeltaBinaryPacked
{
    private const int MaxWidth = 64;
    private const int BlockSize = 128;
    private const int BlockSizeUnit = 128;
    private const int MiniblockSize = 32;
    private const int MiniblockSizeUnit = 32;
    private const int MiniblockCount = BlockSize / MiniblockSize;

    // A value that begins anywhere in a byte lies within 8 bytes up to this width, in 9 above it.
    private const int MaxWidthInOneWord = 57;

    // What is unpacked by vectors; differences of other miniblocks are unpacked one by one.
    private const int MaxVectorWidth = 25;
    private const int VectorMiniblockSize = 256;

    /// <summary>Appends one page body.</summary>
    /// <param name="values">1 or more.</param>
    /// <param name="target">Grows by about 8.2 bytes a value at most.</param>
    public static void Encode(ReadOnlySpan<long> values, ArrayBufferWriter<byte> target)
    {
        Varint.Write(target, BlockSize);
        Varint.Write(target, MiniblockCount);
        Varint.Write(target, (ulong)values.Length);
        Varint.WriteZigZag(target, values[0]);
        Span<ulong> block = stackalloc ulong[BlockSize];
        for (var first = 1; first < values.Length; first += BlockSize)
        {
            var count = Math.Min(BlockSize, values.Length - first);
            var smallest = Subtract(values.Slice(first, count), values.Slice(first - 1, count), block);
            Varint.WriteZigZag(target, smallest);
            foreach (ref var difference in block[..count])
            {
                difference -= (ulong)smallest;
            }

            block[count..].Clear();
            EncodeMiniblocks(block, count, target);
        }
    }

    /// <summary>Checks that a page body has the values it should have, before anything is allocated for them.</summary>
    /// <exception cref="MalformedDataException">It has not.</exception>
    public static void Check(ReadOnlySpan<byte> page, int valueCount)
    {
        if (valueCount == 0)
        {
            return;
        }

        var rest = page.Length - Measure(page, valueCount);
        if (rest > 0)
        {
            throw new MalformedDataException($"{rest} bytes after the last difference of a page", "none");
        }
    }

    /// <summary>Checks that there are as many values as there should be, and says where they end.</summary>
    /// <param name="source">The values, and what follows them.</param>
    /// <param name="valueCount">1 or more.</param>
    /// <returns>Bytes of the values.</returns>
    /// <exception cref="MalformedDataException">The values are damaged, or not so many.</exception>
    public static int Measure(ReadOnlySpan<byte> source, int valueCount)
    {
        var miniblocks = new Miniblocks(source, valueCount);
        while (miniblocks.Next(out _))
        {
        }

        return source.Length - miniblocks.RestBytes;
    }

    /// <summary>Decodes a page body.</summary>
    /// <typeparam name="T"><see cref="int"/> or <see cref="long"/>.</typeparam>
    /// <param name="page">A body that passed <see cref="Check"/> for as many values as <paramref name="target"/> has.</param>
    /// <param name="target">Filled completely; 1 value or more.</param>
    public static void Decode<T>(ReadOnlySpan<byte> page, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        var miniblocks = new Miniblocks(page, target.Length);
        var last = (ulong)miniblocks.FirstValue;
        target[0] = T.CreateTruncating(last);
        target = target[1..];
        while (miniblocks.Next(out var miniblock))
        {
            last = Unpack(miniblock, last, target[..miniblock.Count]);
            target = target[miniblock.Count..];
        }
    }

    private static long Subtract(ReadOnlySpan<long> values, ReadOnlySpan<long> before, Span<ulong> differences)
    {
        var smallest = long.MaxValue;
        for (var i = 0; i < values.Length; i++)
        {
            var difference = values[i] - before[i];
            differences[i] = (ulong)difference;
            smallest = Math.Min(smallest, difference);
        }

        return smallest;
    }

    private static void EncodeMiniblocks(ReadOnlySpan<ulong> block, int count, ArrayBufferWriter<byte> target)
    {
        // The last miniblock with values is padded with zeros; those after it have a width but no bytes.
        var bytes = target.GetSpan(MiniblockCount + (BlockSize * sizeof(ulong)));
        var length = MiniblockCount;
        for (var i = 0; i < MiniblockCount; i++)
        {
            var miniblock = block.Slice(i * MiniblockSize, MiniblockSize);
            var all = 0ul;
            foreach (var difference in miniblock)
            {
                all |= difference;
            }

            var width = MaxWidth - BitOperations.LeadingZeroCount(all);
            bytes[i] = (byte)width;
            if (i * MiniblockSize < count)
            {
                Pack(miniblock, width, bytes[length..]);
                length += MiniblockSize / 8 * width;
            }
        }

        target.Advance(length);
    }

    private static void Pack(ReadOnlySpan<ulong> values, int width, Span<byte> target)
    {
        var buffered = 0ul;
        var bits = 0;
        foreach (var value in values)
        {
            buffered |= value << bits;
            bits += width;
            if (bits >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(target, buffered);
                target = target[sizeof(ulong)..];
                bits -= 64;
                buffered = bits == 0 ? 0 : value >> (width - bits);
            }
        }

        // 32 values of an odd width end in the middle of a word.
        if (bits > 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)buffered);
        }
    }

    /// <summary>Adds the differences of one miniblock up.</summary>
    /// <returns>The last value.</returns>
    private static ulong Unpack<T>(Miniblock miniblock, ulong last, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        var width = miniblock.Width;
        if (typeof(T) == typeof(long) && Avx512F.IsSupported && width is > 0 and <= MaxVectorWidth && target.Length <= VectorMiniblockSize)
        {
            Span<uint> differences = stackalloc uint[VectorMiniblockSize];
            BitUnpacker.Unpack(miniblock.Packed, width, differences[..target.Length]);
            return AddUp(differences[..target.Length], miniblock.Smallest, last, MemoryMarshal.Cast<T, ulong>(target));
        }

        if (width == 0)
        {
            foreach (ref var value in target)
            {
                last += miniblock.Smallest;
                value = T.CreateTruncating(last);
            }

            return last;
        }

        // The loops read whole words. Near the end of the page these would reach past it, so the rest goes through a
        // padded copy.
        var packed = miniblock.Packed;
        var window = width <= MaxWidthInOneWord ? sizeof(ulong) : sizeof(ulong) + 1;
        var whole = packed.Length < window ? 0 : (int)Math.Min(target.Length, ((packed.Length - window) * 8L / width) + 1);
        last = UnpackWords(packed, 0, miniblock, last, target[..whole]);
        if (whole < target.Length)
        {
            Span<byte> padded = stackalloc byte[4 * sizeof(ulong)];
            padded.Clear();
            var bit = whole * width;
            packed[(bit >> 3)..].CopyTo(padded);
            last = UnpackWords(padded, bit & 7, miniblock, last, target[whole..]);
        }

        return last;
    }

    /// <summary>
    /// Adds differences up, eight at once: three additions of the vector moved by one, two and four lanes make the sums
    /// within it, then the value before it is added to all.
    /// </summary>
    private static ulong AddUp(ReadOnlySpan<uint> differences, ulong smallest, ulong last, Span<ulong> target)
    {
        var i = 0;
        var before = Vector512.Create(last);
        for (; i <= target.Length - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
        {
            var sums = Avx512F.ConvertToVector512UInt64(Vector256.Create(differences[i..])) + Vector512.Create(smallest);
            sums += Avx512F.AlignRight64(sums, Vector512<ulong>.Zero, 7);
            sums += Avx512F.AlignRight64(sums, Vector512<ulong>.Zero, 6);
            sums += Avx512F.AlignRight64(sums, Vector512<ulong>.Zero, 4);
            sums += before;
            sums.CopyTo(target[i..]);
            before = Avx512F.PermuteVar8x64(sums, Vector512.Create(7ul));
        }

        last = before[0];
        for (; i < target.Length; i++)
        {
            last += smallest + differences[i];
            target[i] = last;
        }

        return last;
    }

    private static ulong UnpackWords<T>(ReadOnlySpan<byte> source, int firstBit, Miniblock miniblock, ulong last, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var start = ref MemoryMarshal.GetReference(source);
        var smallest = miniblock.Smallest;
        var width = (uint)miniblock.Width;
        var mask = ulong.MaxValue >> (int)(MaxWidth - width);
        var bit = (uint)firstBit;
        if (width <= MaxWidthInOneWord)
        {
            for (var i = 0; i < target.Length; i++)
            {
                var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, bit >> 3)) >> (int)(bit & 7);
                last += smallest + (word & mask);
                target[i] = T.CreateTruncating(last);
                bit += width;
            }

            return last;
        }

        for (var i = 0; i < target.Length; i++)
        {
            ref var first = ref Unsafe.Add(ref start, bit >> 3);
            var shift = (int)(bit & 7);
            var word = (Unsafe.ReadUnaligned<ulong>(ref first) >> shift) | ((ulong)Unsafe.Add(ref first, sizeof(ulong)) << 1 << (63 - shift));
            last += smallest + (word & mask);
            target[i] = T.CreateTruncating(last);
            bit += width;
        }

        return last;
    }

    /// <summary>Differences of one width.</summary>
    private readonly ref struct Miniblock(ulong smallest, int width, int count, ReadOnlySpan<byte> packed)
    {
        /// <summary>What each packed difference is counted from.</summary>
        public ulong Smallest { get; } = smallest;

        public int Width { get; } = width;

        /// <summary>Differences, without the padding.</summary>
        public int Count { get; } = count;

        /// <summary>The packed differences and whatever follows them in the page.</summary>
        public ReadOnlySpan<byte> Packed { get; } = packed;
    }

    /// <summary>Passes over the miniblocks of one page body.</summary>
    private ref struct Miniblocks
    {
        private readonly int miniblockSize;
        private readonly int miniblockCount;
        private ReadOnlySpan<byte> rest;
        private ReadOnlySpan<byte> widths;
        private ulong smallest;
        private int left;

        public Miniblocks(ReadOnlySpan<byte> page, int valueCount)
        {
            rest = page;
            var blockSize = Varint.Read(ref rest);
            var count = Varint.Read(ref rest);
            if (blockSize is 0 or > int.MaxValue || blockSize % BlockSizeUnit != 0 || count == 0 || blockSize % count != 0 || blockSize / count % MiniblockSizeUnit != 0)
            {
                throw new MalformedDataException(
                    $"blocks of {blockSize} differences in {count} miniblocks",
                    $"multiples of {BlockSizeUnit} in a block and of {MiniblockSizeUnit} in a miniblock");
            }

            var values = Varint.Read(ref rest);
            if (values != (ulong)valueCount)
            {
                throw new MalformedDataException($"a page body of {values} values", $"{valueCount}, as the page header says");
            }

            miniblockSize = (int)(blockSize / count);
            miniblockCount = (int)count;
            FirstValue = Varint.ReadZigZag(ref rest);
            left = valueCount - 1;
        }

        public long FirstValue { get; }

        /// <summary>Bytes that are not passed yet.</summary>
        public readonly int RestBytes => rest.Length;

        /// <summary>Reads the next miniblock that has values.</summary>
        /// <returns>False after the last value.</returns>
        public bool Next(out Miniblock miniblock)
        {
            miniblock = default;
            if (left == 0)
            {
                return false;
            }

            if (widths.IsEmpty)
            {
                smallest = (ulong)Varint.ReadZigZag(ref rest);
                widths = Need(miniblockCount)[..miniblockCount];
                rest = rest[miniblockCount..];
            }

            var width = widths[0];
            widths = widths[1..];
            if (width > MaxWidth)
            {
                throw new MalformedDataException($"a bit width of {width}", $"a bit width of 0 to {MaxWidth}");
            }

            var count = Math.Min(left, miniblockSize);
            miniblock = new Miniblock(smallest, width, count, Need((((long)count * width) + 7) / 8));
            left -= count;

            // The padding of the last miniblock may be missing.
            rest = rest[(int)Math.Min((long)miniblockSize * width / 8, rest.Length)..];
            return true;
        }

        private readonly ReadOnlySpan<byte> Need(long bytes) => bytes <= rest.Length
            ? rest
            : throw new MalformedDataException("the end of a page of differences", $"{bytes - rest.Length} bytes more");
    }
}
