using System.IO.Compression;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Storage.Parquet;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

public class BrotliTests
{
    // Bits from the lowest: window of 2^16 (0), a meta-block that is not the last (0), 4 nibbles (00), 3 bytes (2 and 14
    // zeros), stored (1), "abc"; then a last one (1) that is empty (1).
    private static readonly byte[] Abc = [0x20, 0, 0x10, (byte)'a', (byte)'b', (byte)'c', 3];

    // Window of 2^16, the last meta-block, empty.
    private static readonly byte[] Nothing = [6];

    [Fact]
    public void Decompress_StoredBlock_GivesTheText()
    {
        Assert.Equal("abc", Encoding.ASCII.GetString(Samples.Decode(Brotli.Decompress, Abc, 3)));
        Assert.Empty(Samples.Decode(Brotli.Decompress, Nothing, 0));
    }

    [Fact]
    public void Decompress_OtherLengthOrBytesBehind_SaysWhat()
    {
        Assert.Equal("a Brotli stream of 3 bytes", Refusal(Abc, 4));
        Assert.Equal("a Brotli stream of more bytes", Refusal(Abc, 2));
        Assert.Equal("a Brotli stream of more bytes", Refusal(Abc, 0));
        Assert.Equal("a Brotli stream of 1 bytes", Refusal([0, 0, 0x10, (byte)'a', 3], 0));
        Assert.Equal("1 bytes behind a Brotli stream", Refusal([.. Abc, 0], 3));
        Assert.Equal("1 bytes behind a Brotli stream", Refusal([.. Nothing, 0], 0));
        Assert.Equal("the end of the page in a Brotli stream", Refusal(Abc[..^1], 3));
        Assert.Equal("the end of the page in a Brotli stream", Refusal([], 0));
        Assert.Equal("a damaged Brotli stream", Refusal([0xFF, 0xFF, 0xFF], 3));
    }

    [Fact]
    public void Decompress_WhatWasCompressed_GivesTheBytes() => Sampled.Check(150, (random, size) =>
    {
        var bytes = Samples.Bytes(random.Next(size * 1_000), random.Next(Samples.Shapes));
        var source = Compress(bytes, random.Next(12));
        Assert.Equal(bytes, Samples.Decode(Brotli.Decompress, source, bytes.Length));
        Assert.InRange(bytes.Length, 0, PageCodec.MaxUncompressed(CompressionCodec.Brotli, source.Length));
        Assert.Null(Samples.TryDecode(Brotli.Decompress, source, bytes.Length + 1));
        Assert.Null(Samples.TryDecode(Brotli.Decompress, source.AsSpan(0, random.Next(source.Length)), bytes.Length));
    });

    [Fact]
    public void Decompress_AnyDamage_FillsTheTargetOrThrows()
    {
        var random = new Random(7);
        for (var i = 0; i < 10_000; i++)
        {
            var bytes = Samples.Bytes(random.Next(1, 400), i % Samples.Shapes);
            _ = Samples.TryDecode(Brotli.Decompress, Samples.Damage(Compress(bytes, 5), random), bytes.Length);
        }
    }

    private static string Refusal(byte[] source, int length) =>
        Assert.Throws<MalformedDataException>(() => Samples.Decode(Brotli.Decompress, source, length)).Found;

    private static byte[] Compress(byte[] bytes, int quality)
    {
        var target = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        Assert.True(BrotliEncoder.TryCompress(bytes, target, out var written, quality, 22));
        return target[..written];
    }
}
