using Analytics.Storage;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class Crc32Tests
{
    [Fact]
    public void Of_CheckText_IsTheCheckValue() => Assert.Equal(0xCBF43926u, Crc32.Of("123456789"u8));

    [Fact]
    public void Of_NoBytes_IsZero() => Assert.Equal(0u, Crc32.Of([]));

    [Fact]
    public void Of_AnyLength_EqualsBitLoop()
    {
        var bytes = new byte[261];
        new Random(1).NextBytes(bytes);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(BitLoop(bytes.AsSpan(0, length)), Crc32.Of(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Append_SplitAnywhere_EqualsWhole()
    {
        var bytes = new byte[67];
        new Random(2).NextBytes(bytes);
        for (var split = 0; split <= bytes.Length; split++)
        {
            var crc = default(Crc32);
            crc.Append(bytes.AsSpan(0, split));
            crc.Append(bytes.AsSpan(split));
            Assert.Equal(BitLoop(bytes), crc.Value);
        }
    }

    private static uint BitLoop(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        foreach (var next in bytes)
        {
            crc ^= next;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
