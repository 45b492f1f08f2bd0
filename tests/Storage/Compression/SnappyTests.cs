using System.Buffers;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

public class SnappyTests
{
    // Literal "abc", copy 4 from 3 before (11-bit form), copy 3 from 2 before (two bytes), literal "x" with a length of
    // one byte more, copy 1 from 11 before (four bytes).
    private static readonly byte[] EveryElement = [12, 2 << 2, (byte)'a', (byte)'b', (byte)'c', 1, 3, (2 << 2) | 2, 2, 0, 60 << 2, 0, (byte)'x', 3, 11, 0, 0, 0];

    // Blocks that say 4 bytes and do not hold them.
    public static TheoryData<byte[], string> Damaged => new()
    {
        { [], "the end of the page in an integer" },
        { [5, 0, 0, 0, 0, 0], "a Snappy block of 5 bytes" },
        { [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], "a Snappy block of 4294967295 bytes" },
        { [4], "a Snappy block that ends after 0 bytes" },
        { [4, 3 << 2, 1, 2, 3], "4 literal bytes" },
        { [4, 4 << 2, 1, 2, 3, 4, 5], "5 literal bytes" },
        { [4, 63 << 2, 0xFF, 0xFF, 0xFF, 0xFF, 1], "4294967296 literal bytes" },
        { [4, 61 << 2, 3], "the end of a Snappy block in an element" },
        { [4, 1, 1], "a copy of 4 bytes from 1 bytes before" },
        { [4, 0, 1, 1, 0], "a copy of 4 bytes from 0 bytes before" },
        { [4, 0, 1, 1, 1], "a copy of 4 bytes from 1 bytes before" },
        { [4, 0, 1, (2 << 2) | 2, 2, 0], "a copy of 3 bytes from 2 bytes before" },
        { [4, 0, 1, (2 << 2) | 3, 1, 0, 0, 0x80], "a copy of 3 bytes from 2147483649 bytes before" },
        { [4, 0, 1, 2, 1], "the end of a Snappy block in an element" },
        { [4, 3 << 2, 1, 2, 3, 4, 0, 1], "1 literal bytes" },
    };

    [Fact]
    public void Decompress_EveryElement_GivesTheTextWorkedOutByHand() =>
        Assert.Equal("abcabcacacxa", Encoding.ASCII.GetString(Decompress(EveryElement, 12)));

    [Fact]
    public void Compress_Repetition_GivesTheBytesWorkedOutByHand()
    {
        // 24 bytes: the literal "a", then 23 bytes from 1 before.
        Assert.Equal([24, 0, (byte)'a', (22 << 2) | 2, 1, 0], Compress(Encoding.ASCII.GetBytes(new string('a', 24))));

        // The literal "0123456789", then 10 bytes from 10 before in the 11-bit form.
        Assert.Equal([20, 9 << 2, .. "0123456789"u8, (6 << 2) | 1, 10], Compress("01234567890123456789"u8.ToArray()));
        Assert.Equal([0], Compress([]));
    }

    [Fact]
    public void Decompress_WhatWasCompressed_GivesTheBytes()
    {
        foreach (var length in new[] { 0, 1, 2, 15, 16, 17, 60, 61, 62, 256, 257, 258, 4000, 65535, 65536, 65537, 200_000 })
        {
            for (var shape = 0; shape < 7; shape++)
            {
                var bytes = Bytes(length, shape);
                var compressed = Compress(bytes);
                Assert.Equal(bytes, Decompress(compressed, length));
                Assert.InRange(compressed.Length, 1, length + (length / 6) + 42);
                Assert.True(length <= compressed.Length * Snappy.MaxRatio, $"{length} bytes became {compressed.Length}.");
            }
        }
    }

    [Fact]
    public void Compress_AfterOtherBytes_GivesTheSameBytes()
    {
        var compressor = new SnappyCompressor();
        var target = new ArrayBufferWriter<byte>();
        compressor.Compress(Bytes(100_000, 5), target);
        target.ResetWrittenCount();
        compressor.Compress(Bytes(70_000, 4), target);

        Assert.Equal(Compress(Bytes(70_000, 4)), target.WrittenSpan.ToArray());
    }

    [Theory, MemberData(nameof(Damaged))]
    public void Decompress_DamagedBlock_SaysWhat(byte[] block, string found) =>
        Assert.Equal(found, Assert.Throws<MalformedDataException>(() => Decompress(block, 4)).Found);

    [Fact]
    public void Decompress_AnyTruncation_Throws()
    {
        foreach (var (block, length) in new[] { (EveryElement, 12), (Compress(Bytes(300, 4)), 300) })
        {
            for (var end = 0; end < block.Length; end++)
            {
                Assert.Throws<MalformedDataException>(() => Decompress(block[..end], length));
            }
        }
    }

    [Fact]
    public void Decompress_AnyDamage_FillsTheTargetOrThrows()
    {
        var random = new Random(3);
        for (var i = 0; i < 50_000; i++)
        {
            var length = random.Next(1, 300);
            var block = Compress(Bytes(length, i % 7));
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                block[random.Next(block.Length)] = (byte)random.Next(256);
            }

            try
            {
                _ = Decompress(block, length);
            }
            catch (MalformedDataException)
            {
            }
        }
    }

    private static byte[] Compress(byte[] bytes)
    {
        var target = new ArrayBufferWriter<byte>();
        new SnappyCompressor().Compress(bytes, target);
        return target.WrittenSpan.ToArray();
    }

    /// <summary>Decompresses into the middle of a larger block, which must stay as it is around it.</summary>
    private static byte[] Decompress(byte[] block, int length)
    {
        var guarded = new byte[length + 64];
        guarded.AsSpan().Fill(42);
        try
        {
            Snappy.Decompress(block, guarded.AsSpan(32, length));
        }
        finally
        {
            Assert.Equal(-1, guarded.AsSpan(0, 32).IndexOfAnyExcept((byte)42));
            Assert.Equal(-1, guarded.AsSpan(32 + length).IndexOfAnyExcept((byte)42));
        }

        return guarded[32..(32 + length)];
    }

    // Zeros, noise, few values, short and long periods, texts, and noise that comes again from far before.
    private static byte[] Bytes(int length, int shape)
    {
        var random = new Random((length * 7) + shape);
        var noise = new byte[length];
        random.NextBytes(noise);
        return shape switch
        {
            0 => new byte[length],
            1 => noise,
            2 => [.. noise.Select(value => (byte)(value % 3))],
            3 => [.. noise.Select((_, i) => noise[i % 5])],
            4 => [.. noise.Select((_, i) => noise[i % 71])],
            5 => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, (length / 3) + 1).Select(i => $"key-{random.Next(900)}")))[..length],
            _ => [.. noise.Select((_, i) => noise[i % 3000])],
        };
    }
}
