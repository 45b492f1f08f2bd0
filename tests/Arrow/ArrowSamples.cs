using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;

namespace Analytics.Tests.Arrow;

/// <summary>Random schemas and batches: all types, nulls, slices at any offset, and dictionaries that change.</summary>
internal static class ArrowSamples
{
    public static readonly ArrowType[] Types =
    [
        ArrowType.Bool,
        new ArrowType.IntType(8, true), new ArrowType.IntType(8, false), new ArrowType.IntType(16, true), new ArrowType.IntType(16, false),
        ArrowType.Int32, new ArrowType.IntType(32, false), ArrowType.Int64, new ArrowType.IntType(64, false),
        new ArrowType.FloatType(16), new ArrowType.FloatType(32), ArrowType.Float64,
        ArrowType.PicoDollars, ArrowType.PicoDollars128, new ArrowType.DecimalType(128, 9, 0),
        ArrowType.Date,
        new ArrowType.TimeType(TimeUnit.Second), new ArrowType.TimeType(TimeUnit.Millisecond), new ArrowType.TimeType(TimeUnit.Microsecond), new ArrowType.TimeType(TimeUnit.Nanosecond),
        ArrowType.TimestampMicrosUtc, new ArrowType.TimestampType(TimeUnit.Second, null), new ArrowType.TimestampType(TimeUnit.Nanosecond, "Europe/Zürich"),
        ArrowType.Utf8, ArrowType.Binary,
        new ArrowType.FixedSizeBinaryType(3), new ArrowType.FixedSizeBinaryType(0), new ArrowType.FixedSizeBinaryType(16, IsUuid: true),
        ArrowType.DictionaryUtf8, ArrowType.DictionaryUtf8,
    ];

    private static readonly string[] Words = ["", "ada", "Zoë", "日本", "𝄞 clef", "a longer text that no view holds in place", "\0", "x"];

    public static Schema Schema(Random random, params IReadOnlyList<ArrowType> types)
    {
        Dictionary<string, string> metadata = [];
        for (var i = random.Next(3); i > 0; i--)
        {
            metadata[$"key {i}"] = Words[random.Next(Words.Length)];
        }

        return new Schema(types.Select((type, i) => new Field($"{i} ë", type, random.Next(4) > 0)), metadata);
    }

    public static IReadOnlyList<ArrowType> SomeTypes(Random random, int most) =>
        [.. Enumerable.Range(0, random.Next(most + 1)).Select(_ => Types[random.Next(Types.Length)])];

    /// <summary>Batches of a schema; their dictionaries stay, grow or change.</summary>
    public static IReadOnlyList<RecordBatch> Batches(Random random, Schema schema, int count, int mostRows)
    {
        List<RecordBatch> batches = [];
        var dictionaries = schema.Fields.Select(_ => Dictionary(random, StringArray.From([]), random.Next(1, 5))).ToArray();
        for (; count > 0; count--)
        {
            var rows = random.Next(5) == 0 ? 0 : random.Next(mostRows + 1);
            for (var i = 0; i < dictionaries.Length; i++)
            {
                dictionaries[i] = random.Next(4) switch
                {
                    0 => Dictionary(random, StringArray.From([]), random.Next(1, 5)),
                    1 => Dictionary(random, dictionaries[i], random.Next(3)),
                    _ => dictionaries[i],
                };
            }

            // Each column is a slice of a longer one, at an offset of its own.
            batches.Add(new RecordBatch(schema, rows, [.. schema.Fields.Select((field, i) =>
            {
                var (before, after) = random.Next(3) == 0 ? (0, 0) : (random.Next(20), random.Next(20));
                return Column(random, field, before + rows + after, dictionaries[i]).Slice(before, rows);
            })]));
        }

        return batches;
    }

