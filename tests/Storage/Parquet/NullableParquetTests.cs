using Analytics.Bench.Comparison;
using Analytics.Engine.Arrow;
using Analytics.Storage.Parquet;
using Analytics.Tests.Arrow;
using Analytics.Tests.Interop;
using Analytics.Tests.Properties;
using Xunit;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>What answers have and usage has not: columns with nulls, decimals of 38 digits, flags and dates.</summary>
public sealed class NullableParquetTests : IDisposable
{
    private const int Cases = 150;

    private static readonly ArrowType[] Types =
    [
        ArrowType.Bool, ArrowType.Int32, ArrowType.Int64, ArrowType.Date, ArrowType.TimestampMicrosUtc, ArrowType.PicoDollars, ArrowType.PicoDollars128,
        new ArrowType.DecimalType(64, 7, 6), ArrowType.Utf8, ArrowType.DictionaryUtf8,
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_AnyColumns_GivesValuesAndNullsThatWereWritten() => Sampled.Check(Cases, (random, size) =>
    {
        var batches = Batches(random, size);
        foreach (var options in RandomParquet.Options(RandomParquet.PageSizeBytes(random)))
        {
            var bytes = Write(batches, options, out var summary);

            var reader = ParquetSamples.Open(bytes);

            Assert.Equal(batches[0].Schema.Fields.Select(field => field with { Type = field.Type == ArrowType.Utf8 ? ArrowType.DictionaryUtf8 : field.Type }), reader.Schema.Fields);
            Assert.Equal(Cells(batches), Cells(Enumerable.Range(0, reader.RowGroups.Count).Select(group => reader.ReadRowGroup(group, [.. reader.Schema.Fields.Select(field => field.Name)]))));
            Assert.Empty(ParquetVerifier.Verify(new MemoryReadableFile(bytes), "test.parquet", summary.FooterCrc32, summary.SizeBytes));
        }
    });

    [Fact]
    public void Statistics_OfDecimalsWithNulls_AreBoundsAndNulls()
    {
        var type = ArrowType.PicoDollars128;
        var schema = new Schema(new Field("cost", type, IsNullable: true), new Field("flag", ArrowType.Bool), new Field("none", ArrowType.Utf8, IsNullable: true));
        bool[] isValid = [true, false, true, true];
        Int128[] values = [5, Int128.MaxValue, -(Int128)ulong.MaxValue, 7];
        var batch = new RecordBatch(
            schema, new PrimitiveArray<Int128>(type, values, ValidityBitmap.From(isValid)), new BooleanArray([true, true, true, true]), StringArray.From([null, null, null, null]));

        var chunks = ParquetSamples.Open(Write([batch], ParquetWriterOptions.Default, out _)).RowGroups[0].Columns;

        Assert.Equal(PhysicalType.FixedLengthByteArray, chunks[0].Type);
        Assert.Equal(1, chunks[0].Statistics!.NullCount);
        Assert.Equal("ffffffffffffffff0000000000000001", Convert.ToHexStringLower(chunks[0].Statistics!.Min!.Value.Span));
        Assert.Equal("00000000000000000000000000000007", Convert.ToHexStringLower(chunks[0].Statistics!.Max!.Value.Span));
        Assert.Equal(("01", "01"), (Convert.ToHexString(chunks[1].Statistics!.Min!.Value.Span), Convert.ToHexString(chunks[1].Statistics!.Max!.Value.Span)));
        Assert.Equal(4, chunks[2].Statistics!.NullCount);
        Assert.Null(chunks[2].Statistics!.Min);
    }

    [DuckDbFact]
    public void DuckDb_AnyColumns_ReadsTheSameAndFiltersByTheBounds()
    {
        using var duck = DuckDb.Open(threads: 2);
        for (var seed = 0; seed < 25; seed++)
        {
            var random = new Random(seed);
            var batches = Batches(random, 1 + (seed * 3));
            var options = RandomParquet.Options(RandomParquet.PageSizeBytes(random)).ElementAt(seed % 6);
            var file = $"read_parquet({DuckDb.Quote(folder.Write($"{seed}.parquet", Write(batches, options, out _)))})";
            var fields = batches[0].Schema.Fields;

            // Dates as days, so that they are the integers that they are here.
            var columns = string.Join(", ", fields.Select(field => field.Type == ArrowType.Date ? $"datediff('day', DATE '1970-01-01', {field.Name})" : field.Name));
            var found = duck.Run($"SELECT {columns} FROM {file}").Rows;
            var cells = Cells(batches);

            Assert.Equal(cells, found.Select(row => string.Join('|', row.Select((cell, i) => fields[i].Type is ArrowType.DecimalType && cell is not null ? Unscaled(cell) : cell ?? "null"))));
            for (var i = 0; i < fields.Count; i++)
            {
                Assert.Equal($"{cells.Count(row => row.Split('|')[i] == "null")}", duck.Run($"SELECT count(*) FROM {file} WHERE {fields[i].Name} IS NULL").Rows[0][0]);
                if (fields[i].Type == ArrowType.PicoDollars128 && cells.Find(row => row.Split('|')[i] != "null") is { } row)
                {
                    var value = row.Split('|')[i];
                    Assert.Equal(
                        $"{cells.Count(other => other.Split('|')[i] == value)}",
                        duck.Run($"SELECT count(*) FROM {file} WHERE CAST({fields[i].Name} AS DECIMAL(38,12)) = CAST('{Point(value)}' AS DECIMAL(38,12))").Rows[0][0]);
                }
            }
        }

        static string Unscaled(string number) => Int128.Parse(number.Replace(".", string.Empty, StringComparison.Ordinal), null).ToString(null, null);

        static string Point(string unscaled)
        {
            var digits = unscaled.TrimStart('-').PadLeft(13, '0');
            return $"{(unscaled[0] == '-' ? "-" : "")}{digits[..^12]}.{digits[^12..]}";
        }
    }

    private static List<string> Cells(IEnumerable<RecordBatch> batches) => [.. batches.SelectMany(ArrowText.Rows)];

    private static byte[] Write(List<RecordBatch> batches, ParquetWriterOptions options, out ParquetFileSummary summary)
    {
        using var file = new MemoryWritableFile();
        var writer = new ParquetWriter(file, batches[0].Schema, null, options);
        foreach (var batch in batches)
        {
            writer.WriteRowGroup(batch);
        }

        summary = writer.Finish();
        return file.ToArray();
    }

    private static List<RecordBatch> Batches(Random random, int size)
    {
        var schema = new Schema(Enumerable.Range(0, random.Next(1, 6)).Select(i => new Field($"c{i}", Types[random.Next(Types.Length)], IsNullable: random.Next(3) > 0)));
        return
        [
            .. Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
            {
                var rows = random.Next(1, (size * 10) + 2);
                return new RecordBatch(schema, rows, [.. schema.Fields.Select(field => Column(random, field, rows))]);
            }),
        ];
    }

