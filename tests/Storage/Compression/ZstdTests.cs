using System.Buffers;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Storage.Parquet;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

// Fixed frames run through both decoders; what libzstd encodes, through the managed one.
public class ZstdTests
{
    // A frame of one segment (0x20) and a length of one byte follows.
    private static readonly byte[] Magic = [0x28, 0xB5, 0x2F, 0xFD];

    // A stored block "abc" that is not the last, then "d" 5 times.
    private static readonly byte[] PlainBlocks = [.. Magic, 0x20, 8, 3 << 3, 0, 0, .. "abc"u8, (5 << 3) | 3, 0, 0, (byte)'d'];

    // 5 times "a" as literals (RLE), no sequences.
    private static readonly byte[] RepeatedLiterals = [.. Magic, 0x20, 5, (3 << 3) | 5, 0, 0, (5 << 3) | 1, (byte)'a', 0];

    // Literals "abc" as they are; one sequence whose three tables have one symbol each: 3 literals, a distance in the
    // values from 4 (2 bits: 2, so 6 - 3 = 3), a copy of 26 bytes. The bits: their mark, then 10.
    private static readonly byte[] OneSequence = [.. Magic, 0x20, 29, (10 << 3) | 5, 0, 0, 3 << 3, .. "abc"u8, 1, 0x54, 3, 2, 23, 0b110];

