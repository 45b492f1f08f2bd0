using System.Globalization;
using System.Text;
using System.Text.Json;
using Analytics.Bench.Comparison;
using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;
using Analytics.Engine.Usage;
using Analytics.Storage.Parquet;
using Analytics.Tests.Storage.Parquet;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Analytics.Tests.Server.Formats;

/// <summary>An answer as text, whatever it was written in: null for nulls, decimals without trailing zeros, dates and times as in ISO 8601.</summary>
internal sealed record AnswerTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string?>> Rows)
{
    public static AnswerTable OfCsv(byte[] csv)
    {
        var records = CsvRecords(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(csv));
        return new AnswerTable([.. records[0].Select(cell => cell!)], [.. records.Skip(1).Select(record => record.Select(Unguarded).ToArray())]);
    }

    public static AnswerTable OfArrow(byte[] stream, out Schema schema, out IReadOnlyList<RecordBatch> batches)
    {
        using var bytes = new MemoryStream(stream);
        var reader = ArrowStreamReader.Open(bytes, "answer.arrows");
        List<RecordBatch> read = [];
        while (reader.Next() is { } batch)
        {
            read.Add(batch);
        }

        Assert.True(reader.HasEndMarker);
        Assert.Empty(reader.Skipped);
        Assert.Equal(bytes.Length, bytes.Position);
        (schema, batches) = (reader.Schema, read);
        return OfBatches(reader.Schema, read);
    }

    public static AnswerTable OfParquet(byte[] file, out IReadOnlyDictionary<string, string> metadata)
    {
        var reader = ParquetReader.Open(new MemoryReadableFile(file), "answer.parquet");
        metadata = reader.Metadata;
        string[] names = [.. reader.Schema.Fields.Select(field => field.Name)];
        Assert.Empty(ParquetVerifier.Verify(new MemoryReadableFile(file), "answer.parquet", FooterCrc(file), file.Length));
        return OfBatches(reader.Schema, [.. Enumerable.Range(0, reader.RowGroups.Count).Select(group => reader.ReadRowGroup(group, names))]);
    }

    /// <summary>What DuckDB reads from a Parquet file.</summary>
    public static AnswerTable OfParquet(DuckDb duck, string path)
    {
        var file = $"read_parquet({DuckDb.Quote(path)})";
        string[] days = [.. duck.Run($"DESCRIBE SELECT * FROM {file}").Rows.Where(column => column[1] == "DATE").Select(column => column[0]!)];
        var result = duck.Run($"SELECT * {(days.Length == 0 ? "" : $"REPLACE ({string.Join(", ", days.Select(day => $"CAST({day} AS VARCHAR) AS {day}"))})")} FROM {file}");
        return new AnswerTable(
            [.. result.Columns.Select(column => column.Name)],
            [
                .. result.Rows.Select(row => row.Select((cell, i) => (cell, result.Columns[i].Type) switch
                {
                    (null, _) => null,
                    (_, DuckDbType.Decimal) => Trimmed(cell),
                    (_, DuckDbType.TimestampTz) => Iso(long.Parse(cell, CultureInfo.InvariantCulture)),
                    _ => cell,
                }).ToArray()),
            ]);
    }

    /// <summary>What DuckDB reads from CSV, without the apostrophes that guard formulas.</summary>
    public static AnswerTable OfCsv(DuckDb duck, string path)
    {
        var result = duck.Run($"SELECT * FROM read_csv({DuckDb.Quote(path)}, header = true, delim = ',', quote = '\"', escape = '\"', all_varchar = true, allow_quoted_nulls = false, nullstr = '')");
        return new AnswerTable([.. result.Columns.Select(column => column.Name)], [.. result.Rows.Select(row => row.Select(Unguarded).ToArray())]);
    }

    /// <summary>Some properties of JSON objects, digit by digit.</summary>
    public static AnswerTable OfJson(IReadOnlyList<string> columns, IEnumerable<JsonElement> rows) => new(columns, [.. rows.Select(row => columns.Select(column => Cell(row, column)).ToArray())]);

    public static string? Cell(JsonElement row, string column) =>
        !row.TryGetProperty(column, out var value) || value.ValueKind == JsonValueKind.Null ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();

