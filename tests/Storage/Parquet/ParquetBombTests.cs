using System.Buffers;
using System.Diagnostics;
using Analytics.Storage;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>Small files of valid pages that stand for far more bytes than there is memory, or take far more steps than there is time for.</summary>
public class ParquetBombTests
{
    private const int Rows = 60_000;
    private const int ValueBytes = 50_000;
    private const int MaxSeconds = 10;
    private const int MaxManagedRatio = 8;
    private const int MaxManagedBytes = 1 << 20;

    private static readonly SchemaElement Numbers = new() { Name = "c", Type = PhysicalType.Int64, Repetition = Repetition.Required };
    private static readonly SchemaElement Bytes = new() { Name = "c", Type = PhysicalType.ByteArray, Repetition = Repetition.Required };
    private static readonly SchemaElement Texts = Bytes with { ConvertedType = ConvertedType.Utf8 };
    private static readonly SchemaElement Decimals = Bytes with { ConvertedType = ConvertedType.Decimal, Precision = 10, Scale = 2 };

    // Each value is the one before and a byte more: 5 GB in all.
    [Fact]
    public void Read_TextsThatGrowByPrefixes_AreRefusedBeforeTheyGrow() => AssertRefused(
        Prefixes(suffix: 1).File(Texts, Rows), "Found 4799970000 bytes of values in one page");

    [Fact]
    public void Read_BytesThatGrowByPrefixes_AreRefusedBeforeTheyGrow() => AssertRefused(
        Prefixes(suffix: 1).File(Bytes, Rows), "Found 4799970000 bytes of values in one page");

    // All alike, so that no text is new: no memory, but hours.
    [Fact]
    public void Read_TextsThatRepeatByPrefixes_AreRefusedBeforeTheyAreCompared() => AssertRefused(
        Prefixes(suffix: 0).File(Texts, Rows), "Found 3000000000 bytes of values in one page");

    [Fact]
    public void Read_LongBytesInADictionary_AreRefusedBeforeTheyAreCopied() => AssertRefused(
        Indices().File(Bytes, Rows), "Found 1073750000 bytes of values in one row group");

    [Fact]
    public void Read_LongDecimalsInADictionary_AreRefused() => AssertRefused(
        Indices().File(Decimals, Rows), "Found a decimal of 50000 bytes");

    // The leaves' paths would be 200 MB.
    [Fact]
    public void Open_LongNamesInDeepGroups_AreRefusedInLittleMemory() => AssertRefused(
        Footer([
            new SchemaElement { Name = "schema", ChildCount = 1 },
            .. Enumerable.Range(0, 60).Select(depth => new SchemaElement { Name = new string('a', 2_000), Repetition = Repetition.Optional, ChildCount = depth == 59 ? 1_000 : 1 }),
            .. Enumerable.Range(0, 1_000).Select(_ => Numbers),
        ], Enumerable.Repeat(Chunk("c"), 1_000)),
        "Found a chunk of column 'c' in");

    [Fact]
    public void Open_PathOfManyNames_IsRefusedInLittleMemory() => AssertRefused(
        Footer([new SchemaElement { Name = "schema", ChildCount = 1 }, Numbers], [Chunk("c")], footer =>
            footer.All().Where(tree => tree.Type == ThriftType.List && tree.Items is [{ Type: ThriftType.Binary }]).ToList()
                .ForEach(path => path.Items.AddRange(Enumerable.Repeat(path.Items[0], 100_000)))),
        "Found a chunk of column 'c.c.c.");

    [Fact]
    public void Open_ManyChunks_AreRefusedInLittleMemory() => AssertRefused(
        Footer([new SchemaElement { Name = "schema", ChildCount = 1 }, Numbers], Enumerable.Repeat(Chunk("c"), 20_000)),
        "Found 20000 elements in a list of the footer in 'test.parquet', byte 4; expected at most 2, by the schema and the size of the footer.");

    [Fact]
    public void Read_LongTextsInADictionary_AreThere()
    {
        var texts = Assert.Single(ParquetSamples.ReadAll(Indices(rows: 300).File(Texts, 300)));

        Assert.All(texts, text => Assert.Equal(ValueBytes, ((string)text).Length));
    }

    private static ParquetBytes Prefixes(int suffix)
    {
        var body = new ArrayBufferWriter<byte>();
        DeltaBinaryPacked.Encode([0, .. Enumerable.Range(0, Rows - 1).Select(row => (long)ValueBytes + (row * suffix))], body);
        DeltaBinaryPacked.Encode([ValueBytes, .. Enumerable.Repeat((long)suffix, Rows - 1)], body);
        body.Write(Enumerable.Repeat((byte)'a', ValueBytes + (suffix * (Rows - 1))).ToArray());
        return new ParquetBytes().Data(ParquetEncoding.DeltaByteArray, Rows, body.WrittenSpan.ToArray());
    }

    // One entry, and a run of its index in each row.
    private static ParquetBytes Indices(int rows = Rows)
    {
        byte[] entry = [ValueBytes & 0xFF, ValueBytes >> 8, 0, 0, .. new byte[ValueBytes]];
        var run = (uint)rows << 1;
        return new ParquetBytes().Dictionary(1, entry).Data(
            ParquetEncoding.RleDictionary, rows, [1, (byte)(run | 0x80), (byte)((run >> 7) | 0x80), (byte)(run >> 14), 0]);
    }

    private static ColumnChunkMetadata Chunk(string path) => new()
    {
        Column = path,
        SizeBytes = 0,
        DataPageOffset = 4,
        Type = PhysicalType.Int64,
        Encodings = [ParquetEncoding.Plain, ParquetEncoding.Rle, ParquetEncoding.RleDictionary],
        Statistics = new ColumnStatistics(new byte[8], new byte[8], 0),
    };

    private static byte[] Footer(IReadOnlyList<SchemaElement> schema, IEnumerable<ColumnChunkMetadata> chunks, Action<ThriftTree>? change = null)
    {
        var thrift = new ThriftCompactWriter();
        ParquetFooter.Write(thrift, new FileMetadata
        {
            Version = 1,
            Schema = schema,
            RowCount = 0,
            RowGroups = [new RowGroupMetadata { RowCount = 0, Columns = [.. chunks] }],
            KeyValues = [],
            TypeOrdered = [],
        });
        var position = 0;
        var footer = ThriftTree.Read(thrift.Written, ref position);
        change?.Invoke(footer);
        return ParquetParts.Join([.. "PAR1"u8], footer);
    }

    private static void AssertRefused(byte[] bytes, string message)
    {
        Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(bytes));
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<CorruptFileException>(() => ParquetSamples.ReadAll(bytes));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (MaxManagedRatio * bytes.Length) + MaxManagedBytes);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, MaxSeconds);
    }
}