    private static readonly byte[] Skippable = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9];

    private static readonly int[] EdgeLengths =
        [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 255, 256, 257, 1_023, 1_024, 1_025, 16_383, 16_384, 65_535, 65_536, 131_071, 131_072, 131_073, 262_144, 300_000, 1 << 20];

    public static TheoryData<bool> Decoders => NativeZstd.IsAvailable ? new() { false, true } : new() { false };

    // Frames that say 5 bytes and do not hold them.
    public static TheoryData<byte[], string> Damaged => new()
    {
        { [1, 2, 3, 4], "0x04030201 at the start of a Zstandard frame" },
        { Magic[..3], "the end of the page in a Zstandard frame" },
        { [.. Magic, 0x28, 5, 1, 0, 0], "a Zstandard frame with the flags 0x28" },
        { [.. Magic, 0x21, 7, 5, 1, 0, 0], "a Zstandard frame that needs the dictionary 7" },
        { [.. Magic, 0x20, 6, 1, 0, 0], "a Zstandard frame of 6 bytes" },
        { [.. Magic, 0x20, 5, 1, 0, 0], "a Zstandard frame that ends after 0 bytes" },
        { [.. Magic, 0x20, 4, (4 << 3) | 1, 0, 0, 1, 2, 3, 4], "Zstandard frames of 4 bytes" },
        { [.. Magic, 0x20, 5, (6 << 3) | 1, 0, 0, 1, 2, 3, 4, 5, 6], "a Zstandard block of 6 bytes" },
        { [.. Magic, 0x00, 0, (6 << 3) | 1, 0, 0, 1, 2, 3, 4, 5, 6], "a Zstandard block of the type 0 with 6 bytes" },
        { [.. Magic, 0x20, 5, 7, 0, 0], "a Zstandard block of the type 3 with 0 bytes" },
        { [.. Magic, 0x20, 5, (5 << 3) | 1, 0, 0, 1, 2, 3, 4], "the end of the page in a Zstandard frame" },
        { [.. Magic, 0x24, 5, (5 << 3) | 3, 0, 0, 1, 1, 2, 3, 4], "the checksum 0x04030201 of a Zstandard frame" },
        { Block(), "the end of a Zstandard block in its literals" },
        { Block(6 << 3, 1, 2), "6 literals in a Zstandard block" },
        { Block(5 << 3, 1, 2, 3), "the end of a Zstandard block in its literals" },
        { Block(2, 0, 0), "the end of a Zstandard block before a Huffman table" },
        { Block(0x12, 0x40, 0), "the end of a Zstandard block in its literals" },
        { Block(0x13, 0x40, 0, 1), "literals with the Huffman table of the block before" },
        { Block((5 << 3) | 1, 1, 0, 0), "1 bytes behind a Zstandard block without sequences" },
        { Block((5 << 3) | 1, 1), "the end of a Zstandard block in its sequences" },
        { Block((1 << 3) | 1, 1, 1), "the end of a Zstandard block in its sequences" },
        { [.. Magic, 0, 0, (5 << 3) | 5, 0, 0, (1 << 3) | 1, 1, 1, 1, 1], "the compression modes 0x01 of sequences" },
        { [.. Magic, 0, 0, (5 << 3) | 5, 0, 0, (1 << 3) | 1, 1, 1, 0xFC, 1], "sequences with a table of the block before" },
        { Sequence(36, 0, 0, 1), "the symbol 36 in a Zstandard sequence" },
        { Sequence(1, 32, 0, 1), "the symbol 32 in a Zstandard sequence" },
        { Sequence(1, 0, 53, 1), "the symbol 53 in a Zstandard sequence" },
        { Sequence(1, 0, 0, 0), "a Zstandard bit stream without a bit that marks its end" },
        { Sequence(1, 0, 0, 2), "1 bits left of a block's sequences" },
        { Sequence(2, 0, 0, 1), "a sequence of 2 literals and a copy of 3 bytes" },
        { Sequence(1, 0, 3, 1), "a sequence of 1 literals and a copy of 6 bytes" },
        { Sequence(1, 2, 0, 0b101), "a copy from 2 bytes before" },
        { Sequence(0, 1, 0, 0b11), "a copy from 0 bytes before" },
    };

    [Theory, MemberData(nameof(Decoders))]
    public void Decompress_FramesByHand_GiveTheTextsWorkedOut(bool native)
    {
        Assert.Equal("abcddddd", Text(native, PlainBlocks, 8));
        Assert.Equal("aaaaa", Text(native, RepeatedLiterals, 5));
        Assert.Equal("abcabcabcabcabcabcabcabcabcab", Text(native, OneSequence, 29));
        Assert.Equal("", Text(native, [.. Magic, 0x20, 0, 1, 0, 0], 0));
        Assert.Equal("", Text(native, [], 0));
        Assert.Equal("", Text(native, Skippable, 0));
        Assert.Equal("aaaaaabcdddddaaaaa", Text(native, [.. RepeatedLiterals, .. Skippable, .. PlainBlocks, .. RepeatedLiterals], 18));
    }

    // The bytes 0 and 1 with codes of one bit: the weight of 0 as it is, that of 1 follows. Four streams of two codes below
    // their mark, behind the lengths of three; then a block of one stream that takes the same table again.
    [Theory, MemberData(nameof(Decoders))]
    public void Decompress_HuffmanStreams_GiveTheBytesWorkedOut(bool native)
    {
        byte[] four = [(16 << 3) | 4, 0, 0, 0x86, 0, 3, 0x80, 0x10, 1, 0, 1, 0, 1, 0, 0b101, 0b110, 0b111, 0b100, 0];
        byte[] again = [(5 << 3) | 5, 0, 0, 0x23, 0x40, 0, 0b101, 0];
        Decoder decoder = native ? NativeZstd.Decompress : ZstdDecoder.Decompress;

        Assert.Equal([0, 1, 1, 0, 1, 1, 0, 0, 0, 1], Samples.Decode(decoder, [.. Magic, 0, 0, .. four, .. again], 10));
        Assert.Throws<MalformedDataException>(() => Samples.Decode(decoder, [.. Magic, 0, 0, .. again], 2));
    }

    // A frame whose header has the dictionary 0 in four bytes and the length in eight.
    [Theory, MemberData(nameof(Decoders))]
    public void Decompress_LongestHeader_IsRead(bool native) =>
        Assert.Equal("aaaaa", Text(native, [.. Magic, 0xC3, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, (5 << 3) | 3, 0, 0, (byte)'a'], 5));

    [Theory, MemberData(nameof(Decoders))]
    public void Decompress_OtherLengthOrBytesBehind_Throws(bool native)
    {
        foreach (var length in new[] { 0, 7, 9, 1_000 })
        {
            Assert.Throws<MalformedDataException>(() => Text(native, PlainBlocks, length));
        }

        foreach (byte[] behind in new byte[][] { [0], [0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9], Magic, Skippable[..^1], Skippable[..5] })
        {
            Assert.Throws<MalformedDataException>(() => Text(native, [.. PlainBlocks, .. behind], 8));
        }
    }

    [Theory, MemberData(nameof(Damaged))]
    public void Decompress_DamagedFrame_SaysWhat(byte[] frame, string found) =>
        Assert.Equal(found, Assert.Throws<MalformedDataException>(() => Text(false, frame, 5)).Found);

    // Four literals, then the second distance of before, 4, in one bit that is not there.
    [Fact]
    public void Decompress_MissingBit_SaysHowMany()
    {
        byte[] frame = [.. Magic, 0, 0, (8 << 3) | 5, 0, 0, (4 << 3) | 1, 1, 1, 0x54, 4, 1, 0, 1];
        Assert.Equal("-1 bits left of a block's sequences", Assert.Throws<MalformedDataException>(() => Text(false, frame, 7)).Found);
    }

    [ZstdFact]
    public void Decompress_WhatEachLevelCompressed_GivesTheBytes()
    {
        foreach (var level in Enumerable.Range(1, 19).Append(-5))
        {
            for (var shape = 0; shape < Samples.Shapes; shape++)
            {
                var bytes = Samples.Bytes(level > 12 ? 150_000 : 300_000, shape);
                var target = new ArrayBufferWriter<byte>();
                Assert.True(NativeZstd.TryCompress(bytes, level, target));
                AssertDecodes(bytes, target.WrittenSpan.ToArray());
            }
        }
    }

    [ZstdFact]
    public void Decompress_LengthsAtTheEdges_GivesTheBytes()
    {
        foreach (var length in EdgeLengths)
        {
            for (var shape = 0; shape < Samples.Shapes; shape++)
            {
                var bytes = Samples.Bytes(length, shape);
                AssertDecodes(bytes, ZstdEncoder.Compress(bytes, (ZstdEncoder.Level, 3)));
                AssertDecodes(bytes, ZstdEncoder.Compress(bytes, (ZstdEncoder.Level, 6), (ZstdEncoder.ContentSize, 0), (ZstdEncoder.Checksum, 1)));
            }
        }
    }

    // Each length up to where all kinds of streams and tables have been met.
    [ZstdFact]
    public void Decompress_AnyShortLength_GivesTheBytes()
    {
        for (var length = 0; length < 700; length++)
        {
            for (var shape = 2; shape < Samples.Shapes; shape++)
            {
                var bytes = Samples.Bytes(length, shape);
                AssertDecodes(bytes, ZstdEncoder.Compress(bytes, (ZstdEncoder.Level, 1 + (length % 9)), (ZstdEncoder.Checksum, length & 1)));
            }
        }
    }

    [ZstdFact]
    public void Decompress_AnyParameters_GivesTheBytes() => Sampled.Check(250, (random, size) =>
    {
        var bytes = Samples.Bytes(random.Next(size * 4_000), random.Next(Samples.Shapes));
        AssertDecodes(bytes, CompressSomehow(bytes, random, random.Next(2)));
    });

    [ZstdFact]
    public void Decompress_SeveralFrames_GivesAllOfThem() => Sampled.Check(50, (random, size) =>
    {
        var (first, second) = (Samples.Bytes(random.Next(size * 300), 5), Samples.Bytes(random.Next(size * 300), random.Next(Samples.Shapes)));
        AssertDecodes([.. first, .. second], [.. Skippable, .. CompressSomehow(first, random, 1), .. Skippable, .. CompressSomehow(second, random, 0)]);
    });

    [ZstdFact]
    public void Decompress_AnyTruncation_Throws()
    {
        for (var shape = 0; shape < Samples.Shapes; shape++)
        {
            var bytes = Samples.Bytes(2_500, shape);
            var frame = ZstdEncoder.Compress(bytes, (ZstdEncoder.Level, 5), (ZstdEncoder.Checksum, shape & 1));
            for (var end = 0; end < frame.Length; end++)
            {
                Assert.Null(Samples.TryDecode(ZstdDecoder.Decompress, frame.AsSpan(0, end), bytes.Length));
                Assert.Null(Samples.TryDecode(NativeZstd.Decompress, frame.AsSpan(0, end), bytes.Length));
            }
        }
    }

    // The managed decoder takes nothing that libzstd refuses, and gives the same. (Windows of more than 2 GiB aside.)
    [ZstdFact]
    public void Decompress_AnyDamage_GivesWhatTheLibraryGivesOrThrows()
    {
        var random = new Random(11);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Samples.Bytes(random.Next(1, i % 10 == 0 ? 20_000 : 1_000), i % Samples.Shapes);
            var damaged = Samples.Damage(CompressSomehow(bytes, random, 0), random);
            if (Samples.TryDecode(ZstdDecoder.Decompress, damaged, bytes.Length) is { } decoded && !AsksForHugeWindow(damaged))
            {
                Assert.Equal(decoded, Samples.TryDecode(NativeZstd.Decompress, damaged, bytes.Length));
            }
        }
    }

    // Where there is a checksum, damage is found, or is of no consequence.
    [ZstdFact]
    public void Decompress_AnyDamageOfCheckedFrames_GivesTheBytesOrThrows()
    {
        var random = new Random(13);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Samples.Bytes(random.Next(1, 1_000), i % Samples.Shapes);
            var damaged = Samples.Damage(CompressSomehow(bytes, random, 1), random);
            foreach (var decoder in new Decoder[] { ZstdDecoder.Decompress, NativeZstd.Decompress })
            {
                var decoded = Samples.TryDecode(decoder, damaged, bytes.Length);
                Assert.True(decoded is null || (damaged[4] & 4) == 0 || decoded.AsSpan().SequenceEqual(bytes));
            }
        }
    }

    // The first two are vectors that the xxHash project publishes; the third crosses the stripes of 32 bytes.
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999ul)]
    [InlineData("abc", 0x44BC2CF5AD770999ul)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1ul)]
    public void XxHash64_KnownText_GivesThePublishedValue(string text, ulong hash) => Assert.Equal(hash, XxHash64.Of(Encoding.ASCII.GetBytes(text)));

    private static byte[] CompressSomehow(byte[] bytes, Random random, int checksum) => ZstdEncoder.Compress(
        bytes,
        (ZstdEncoder.Level, random.Next(-3, 14)),
        (ZstdEncoder.Checksum, checksum),
        (ZstdEncoder.ContentSize, random.Next(2)),
        (ZstdEncoder.WindowLog, random.Next(3) == 0 ? random.Next(10, 20) : 0),
        (ZstdEncoder.Strategy, random.Next(3) == 0 ? random.Next(1, 10) : 0),
        (ZstdEncoder.LiteralCompression, random.Next(3)),
        (ZstdEncoder.TargetBlockBytes, random.Next(4) == 0 ? random.Next(1_340, 5_000) : 0));

    private static void AssertDecodes(byte[] bytes, byte[] frames)
    {
        var decoded = Samples.Decode(ZstdDecoder.Decompress, frames, bytes.Length);
        Assert.True(decoded.AsSpan().SequenceEqual(bytes));
        Assert.True(Samples.Decode(NativeZstd.Decompress, frames, bytes.Length).AsSpan().SequenceEqual(bytes));
        Assert.InRange(bytes.Length, 0, PageCodec.MaxUncompressed(CompressionCodec.Zstd, frames.Length));
        Assert.Null(Samples.TryDecode(ZstdDecoder.Decompress, frames, bytes.Length + 1));
        Assert.True(bytes.Length == 0 || Samples.TryDecode(ZstdDecoder.Decompress, frames, bytes.Length - 1) is null);
    }

    private static bool AsksForHugeWindow(byte[] frame) => (frame[4] & 0x20) == 0 && frame[5] >> 3 > 21;

    private static string Text(bool native, byte[] source, int length) =>
        Encoding.ASCII.GetString(Samples.Decode(native ? NativeZstd.Decompress : ZstdDecoder.Decompress, source, length));

    // A compressed block that is the last, in a frame of 5 bytes.
    private static byte[] Block(params byte[] block) => [.. Magic, 0x20, 5, (byte)((block.Length << 3) | 5), 0, 0, .. block];

    // One literal, and one sequence whose tables have one symbol each, in a frame that does not say its length.
    private static byte[] Sequence(byte literals, byte offset, byte match, byte bits) =>
        [.. Magic, 0, 0, (8 << 3) | 5, 0, 0, (1 << 3) | 1, 1, 1, 0x54, literals, offset, match, bits];

    private sealed class ZstdFactAttribute : FactAttribute
    {
        public ZstdFactAttribute()
        {
            if (!NativeZstd.IsAvailable)
            {
                Skip = "libzstd.so.1, which encodes, does not load.";
            }
        }
    }
}
