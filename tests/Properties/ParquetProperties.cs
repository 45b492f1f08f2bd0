using Analytics.Engine.Arrow;
using Analytics.Storage.Parquet;
using Analytics.Tests.Storage.Parquet;
using Xunit;

namespace Analytics.Tests.Properties;

/// <summary>What holds for every Parquet file that is written, whatever its columns, values and options.</summary>
public class ParquetProperties
{
    private const int Cases = 150;

    [Fact]
    public void Read_AnyFile_GivesSchemaAndRowsThatWereWritten() => ForAll((sample, bytes, _) =>
    {
        var reader = ParquetSamples.Open(bytes);

        var written = sample.RowGroups.Where(batch => batch.RowCount > 0).ToList();
        Assert.Equal(sample.Schema.Fields.Select(field => field.Type == ArrowType.Utf8 ? field with { Type = ArrowType.DictionaryUtf8 } : field), reader.Schema.Fields);
        Assert.Equal(written.Sum(batch => batch.RowCount), reader.RowCount);
        Assert.Equal(written.Select(batch => (long)batch.RowCount), reader.RowGroups.Select(group => group.RowCount));
        Assert.Equal(written.SelectMany(ParquetSamples.Values), ParquetSamples.ReadAll(bytes));
    });

    [Fact]
    public void Read_SomeColumnsInAnyOrder_GivesTheirValues() => ForAll((sample, bytes, random) =>
    {
        var reader = ParquetSamples.Open(bytes);
        int[] indices = [.. Enumerable.Range(0, sample.Schema.Fields.Count).Where(_ => random.Next(2) == 0)];
        random.Shuffle(indices);
        string[] names = [.. indices.Select(i => sample.Schema.Fields[i].Name)];
        var rowGroup = 0;
        foreach (var batch in sample.RowGroups.Where(batch => batch.RowCount > 0))
        {
            var read = reader.ReadRowGroup(rowGroup++, names);

            Assert.Equal(batch.RowCount, read.RowCount);
            Assert.Equal(indices.Select(i => ParquetSamples.Values(batch.Columns[i])), ParquetSamples.Values(read));
        }
    });

    [Fact]
    public void MayHold_AnyValueOfARowGroup_IsTrue() => ForAll((sample, bytes, random) =>
    {
        var reader = ParquetSamples.Open(bytes);
        var rowGroup = 0;
        foreach (var batch in sample.RowGroups.Where(batch => batch.RowCount > 0))
        {
            for (var column = 0; column < batch.Columns.Count; column++)
            {
                var name = sample.Schema.Fields[column].Name;
                foreach (var value in ParquetSamples.Values(batch.Columns[column]).Distinct())
                {
                    Assert.True(value is string text
                        ? reader.MayHold(rowGroup, name, System.Text.Encoding.UTF8.GetBytes(text))
                        : reader.MayHold(rowGroup, name, Convert.ToInt64(value, null), Convert.ToInt64(value, null)));
                }
            }

            rowGroup++;
        }
    });

    [Fact]
    public void Verify_AnyFileWrittenTwice_FindsNothingAndEqualBytes() => Sampled.Check(Cases, (random, size) =>
    {
        var sample = RandomParquet.Of(random, size);
        foreach (var options in RandomParquet.Options(RandomParquet.PageSizeBytes(random)))
        {
            var bytes = sample.Write(options, out var summary);

            Assert.Equal(bytes, sample.Write(options));
            Assert.Empty(ParquetVerifier.Verify(new MemoryReadableFile(bytes), "test.parquet", summary.FooterCrc32, summary.SizeBytes));
        }
    });

    [Theory]
    [InlineData(9, PhysicalType.Int32)]
    [InlineData(10, PhysicalType.Int64)]
    public void Write_Decimal_HasTheWidthThatItsDigitsNeed(int precision, object physical)
    {
        var schema = new Schema(new Field("price", new ArrowType.DecimalType(64, precision, 2)));
        RandomParquet Of(params long[] values) => new(schema, [new RecordBatch(schema, new PrimitiveArray<long>(schema.Fields[0].Type, values))]);

        var bytes = Of(-999_999_999, 999_999_999).Write(ParquetWriterOptions.Default);

        Assert.Equal((PhysicalType)physical, ParquetSamples.Open(bytes).RowGroups[0].Columns[0].Type);
        Assert.Equal([-999_999_999L, 999_999_999L], Assert.Single(ParquetSamples.ReadAll(bytes)));
        var tooMany = Of(1, 1L + int.MaxValue);
        if (precision == 9)
        {
            var error = Assert.Throws<ArgumentException>(() => tooMany.Write(ParquetWriterOptions.Default));
            Assert.Equal("Column 'price' has the decimal 2147483648 (unscaled), which has more digits than its type.", error.Message);
        }
        else
        {
            Assert.Equal([1L, 1L + int.MaxValue], Assert.Single(ParquetSamples.ReadAll(tooMany.Write(ParquetWriterOptions.Default))));
        }
    }

    private static void ForAll(Action<RandomParquet, byte[], Random> property) => Sampled.Check(Cases, (random, size) =>
    {
        var sample = RandomParquet.Of(random, size);
        foreach (var options in RandomParquet.Options(RandomParquet.PageSizeBytes(random)))
        {
            property(sample, sample.Write(options), random);
        }
    });
}