    /// <summary>Asserts that both are the same table.</summary>
    public static void Equal(AnswerTable expected, AnswerTable actual)
    {
        Assert.Equal(expected.Columns, actual.Columns);
        Assert.Equal(expected.Rows.Select(Line), actual.Rows.Select(Line));
    }

    public static string Line(IReadOnlyList<string?> row) => string.Join(" | ", row.Select(cell => cell ?? "null"));

    /// <summary>The cells of CSV by RFC 4180: null where there is nothing, an empty text where there are quotes.</summary>
    public static List<List<string?>> CsvRecords(string text)
    {
        List<List<string?>> records = [];
        for (var at = 0; at < text.Length;)
        {
            List<string?> record = [];
            while (true)
            {
                record.Add(CsvCell(text, ref at));
                Assert.True(at < text.Length && (text[at] == ',' || text[at..].StartsWith("\r\n", StringComparison.Ordinal)), $"Found '{text[at..Math.Min(text.Length, at + 20)]}' behind a cell.");
                if (text[at++] == '\r')
                {
                    at++;
                    break;
                }
            }

            records.Add(record);
        }

        return records;
    }

    private static string? CsvCell(string text, ref int at)
    {
        var start = at;
        if (text[at] != '"')
        {
            at = text.IndexOfAny([',', '\r', '\n', '"'], at);
            return at == start ? null : text[start..at];
        }

        var cell = new StringBuilder();
        for (at++; ; at++)
        {
            if (text[at] != '"')
            {
                cell.Append(text[at]);
            }
            else if (text[++at] == '"')
            {
                cell.Append('"');
            }
            else
            {
                return cell.ToString();
            }
        }
    }

    /// <summary>Takes the apostrophe off that stands before what spreadsheets take for a formula.</summary>
    public static string? Unguarded(string? cell) =>
        cell is ['\'', ..] && cell.TrimStart('\'') is [var first, ..] && "=+-@\t\r\n\0＝＋－＠".Contains(first, StringComparison.Ordinal) ? cell[1..] : cell;

    private static AnswerTable OfBatches(Schema schema, IReadOnlyList<RecordBatch> batches) => new(
        [.. schema.Fields.Select(field => field.Name)],
        [.. batches.SelectMany(batch => Enumerable.Range(0, batch.RowCount).Select(row => batch.Columns.Select(column => Cell(column, row)).ToArray()))]);

    private static string? Cell(ArrowArray column, int row) => !column.IsValid(row) ? null : (column, column.Type) switch
    {
        (PrimitiveArray<Int128> money, ArrowType.DecimalType(128, 38, 12)) => PicoDollars.Format(money.Values[row]),
        (PrimitiveArray<Int128> ratio, ArrowType.DecimalType(128, 18, 6)) => PicoDollars.Format(ratio.Values[row] * 1_000_000),
        (PrimitiveArray<long> ratio, ArrowType.DecimalType(64, 18, 6)) => PicoDollars.Format((Int128)ratio.Values[row] * 1_000_000),
        (PrimitiveArray<int> days, ArrowType.DateType) => LocalDatePattern.Iso.Format(new LocalDate(1970, 1, 1).PlusDays(days.Values[row])),
        (PrimitiveArray<long> instants, ArrowType.TimestampType(TimeUnit.Microsecond, "UTC")) => Iso(instants.Values[row]),
        (PrimitiveArray<long> counts, ArrowType.IntType(64, true)) => counts.Values[row].ToString(CultureInfo.InvariantCulture),
        (BooleanArray flags, _) => flags[row] ? "true" : "false",
        (DictionaryArray texts, _) => texts.Dictionary[texts.Codes[row]],
        (StringArray texts, _) => texts[row],
        _ => throw new NotSupportedException($"{column.Type}"),
    };

    private static string Iso(long micros) => InstantPattern.ExtendedIso.Format(Instants.FromUnixMicroseconds(micros));

    private static string Trimmed(string number) => number.Contains('.', StringComparison.Ordinal) ? number.TrimEnd('0').TrimEnd('.') : number;

    private static uint FooterCrc(byte[] file)
    {
        var length = BitConverter.ToInt32(file, file.Length - 8);
        return Analytics.Storage.Crc32.Of(file.AsSpan(file.Length - 8 - length, length + 4));
    }
}
