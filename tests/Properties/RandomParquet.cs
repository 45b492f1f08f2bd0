using System.Globalization;
using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Storage.Parquet;
using Analytics.Tests.Storage.Parquet;

namespace Analytics.Tests.Properties;

/// <summary>A random file: columns of all types that are written, its row groups, and how other programs should see them.</summary>
/// <remarks>
/// Columns are constant, of few values, in long runs, ascending, descending or anything, with the extremes of their
/// type; texts are empty, long, with U+0000, U+FEFF and characters of two to four bytes.
/// </remarks>
internal sealed record RandomParquet(Schema Schema, IReadOnlyList<RecordBatch> RowGroups)
{
    // Dots and quotes are what paths and SQL stumble over. The number before makes names distinct to those that ignore case.
    private static readonly string[] Names = ["plain", "with space", "Zoë", "日本", "a.b", "it's", "\"quoted\"", "`tick`", "back\\slash"];

    private static readonly string[] Words =
    [
        "", "a", "ada", "Zoë", "日本", "𝄞 clef", "\0", "a\0b", "\uFEFFmark", "\uFFFD", "\U0010FFFF", "\uE000", "line\nbreak", "tab\t\"\\'", "e\u0301", "\u2028", "\u007F", " ",
        new('x', 64), new('x', 65), new('é', 300),
    ];

    /// <summary>Every combination of compression and page index, with pages of <paramref name="pageSizeBytes"/>.</summary>
    public static IEnumerable<ParquetWriterOptions> Options(int pageSizeBytes) =>
        from compression in Enum.GetValues<ParquetCompression>()
        from hasPageIndex in new[] { true, false }
        select new ParquetWriterOptions { Compression = compression, HasPageIndex = hasPageIndex, PageSizeBytes = pageSizeBytes };

    /// <summary>A size of pages: one value each, a few of them, or one page for all.</summary>
    public static int PageSizeBytes(Random random) => random.Next(4) switch { 0 => 1 << 20, 1 => random.Next(1, 20), _ => random.Next(20, 2_000) };

    /// <summary>A file of up to 6 columns and 4 row groups.</summary>
    /// <param name="random">The choices.</param>
    /// <param name="size">Row groups have about ten times as many rows at most; one file in ten has many more.</param>
    public static RandomParquet Of(Random random, int size)
    {
        var schema = new Schema(Enumerable.Range(0, random.Next(1, 7)).Select(i => new Field($"{i} {Names[random.Next(Names.Length)]}", Type(random))));
        var most = size * (random.Next(10) == 0 ? 100 : 10);
        return new RandomParquet(schema, [.. Enumerable.Range(0, random.Next(5)).Select(_ => Batch(random, schema, random.Next(most)))]);
    }

    /// <summary>Names and types of the columns, in the words that all peers are translated into.</summary>
    public IReadOnlyList<string> Columns => [.. Schema.Fields.Select(column => $"{column.Name} {TypeName(column.Type)}")];

    /// <summary>The rows as text: decimals as the unscaled integer, instants as microseconds since the Unix epoch.</summary>
    public IEnumerable<string[]> Rows => RowGroups.SelectMany(batch =>
    {
        object[][] columns = [.. ParquetSamples.Values(batch)];
        return Enumerable.Range(0, batch.RowCount).Select(row => columns.Select(column => Convert.ToString(column[row], CultureInfo.InvariantCulture)!).ToArray());
    });

    public byte[] Write(ParquetWriterOptions options) => Write(options, out _);

    public byte[] Write(ParquetWriterOptions options, out ParquetFileSummary summary)
    {
        using var file = new MemoryWritableFile();
        var writer = new ParquetWriter(file, Schema, null, options);
        foreach (var batch in RowGroups)
        {
            writer.WriteRowGroup(batch);
        }

        summary = writer.Finish();
        return file.ToArray();
    }

    public override string ToString() => $"[{string.Join(", ", Columns)}] in row groups of {string.Join(", ", RowGroups.Select(batch => batch.RowCount))} rows";

