using System.Buffers;
using Analytics.Storage;
using Analytics.Storage.Compression;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetDamageTests
{
    // Strings, lists and the pool's arrays; the file itself has about 4 KB.
    private const long AllocationLimitBytes = 512 * 1024;

    public static TheoryData<byte> Flips => [0x01, 0x80, 0xFF];

    [Fact]
    public void Verify_SoundFile_FindsNothing()
    {
        var bytes = ParquetSamples.SmallFile(out var summary);

        Assert.Empty(ParquetVerifier.Verify(new MemoryReadableFile(bytes), "test.parquet", summary.FooterCrc32, summary.SizeBytes));
    }

    [Theory, MemberData(nameof(Flips))]
    public void Verify_AnyFlippedByte_NamesItsColumn(byte flip)
    {
        var bytes = ParquetSamples.SmallFile(out var summary);
        var chunks = ParquetSamples.Open(bytes).RowGroups.SelectMany((rowGroup, i) => rowGroup.Columns.Select(chunk => (chunk, RowGroup: i))).ToList();
        for (var offset = 0; offset < bytes.Length; offset++)
        {
            bytes[offset] ^= flip;
            var findings = ParquetVerifier.Verify(new MemoryReadableFile(bytes), "test.parquet", summary.FooterCrc32, summary.SizeBytes);
            bytes[offset] ^= flip;

            var (hit, rowGroup) = chunks.Find(item => offset >= item.chunk.StartOffset && offset < item.chunk.StartOffset + item.chunk.SizeBytes);
            if (hit is not null)
            {
                var finding = Assert.Single(findings);
                Assert.Equal((hit.Column, hit.StartOffset), (finding.Column, finding.Offset));
                Assert.Contains($"row group {rowGroup}, column '{hit.Column}'", finding.Problem, StringComparison.Ordinal);
            }
            else
            {
                var isMagic = offset < 4 || offset >= bytes.Length - 4;
                var part = isMagic ? "(magic)" : offset < summary.FooterOffset ? "(page index)" : "(footer)";
                Assert.Contains(findings, finding => finding.Column == part);
            }
        }
    }

    [Fact]
    public void Verify_OtherSizeOrFooterCrc_FindsIt()
    {
        var bytes = ParquetSamples.Write(out var summary, 64, ParquetSamples.Batch(3, 20));

        Assert.Equal("(size)", Assert.Single(Verify(bytes, summary.FooterCrc32, summary.SizeBytes + 1)).Column);
        Assert.Equal("(footer)", Assert.Single(Verify(bytes, summary.FooterCrc32 + 1, summary.SizeBytes)).Column);
        Assert.Equal(["(size)", "(footer)"], Verify(bytes[..7], summary.FooterCrc32, summary.SizeBytes).Select(finding => finding.Column));

        static IReadOnlyList<ParquetFinding> Verify(byte[] bytes, uint crc, long size) =>
            ParquetVerifier.Verify(new MemoryReadableFile(bytes), "test.parquet", crc, size);
    }

    [Theory, MemberData(nameof(Flips))]
    public void Read_AnyFlippedByte_GivesTheSameValuesOrCorruptFile(byte flip)
    {
        // Only up to the footer: one changed there may call the same bytes something else. The store checks its CRC-32.
        var bytes = ParquetSamples.SmallFile(out var summary);
        var expected = ParquetSamples.ReadAll(bytes);
        for (var offset = 0; offset < bytes.Length; offset++)
        {
            bytes[offset] ^= flip;
            AssertSameOrCorrupt(bytes, offset < summary.FooterOffset ? expected : null, $"byte {offset} ^ {flip}");
            bytes[offset] ^= flip;
        }
    }

    [Fact]
    public void Read_AnyTruncation_IsCorruptFile()
    {
        var bytes = ParquetSamples.SmallFile();
        for (var length = 0; length < bytes.Length; length++)
        {
            var error = Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(bytes[..length]));
            Assert.Equal("test.parquet", error.Path);
        }
    }

    // Without the checksum of the chunk and with two flips at once, so that the decoders themselves are reached.
    [Fact]
    public void Read_RandomDamageBehindValidChecksums_IsValuesOrCorruptFile()
    {
        var random = new Random(11);
        for (var i = 0; i < 20_000; i++)
        {
            var body = new byte[random.Next(40)];
            random.NextBytes(body);
            var dictionary = new byte[random.Next(4) * 8];
            var type = (PhysicalType)(random.Next(3) switch { 0 => 1, 1 => 2, _ => 6 });
            if (body.Length > 1 && random.Next(2) == 0)
            {
                body[0] = (byte)random.Next(34);
            }

            var entries = dictionary.Length / (type == PhysicalType.Int64 ? 8 : 4);
            var rows = random.Next(60);
            var bytes = new ParquetBytes()
                .Dictionary(entries, dictionary)
                .Data((ParquetEncoding)(random.Next(3) * 4), rows, body)
                .File(type, rows);
            AssertSameOrCorrupt(bytes, null, $"case {i} of seed 11");
        }
    }

    // Sound differences and Snappy blocks with a few bytes changed, so that the damage is found late.
    [Fact]
    public void Read_DamagedDifferencesAndBlocksBehindValidChecksums_IsValuesOrCorruptFile()
    {
        var random = new Random(13);
        var compressor = new SnappyCompressor();
        for (var i = 0; i < 20_000; i++)
        {
            var rows = random.Next(1, 300);
            var body = new ArrayBufferWriter<byte>();
            DeltaBinaryPacked.Encode([.. Enumerable.Range(0, rows).Select(_ => random.NextInt64() >> (i % 64))], body);
            var differences = Damage(random, body.WrittenSpan.ToArray());
            body.ResetWrittenCount();
            compressor.Compress(differences, body);
            var block = random.Next(2) == 0 ? body.WrittenSpan.ToArray() : Damage(random, body.WrittenSpan.ToArray());
            var bytes = new ParquetBytes()
                .Page(PageType.Data, ParquetEncoding.DeltaBinaryPacked, rows, block, differences.Length)
                .File(random.Next(2) == 0 ? PhysicalType.Int64 : PhysicalType.Int32, rows, CompressionCodec.Snappy);
            AssertSameOrCorrupt(bytes, null, $"case {i} of seed 13");
        }
    }

    [Fact]
    public void Read_RandomFooters_IsValuesOrCorruptFile()
    {
        var random = new Random(12);
        var original = ParquetSamples.Write(out var summary, 64, ParquetSamples.Batch(3, 20));
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])original.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next((int)summary.FooterOffset, bytes.Length)] = (byte)random.Next(256);
            }

            AssertSameOrCorrupt(bytes, null, $"case {i} of seed 12");
        }
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            bytes[random.Next(Math.Min(bytes.Length, 20))] ^= (byte)(1 << random.Next(8));
        }

        return bytes[..(random.Next(10) == 0 ? random.Next(bytes.Length) : bytes.Length)];
    }

    private static void AssertSameOrCorrupt(byte[] bytes, List<object[]>? expected, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var read = ParquetSamples.ReadAll(bytes);
            Assert.True(expected is null || Same(expected, read), $"Other values after {what}.");
        }
        catch (CorruptFileException)
        {
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{error.GetType().Name} after {what}: {error}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < AllocationLimitBytes, $"{allocated} bytes allocated after {what}.");
    }

    private static bool Same(List<object[]> expected, List<object[]> read) =>
        expected.Count == read.Count && expected.Zip(read).All(pair => pair.First.SequenceEqual(pair.Second));
}
