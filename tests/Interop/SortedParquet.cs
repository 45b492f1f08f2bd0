using System.Globalization;
using System.Text.Json.Serialization;
using Analytics.Engine.Arrow;
using Analytics.Tests.Properties;

namespace Analytics.Tests.Interop;

/// <summary>A file whose columns are all sorted, so that bounds of row groups and pages let a reader skip most of it, and questions to it.</summary>
/// <param name="Content">Its column "row" numbers the rows.</param>
/// <param name="Queries">Some that find nothing, a few rows, or many.</param>
internal sealed record SortedParquet(RandomParquet Content, IReadOnlyList<RangeQuery> Queries)
{
    private const int RowGroups = 8;
    private const int RowsEach = 1_500;
    private const int QueriesEach = 12;

    public static SortedParquet Of(Random random)
    {
        long[] rows = [.. Enumerable.Range(0, RowGroups * RowsEach).Select(row => (long)row)];
        var cost = -3_000_000_000_000_000L;
        long[] costs = [.. rows.Select(_ => cost += random.NextInt64(1_000_000_000_000))];
        string[] names = [.. rows.Select(row => $"ë{row / 40:00000}")];
        string[] notes = [.. rows.Select(row => $"{row:00000} note {random.Next(1_000_000)}")];
        var schema = new Schema(
            new Field("row", ArrowType.Int64),
            new Field("hour", ArrowType.TimestampMicrosUtc),
            new Field("falling", ArrowType.Int32),
            new Field("cost", ArrowType.PicoDollars),
            new Field("name", ArrowType.DictionaryUtf8),
            new Field("note", ArrowType.Utf8));
        long[] hours = [.. rows.Select(row => (row / 7 * 3_600_000_000) - 900_000_000_000_000)];
        int[] falling = [.. rows.Select(row => 1_000 - (int)(row / 3))];
        var batches = rows.Chunk(RowsEach).Select(chunk =>
        {
            var range = (int)chunk[0]..((int)chunk[0] + RowsEach);
            int[] codes = [.. Enumerable.Range(0, RowsEach)];
            return new RecordBatch(
                schema,
                new PrimitiveArray<long>(ArrowType.Int64, chunk),
                new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, hours[range]),
                new PrimitiveArray<int>(ArrowType.Int32, falling[range]),
                new PrimitiveArray<long>(ArrowType.PicoDollars, costs[range]),
                new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes), StringArray.From(names[range])),
                StringArray.From(notes[range]));
        });
        return new SortedParquet(new RandomParquet(schema, [.. batches]), [
            .. Numbers(random, "row", "int64", rows), .. Numbers(random, "hour", "timestamp", hours),
            .. Numbers(random, "falling", "int32", [.. falling.Select(value => (long)value)]), .. Numbers(random, "cost", "decimal(18,12)", costs),
            .. Texts(random, "name", names), .. Texts(random, "note", notes)]);
    }

    private static IEnumerable<RangeQuery> Numbers(Random random, string column, string type, long[] values)
    {
        for (var i = 0; i < QueriesEach; i++)
        {
            var low = values[random.Next(values.Length)] + random.Next(-1, 2);
            var high = Math.Max(low, values[random.Next(values.Length)]);
            yield return Find(column, type, low, high, values);
            yield return Find(column, type, low, low + random.Next(3), values);
        }
    }

    private static RangeQuery Find(string column, string type, long low, long high, long[] values) =>
        new(column, type, Text(type, low), Text(type, high))
        {
            Rows = [.. values.Index().Where(row => low <= row.Item && row.Item <= high).Select(row => row.Index.ToString(CultureInfo.InvariantCulture))],
        };

    private static string Text(string type, long value) =>
        (type == "decimal(18,12)" ? value / 1e12m : value).ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<RangeQuery> Texts(Random random, string column, string[] values)
    {
        for (var i = 0; i < QueriesEach; i++)
        {
            var low = values[random.Next(values.Length)][..random.Next(3, 6)];
            var high = random.Next(2) == 0 ? low + "\uFFFD" : values[random.Next(values.Length)];
            yield return new(column, "text", low, high)
            {
                Rows = [.. values.Index().Where(row => string.CompareOrdinal(low, row.Item) <= 0 && string.CompareOrdinal(row.Item, high) <= 0).Select(row => row.Index.ToString(CultureInfo.InvariantCulture))],
            };
        }
    }
}

/// <summary>Which rows have <paramref name="Low"/> &lt;= <paramref name="Column"/> &lt;= <paramref name="High"/>?</summary>
/// <param name="Column">A column.</param>
/// <param name="Type">Its type, in the words of <see cref="RandomParquet.Columns"/>.</param>
/// <param name="Low">As text: instants in microseconds, decimals with their point.</param>
/// <param name="High">Likewise.</param>
internal sealed record RangeQuery(string Column, string Type, string Low, string High)
{
    /// <summary>The answer.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Rows { get; init; } = [];
}