    private static ArrowArray Column(Random random, Field field, int rows)
    {
        // All, none, some or long runs of them are null.
        var (share, run) = (random.Next(4), random.Next(1, 100));
        bool[] isValid = [.. Enumerable.Range(0, rows).Select(row => !field.IsNullable || share switch { 0 => true, 1 => false, 2 => random.Next(3) > 0, _ => row / run % 2 == 0 })];
        var validity = ValidityBitmap.From(isValid);
        var range = random.Next(3) switch { 0 => 1L, 1 => 5L, _ => 900_000L };
        long[] longs = [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64(-range, range))];
        string[] texts = ["", "a", "Zoë", "日本", new('x', 65), "line\nbreak"];
        return field.Type switch
        {
            ArrowType.BoolType => new BooleanArray([.. longs.Select(value => value > 0)], validity),
            ArrowType.IntType(32, _) or ArrowType.DateType => new PrimitiveArray<int>(field.Type, [.. longs.Select(value => (int)value)], validity),
            ArrowType.DecimalType(128, _, _) => new PrimitiveArray<Int128>(field.Type, [.. longs.Select(value => range == 1 ? value : (Int128)value * 1_000_000_007 * 1_000_000_009)], validity),
            ArrowType.Utf8Type => StringArray.From([.. longs.Select((value, row) => isValid[row] ? texts[(int)((ulong)value % 6)] : null)]),
            ArrowType.DictionaryType => new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, [.. longs.Select(value => (int)((ulong)value % 6))], validity), StringArray.From(texts)),
            _ => new PrimitiveArray<long>(field.Type, longs, validity),
        };
    }
}
