using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetRefusalTests
{
    private static readonly SchemaElement Numbers = new() { Name = "c", Type = PhysicalType.Int64, Repetition = Repetition.Required };

    [Fact]
    public void ReadRowGroup_OtherCompression_SaysSo() => AssertRefused(
        new ParquetBytes().Data(ParquetEncoding.Plain, 1, new byte[8]).File(Numbers, 1, CompressionCodec.Lzo),
        "Found compression Lzo in 'test.parquet', row group 0, column 'c'; expected Snappy, Gzip, Brotli, Lz4, Lz4Raw, Zstd or none. Write the file again with Snappy or Zstd.");

    [Fact]
    public void ReadRowGroup_OtherEncoding_SaysSo() => AssertRefused(
        new ParquetBytes().Data((ParquetEncoding)10, 1, new byte[8]).File(Numbers, 1),
        "Found encoding 10 in 'test.parquet', row group 0, column 'c', byte 4; expected Plain, RleDictionary, ByteStreamSplit or, for integers, DeltaBinaryPacked. Write the file again with plain or dictionary encoding.");

    [Fact]
    public void ReadRowGroup_TextsInAnEncodingOfIntegers_SaysSo() => AssertRefused(
        new ParquetBytes().Data(ParquetEncoding.DeltaBinaryPacked, 1, new byte[8]).File(PhysicalType.ByteArray, 1),
        "Found encoding DeltaBinaryPacked in 'test.parquet', row group 0, column 'c', byte 4; expected Plain, RleDictionary, DeltaLengthByteArray or DeltaByteArray. Write the file again with plain or dictionary encoding.");

    [Fact]
    public void ReadRowGroup_CompressedPageOfAnImpossibleSize_SaysSoWithoutAllocating() => AssertRefusedWithoutAllocating(
        new ParquetBytes().Page(PageType.Data, ParquetEncoding.Plain, 16_000_000, [0x80, 0xD0, 0xC4, 0x3D, 0], 128_000_000).File(Numbers, 16_000_000, CompressionCodec.Snappy),
        "Found a page of 5 bytes (128000000 uncompressed) in 'test.parquet', row group 0, column 'c', byte 4; expected at most 110 uncompressed bytes. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void ReadRowGroup_CompressedPageOfAnotherSize_SaysSo() => AssertRefused(
        new ParquetBytes().Page(PageType.Data, ParquetEncoding.Plain, 1, [7, 6 << 2, 0, 0, 0, 0, 0, 0, 0], 8).File(Numbers, 1, CompressionCodec.Snappy),
        "Found a Snappy block of 7 bytes in 'test.parquet', row group 0, column 'c', byte 4; expected 8, as the page header says. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void ReadRowGroup_MoreRowsThanThePageHasDifferences_SaysSoWithoutAllocating() => AssertRefusedWithoutAllocating(
        new ParquetBytes().Data(ParquetEncoding.DeltaBinaryPacked, 16_000_000, [0x80, 1, 4, 0x80, 0xC8, 0xD0, 7, 0, 0, 0, 0, 0, 0]).File(Numbers, 16_000_000),
        "Found the end of the page in an integer in 'test.parquet', row group 0, column 'c', byte 4; expected a whole integer. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void Open_UnknownPhysicalType_SaysSo() => AssertRefused(
        new ParquetBytes().File(Numbers with { Type = (PhysicalType)(-7) }, 0),
        "Found physical type -7 in 'test.parquet', column 'c'; expected 0 (BOOLEAN) to 7 (FIXED_LEN_BYTE_ARRAY). The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void Open_StructWithoutItsColumns_SaysSo() => AssertRefused(
        new ParquetBytes().File(Numbers with { Type = null, ChildCount = 1 }, 0),
        "Found a schema of 2 elements in 'test.parquet'; expected more, as their numbers of children say. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void Open_EncryptedFooter_SaysSo() => AssertRefused(
        [.. "PARE"u8, .. new byte[8], .. "PARE"u8],
        "Found a file with an encrypted footer (PARE) in 'test.parquet'; expected a plain one. Write the file again without encryption.");

    [Fact]
    public void ReadRowGroup_MoreRowsThanThePageHas_SaysSoWithoutAllocating() => AssertRefusedWithoutAllocating(
        new ParquetBytes().Dictionary(1, new byte[8]).Data(ParquetEncoding.RleDictionary, 16_000_000, [1, 4, 0]).File(Numbers, 16_000_000),
        "Found the end of the runs of a page in 'test.parquet', row group 0, column 'c', byte 31; expected 1 bytes more. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void ReadRowGroup_DamagedPage_NamesChecksums()
    {
        var bytes = new ParquetBytes().Data(ParquetEncoding.Plain, 1, new byte[8]).File(Numbers, 1);
        bytes[30] ^= 1;

        var error = Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(bytes));

        Assert.Equal(("test.parquet", 0, "c"), (error.Path, error.RowGroup, error.Column));
        Assert.StartsWith("Found a page with CRC-32 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NotParquet_SaysSo() => AssertRefused(
        new byte[20],
        "Found no 'PAR1' at the start in 'test.parquet'; expected a Parquet file, which starts and ends with it. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void Skip_DeepNesting_IsRefused()
    {
        var bytes = Enumerable.Repeat((byte)0x1C, 5000).ToArray();

        Assert.Throws<MalformedDataException>(() =>
        {
            var reader = new ThriftCompactReader(bytes);
            reader.Skip(ThriftType.Struct);
        });
    }

    [Fact]
    public void Skip_EveryType_EndsAfterTheValue()
    {
        // Booleans, i8, i16, i32, i64, double, binary, list of booleans, set, map, empty map, struct.
        byte[] bytes =
        [
            0x11, 0x12, 0x13, 5, 0x14, 1, 0x15, 1, 0x16, 1, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 1, 65,
            0x19, 0x21, 1, 2, 0x1A, 0x13, 1, 0x1B, 1, 0x58, 2, 1, 66, 0x1B, 0, 0x1C, 0x15, 2, 0, 0, 99,
        ];

        var reader = new ThriftCompactReader(bytes);
        reader.Skip(ThriftType.Struct);

        Assert.Equal(bytes.Length - 1, reader.Position);
    }

    private static void AssertRefusedWithoutAllocating(byte[] bytes, string message)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(bytes, message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static void AssertRefused(byte[] bytes, string message)
    {
        var error = Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(bytes));

        Assert.Equal(message, error.Message);
    }
}
