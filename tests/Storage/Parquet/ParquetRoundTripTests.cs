using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Storage;
using Analytics.Storage.Parquet;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

public class ParquetRoundTripTests
{
    private const ulong Seed = 20260329;

    [Fact]
    public void ReadRowGroup_AnyBatches_GivesWhatWasWritten()
    {
        var property = Prop.ForAll(
            ArbMap.Default.ArbFor<PositiveInt>(),
            ArbMap.Default.ArbFor<PositiveInt>(),
            (seed, pageSize) =>
            {
                var random = new Random(seed.Get);
                RecordBatch[] batches =
                [
                    .. Enumerable.Range(0, random.Next(4)).Select(i => ParquetSamples.Batch((seed.Get * 4) + i, random.Next(3) * random.Next(300))),
                ];
                var bytes = ParquetSamples.Write(out var summary, pageSize.Get * 16, batches);
                var expected = batches.Where(batch => batch.RowCount > 0).SelectMany(ParquetSamples.Values).ToList();
                return expected.SequenceEqual(ParquetSamples.ReadAll(bytes), new RowComparer())
                    && summary.RowCount == batches.Sum(batch => batch.RowCount)
                    && summary.SizeBytes == bytes.Length
                    && summary.Crc32 == Crc32.Of(bytes)
                    && summary.FooterCrc32 == Crc32.Of(bytes.AsSpan((int)summary.FooterOffset, (int)(bytes.Length - 4 - summary.FooterOffset)));
            });

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(Seed, 1), property.Label($"seed {Seed}"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1025)]
    public void ReadRowGroup_RowCountsAroundGroups_GivesWhatWasWritten(int rows)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var batch = ParquetSamples.Batch(seed, rows);
            var read = ParquetSamples.ReadAll(ParquetSamples.Write(out _, 1 << 20, batch));
            Assert.Equal(rows == 0 ? [] : ParquetSamples.Values(batch), read);
        }
    }

    [Fact]
    public void Finish_NoRowGroups_IsAnEmptyTable()
    {
        var reader = ParquetSamples.Open(ParquetSamples.Write(out var summary, 64));

        Assert.Equal(0, summary.RowCount);
        Assert.Empty(reader.RowGroups);
        Assert.Equal(ParquetSamples.Names, reader.Schema.Fields.Select(field => field.Name));
    }

    [Fact]
    public void Finish_EqualInput_GivesEqualBytes() => Assert.Equal(ParquetSamples.SmallFile(), ParquetSamples.SmallFile());

    [Fact]
    public void WriteRowGroup_EqualRowsFromAnotherDictionary_GivesEqualBytes()
    {
        static byte[] Write(int[] codes, string[] texts) => ParquetSamples.Write(
            out _,
            64,
            new RecordBatch(
                new Schema(new Field("member", ArrowType.DictionaryUtf8)),
                new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), StringArray.From(texts))));

        var bytes = Write([0, 1, 0], ["bob", "ada"]);

        Assert.Equal(bytes, Write([3, 0, 2], ["ada", "unused-entry", "bob", "bob"]));
        Assert.DoesNotContain("unused-entry", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OwnFile_GivesSchemaAndMetadata()
    {
        var reader = ParquetSamples.Open(ParquetSamples.SmallFile());

        Assert.Equal(
            ParquetSamples.Schema.Fields.Select(field => field.Type == ArrowType.Utf8 ? field with { Type = ArrowType.DictionaryUtf8 } : field),
            reader.Schema.Fields);
        Assert.Equal(["a", "analytics.crc32", "b"], reader.Metadata.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("ä", "2"), (reader.Metadata["a"], reader.Metadata["b"]));
        Assert.Equal([20L, 9L], reader.RowGroups.Select(rowGroup => rowGroup.RowCount));
        Assert.Equal(29, reader.RowCount);
    }

    [Fact]
    public void WriteRowGroup_SmallFile_HasEachEncodingCompressedAndUncompressed()
    {
        var chunks = ParquetSamples.Open(ParquetSamples.SmallFile()).RowGroups.SelectMany(rowGroup => rowGroup.Columns);

        Assert.Equal(
            [
                (ParquetEncoding.Plain, CompressionCodec.Uncompressed), (ParquetEncoding.Plain, CompressionCodec.Snappy),
                (ParquetEncoding.DeltaBinaryPacked, CompressionCodec.Uncompressed), (ParquetEncoding.DeltaBinaryPacked, CompressionCodec.Snappy),
                (ParquetEncoding.RleDictionary, CompressionCodec.Uncompressed), (ParquetEncoding.RleDictionary, CompressionCodec.Snappy),
            ],
            chunks.Select(chunk => (chunk.Encodings[^1], chunk.Codec)).Distinct().Order());
    }

    // Long enough that page headers and the padding of the last block do not matter.
    [Fact]
    public void WriteRowGroup_Integers_TakesTheSmallestEncoding()
    {
        var random = new Random(4);
        AssertEncoding(ParquetEncoding.DeltaBinaryPacked, row => row * 3_600_000_000);
        AssertEncoding(ParquetEncoding.DeltaBinaryPacked, _ => random.Next(30_000));
        AssertEncoding(ParquetEncoding.RleDictionary, _ => 1L << random.Next(60));
        AssertEncoding(ParquetEncoding.RleDictionary, _ => 0);
        AssertEncoding(ParquetEncoding.Plain, _ => random.NextInt64(long.MinValue, long.MaxValue));

        static void AssertEncoding(ParquetEncoding expected, Func<long, long> value)
        {
            long[] values = [.. Enumerable.Range(0, 20_000).Select(row => value(row))];
            foreach (var type in new ArrowType[] { ArrowType.Int64, ArrowType.TimestampMicrosUtc, ArrowType.PicoDollars })
            {
                var batch = new RecordBatch(new Schema(new Field("c", type)), new PrimitiveArray<long>(type, values));
                var bytes = ParquetSamples.Write(out _, 1 << 20, batch);
                Assert.Equal(expected, ParquetSamples.Open(bytes).RowGroups[0].Columns[0].Encodings[^1]);
                Assert.Equal(ParquetSamples.Values(batch), ParquetSamples.ReadAll(bytes));
            }
        }
    }

    [Fact]
    public void WriteRowGroup_CompressesOnlyWhereItSavesATenth()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            foreach (var chunk in ParquetSamples.Open(ParquetSamples.Write(out _, 4096, ParquetSamples.Batch(seed, 400))).RowGroups[0].Columns)
            {
                Assert.True(chunk.Codec == CompressionCodec.Uncompressed
                    ? chunk.SizeBytes == chunk.UncompressedBytes
                    : chunk.SizeBytes < chunk.UncompressedBytes * 0.95, $"{chunk.Column} of seed {seed}: {chunk.SizeBytes} of {chunk.UncompressedBytes} bytes.");
            }
        }
    }

    [Fact]
    public void ReadRowGroup_FileWrittenBeforeDeltaAndSnappy_GivesWhatWasWritten()
    {
        var bytes = File.ReadAllBytes(Path.Combine(RepositoryRoot.Path, "tests", "Storage", "Parquet", "before_delta_and_snappy.parquet"));

        var expected = new[] { ParquetSamples.Batch(6, 20), ParquetSamples.Batch(25, 9) }.SelectMany(ParquetSamples.Values);
        Assert.Equal(expected, ParquetSamples.ReadAll(bytes));
    }

    [Fact]
    public void Statistics_AnyBatch_AreTheBounds()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var batch = ParquetSamples.Batch(seed, 50);
            var columns = ParquetSamples.Open(ParquetSamples.Write(out _, 64, batch)).RowGroups[0].Columns;
            for (var i = 0; i < columns.Count; i++)
            {
                var values = ParquetSamples.Values(batch.Columns[i]);
                var statistics = columns[i].Statistics!;
                Assert.Equal(0, statistics.NullCount);
                if (values[0] is string)
                {
                    AssertTextBounds([.. values.Cast<string>()], statistics);
                }
                else
                {
                    Assert.True(statistics.TryIntegers(out var min, out var max));
                    Assert.Equal(values.Min(Convert.ToInt64), min);
                    Assert.Equal(values.Max(Convert.ToInt64), max);
                }
            }
        }
    }

    [Fact]
    public void ReadRowGroup_SomeColumns_ReadsOnlyTheirBytes()
    {
        var file = new MemoryReadableFile(ParquetSamples.SmallFile());
        var reader = ParquetReader.Open(file, "test.parquet");
        file.Reads.Clear();

        var batch = reader.ReadRowGroup(1, ["cost", "hour"]);

        Assert.Equal(["cost", "hour"], batch.Schema.Fields.Select(field => field.Name));
        var expected = ParquetSamples.Values(ParquetSamples.SecondBatch()).ToArray();
        Assert.Equal([expected[5], expected[0]], ParquetSamples.Values(batch));
        var chunks = reader.RowGroups[1].Columns;
        Assert.Equal(
            new[] { 5, 0 }.Select(i => (chunks[i].StartOffset, chunks[i].StartOffset + chunks[i].SizeBytes)),
            file.Reads);
    }

    [Fact]
    public void ReadRowGroup_ChunkThatChangesItsEncoding_JoinsBoth()
    {
        var texts = new ParquetBytes()
            .Dictionary(2, [1, 0, 0, 0, (byte)'a', 1, 0, 0, 0, (byte)'b'])
            .Data(ParquetEncoding.PlainDictionary, 3, [1, 3, 0b010])
            .Data(ParquetEncoding.Plain, 2, [1, 0, 0, 0, (byte)'c', 1, 0, 0, 0, (byte)'a'])
            .File(PhysicalType.ByteArray, 5);
        var numbers = new ParquetBytes()
            .Dictionary(1, [7, 0, 0, 0, 0, 0, 0, 0])
            .Data(ParquetEncoding.RleDictionary, 2, [0, 4])
            .Data(ParquetEncoding.Plain, 1, [9, 0, 0, 0, 0, 0, 0, 0])
            .File(PhysicalType.Int64, 3);
        var deltas = new ParquetBytes()
            .Dictionary(1, [7, 0, 0, 0])
            .Data(ParquetEncoding.RleDictionary, 2, [0, 4])
            .Data(ParquetEncoding.DeltaBinaryPacked, 0, [])
            .Data(ParquetEncoding.DeltaBinaryPacked, 3, [0x80, 1, 4, 3, 18, 1, 0, 0, 0, 0])
            .File(PhysicalType.Int32, 5);

        Assert.Equal([7, 7, 9, 8, 7], ParquetSamples.ReadAll(deltas).Single());
        Assert.Equal(["a", "b", "a", "c", "a"], ParquetSamples.ReadAll(texts).Single());
        Assert.Equal([7L, 7L, 9L], ParquetSamples.ReadAll(numbers).Single());
    }

    [Fact]
    public void WriteRowGroup_AfterFinish_Throws()
    {
        using var file = new MemoryWritableFile();
        var writer = new ParquetWriter(file, ParquetSamples.Schema);
        writer.Finish();

        Assert.Throws<InvalidOperationException>(() => writer.WriteRowGroup(ParquetSamples.Batch(1, 1)));
    }

    [Fact]
    public void Encode_AnyIndices_DecodeToThemselves()
    {
        var random = new Random(5);
        for (var width = 1; width <= 31; width++)
        {
            var identity = Enumerable.Range(0, Math.Min(1 << Math.Min(width, 12), 4096)).ToArray();
            int[] indices = [.. Enumerable.Range(0, 3000).Select(i => i % 700 < 300 ? i / 100 % identity.Length : random.Next(identity.Length))];
            var page = new System.Buffers.ArrayBufferWriter<byte>();
            var decoded = new int[indices.Length];

            RleHybrid.Encode(indices, width, page);
            RleHybrid.Check(page.WrittenSpan, indices.Length);
            RleHybrid.Decode<int>(page.WrittenSpan, identity, decoded);

            Assert.Equal(indices, decoded);
            Assert.True(page.WrittenCount <= (indices.Length * width / 8) + 16);
        }
    }

    private static void AssertTextBounds(string[] values, ColumnStatistics statistics)
    {
        byte[][] sorted = [.. values.Select(Encoding.UTF8.GetBytes)];
        Array.Sort(sorted, (a, b) => a.AsSpan().SequenceCompareTo(b));
        var isLong = sorted[0].Length > 64 || sorted[^1].Length > 64;
        Assert.Equal(isLong ? null : sorted[0], statistics.Min?.ToArray());
        Assert.Equal(isLong ? null : sorted[^1], statistics.Max?.ToArray());
    }

    private sealed class RowComparer : IEqualityComparer<object[]>
    {
        public bool Equals(object[]? x, object[]? y) => x!.SequenceEqual(y!);

        public int GetHashCode(object[] obj) => obj.Length;
    }
}
