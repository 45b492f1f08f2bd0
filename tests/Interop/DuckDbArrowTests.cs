using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.CInterface;
using Analytics.Tests.Arrow;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>DuckDB reads our batches in place, through the C data interface, and every slice comes back.</summary>
[Collection(CInterfaceTests.Name)]
public class DuckDbArrowTests
{
    private static readonly Schema Usage = new(
        new Field("hour", ArrowType.TimestampMicrosUtc),
        new Field("project", ArrowType.DictionaryUtf8, IsNullable: true),
        new Field("tokens", ArrowType.Int64, IsNullable: true),
        new Field("cost", ArrowType.PicoDollars),
        new Field("total", ArrowType.PicoDollars128),
        new Field("note", ArrowType.Utf8, IsNullable: true),
        new Field("is_batch", ArrowType.Bool, IsNullable: true),
        new Field("day", ArrowType.Date));

    [DuckDbFact]
    public void Scan_ProjectionFilterAndGroups_GiveTheSameSums()
    {
        var random = new Random(5);
        var batches = Enumerable.Range(0, 4).Select(i => Batch(random, 3_000 + (i * 1_777), i)).ToList();
        batches.Add(batches[0].Slice(37, 2_100));
        batches.Add(batches[1].Slice(5, 0));
        var rows = batches.SelectMany(Rows).ToList();
        var before = CInterfaceTests.LiveExports();
        using (var duck = new DuckDbScan(batches))
        {
            Assert.Equal([$"{rows.Count}"], duck.Query("SELECT count(*) FROM batches()"));
            Assert.Equal(
                [$"{rows.Count(row => row.Tokens is not null)}|{Sum(rows, row => row.Tokens ?? 0)}|{Sum(rows, row => row.Cost)}|{Sum(rows, row => row.Total)}"],
                duck.Query("SELECT count(tokens)::VARCHAR, sum(tokens)::VARCHAR, (sum(cost)::DECIMAL(38,12) * 1000000000000)::DECIMAL(38,0)::VARCHAR, replace(sum(total)::VARCHAR, '.', '')::HUGEINT::VARCHAR FROM batches()"));

            // One column only, which is neither the first nor the second.
            Assert.Equal([$"{Sum(rows, row => row.Cost)}"], duck.Query("SELECT replace(sum(cost)::VARCHAR, '.', '')::HUGEINT::VARCHAR FROM batches()"));
            Assert.Equal(["cost"], duck.LastColumns);
            Assert.Equal(
                rows.Where(row => row.Hour % 7 < 3 && row.IsBatch != false)
                    .GroupBy(row => row.Project).OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => $"{group.Key ?? "null"}|{group.Count()}|{Sum(group, row => row.Tokens ?? 0)}").Order(StringComparer.Ordinal),
                duck.Query("SELECT project, count(*)::VARCHAR, coalesce(sum(tokens), 0)::VARCHAR FROM batches() WHERE epoch_us(hour) % 7 < 3 AND is_batch IS DISTINCT FROM false GROUP BY 1 ORDER BY 1")
                    .Order(StringComparer.Ordinal));
            Assert.Equal(
                rows.Select(row => $"{row.Note ?? "null"}|{row.Day}").Distinct().Order(StringComparer.Ordinal),
                duck.Query("SELECT DISTINCT note, (day - DATE '1970-01-01')::VARCHAR FROM batches()").Order(StringComparer.Ordinal));
            Assert.True(duck.Slices >= 5 * rows.Count / 2048);
            Assert.Equal(before, CArrowExport.LiveCount);
        }