    private static string TypeName(ArrowType type) => type switch
    {
        ArrowType.IntType(var width, _) => $"int{width}",
        ArrowType.TimestampType => "timestamp",
        ArrowType.DecimalType(_, var precision, var scale) => $"decimal({precision},{scale})",
        _ => "text",
    };

    private static ArrowType Type(Random random)
    {
        var precision = random.Next(1, 19);
        return random.Next(7) switch
        {
            0 => ArrowType.Int32,
            1 => ArrowType.Int64,
            2 => ArrowType.TimestampMicrosUtc,
            3 => ArrowType.PicoDollars,
            4 => new ArrowType.DecimalType(64, precision, random.Next(precision + 1)),
            5 => ArrowType.Utf8,
            _ => ArrowType.DictionaryUtf8,
        };
    }

    private static RecordBatch Batch(Random random, Schema schema, int rows) => new(schema, rows, [.. schema.Fields.Select(field => Column(random, field.Type, rows))]);

    private static ArrowArray Column(Random random, ArrowType type, int rows)
    {
        switch (type)
        {
            case ArrowType.IntType(32, _):
                return new PrimitiveArray<int>(type, [.. Integers(random, rows, int.MinValue, int.MaxValue).Select(value => (int)value)]);
            case ArrowType.DecimalType(_, var precision, _):
                var most = (long)Math.Pow(10, precision) - 1;
                return new PrimitiveArray<long>(type, Integers(random, rows, -most, most));
            case ArrowType.Utf8Type:
                return StringArray.From(Texts(random, rows));
            case ArrowType.DictionaryType:
                var entries = Texts(random, random.Next(1, rows + 2));
                int[] codes = [.. Integers(random, rows, 0, entries.Length - 1).Select(value => (int)value)];
                return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), StringArray.From(entries));
            default:
                return new PrimitiveArray<long>(type, Integers(random, rows, long.MinValue, long.MaxValue));
        }
    }

    /// <summary>Values from <paramref name="min"/> through <paramref name="max"/>.</summary>
    private static long[] Integers(Random random, int rows, long min, long max)
    {
        var shape = random.Next(8);
        var width = (Int128)max - min + 1;
        var start = Any();
        var step = random.NextInt64(1, 1L << random.Next(1, 30));
        var run = random.Next(1, 200);
        long[] few = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Any())];
        return
        [
            .. Enumerable.Range(0, rows).Select(row => shape switch
            {
                0 => start,
                1 => few[random.Next(few.Length)],
                2 => few[row / run % few.Length],
                3 => Within(start + ((Int128)row * step)),
                4 => Within(start - ((Int128)row * step)),
                5 => Within(start + random.Next(1_000)),
                6 => random.Next(3) switch { 0 => min, 1 => max, _ => Any() },
                _ => Any(),
            }),
        ];

        long Any() => Within(random.NextInt64(long.MinValue, long.MaxValue));

        long Within(Int128 value) => (long)(min + (((value - min) % width + width) % width));
    }

    private static string[] Texts(Random random, int rows)
    {
        var shape = random.Next(5);
        var start = random.Next(Words.Length);
        var run = random.Next(1, 200);
        return
        [
            .. Enumerable.Range(0, rows).Select(row => shape switch
            {
                0 => Words[start],
                1 => Words[random.Next(Words.Length)],
                2 => Words[(start + (row / run)) % Words.Length],
                3 => string.Create(CultureInfo.InvariantCulture, $"text é {row:00000}"),
                _ => Text(random),
            }),
        ];
    }

    private static string Text(Random random)
    {
        var text = new StringBuilder();
        for (var left = random.Next(1 << random.Next(1, 8)); left > 0; left--)
        {
            var code = random.Next(4) switch { 0 => random.Next(0x800), 1 => random.Next(0x110000), _ => random.Next(0x20, 0x7F) };
            text.Append(Rune.IsValid(code) ? new Rune(code) : Rune.ReplacementChar);
        }

        return text.ToString();
    }
}