    public static ArrowArray Column(Random random, Field field, int length, StringArray dictionary)
    {
        var validity = field.IsNullable && random.Next(4) > 0 ? Validity(random, length) : null;
        switch (field.Type)
        {
            case ArrowType.BoolType:
                var offset = random.Next(12);
                return new BooleanArray(Random(random, ((length + offset) / 8) + 1), offset, length, validity);
            case ArrowType.Utf8Type:
                return Nulled(Texts(random, length, field.IsNullable));
            case ArrowType.BinaryType:
                var texts = Nulled(Texts(random, length, field.IsNullable));
                return new BinaryArray(texts.OffsetBuffer, texts.Data, texts.Validity);
            case ArrowType.FixedSizeBinaryType type:
                return new FixedSizeBinaryArray(type, length, Random(random, length * type.Width), validity);
            case ArrowType.DictionaryType:
                int[] codes = [.. Enumerable.Range(0, length).Select(i => validity is not null && !validity[i] ? random.Next() : random.Next(dictionary.Length))];
                return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes, validity), dictionary);
            case ArrowType.DecimalType type:
                var most = Pow10(type.Precision);
                return type.BitWidth == 64
                    ? new PrimitiveArray<long>(type, [.. Enumerable.Range(0, length).Select(_ => random.NextInt64() % (long)most)], validity)
                    : new PrimitiveArray<Int128>(type, [.. Enumerable.Range(0, length).Select(_ => new Int128((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64()) % most)], validity);
            case ArrowType.TimeType type:
                var day = 86_400 * (long)Pow10((int)type.Unit * 3);
                return type.Unit <= TimeUnit.Millisecond
                    ? new PrimitiveArray<int>(type, [.. Enumerable.Range(0, length).Select(_ => random.Next((int)day))], validity)
                    : new PrimitiveArray<long>(type, [.. Enumerable.Range(0, length).Select(_ => random.NextInt64(day))], validity);
            default:
                return PrimitiveTypes.Array(field.Type, Random(random, length * Width(field.Type)), validity);
        }
    }

    public static byte[] Stream(Schema schema, IReadOnlyList<RecordBatch> batches, ArrowWriterOptions? options = null)
    {
        using var stream = new MemoryStream();
        var writer = new ArrowStreamWriter(stream, schema, options);
        foreach (var batch in batches)
        {
            writer.Write(batch);
        }

        writer.Finish();
        return stream.ToArray();
    }

    public static byte[] File(Schema schema, IReadOnlyList<RecordBatch> batches, ArrowWriterOptions? options = null)
    {
        using var stream = new MemoryStream();
        var writer = new ArrowFileWriter(stream, schema, options);
        foreach (var batch in batches)
        {
            writer.Write(batch);
        }

        writer.Finish();
        return stream.ToArray();
    }

    public static IReadOnlyList<RecordBatch> ReadStream(Stream stream, string name = "test")
    {
        List<RecordBatch> batches = [];
        var reader = ArrowStreamReader.Open(stream, name);
        while (reader.Next() is { } batch)
        {
            batches.Add(batch);
        }

        return batches;
    }

    public static IReadOnlyList<RecordBatch> ReadFile(Stream stream, string name = "test")
    {
        stream.Position = 0;
        var reader = ArrowFileReader.Open(stream, name);
        return [.. Enumerable.Range(0, reader.BatchCount).Select(reader.Batch)];
    }

    private static StringArray Texts(Random random, int length, bool hasNulls) =>
        StringArray.From([.. Enumerable.Range(0, length).Select(_ => hasNulls && random.Next(4) == 0 ? null : Words[random.Next(Words.Length)])]);

    // Different texts: some readers (ClickHouse) refuse a dictionary that has one twice.
    private static StringArray Dictionary(Random random, StringArray first, int more) => StringArray.From(
        [.. Enumerable.Range(0, first.Length).Select(i => first[i]).Concat(Enumerable.Range(0, more).Select(_ => Words[random.Next(Words.Length)])).Distinct()]);

    // The texts under nulls are not empty, and need not be text.
    private static StringArray Nulled(StringArray texts)
    {
        if (texts.NullCount == 0)
        {
            return texts;
        }

        var filled = StringArray.From([.. Enumerable.Range(0, texts.Length).Select(i => texts.IsValid(i) ? texts[i] : "~~")]);
        var bytes = filled.Data.Span<byte>().ToArray();
        bytes.AsSpan().Replace((byte)'~', (byte)0xFF);
        return new StringArray(filled.OffsetBuffer, NativeBuffer.Copy<byte>(bytes), texts.Validity);
    }

    private static ValidityBitmap Validity(Random random, int length)
    {
        var offset = random.Next(3) == 0 ? 0 : random.Next(20);
        return new ValidityBitmap(Random(random, ((length + offset) / 8) + 1), offset, length);
    }

    private static NativeBuffer Random(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return NativeBuffer.Copy<byte>(bytes);
    }

    private static Int128 Pow10(int digits) => Enumerable.Repeat((Int128)10, digits).Aggregate((Int128)1, (product, ten) => product * ten);

    private static int Width(ArrowType type) => PrimitiveTypes.ValueOf(type) switch
    {
        var value when value == typeof(Int128) => 16,
        var value when value == typeof(Half) => 2,
        var value => System.Runtime.InteropServices.Marshal.SizeOf(value!),
    };
}

/// <summary>Batches as text, one line for each row, exact to the last digit.</summary>
internal static class ArrowText
{
    public static string Of(Schema schema, IEnumerable<RecordBatch> batches)
    {
        var text = new StringBuilder();
        text.AppendJoin('\n', schema.Fields).Append('\n');
        text.AppendJoin('\n', schema.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)).Append('\n');
        foreach (var batch in batches)
        {
            text.Append($"batch of {batch.RowCount}\n").AppendJoin('\n', Rows(batch)).Append('\n');
        }

        return text.ToString();
    }

    public static IEnumerable<string> Rows(RecordBatch batch) =>
        Enumerable.Range(0, batch.RowCount).Select(row => string.Join('|', batch.Columns.Select(column => Cell(column, row) ?? "null")));

    /// <summary>One value: integers, decimals and times as the stored integer, floats as the bits of a double, bytes as hexadecimal digits.</summary>
    public static string? Cell(ArrowArray array, int row) => !array.IsValid(row) ? null : array switch
    {
        BooleanArray values => values[row] ? "true" : "false",
        StringArray values => values[row],
        DictionaryArray values => values.Dictionary[values.Codes[row]],
        BinaryArray values => Convert.ToHexStringLower(values.Bytes(row)),
        FixedSizeBinaryArray values => Convert.ToHexStringLower(values.Bytes(row)),
        PrimitiveArray<sbyte> values => $"{values.Values[row]}",
        PrimitiveArray<byte> values => $"{values.Values[row]}",
        PrimitiveArray<short> values => $"{values.Values[row]}",
        PrimitiveArray<ushort> values => $"{values.Values[row]}",
        PrimitiveArray<int> values => $"{values.Values[row]}",
        PrimitiveArray<uint> values => $"{values.Values[row]}",
        PrimitiveArray<long> values => $"{values.Values[row]}",
        PrimitiveArray<ulong> values => $"{values.Values[row]}",
        PrimitiveArray<Int128> values => $"{values.Values[row]}",
        PrimitiveArray<Half> values => Float((double)values.Values[row]),
        PrimitiveArray<float> values => Float(values.Values[row]),
        PrimitiveArray<double> values => Float(values.Values[row]),
        _ => throw new NotSupportedException($"{array.GetType()}"),
    };

    private static string Float(double value) => double.IsNaN(value) ? "NaN" : $"{BitConverter.DoubleToInt64Bits(value):x16}";
}
