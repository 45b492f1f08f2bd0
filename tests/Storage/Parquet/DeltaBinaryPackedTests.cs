using System.Buffers;
using System.Numerics;
using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class DeltaBinaryPackedTests
{
    // 7 5 3 1 2 3 4 5 differ by -2 -2 -2 1 1 1 1, which are 0 0 0 3 3 3 3 above -2.
    private static readonly long[] Example = [7, 5, 3, 1, 2, 3, 4, 5];
    private static readonly byte[] ExampleBytes =
    [
        0x80, 0x01, 4, 8, 14,           // 128 differences in 4 miniblocks, 8 values, first 7
        3, 2, 0, 0, 0,                  // smallest -2; 2 bits, then miniblocks without values
        0b11_00_00_00, 0b00_11_11_11, 0, 0, 0, 0, 0, 0,
    ];

    // Bodies that no decoder may follow, and what is wrong.
    public static TheoryData<byte[], string> Damaged => new()
    {
        { [], "the end of the page in an integer" },
        { [0, 4, 2, 0], "blocks of 0 differences in 4 miniblocks" },
        { [0x80, 1, 0, 2, 0], "blocks of 128 differences in 0 miniblocks" },
        { [100, 1, 2, 0], "blocks of 100 differences in 1 miniblocks" },
        { [0x80, 1, 8, 2, 0], "blocks of 128 differences in 8 miniblocks" },
        { [0x80, 1, 3, 2, 0], "blocks of 128 differences in 3 miniblocks" },
        { [0x80, 0x80, 0x80, 0x80, 8, 1, 2, 0], "blocks of 2147483648 differences in 1 miniblocks" },
        { [0x80, 1, 4, 3, 0, 0, 0, 0, 0, 0], "a page body of 3 values" },
        { [0x80, 1, 4, 2], "the end of the page in an integer" },
        { [0x80, 1, 4, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "an integer of more than 10 bytes" },
        { [0x80, 1, 4, 2, 0, 0, 65, 0, 0, 0], "a bit width of 65" },
        { [0x80, 1, 4, 2, 0, 0, 9, 0, 0, 0, 1], "the end of a page of differences" },
        { [0x80, 1, 4, 2, 0, 0, 0, 0, 0], "the end of a page of differences" },
        { [0x80, 1, 4, 2, 0, 0, 0, 0, 0, 0, 1], "1 bytes after the last difference of a page" },
    };

    [Fact]
    public void Encode_Example_GivesTheBytesWorkedOutByHand() => Assert.Equal(ExampleBytes, Encode(Example));

    [Fact]
    public void Decode_Example_GivesTheValues()
    {
        Assert.Equal(Example, Decode<long>(ExampleBytes, 8));

        // The padding may be missing.
        Assert.Equal(Example, Decode<long>(ExampleBytes[..12], 8));
    }

    [Fact]
    public void Decode_EveryWidthAndCount_GivesWhatWasEncoded()
    {
        for (var width = 0; width <= 64; width++)
        {
            var random = new Random(width);
            foreach (var count in new[] { 1, 2, 32, 33, 34, 128, 129, 130, 300 })
            {
                var values = new long[count];
                values[0] = random.NextInt64(long.MinValue, long.MaxValue);
                for (var i = 1; i < count; i++)
                {
                    values[i] = values[i - 1] + Bits(random, width);
                }

                Assert.Equal(values, Decode<long>(Encode(values), count));
            }
        }
    }

    [Fact]
    public void Decode_Extremes_GivesWhatWasEncoded()
    {
        long[] edges = [long.MinValue, long.MinValue + 1, -1, 0, 1, long.MaxValue - 1, long.MaxValue];
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            long[] values = [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => edges[random.Next(edges.Length)])];
            Assert.Equal(values, Decode<long>(Encode(values), values.Length));
        }
    }

    [Theory]
    [InlineData(128, 1)]
    [InlineData(128, 2)]
    [InlineData(256, 8)]
    [InlineData(1024, 32)]
    [InlineData(65536, 1)]
    public void Decode_OtherBlockSizes_GivesTheValues(int blockSize, int miniblocks)
    {
        var random = new Random(blockSize + miniblocks);
        for (var i = 0; i < 100; i++)
        {
            var width = random.Next(65);
            var values = new long[random.Next(1, 700)];
            for (var row = 1; row < values.Length; row++)
            {
                values[row] = values[row - 1] + Bits(random, width);
            }

            Assert.Equal(values, Decode<long>(PlainEncode(values, blockSize, miniblocks, random), values.Length));
        }
    }

    [Fact]
    public void Decode_Int32_WrapsIn32Bits()
    {
        // -2147483648 and 2147483647 differ by -1 in 32 bits.
        byte[] wrapped = [0x80, 1, 4, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 0, 0, 0, 0];
        Assert.Equal([int.MinValue, int.MaxValue], Decode<int>(wrapped, 2));

        int[] edges = [int.MinValue, -1, 0, 1, int.MaxValue];
        var random = new Random(8);
        int[] values = [.. Enumerable.Range(0, 1000).Select(_ => edges[random.Next(edges.Length)])];
        Assert.Equal(values, Decode<int>(Encode([.. values.Select(value => (long)value)]), values.Length));
    }

    [Theory, MemberData(nameof(Damaged))]
    public void Check_DamagedBody_SaysWhat(byte[] body, string found) =>
        Assert.Equal(found, Assert.Throws<MalformedDataException>(() => DeltaBinaryPacked.Check(body, 2)).Found);

    [Fact]
    public void Check_AnyTruncationBelowThePadding_Throws()
    {
        for (var length = 0; length < 12; length++)
        {
            Assert.Throws<MalformedDataException>(() => DeltaBinaryPacked.Check(ExampleBytes.AsSpan(0, length), 8));
        }
    }

    [Fact]
    public void Check_ManyValuesInFewBytes_TakesNoTimeForThem()
    {
        // One miniblock of 2^24 values of width 0.
        byte[] body = [0x80, 0x80, 0x80, 8, 1, 0x80, 0x80, 0x80, 8, 0, 2, 0];
        DeltaBinaryPacked.Check(body, 1 << 24);
        var values = Decode<long>(body, 1 << 24);
        Assert.Equal((1 << 24) - 1, values[^1]);
    }

    [Fact]
    public void Decode_RandomBodiesThatPassTheCheck_FillTheTargetAndNoMore()
    {
        var random = new Random(9);
        var passed = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var count = random.Next(1, 100);
            byte[] noise = new byte[random.Next(300)];
            random.NextBytes(noise);
            byte[] body = [0x80, 1, 4, (byte)count, .. noise];
            for (var width = 0; width < 5 && 5 + width < body.Length; width++)
            {
                body[5 + width] = (byte)random.Next(width == 0 ? 128 : 66);
            }

            try
            {
                _ = Decode<long>(body, count);
                passed++;
            }
            catch (MalformedDataException)
            {
            }
        }

        Assert.InRange(passed, 1, 49_999);
    }

    private static byte[] Encode(long[] values)
    {
        var target = new ArrayBufferWriter<byte>();
        DeltaBinaryPacked.Encode(values, target);
        return target.WrittenSpan.ToArray();
    }

    /// <summary>Decodes into the middle of a larger block, which must stay as it is around it.</summary>
    private static T[] Decode<T>(byte[] body, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        DeltaBinaryPacked.Check(body, count);
        var guarded = new T[count + 16];
        guarded.AsSpan().Fill(T.CreateTruncating(42));
        DeltaBinaryPacked.Decode(body, guarded.AsSpan(8, count));
        Assert.All(guarded[..8].Concat(guarded[(count + 8)..]), value => Assert.Equal(T.CreateTruncating(42), value));
        return guarded[8..(count + 8)];
    }

    private static long Bits(Random random, int width) => width == 0 ? 0 : (long)((ulong)random.NextInt64(long.MinValue, long.MaxValue) >> (64 - width));

    /// <summary>The encoding bit by bit, with any block size, and arbitrary widths where no values are.</summary>
    private static byte[] PlainEncode(long[] values, int blockSize, int miniblocks, Random random)
    {
        var target = new ArrayBufferWriter<byte>();
        Varint.Write(target, (ulong)blockSize);
        Varint.Write(target, (ulong)miniblocks);
        Varint.Write(target, (ulong)values.Length);
        Varint.WriteZigZag(target, values[0]);
        var size = blockSize / miniblocks;
        long[] differences = [.. values.Skip(1).Zip(values, (next, before) => unchecked(next - before))];
        foreach (var block in differences.Chunk(blockSize))
        {
            Varint.WriteZigZag(target, block.Min());
            var parts = block.Select(difference => unchecked((ulong)(difference - block.Min()))).Chunk(size).ToArray();
            byte[] widths = [.. parts.Select(part => (byte)(64 - BitOperations.LeadingZeroCount(part.Max())))];
            target.Write([.. widths, .. Enumerable.Range(0, miniblocks - parts.Length).Select(_ => (byte)random.Next(256))]);
            foreach (var (part, width) in parts.Zip(widths))
            {
                var bits = BigInteger.Zero;
                for (var i = 0; i < part.Length; i++)
                {
                    bits |= (BigInteger)part[i] << (i * width);
                }

                var bytes = new byte[size * width / 8];
                bits.ToByteArray(isUnsigned: true).AsSpan(0, Math.Min(bytes.Length, bits.GetByteCount(isUnsigned: true))).CopyTo(bytes);
                target.Write(bytes);
            }
        }

        return target.WrittenSpan.ToArray();
    }
}
