using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetRefusalTests
{
    private static readonly SchemaElement Numbers = new() { Name = "c", Type = PhysicalType.Int64, Repetition = Repetition.Required };

    [Fact]
    public void ReadRowGroup_OtherCompression_SaysSo() => AssertRefused(
        new ParquetBytes().Data(ParquetEncoding.Plain, 1, new byte[8]).File(Numbers, 1, CompressionCodec.Zstd),
        "Found compression Zstd in 'test.parquet', row group 0, column 'c'; expected Uncompressed or Snappy. Write the file again without compression or with Snappy.");

    [Fact]
    public void ReadRowGroup_OtherEncoding_SaysSo() => AssertRefused(
        new ParquetBytes().Data(ParquetEncoding.ByteStreamSplit, 1, new byte[8]).File(Numbers, 1),
        "Found encoding ByteStreamSplit in 'test.parquet', row group 0, column 'c'; expected Plain, PlainDictionary, RleDictionary or DeltaBinaryPacked. Write the file again with plain or dictionary encoding.");

    [Fact]
    public void ReadRowGroup_TextsInAnEncodingOfIntegers_SaysSo() => AssertRefused(
        new ParquetBytes().Data(ParquetEncoding.DeltaBinaryPacked, 1, new byte[8]).File(PhysicalType.ByteArray, 1),
        "Found encoding DeltaBinaryPacked in 'test.parquet', row group 0, column 'c'; expected Plain, PlainDictionary or RleDictionary. Write the file again with plain or dictionary encoding.");

    [Fact]
    public void ReadRowGroup_CompressedPageOfAnImpossibleSize_SaysSoWithoutAllocating() => AssertRefusedWithoutAllocating(
        new ParquetBytes().Page(PageType.Data, ParquetEncoding.Plain, 16_000_000, [0x80, 0xD0, 0xC4, 0x3D, 0], 128_000_000).File(Numbers, 16_000_000, CompressionCodec.Snappy),
        "Found a page of 5 bytes (128000000 uncompressed) in 'test.parquet', row group 0, column 'c'; expected at most 22 times as many, at most the 5 bytes that are left of the column chunk. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void ReadRowGroup_CompressedPageOfAnotherSize_SaysSo() => AssertRefused(
        new ParquetBytes().Page(PageType.Data, ParquetEncoding.Plain, 1, [7, 6 << 2, 0, 0, 0, 0, 0, 0, 0], 8).File(Numbers, 1, CompressionCodec.Snappy),
        "Found a Snappy block of 7 bytes in 'test.parquet', row group 0, column 'c'; expected 8, as the page header says. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void ReadRowGroup_MoreRowsThanThePageHasDifferences_SaysSoWithoutAllocating() => AssertRefusedWithoutAllocating(
        new ParquetBytes().Data(ParquetEncoding.DeltaBinaryPacked, 16_000_000, [0x80, 1, 4, 0x80, 0xC8, 0xD0, 7, 0, 0, 0, 0, 0, 0]).File(Numbers, 16_000_000),
        "Found the end of the page in an integer in 'test.parquet', row group 0, column 'c'; expected a whole integer. The file is damaged; restore it from a backup or write it again.");

    [Fact]
    public void ReadRowGroup_DataPageV2_SaysSo() => AssertRefused(
        new ParquetBytes().Page(PageType.DataV2, ParquetEncoding.Plain, 1, new byte[8]).File(Numbers, 1),
        "Found a data page of version 2 in 'test.parquet', row group 0, column 'c'; expected data pages of version 1. Write the file again with data pages of version 1.");

    [Fact]
    public void Open_Optional_SaysSo() => AssertRefused(
        new ParquetBytes().File(Numbers with { Repetition = Repetition.Optional }, 0),
        "Found OPTIONAL values in 'test.parquet', column 'c'; expected REQUIRED values, which are never null. Write the file again with required (NOT NULL) columns.");

    [Fact]
    public void Open_Nested_SaysSo() => AssertRefused(
        new ParquetBytes().File(Numbers with { Type = null, ChildCount = 1 }, 0),
        "Found a nested column in 'test.parquet', column 'c'; expected columns of single values. Write the file again without structs, lists and maps.");

    [Fact]
    public void Open_OtherType_SaysSo() => AssertRefused(
        new ParquetBytes().File(Numbers with { Type = PhysicalType.Double }, 0),
        "Found values of type Double (no logical type) in 'test.parquet', column 'c'; expected int64, int32, timestamp in microseconds UTC, decimal with 12 decimals in INT64, or string. Write the file again with columns of int64, int32, timestamp (microseconds, UTC), decimal(18,12) or string.");

    [Fact]
    public void Open_OtherScale_SaysWhich()
    {
        var bytes = new ParquetBytes().File(Numbers with { ConvertedType = ConvertedType.Decimal, Scale = 9, Precision = 18 }, 0);

        var error = Assert.Throws<CorruptFileException>(() => ParquetSamples.Open(bytes));

        Assert.StartsWith("Found values of type Int64 (Decimal { Scale = 9, Precision = 18 }) in ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadRowGroup_MoreRowsThanThePageHas_SaysSoWithoutAllocating() => AssertRefusedWithoutAllocating(
        new ParquetBytes().Dictionary(1, new byte[8]).Data(ParquetEncoding.RleDictionary, 16_000_000, [1, 4, 0]).File(Numbers, 16_000_000),
        "Found the end of a page of dictionary indices in 'test.parquet', row group 0, column 'c'; expected 1 bytes more. The file is damaged; restore it from a backup or write it again.");

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
