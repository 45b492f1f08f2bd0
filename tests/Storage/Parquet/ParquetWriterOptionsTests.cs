using Analytics.Engine.Arrow;
using Analytics.Storage.Compression;
using Analytics.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetWriterOptionsTests
{
    [Theory]
    [InlineData(ParquetCompression.None, CompressionCodec.Uncompressed)]
    [InlineData(ParquetCompression.Snappy, CompressionCodec.Snappy)]
    [InlineData(ParquetCompression.Zstandard, CompressionCodec.Zstd)]
    public void Write_Compression_IsThatOfTheChunks(ParquetCompression compression, object codec)
    {
        Assert.True(NativeZstd.IsAvailable, "libzstd1 comes with every Debian.");
        var batch = ParquetSamples.Batch(5, 2000);
        var bytes = Write(new ParquetWriterOptions { Compression = compression }, batch);

        var used = ParquetSamples.Open(bytes).RowGroups[0].Columns.Select(chunk => chunk.Codec).Distinct().ToList();

        Assert.Contains((CompressionCodec)codec, used);
        Assert.Empty(used.Except([CompressionCodec.Uncompressed, (CompressionCodec)codec]));
        Assert.Equal(ParquetSamples.Values(batch), ParquetSamples.ReadAll(bytes));
    }

    [Fact]
    public void Write_PageIndex_NamesEachPageWithItsBounds()
    {
        var batch = ParquetSamples.Batch(9, 3000);
        var bytes = Write(new ParquetWriterOptions { PageSizeBytes = 512 }, batch, batch);
        var reader = ParquetSamples.Open(bytes);

        Assert.Contains(reader.RowGroups[0].Columns, chunk => Offsets(bytes, chunk).Count > 3);
        foreach (var (chunk, column) in reader.RowGroups.SelectMany(group => group.Columns.Select((chunk, i) => (chunk, i))))
        {
            var pages = Offsets(bytes, chunk);
            (List<byte[]> Mins, List<byte[]> Maxs)? bounds = chunk.ColumnIndex is null ? null : Bounds(bytes, chunk.ColumnIndex);
            Assert.Equal(chunk.Statistics?.Min is null, bounds is null);
            Assert.Equal(bounds?.Mins.Count ?? pages.Count, pages.Count);
            var values = ParquetSamples.Values(batch.Columns[column]);
            for (var i = 0; i < pages.Count; i++)
            {
                var thrift = new ThriftCompactReader(bytes.AsSpan((int)pages[i].Offset, pages[i].Size));
                var header = PageHeader.Read(ref thrift);
                var rows = values[(int)pages[i].FirstRow..(i + 1 < pages.Count ? (int)pages[i + 1].FirstRow : values.Length)];
                Assert.Equal((PageType.Data, rows.Length, pages[i].Size), (header.Type, header.ValueCount, thrift.Position + header.CompressedBytes));
                if (bounds is { } known)
                {
                    Assert.Equal(Encoded(rows, min: true), known.Mins[i]);
                    Assert.Equal(Encoded(rows, min: false), known.Maxs[i]);
                }
            }
        }
    }

    [Fact]
    public void Write_WithoutPageIndex_HasNone()
    {
        var bytes = Write(new ParquetWriterOptions { HasPageIndex = false }, ParquetSamples.Batch(9, 30));

        Assert.All(ParquetSamples.Open(bytes).RowGroups[0].Columns, chunk => Assert.Null(chunk.OffsetIndex ?? chunk.ColumnIndex));
    }

    [Fact]
    public void MayHold_Bounds_PruneRowGroups()
    {
        var schema = new Schema(new Field("n", ArrowType.Int64), new Field("t", ArrowType.Utf8));
        var bytes = Write(
            ParquetWriterOptions.Default,
            new RecordBatch(schema, new PrimitiveArray<long>(ArrowType.Int64, [-5, 7]), StringArray.From(["b", "d"])),
            new RecordBatch(schema, new PrimitiveArray<long>(ArrowType.Int64, [20, 30]), StringArray.From(["x", new string('y', 100)])));
        var reader = ParquetSamples.Open(bytes);

        Assert.Equal([true, false], Groups(group => reader.MayHold(group, "n", 7, 19)));
        Assert.Equal([false, false], Groups(group => reader.MayHold(group, "n", 8, 19)));
        Assert.Equal([true, true], Groups(group => reader.MayHold(group, "n", long.MinValue, long.MaxValue)));

        // The second row group has a text too long for bounds, so nothing is known of it.
        Assert.Equal([true, true], Groups(group => reader.MayHold(group, "t", "c"u8)));
        Assert.Equal([false, true], Groups(group => reader.MayHold(group, "t", "e"u8)));

        static bool[] Groups(Func<int, bool> mayHold) => [mayHold(0), mayHold(1)];
    }

    private static byte[] Write(ParquetWriterOptions options, params RecordBatch[] batches)
    {
        using var file = new MemoryWritableFile();
        var writer = new ParquetWriter(file, batches[0].Schema, options: options);
        foreach (var batch in batches)
        {
            writer.WriteRowGroup(batch);
        }

        writer.Finish();
        return file.ToArray();
    }

    private static byte[] Encoded(object[] values, bool min) => values[0] switch
    {
        long => BitConverter.GetBytes(min ? values.Min(value => (long)value) : values.Max(value => (long)value)),
        int => BitConverter.GetBytes(min ? values.Min(value => (int)value) : values.Max(value => (int)value)),
        _ => Text(values.Select(value => System.Text.Encoding.UTF8.GetBytes((string)value)), min),
    };

    private static byte[] Text(IEnumerable<byte[]> values, bool min)
    {
        var sorted = values.Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))).ToList();
        return min ? sorted[0] : sorted[^1];
    }

    private static List<(long Offset, int Size, long FirstRow)> Offsets(byte[] bytes, ColumnChunkMetadata chunk)
    {
        var range = chunk.OffsetIndex!;
        var thrift = new ThriftCompactReader(bytes.AsSpan((int)range.Offset, range.Length));
        List<(long, int, long)> pages = [];
        for (var id = thrift.BeginStruct(); thrift.NextField(ref id, out var type);)
        {
            for (var left = thrift.List(type, ThriftType.Struct); left > 0; left--)
            {
                (long Offset, int Size, long FirstRow) page = default;
                for (var field = thrift.BeginStruct(); thrift.NextField(ref field, out var fieldType);)
                {
                    switch (field)
                    {
                        case 1:
                            page.Offset = thrift.Int64(fieldType);
                            break;
                        case 2:
                            page.Size = thrift.Int32(fieldType);
                            break;
                        default:
                            page.FirstRow = thrift.Int64(fieldType);
                            break;
                    }
                }

                pages.Add(page);
            }
        }

        Assert.Equal(range.Length, thrift.Position);
        return pages;
    }

    private static (List<byte[]> Mins, List<byte[]> Maxs) Bounds(byte[] bytes, FileRange range)
    {
        var thrift = new ThriftCompactReader(bytes.AsSpan((int)range.Offset, range.Length));
        List<byte[]>[] texts = [[], []];
        for (var id = thrift.BeginStruct(); thrift.NextField(ref id, out var type);)
        {
            if (id is not (2 or 3))
            {
                thrift.Skip(type);
                continue;
            }

            for (var left = thrift.List(type, ThriftType.Binary); left > 0; left--)
            {
                texts[id - 2].Add(thrift.Binary(ThriftType.Binary).ToArray());
            }
        }

        Assert.Equal(range.Length, thrift.Position);
        return (texts[0], texts[1]);
    }
}
