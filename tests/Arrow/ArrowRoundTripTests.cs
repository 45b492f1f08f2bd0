using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Arrow;

public class ArrowRoundTripTests
{
    private static readonly ArrowWriterOptions Exact = new() { WidenDecimals = false };

    [Fact]
    public void Stream_AnyBatches_ReadsTheSame() => Sampled.Check(300, (random, size) =>
    {
        var (schema, batches) = Sample(random, size);

        using var stream = new Trickle(ArrowSamples.Stream(schema, batches, Exact), random.Next(1, 5_000));
        var reader = ArrowStreamReader.Open(stream, "test");
        List<RecordBatch> read = [];
        while (reader.Next() is { } batch)
        {
            read.Add(batch);
        }

        Assert.Equal(ArrowText.Of(schema, batches), ArrowText.Of(reader.Schema, read));
        Assert.True(reader.HasEndMarker);
        Assert.Null(reader.Next());
        Assert.Empty(reader.Skipped);
    });

    [Fact]
    public void File_AnyBatches_ReadsTheSameInAnyOrder() => Sampled.Check(300, (random, size) =>
    {
        var (schema, batches) = Sample(random, size);

        using var stream = new MemoryStream(ArrowSamples.File(schema, batches, Exact));
        var reader = ArrowFileReader.Open(stream, "test");
        int[] order = [.. Enumerable.Range(0, batches.Count)];
        random.Shuffle(order);

        Assert.Equal(batches.Count, reader.BatchCount);
        Assert.Equal(ArrowText.Of(schema, order.Select(i => batches[i])), ArrowText.Of(reader.Schema, order.Select(reader.Batch)));
    });

    [Fact]
    public void File_WithoutItsFrame_IsAStream() => Sampled.Check(50, (random, size) =>
    {
        var (schema, batches) = Sample(random, size);

        using var stream = new MemoryStream(ArrowSamples.File(schema, batches, Exact)) { Position = 8 };

        Assert.Equal(ArrowText.Of(schema, batches), ArrowText.Of(schema, ArrowSamples.ReadStream(stream)));
    });

    [Fact]
    public void Write_EqualBatches_GivesEqualBytes() => Sampled.Check(50, (random, size) =>
    {
        var seed = random.Next();
        var (schema, batches) = Sample(new Random(seed), size);
        var (again, copies) = Sample(new Random(seed), size);

        Assert.Equal(ArrowSamples.Stream(schema, batches), ArrowSamples.Stream(again, copies));
        Assert.Equal(ArrowSamples.File(schema, batches), ArrowSamples.File(again, copies));
    });

    [Fact]
    public void Write_AnySlice_GivesTheBytesOfItsValuesAlone() => Sampled.Check(100, (random, size) =>
    {
        var (schema, batches) = Sample(random, size);
        using var stream = new MemoryStream(ArrowSamples.Stream(schema, batches, Exact));

        // What was read back is not sliced.
        Assert.Equal(stream.ToArray(), ArrowSamples.Stream(schema, ArrowSamples.ReadStream(stream), Exact));
    });

    [Fact]
    public void Write_DecimalOf64Bits_IsWidenedByDefault()
    {
        var schema = new Schema(new Field("cost", ArrowType.PicoDollars, IsNullable: true));
        var batch = new RecordBatch(schema, new PrimitiveArray<long>(ArrowType.PicoDollars, [long.MinValue, -1, 7, long.MaxValue], ValidityBitmap.From([true, true, false, true])));

        using var stream = new MemoryStream(ArrowSamples.Stream(schema, [batch]));
        var read = Assert.Single(ArrowSamples.ReadStream(stream));

        Assert.Equal(new ArrowType.DecimalType(128, 18, 12), read.Schema.Fields[0].Type);
        Assert.Equal([long.MinValue, -1, 7, long.MaxValue], read.Column<PrimitiveArray<Int128>>(0).Values);
        Assert.False(read.Columns[0].IsValid(2));
    }

    [Fact]
    public void Write_Dictionaries_WritesOnlyWhatIsNew()
    {
        string[][] dictionaries = [["a", "b"], ["a", "b"], ["a", "b", "c"], ["a"], ["b", "a"]];
        var schema = new Schema(new Field("text", ArrowType.DictionaryUtf8));
        RecordBatch[] batches = [.. dictionaries.Select(texts => new RecordBatch(schema, new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, [0]), StringArray.From(texts))))];

        using var stream = new MemoryStream(ArrowSamples.Stream(schema, batches));
        using var file = new MemoryStream(ArrowSamples.File(schema, batches));

        Assert.Equal(["a b", "a b", "a b c", "a b c", "b a"], ArrowSamples.ReadStream(stream).Select(Dictionary));
        Assert.Equal(["a", "a", "a", "a", "b"], ArrowSamples.ReadFile(file).Select(batch => ArrowText.Cell(batch.Columns[0], 0)));
        Assert.Equal(Enumerable.Repeat("a b c", 5), ArrowSamples.ReadFile(file).Select(Dictionary));

        static string Dictionary(RecordBatch batch)
        {
            var texts = ((DictionaryArray)batch.Columns[0]).Dictionary;
            return string.Join(' ', Enumerable.Range(0, texts.Length).Select(i => texts[i]));
        }
    }

    [Fact]
    public void Write_DictionaryThatGrowsWithEveryBatch_ReadsInOneBlock()
    {
        var schema = new Schema(new Field("text", ArrowType.DictionaryUtf8));
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => $"text {i}")];
        RecordBatch[] batches = [.. Enumerable.Range(1, 500).Select(count => new RecordBatch(
            schema, new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, [0, count - 1]), StringArray.From(texts[..count]))))];

        using var stream = new MemoryStream(ArrowSamples.Stream(schema, batches));
        var read = ArrowSamples.ReadStream(stream);

        Assert.Equal(texts.Select(text => $"text 0,{text}"), read.Select(batch => $"{ArrowText.Cell(batch.Columns[0], 0)},{ArrowText.Cell(batch.Columns[0], 1)}"));
        Assert.InRange(read.Select(batch => batch.Column<DictionaryArray>(0).Dictionary.Data.Address).Distinct().Count(), 1, 16);
    }

    [Fact]
    public void Write_OtherColumns_Throws()
    {
        var writer = new ArrowStreamWriter(new MemoryStream(), new Schema(new Field("a", ArrowType.Int32)));

        Assert.Throws<ArgumentException>(() => writer.Write(new RecordBatch(new Schema(new Field("b", ArrowType.Int32)), new PrimitiveArray<int>(ArrowType.Int32, [1]))));
        writer.Finish();
        writer.Finish();
        Assert.Throws<ObjectDisposedException>(() => writer.Write(new RecordBatch(new Schema(new Field("a", ArrowType.Int32)), new PrimitiveArray<int>(ArrowType.Int32, [1]))));
    }

    private static (Schema Schema, IReadOnlyList<RecordBatch> Batches) Sample(Random random, int size)
    {
        var schema = ArrowSamples.Schema(random, ArrowSamples.SomeTypes(random, 6));
        return (schema, ArrowSamples.Batches(random, schema, random.Next(5), size * 2));
    }

    // A stream that cannot seek, and gives a few bytes at a time.
    private sealed class Trickle(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(step, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(step, count));
    }
}
