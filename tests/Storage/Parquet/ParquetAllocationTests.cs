using Analytics.Engine.Arrow;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetAllocationTests
{
    private const int Rows = 100_000;

    // The runtime counts what a thread allocates in steps of 8 KB.
    private const int Reads = 20;

    // What a read takes of the managed heap depends on the columns, not on how many pages they are cut into.
    [Fact]
    public void ReadRowGroup_ManyPages_TakesNoMoreManagedMemoryThanOnePage()
    {
        var random = new Random(1);
        var schema = new Schema(
            new Field("plain", ArrowType.Int64), new Field("delta", ArrowType.Int64), new Field("few", ArrowType.Int64), new Field("text", ArrowType.DictionaryUtf8));
        long[] plain = [.. Enumerable.Range(0, Rows).Select(_ => random.NextInt64())];
        long[] delta = [.. Enumerable.Range(0, Rows).Select(i => (1000L * i) + random.Next(1000))];
        long[] few = [.. Enumerable.Range(0, Rows).Select(_ => random.NextInt64(1 << 20) % 50 * 1_000_000_007)];
        int[] codes = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(50))];
        var batch = new RecordBatch(
            schema,
            new PrimitiveArray<long>(ArrowType.Int64, plain),
            new PrimitiveArray<long>(ArrowType.Int64, delta),
            new PrimitiveArray<long>(ArrowType.Int64, few),
            new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), StringArray.From([.. Enumerable.Range(0, 50).Select(i => $"text {i}")])));

        var onePage = AllocatedBy(batch, 1 << 24, out var fewPages);
        var manyPages = AllocatedBy(batch, 512, out var pages);

        Assert.Equal(4, fewPages);
        Assert.True(pages > 2_000, $"{pages} pages");
        Assert.InRange(manyPages, 0, onePage + 1024);
    }

    private static long AllocatedBy(RecordBatch batch, int pageSizeBytes, out int pages)
    {
        using var file = new MemoryWritableFile();
        var writer = new ParquetWriter(file, batch.Schema, options: new ParquetWriterOptions { PageSizeBytes = pageSizeBytes, Compression = ParquetCompression.None });
        writer.WriteRowGroup(batch);
        writer.Finish();
        var reader = ParquetSamples.Open(file.ToArray());
        string[] columns = [.. batch.Schema.Fields.Select(field => field.Name)];
        pages = reader.RowGroups[0].Columns.Sum(chunk => Pages(file.ToArray(), chunk));
        reader.ReadRowGroup(0, columns);
        reader.ReadRowGroup(0, columns);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Reads; i++)
        {
            reader.ReadRowGroup(0, columns);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Reads;
    }

    private static int Pages(byte[] bytes, ColumnChunkMetadata chunk)
    {
        var count = 0;
        for (var position = (int)chunk.StartOffset; position < chunk.StartOffset + chunk.SizeBytes;)
        {
            var thrift = new ThriftCompactReader(bytes.AsSpan(position));
            var header = PageHeader.Read(ref thrift);
            count += header.Type == PageType.Data ? 1 : 0;
            position += thrift.Position + header.CompressedBytes;
        }

        return count;
    }
}
