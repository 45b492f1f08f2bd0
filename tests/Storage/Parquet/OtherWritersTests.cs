using System.Buffers.Binary;
using System.Globalization;
using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>Files that parquet-mr wrote, with the sums that DuckDB finds in them.</summary>
public class OtherWritersTests
{
    private const string Compressed = "parquet-testing/data/datapage_v1-snappy-compressed-checksum.parquet";
    private const string Uncompressed = "parquet-testing/data/datapage_v1-uncompressed-checksum.parquet";
    private const string Corrupt = "parquet-testing/data/datapage_v1-corrupt-checksum.parquet";
    private const string Differences = "parquet-testing/data/delta_binary_packed.parquet";

    [RealDataFact(Compressed)]
    public void Read_SnappyPages_GivesTheValuesOfTheUncompressedFile()
    {
        var values = ParquetSamples.ReadAll(File.ReadAllBytes(RealData.File(Compressed)));

        Assert.Equal(ParquetSamples.ReadAll(File.ReadAllBytes(RealData.File(Uncompressed))), values);
        Assert.Equal([43118090240, 129016125440], values.Select(column => column.Sum(value => (long)(int)value)));
    }

    [RealDataFact(Corrupt)]
    public void Read_PageWithAWrongChecksum_IsRefused() =>
        Assert.StartsWith("Found a page with CRC-32 ", Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(File.ReadAllBytes(RealData.File(Corrupt)))).Message, StringComparison.Ordinal);

    // Its columns are OPTIONAL and its pages of version 2, which the reader refuses; the differences of every width are
    // in them all the same.
    [RealDataFact(Differences)]
    public void Decode_DifferencesOfEveryWidth_AreThoseOfTheColumns()
    {
        var bytes = File.ReadAllBytes(RealData.File(Differences));
        var footer = bytes.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
        var columns = ParquetFooter.Read(bytes.AsSpan(footer..^8)).RowGroups.Single().Columns;
        var sums = new Dictionary<string, Int128>
        {
            ["bitwidth62"] = Int128.Parse("768126893100758418338", CultureInfo.InvariantCulture),
            ["bitwidth63"] = Int128.Parse("-433720969021012084633", CultureInfo.InvariantCulture),
            ["bitwidth64"] = Int128.Parse("-151748008046027313152", CultureInfo.InvariantCulture),
            ["int_value"] = -10114055485,
        };

        Assert.Equal(66, columns.Count);
        foreach (var column in columns)
        {
            var values = Decode(bytes, column);
            Assert.Equal(200, values.Length);
            if (sums.TryGetValue(column.Column, out var expected))
            {
                Assert.Equal(expected, values.Aggregate((Int128)0, (sum, value) => sum + value));
            }
        }
    }

    private static long[] Decode(byte[] bytes, ColumnChunkMetadata column)
    {
        // The levels of a page of version 2 say that none of the 200 values is null: some bytes before the differences,
        // which begin with the block size of 128.
        var chunk = bytes.AsSpan((int)column.StartOffset, (int)column.SizeBytes);
        var thrift = new ThriftCompactReader(chunk);
        var header = PageHeader.Read(ref thrift);
        var page = chunk.Slice(thrift.Position, header.CompressedBytes);
        page = page[page.IndexOf([(byte)0x80, (byte)0x01])..];
        DeltaBinaryPacked.Check(page, 200);
        if (column.Type == PhysicalType.Int64)
        {
            var longs = new long[200];
            DeltaBinaryPacked.Decode<long>(page, longs);
            return longs;
        }

        var ints = new int[200];
        DeltaBinaryPacked.Decode<int>(page, ints);
        return [.. ints.Select(value => (long)value)];
    }
}
