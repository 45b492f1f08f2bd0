using System.Globalization;
using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Import;
using Analytics.Tests.Properties;
using Analytics.Tests.Storage.Parquet;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Analytics.Tests.Import;

/// <summary>The same rows as CSV and as Parquet: the same is stored, rejected and said of them.</summary>
public sealed class RollupCsvAndParquetProperties : IDisposable
{
    private const int Cases = 60;
    private const string Map = "bucketStart=0,mapping=1,app=2,projectName=2,requestCount=3,errorCount=4,inputTokens=5,cachedInputTokens=6,outputTokens=7,cost=8";
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void AnyRows_AsCsvAndAsParquet_AreTheSame()
    {
        using var csvStore = UsageStore.Open(folder.File("csv"), Files.Physical);
        using var parquetStore = UsageStore.Open(folder.File("parquet"), Files.Physical);
        Assert.True(RollupMapping.TryParse(Map, out var mapping, out var problem), problem);
        var number = 0;

        Sampled.Check(Cases, (random, size) =>
        {
            var organization = $"org_{number++}";
            Column[] columns = [.. Columns(random)];
            RecordBatch[] batches = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Batch(random, columns, random.Next(1, 2 + (size * 3))))];
            var csvFile = folder.Write($"{number}.csv", Csv(columns, batches));
            var parquetFile = folder.Write($"{number}.parquet", ParquetSamples.Write(out _, random.Next(1, 2_000), batches));

            var csv = Import(csvStore, organization).RollupCsvAsync(csvFile, mapping!, "p", CancellationToken.None).GetAwaiter().GetResult();
            var parquet = Import(parquetStore, organization).RollupParquetAsync(parquetFile, mapping!, "p", CancellationToken.None).GetAwaiter().GetResult();

            Assert.Equal(
                (csv.Accepted, csv.Rejected, csv.Rounded, csv.OffGrain, csv.Rows, csv.DataThrough, csv.Totals),
                (parquet.Accepted, parquet.Rejected, parquet.Rounded, parquet.OffGrain, parquet.Rows, parquet.DataThrough, parquet.Totals));
            Assert.Equal(csv.Samples.Select(row => row with { Items = [] }), parquet.Samples.Select(row => row with { Items = [] }));
            Assert.Equal(csv.Samples.Select(row => row.Items), parquet.Samples.Select(row => row.Items));
            Assert.Equal(csv.Errors.Select(error => (error.Line - 1, error.Code, error.Field)), parquet.Errors.Select(error => (error.Line, error.Code, error.Field)));
            Assert.Equal(Stored(csvStore, organization), Stored(parquetStore, organization));
        });
    }

    public void Dispose() => folder.Dispose();

    private static FileImport Import(UsageStore store, string organization) => new(store, Files.Physical, organization, Instant.FromUtc(2026, 6, 26, 12, 0));

    // Equal rows give equal bytes.
    private static IEnumerable<(string Month, long Rows, string Crc32)> Stored(UsageStore store, string organization) =>
        store.Manifest.Files.Where(file => file.Organization == organization).Select(file => (file.Month, file.Rows, file.Crc32));

    /// <summary>A column in a type that its field takes: values, mostly good ones, and each as a CSV cell.</summary>
    private sealed record Column(ArrowType Type, Func<Random, object> Value, Func<object, string> Cell);

    private static IEnumerable<Column> Columns(Random random)
    {
        yield return random.Next(2) == 0
            ? new Column(ArrowType.TimestampMicrosUtc, next => Micros(next), value => InstantPattern.ExtendedIso.Format(Instants.FromUnixMicroseconds((long)value)))
            : Text(next => next.Next(10) == 0 ? "24 June" : InstantPattern.ExtendedIso.Format(Instants.FromUnixMicroseconds(Micros(next))));
        yield return Text(Word);
        yield return Text(Word);
        for (var i = 0; i < 5; i++)
        {
            // Wholes before and after their parts, so that both fit often.
            var most = i is 0 or 2 or 4 ? 1_000 : 200;
            yield return random.Next(3) switch
            {
                0 => new Column(ArrowType.Int32, next => next.Next(20) == 0 ? -1 : next.Next(most), Plain),
                1 => new Column(ArrowType.Int64, next => next.Next(20) == 0 ? long.MinValue : next.NextInt64(most), Plain),
                _ => new Column(new ArrowType.DecimalType(64, 18, 0), next => next.Next(20) == 0 ? 999_999_999_999_999_999 : next.NextInt64(most), Plain),
            };
        }

        var scale = random.Next(19);
        yield return random.Next(4) switch
        {
            0 => new Column(ArrowType.Int32, next => next.Next(-1, 10_000_000), Plain),
            1 => Text(next => next.Next(5) switch { 0 => "", 1 => "$1", 2 => "1.25e-8", 3 => "0.00000000000051", _ => $"{next.Next(100)}.5" }),
            _ => new Column(new ArrowType.DecimalType(64, 18, scale), next => next.NextInt64(-10, (long)Math.Pow(10, next.Next(1, 18))), value => Decimal((long)value, scale)),
        };
    }

    private static Column Text(Func<Random, string> value) => new(ArrowType.Utf8, value, text => $"\"{((string)text).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");

    // Some before 1970, and two months of quarter hours.
    private static long Micros(Random random) =>
        random.Next(15) == 0 ? -1L : Instant.FromUtc(2026, 5, 1, 0, 0).Plus(Duration.FromMinutes(15 * random.Next(5_000))).ToUnixMicroseconds();

    private static string Word(Random random) =>
        random.Next(25) switch { 0 => "\u0007", 1 => new string('é', 129), 2 => new string('é', 128), 3 => "a \"b\", c", 4 => "", _ => $"w{random.Next(4)}" };

    private static string Plain(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private static string Decimal(long unscaled, int scale)
    {
        var digits = Plain(Math.Abs(unscaled)).PadLeft(scale + 1, '0');
        return $"{(unscaled < 0 ? "-" : "")}{digits[..^scale]}{(scale == 0 ? "" : ".")}{digits[^scale..]}";
    }

    private static RecordBatch Batch(Random random, Column[] columns, int rows) => new(
        new Schema(columns.Select((column, index) => new Field(Plain(index), column.Type))),
        rows,
        [.. columns.Select(column => Values(column.Type, [.. Enumerable.Range(0, rows).Select(_ => column.Value(random))]))]);

    private static ArrowArray Values(ArrowType type, object[] values) => type switch
    {
        ArrowType.Utf8Type => StringArray.From([.. values.Cast<string>()]),
        ArrowType.IntType(32, _) => new PrimitiveArray<int>(type, [.. values.Cast<int>()]),
        _ => new PrimitiveArray<long>(type, [.. values.Cast<long>()]),
    };

    private static string Csv(Column[] columns, RecordBatch[] batches)
    {
        var text = new StringBuilder().AppendJoin(',', columns.Select((_, index) => index)).Append('\n');
        foreach (var batch in batches)
        {
            for (var row = 0; row < batch.RowCount; row++)
            {
                text.AppendJoin(',', columns.Select((column, index) => column.Cell(ValueAt(batch.Columns[index], row)))).Append('\n');
            }
        }

        return text.ToString();
    }

    private static object ValueAt(ArrowArray values, int row) => values switch
    {
        StringArray texts => texts[row],
        PrimitiveArray<int> numbers => numbers.Values[row],
        _ => ((PrimitiveArray<long>)values).Values[row],
    };
}
