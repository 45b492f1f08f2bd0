using Analytics.Engine.Arrow;
using Analytics.Storage.Parquet;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>Batches and files of all column types, and what is in them, for comparison.</summary>
internal static class ParquetSamples
{
    public static readonly Schema Schema = new(
        new Field("hour", ArrowType.TimestampMicrosUtc),
        new Field("member", ArrowType.DictionaryUtf8),
        new Field("note", ArrowType.Utf8),
        new Field("tokens", ArrowType.Int64),
        new Field("requests", ArrowType.Int32),
        new Field("cost", ArrowType.PicoDollars));

    public static readonly string[] Names = [.. Schema.Fields.Select(field => field.Name)];

    private static readonly string[] Texts = ["", "a", "ada", "Zoë", "日本", "𝄞 clef", new string('x', 65), "line\nbreak", "\0"];

    public static RecordBatch Batch(int seed, int rows)
    {
        var random = new Random(seed);
        return new RecordBatch(
            Schema,
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, Longs(random, rows)),
            Dictionary(random, rows),
            StringArray.From(Strings(random, rows)),
            new PrimitiveArray<long>(ArrowType.Int64, Longs(random, rows)),
            new PrimitiveArray<int>(ArrowType.Int32, [.. Longs(random, rows).Select(value => (int)value)]),
            new PrimitiveArray<long>(ArrowType.PicoDollars, Longs(random, rows)));
    }

    /// <summary>A file of two row groups with each encoding, each both compressed and uncompressed.</summary>
    public static byte[] SmallFile() => SmallFile(out _);

    public static byte[] SmallFile(out ParquetFileSummary summary) => Write(out summary, 64, Batch(47, 20), SecondBatch());

    /// <summary>The second row group of the small file.</summary>
    public static RecordBatch SecondBatch() => Batch(2, 9);

    public static byte[] Write(out ParquetFileSummary summary, int pageSizeBytes, params RecordBatch[] batches)
    {
        using var file = new MemoryWritableFile();
        var schema = batches.Length == 0 ? Schema : batches[0].Schema;
        var writer = new ParquetWriter(file, schema, new Dictionary<string, string> { ["b"] = "2", ["a"] = "ä" }, new ParquetWriterOptions { PageSizeBytes = pageSizeBytes });
        foreach (var batch in batches)
        {
            writer.WriteRowGroup(batch);
        }

        summary = writer.Finish();
        return file.ToArray();
    }

    public static ParquetReader Open(byte[] bytes) => ParquetReader.Open(new MemoryReadableFile(bytes), "test.parquet");

    /// <summary>All values of a file, row group by row group, column by column.</summary>
    public static List<object[]> ReadAll(byte[] bytes)
    {
        var reader = Open(bytes);
        string[] names = [.. reader.Schema.Fields.Select(field => field.Name)];
        return [.. Enumerable.Range(0, reader.RowGroups.Count).SelectMany(i => Values(reader.ReadRowGroup(i, names)))];
    }

    public static IEnumerable<object[]> Values(RecordBatch batch) => batch.Columns.Select(Values);

    /// <summary>The values of a column, null for a null and bytes as hexadecimal digits.</summary>
    public static object[] Values(ArrowArray column)
    {
        Func<int, object> value = column switch
        {
            PrimitiveArray<long> numbers => i => numbers.Values[i],
            PrimitiveArray<int> numbers => i => numbers.Values[i],
            PrimitiveArray<ulong> numbers => i => numbers.Values[i],
            PrimitiveArray<uint> numbers => i => numbers.Values[i],
            PrimitiveArray<short> numbers => i => numbers.Values[i],
            PrimitiveArray<ushort> numbers => i => numbers.Values[i],
            PrimitiveArray<sbyte> numbers => i => numbers.Values[i],
            PrimitiveArray<byte> numbers => i => numbers.Values[i],
            PrimitiveArray<double> numbers => i => numbers.Values[i],
            PrimitiveArray<float> numbers => i => numbers.Values[i],
            PrimitiveArray<Half> numbers => i => numbers.Values[i],
            PrimitiveArray<Int128> numbers => i => numbers.Values[i],
            BooleanArray flags => i => flags[i],
            DictionaryArray texts => i => texts.Dictionary[texts.Codes[i]],
            StringArray texts => i => texts[i],
            BinaryArray values => i => Convert.ToHexString(values.Bytes(i)),
            FixedSizeBinaryArray values => i => Convert.ToHexString(values.Bytes(i)),
            _ => throw new ArgumentException(column.GetType().Name),
        };
        return [.. Enumerable.Range(0, column.Length).Select(i => column.IsValid(i) ? value(i) : null!)];
    }

    // All equal, all distinct, few distinct, long runs, ascending, or anything with both extremes.
    private static long[] Longs(Random random, int rows)
    {
        var shape = random.Next(6);
        var start = random.NextInt64(long.MinValue, long.MaxValue);
        return
        [
            .. Enumerable.Range(0, rows).Select(row => shape switch
            {
                0 => start,
                1 => start ^ row,
                2 => random.Next(3) - 1,
                3 => row / 20 % 5,
                4 => row * 3_600_000_000L,
                _ => random.Next(5) switch { 0 => long.MinValue, 1 => long.MaxValue, _ => random.NextInt64(long.MinValue, long.MaxValue) },
            }),
        ];
    }

    private static string[] Strings(Random random, int rows)
    {
        var shape = random.Next(4);
        var one = Texts[random.Next(Texts.Length)];
        return
        [
            .. Enumerable.Range(0, rows).Select(row => shape switch
            {
                0 => one,
                1 => $"é{row}",
                2 => Texts[row / 20 % Texts.Length],
                _ => Texts[random.Next(Texts.Length)],
            }),
        ];
    }

    // With entries that no row uses, and entries that appear twice.
    private static DictionaryArray Dictionary(Random random, int rows)
    {
        var texts = Strings(random, rows + 1);
        var codes = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            codes[row] = random.Next(texts.Length);
        }

        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), StringArray.From(texts));
    }
}
