using System.Buffers.Binary;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

public class Lz4Tests
{
    // Literals "abc" and 4 bytes from 3 before, no literals and 19 bytes from 1 before (15 + 0 + 4), literals "xyz".
    private static readonly byte[] EverySequence = [0x30, (byte)'a', (byte)'b', (byte)'c', 3, 0, 0x0F, 1, 0, 0, 0x30, (byte)'x', (byte)'y', (byte)'z'];
    private static readonly byte[] Literals16 = [0xF0, 1, .. "0123456789abcdef"u8];

    // Independent blocks of 64 KiB at most, as the reference implementation starts a frame; one stored block, one not.
    private static readonly byte[] Frame = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, .. Framed("abc"u8, 1u << 31), .. Framed([0x30, .. "def"u8], 0), 0, 0, 0, 0];

    // Blocks that are said to have 8 bytes and do not hold them.
    public static TheoryData<byte[], string> Damaged => new()
    {
        { [], "the end of an LZ4 block behind a copy" },
        { [0], "an LZ4 block that ends after 0 bytes" },
        { [0x80, 1, 2, 3], "8 literal bytes" },
        { [0x90, 1, 2, 3, 4, 5, 6, 7, 8, 9], "9 literal bytes" },
        { [0xF0], "the end of an LZ4 block in a length" },
        { [0xF0, 255], "the end of an LZ4 block in a length" },
        { [0xF0, 255, 3, 1], "273 literal bytes" },
        { [0x10, 1, 1], "the end of an LZ4 block in the distance of a copy" },
        { [0x10, 1, 0, 0, 0x30, 1, 2, 3], "a copy of 4 bytes from 0 bytes before" },
        { [0x10, 1, 2, 0, 0x30, 1, 2, 3], "a copy of 4 bytes from 2 bytes before" },
        { [0x14, 1, 1, 0, 0], "a copy of 8 bytes from 1 bytes before" },
        { [0x1F, 1, 1, 0], "the end of an LZ4 block in a length" },
        { [0x13, 1, 1, 0], "the end of an LZ4 block behind a copy" },
        { [0x80, 1, 2, 3, 4, 5, 6, 7, 8, 0], "the end of an LZ4 block in the distance of a copy" },
        { [0x80, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0], "a copy of 4 bytes from 1 bytes before" },
    };

    [Fact]
    public void Decompress_EverySequence_GivesTheTextWorkedOutByHand()
    {
        Assert.Equal("abcabcaaaaaaaaaaaaaaaaaaaaxyz", Text(Lz4.Decompress, EverySequence, 29));
        Assert.Equal("0123456789abcdef", Text(Lz4.Decompress, Literals16, 16));
        Assert.Equal("", Text(Lz4.Decompress, [0], 0));
    }

    [Theory, MemberData(nameof(Damaged))]
    public void Decompress_DamagedBlock_SaysWhat(byte[] block, string found) =>
        Assert.Equal(found, Assert.Throws<MalformedDataException>(() => Text(Lz4.Decompress, block, 8)).Found);

    [Fact]
    public void Decompress_WhatWasCompressed_GivesTheBytes() => Sampled.Check(300, (random, size) =>
    {
        var bytes = Samples.Bytes(random.Next(size * 1_000), random.Next(Samples.Shapes));
        var block = Compress(bytes);
        Assert.Equal(bytes, Samples.Decode(Lz4.Decompress, block, bytes.Length));
        Assert.Equal(bytes, Samples.Decode(Lz4.DecompressLegacy, block, bytes.Length));
        Assert.InRange(bytes.Length, 0, block.Length * Lz4.MaxRatio);
    });

    [Fact]
    public void Decompress_AnyDistanceAndLength_RepeatsTheBytes()
    {
        for (var distance = 1; distance <= 40; distance++)
        {
            for (var length = 4; length <= 80; length++)
            {
                var start = Samples.Bytes(distance, 1);
                byte[] expected = [.. start, .. Enumerable.Range(0, length).Select(i => start[i % distance]), 9];
                Assert.Equal(expected, Samples.Decode(Lz4.Decompress, Sequence(start, distance, length, [9]), expected.Length));
            }
        }
    }

    [Fact]
    public void DecompressLegacy_HadoopBlocks_GivesAllOfThem()
    {
        var (first, second) = (Samples.Bytes(5_000, 5), Samples.Bytes(300, 4));
        byte[] whole = [.. first, .. second];

        Assert.Equal(whole, Legacy([.. Hadoop(first), .. Hadoop(second)], whole.Length));
        Assert.Equal(whole, Legacy([.. BigEndian(whole.Length), .. Counted(Compress(first)), .. Counted(Compress(second))], whole.Length));
        Assert.Equal(whole, Legacy([.. Hadoop(first), 0, 0, 0, 0, .. Hadoop(second)], whole.Length));
        Assert.Equal([], Legacy([0, 0, 0, 0], 0));
    }

    [Fact]
    public void DecompressLegacy_DamagedHadoopBlocks_Throws()
    {
        var source = Hadoop(Samples.Bytes(200, 5));
        for (var end = 0; end < source.Length; end++)
        {
            Assert.Throws<MalformedDataException>(() => Legacy(source[..end], 200));
        }

        Assert.Throws<MalformedDataException>(() => Legacy(source, 199));
        Assert.Throws<MalformedDataException>(() => Legacy(source, 201));
        Assert.Throws<MalformedDataException>(() => Legacy([.. source, 0], 200));
    }

    [Fact]
    public void DecompressLegacy_Frame_GivesItsBlocks()
    {
        Assert.Equal("abcdef", Text(Lz4.DecompressLegacy, Frame, 6));
        for (var end = 0; end < Frame.Length; end++)
        {
            Assert.Throws<MalformedDataException>(() => Legacy(Frame[..end], 6));
        }

        Assert.Equal("1 bytes behind an LZ4 frame", Refusal([.. Frame, 0], 6));
        Assert.Equal("an LZ4 frame of 6 bytes", Refusal(Frame, 7));
        Assert.Equal("a stored LZ4 block of 3 bytes", Refusal(Frame, 2));
    }

    // All that the header of a frame may say, with checksums of our own hash.
    [Fact]
    public void DecompressLegacy_FrameWithAllChecksums_VerifiesThem()
    {
        var frame = FrameOf(0x5C, "abcd"u8, [0x04, 4, 0, 0x40, .. "wxyz"u8]);
        Assert.Equal("abcdabcdabcdwxyz"[..16], Text(Lz4.DecompressLegacy, frame, 16));
        for (var at = 4; at < frame.Length; at++)
        {
            byte[] damaged = [.. frame];
            damaged[at] ^= 1;
            Assert.Throws<MalformedDataException>(() => Legacy(damaged, 16));
        }

        Assert.Equal("a copy of 8 bytes from 4 bytes before", Refusal(FrameOf(0x7C, "abcd"u8, [0x04, 4, 0, 0x40, .. "wxyz"u8]), 16));
        Assert.Equal("an LZ4 frame that needs a dictionary", Refusal([4, 0x22, 0x4D, 0x18, 0x61, 0x40, 1, 0, 0, 0, 0], 0));
        Assert.Equal("an LZ4 frame with the flags 0x20", Refusal([4, 0x22, 0x4D, 0x18, 0x20, 0x40, 0], 0));
    }

    [Fact]
    public void Decompress_AnyTruncation_Throws()
    {
        var block = Compress(Samples.Bytes(3_000, 5));
        for (var end = 0; end < block.Length; end++)
        {
            Assert.Throws<MalformedDataException>(() => Samples.Decode(Lz4.Decompress, block.AsSpan(0, end), 3_000));
        }
    }

    [Fact]
    public void Decompress_AnyDamage_FillsTheTargetOrThrows()
    {
        var random = new Random(9);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Samples.Bytes(random.Next(1, 400), i % Samples.Shapes);
            _ = Samples.TryDecode(Lz4.Decompress, Samples.Damage(Compress(bytes), random), bytes.Length);
            _ = Samples.TryDecode(Lz4.DecompressLegacy, Samples.Damage(Hadoop(bytes), random), bytes.Length);
            _ = Samples.TryDecode(Lz4.DecompressLegacy, Samples.Damage(Frame, random), 6);
        }
    }

    // "" and "abc" are vectors that the xxHash project publishes; the others cross the stripes of 16 bytes.
    [Theory]
    [InlineData("", 0x02CC5D05u)]
    [InlineData("a", 0x550D7456u)]
    [InlineData("abc", 0x32D153FFu)]
    [InlineData("Nobody inspects the spammish repetition", 0xE2293B2Fu)]
    public void XxHash32_KnownText_GivesThePublishedValue(string text, uint hash) => Assert.Equal(hash, XxHash32.Of(Encoding.ASCII.GetBytes(text)));

    private static string Text(Decoder decoder, byte[] source, int length) => Encoding.ASCII.GetString(Samples.Decode(decoder, source, length));

    private static byte[] Legacy(byte[] source, int length) => Samples.Decode(Lz4.DecompressLegacy, source, length);

    private static string Refusal(byte[] source, int length) => Assert.Throws<MalformedDataException>(() => Legacy(source, length)).Found;

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] LittleEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Counted(byte[] block) => [.. BigEndian(block.Length), .. block];

    private static byte[] Hadoop(byte[] bytes) => [.. BigEndian(bytes.Length), .. Counted(Compress(bytes))];

    private static byte[] Framed(ReadOnlySpan<byte> block, uint flag) => [.. LittleEndian((uint)block.Length | flag), .. block];

    // A stored block, one of sequences, and all checksums; 16 bytes in all.
    private static byte[] FrameOf(byte flags, ReadOnlySpan<byte> stored, byte[] sequences)
    {
        byte[] descriptor = [flags, 0x40, 16, 0, 0, 0, 0, 0, 0, 0];
        return
        [
            0x04, 0x22, 0x4D, 0x18, .. descriptor, (byte)(XxHash32.Of(descriptor) >> 8),
            .. Framed(stored, 1u << 31), .. LittleEndian(XxHash32.Of(stored)),
            .. Framed(sequences, 0), .. LittleEndian(XxHash32.Of(sequences)),
            0, 0, 0, 0, .. LittleEndian(XxHash32.Of("abcdabcdabcdwxyz"u8)),
        ];
    }

    // A greedy encoder: it takes the last place that had the same four bytes.
    private static byte[] Compress(byte[] bytes)
    {
        var target = new List<byte>();
        var last = new Dictionary<uint, int>();
        var literal = 0;
        for (var at = 0; at + 12 < bytes.Length;)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
            var found = last.TryGetValue(word, out var from) && at - from <= ushort.MaxValue;
            last[word] = at;
            if (!found)
            {
                at++;
                continue;
            }

            var length = bytes.AsSpan(from, bytes.Length - 5 - at).CommonPrefixLength(bytes.AsSpan(at, bytes.Length - 5 - at));
            AddSequence(target, bytes[literal..at], at - from, length);
            at += length;
            literal = at;
        }

        AddSequence(target, bytes[literal..], 0, 4);
        return [.. target];
    }

    private static byte[] Sequence(byte[] literals, int distance, int length, byte[] end)
    {
        var target = new List<byte>();
        AddSequence(target, literals, distance, length);
        AddSequence(target, end, 0, 4);
        return [.. target];
    }

    private static void AddSequence(List<byte> target, byte[] literals, int distance, int length)
    {
        target.Add((byte)((Math.Min(literals.Length, 15) << 4) | Math.Min(length - 4, 15)));
        AddLength(target, literals.Length);
        target.AddRange(literals);
        if (distance > 0)
        {
            target.AddRange([(byte)distance, (byte)(distance >> 8)]);
            AddLength(target, length - 4);
        }
    }

    private static void AddLength(List<byte> target, int length)
    {
        if (length < 15)
        {
            return;
        }

        for (length -= 15; length >= 255; length -= 255)
        {
            target.Add(255);
        }

        target.Add((byte)length);
    }
}