        GC.KeepAlive(batches);
    }

    [DuckDbFact]
    public void Scan_AllTypes_GiveTheSameValues()
    {
        var random = new Random(6);
        ArrowType[] types = [.. ArrowSamples.Types.Where(type => type is not (ArrowType.TimeType or ArrowType.FloatType(16) or ArrowType.FloatType or ArrowType.FixedSizeBinaryType or ArrowType.DecimalType or ArrowType.TimestampType(TimeUnit.Second or TimeUnit.Nanosecond, _) or ArrowType.DateType))];
        var schema = new Schema(types.Select((type, i) => new Field($"c{i}", type, IsNullable: true)));
        var batches = ArrowSamples.Batches(random, schema, 5, 300);

        // A decimal or a date of random bits need not be one; these are covered above. DuckDB has texts without U+0000 only in part.
        using var duck = new DuckDbScan(batches);
        var cells = string.Join(", ", types.Select((type, i) => type switch
        {
            ArrowType.TimestampType => $"epoch_us(c{i})::VARCHAR",
            ArrowType.BinaryType => $"lower(hex(c{i}))",
            ArrowType.Utf8Type or ArrowType.DictionaryType => $"replace(c{i}, chr(0), '(zero)')",
            _ => $"c{i}::VARCHAR",
        }));

        Assert.Equal(
            batches.SelectMany(ArrowText.Rows).Select(row => row.Replace("\0", "(zero)", StringComparison.Ordinal)),
            duck.Query($"SELECT {cells} FROM batches()"));
    }

    private static RecordBatch Batch(Random random, int rows, int seed)
    {
        int[] indices = [.. Enumerable.Range(0, rows)];
        var isValid = indices.Select(_ => random.Next(5) > 0).ToArray();
        var projects = StringArray.From([.. Enumerable.Range(0, 3 + seed).Select(i => $"project {i} of {seed % 2} ë")]);
        return new RecordBatch(
            Usage,
            new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, [.. indices.Select(_ => 1_767_225_600_000_000 + random.NextInt64(1_000_000_000))]),
            new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, [.. indices.Select(_ => random.Next(projects.Length))], ValidityBitmap.From([.. isValid.Reverse()])), projects),
            new PrimitiveArray<long>(ArrowType.Int64, [.. indices.Select(_ => random.NextInt64(1_000_000))], ValidityBitmap.From(isValid)),
            new PrimitiveArray<long>(ArrowType.PicoDollars, [.. indices.Select(_ => random.NextInt64(-1_000_000, 1_000_000_000_000))]),
            new PrimitiveArray<Int128>(ArrowType.PicoDollars128, [.. indices.Select(_ => (Int128)random.NextInt64() * 1_000_000)]),
            StringArray.From([.. indices.Select(i => isValid[i] ? $"a note that is longer than a prefix: {i % 10}" : null)]),
            new BooleanArray(indices.Select(_ => random.Next(2) == 0).ToArray(), ValidityBitmap.From(isValid)),
            new PrimitiveArray<int>(ArrowType.Date, [.. indices.Select(_ => random.Next(-10, 30))]));
    }

    private static IEnumerable<Row> Rows(RecordBatch batch) => Enumerable.Range(0, batch.RowCount).Select(row => new Row(
        batch.Column<PrimitiveArray<long>>(0).Values[row],
        ArrowText.Cell(batch.Columns[1], row),
        batch.Columns[2].IsValid(row) ? batch.Column<PrimitiveArray<long>>(2).Values[row] : null,
        batch.Column<PrimitiveArray<long>>(3).Values[row],
        batch.Column<PrimitiveArray<Int128>>(4).Values[row],
        ArrowText.Cell(batch.Columns[5], row),
        batch.Columns[6].IsValid(row) ? batch.Column<BooleanArray>(6)[row] : null,
        batch.Column<PrimitiveArray<int>>(7).Values[row]));

    private static Int128 Sum(IEnumerable<Row> rows, Func<Row, Int128> value) => rows.Aggregate((Int128)0, (sum, row) => sum + value(row));

    private sealed record Row(long Hour, string? Project, long? Tokens, long Cost, Int128 Total, string? Note, bool? IsBatch, int Day);
}
