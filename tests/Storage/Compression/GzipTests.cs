using System.IO.Compression;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

public class GzipTests
{
    // A header without name and time, "abc" as a stored block, its CRC-32 and its length.
    private static readonly byte[] Abc =
    [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255,
        1, 3, 0, 0xFC, 0xFF, (byte)'a', (byte)'b', (byte)'c',
        0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0,
    ];

    private static readonly byte[] Nothing = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    [Fact]
    public void Decompress_StoredBlock_GivesTheText() => Assert.Equal("abc", Text(Abc, 3));

    [Fact]
    public void Decompress_SeveralMembers_GivesAllOfThem()
    {
        Assert.Equal("abcabcabc", Text([.. Abc, .. Abc, .. Abc], 9));
        Assert.Equal("abcabc", Text([.. Nothing, .. Abc, .. Nothing, .. Nothing, .. Abc, .. Nothing], 6));
        Assert.Equal("", Text(Nothing, 0));
        Assert.Equal("", Text([.. Nothing, .. Nothing], 0));
    }

    // GZipStream reads 8 KiB at a time, so members have to end at, before and behind each of its reads.
    [Fact]
    public void Decompress_MembersOfAnyLength_GivesAllOfThem()
    {
        for (var length = 8_100; length < 8_230; length++)
        {
            var noise = Samples.Bytes(length, 1);
            byte[] source = [.. Compress(noise), .. Compress(noise)];
            Assert.Equal([.. noise, .. noise], Samples.Decode(Gzip.Decompress, source, 2 * length));
            Assert.Null(Samples.TryDecode(Gzip.Decompress, Compress(noise), 2 * length));
            Assert.Null(Samples.TryDecode(Gzip.Decompress, source, length));
            Assert.Null(Samples.TryDecode(Gzip.Decompress, [.. Compress(noise), 0], length));
            Assert.Null(Samples.TryDecode(Gzip.Decompress, [.. Compress(noise), 0x1F], length));
            Assert.Null(Samples.TryDecode(Gzip.Decompress, Compress(noise).AsSpan()[..^1], length));
        }
    }

    [Fact]
    public void Decompress_AnyTruncation_Throws()
    {
        foreach (var (source, length) in new[] { (Abc, 3), (Nothing, 0), (Compress(Samples.Bytes(3_000, 5)), 3_000), ([.. Abc, .. Abc], 6) })
        {
            for (var end = 0; end < source.Length; end++)
            {
                Assert.Throws<MalformedDataException>(() => Samples.Decode(Gzip.Decompress, source.AsSpan(0, end), length));
            }
        }
    }

    [Fact]
    public void Decompress_OtherBytesBehind_Throws()
    {
        byte[][] behind = [[0], [0, 0], new byte[8], new byte[20_000], [0x1F], [0x1F, 0x8B], [0x1F, 0], [1, 2, 3], Abc[..^1], [0, .. Abc]];
        Assert.All(behind, bytes => Assert.Throws<MalformedDataException>(() => Text([.. Abc, .. bytes], 3)));
    }

    [Theory]
    [InlineData(18, "damaged gzip data")] // CRC-32
    [InlineData(22, "damaged gzip data")] // length
    [InlineData(15, "damaged gzip data")] // the text
    [InlineData(0, "damaged gzip data")]
    public void Decompress_ChangedByte_SaysWhat(int at, string found)
    {
        byte[] damaged = [.. Abc];
        damaged[at] ^= 0x40;
        Assert.Equal(found, Assert.Throws<MalformedDataException>(() => Text(damaged, 3)).Found);
    }

    [Fact]
    public void Decompress_OtherLength_SaysBoth()
    {
        Assert.Equal("gzip data of 3 bytes", Assert.Throws<MalformedDataException>(() => Text(Abc, 4)).Found);
        Assert.Equal("gzip data of more bytes", Assert.Throws<MalformedDataException>(() => Text(Abc, 2)).Found);
        Assert.Equal("gzip data of more bytes", Assert.Throws<MalformedDataException>(() => Text(Abc, 0)).Found);
    }

    [Fact]
    public void Decompress_WhatWasCompressed_GivesTheBytes() => Sampled.Check(200, (random, size) =>
    {
        var bytes = Samples.Bytes(random.Next(size * 2_000), random.Next(Samples.Shapes));
        var source = Compress(bytes);
        Assert.Equal(bytes, Samples.Decode(Gzip.Decompress, source, bytes.Length));
        Assert.InRange(bytes.Length, 0, source.Length * Gzip.MaxRatio);
    });

    // The checksum finds all damage but that of what is read by none: the time, the system, and flags of the header.
    [Fact]
    public void Decompress_AnyDamage_GivesTheBytesOrThrows()
    {
        var random = new Random(5);
        for (var i = 0; i < 10_000; i++)
        {
            var bytes = Samples.Bytes(random.Next(1, 400), i % Samples.Shapes);
            var decoded = Samples.TryDecode(Gzip.Decompress, Samples.Damage(Compress(bytes), random), bytes.Length);
            Assert.True(decoded is null || decoded.AsSpan().SequenceEqual(bytes));
        }
    }

    private static string Text(byte[] source, int length) => Encoding.ASCII.GetString(Samples.Decode(Gzip.Decompress, source, length));

    private static byte[] Compress(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        // GZipStream writes nothing at all for no bytes.
        return target.Length == 0 ? Nothing : target.ToArray();
    }
}
