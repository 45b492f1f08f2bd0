using System.Buffers;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Compression;

public class PageCodecTests
{
    // The text "abcd", and nothing, as each codec has it.
    public static TheoryData<int, byte[], byte[]> Pages => new()
    {
        { (int)CompressionCodec.Uncompressed, "abcd"u8.ToArray(), [] },
        { (int)CompressionCodec.Snappy, [4, 3 << 2, .. "abcd"u8], [0] },
        {
            (int)CompressionCodec.Gzip,
            [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1, 4, 0, 0xFB, 0xFF, .. "abcd"u8, 0x11, 0xCD, 0x82, 0xED, 4, 0, 0, 0],
            [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        },
        { (int)CompressionCodec.Brotli, [0x30, 0, 0x10, .. "abcd"u8, 3], [6] },
        { (int)CompressionCodec.Lz4, [0, 0, 0, 4, 0, 0, 0, 5, 0x40, .. "abcd"u8], [0] },
        { (int)CompressionCodec.Zstd, [0x28, 0xB5, 0x2F, 0xFD, 0x20, 4, 0x21, 0, 0, .. "abcd"u8], [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0] },
        { (int)CompressionCodec.Lz4Raw, [0x40, .. "abcd"u8], [0] },
    };

    [Theory, MemberData(nameof(Pages))]
    public void Decompress_EachCodec_GivesTheText(int codec, byte[] page, byte[] empty)
    {
        Assert.True(PageCodec.IsSupported((CompressionCodec)codec));
        Assert.Equal("abcd"u8, Decode(codec, page, 4));
        Assert.Empty(Decode(codec, empty, 0));
        Assert.Empty(Decode(codec, [], 0));
        foreach (var length in new[] { 0, 3, 5 })
        {
            Assert.Throws<MalformedDataException>(() => Decode(codec, page, length));
        }

        Assert.Throws<MalformedDataException>(() => Decode(codec, [], 4));
    }

    [Theory]
    [InlineData((int)CompressionCodec.Lzo, "pages compressed with LZO")]
    [InlineData(8, "pages of the compression codec 8")]
    [InlineData(-1, "pages of the compression codec -1")]
    public void Decompress_OtherCodec_SaysWhatToDo(int codec, string found)
    {
        Assert.False(PageCodec.IsSupported((CompressionCodec)codec));
        foreach (var refusal in new[]
        {
            Assert.Throws<MalformedDataException>(() => Decode(codec, [], 0)),
            Assert.Throws<MalformedDataException>(() => PageCodec.MaxUncompressed((CompressionCodec)codec, 1)),
        })
        {
            Assert.Equal(found, refusal.Found);
            Assert.Equal("Write the file again with Snappy or Zstandard.", refusal.Advice);
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void MaxUncompressed_EachCodec_HoldsItsPagesAndDoesNotOverflow(int codec, byte[] page, byte[] empty)
    {
        Assert.InRange(PageCodec.MaxUncompressed((CompressionCodec)codec, page.Length), 4, long.MaxValue);
        Assert.InRange(PageCodec.MaxUncompressed((CompressionCodec)codec, empty.Length), 0, long.MaxValue);
        Assert.InRange(PageCodec.MaxUncompressed((CompressionCodec)codec, int.MaxValue), int.MaxValue, long.MaxValue);
        Assert.Equal(0, PageCodec.MaxUncompressed((CompressionCodec)codec, 0));
    }

    [Fact]
    public void TryCompress_WithoutRoom_GrowsTheTarget()
    {
        if (!NativeZstd.IsAvailable)
        {
            return;
        }

        var target = new ArrayBufferWriter<byte>();
        Assert.True(NativeZstd.TryCompress("abcdabcdabcdabcdabcdabcd"u8, NativeZstd.DefaultLevel, target));
        Assert.Equal("abcdabcdabcdabcdabcdabcd"u8, Decode((int)CompressionCodec.Zstd, target.WrittenSpan.ToArray(), 24));
    }

    private static byte[] Decode(int codec, byte[] page, int length) =>
        Samples.Decode((source, target) => PageCodec.Decompress((CompressionCodec)codec, source, target), page, length);
}
