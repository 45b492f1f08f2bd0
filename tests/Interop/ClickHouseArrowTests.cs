using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Tests.Arrow;
using Xunit;

namespace Analytics.Tests.Interop;

/// <summary>Streams and files exchanged with ClickHouse, which runs inside of a small program in C.</summary>
public sealed class ClickHouseArrowTests : IDisposable
{
    private const string Uncompressed = "SETTINGS output_format_arrow_compression_method = 'none', output_format_arrow_low_cardinality_as_dictionary = 1, max_block_size = 3000, max_threads = 1";
    private const string Package = "@chdb/lib-linux-x64-gnu";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [ClickHouseFact]
    public async Task Reads_OurStreamsAndFiles_WithTheSameValues()
    {
        var random = new Random(44);
        var schema = new Schema(ArrowSamples.Types
            .Where(type => type is ArrowType.BoolType or ArrowType.IntType or ArrowType.FloatType(not 16) or ArrowType.DecimalType or ArrowType.Utf8Type or ArrowType.DictionaryType)
            .Append(ArrowType.TimestampMicrosUtc)
            .Select((type, i) => new Field($"c{i}", type, IsNullable: true)));
        var batches = ArrowSamples.Batches(random, schema, 10, 200);
        folder.Write("ours.arrows", ArrowSamples.Stream(schema, batches));
        folder.Write("ours.arrow", ArrowSamples.File(schema, batches));

        // Back as a stream: the values have been ClickHouse's own in between.
        foreach (var (name, format) in new[] { ("ours.arrows", "ArrowStream"), ("ours.arrow", "Arrow") })
        {
            using var stream = new MemoryStream(await Query("ArrowStream", $"SELECT * FROM file('{folder.File(name)}', {format}) {Uncompressed}"));
            Assert.Equal(Peer.Rows(batches).Order(StringComparer.Ordinal), Peer.Rows(ArrowSamples.ReadStream(stream)).Order(StringComparer.Ordinal));
        }
    }

    [ClickHouseFact]
    public async Task Reads_OurStream_WithTheSameSums()
    {
        var random = new Random(45);
        var schema = new Schema(new Field("project", ArrowType.DictionaryUtf8, IsNullable: true), new Field("tokens", ArrowType.Int64, IsNullable: true), new Field("cost", ArrowType.PicoDollars));
        var batches = ArrowSamples.Batches(random, schema, 8, 5_000);
        folder.Write("ours.arrows", ArrowSamples.Stream(schema, batches));
        var rows = batches.SelectMany(batch => Enumerable.Range(0, batch.RowCount).Select(row =>
            (Project: ArrowText.Cell(batch.Columns[0], row), Tokens: ArrowText.Cell(batch.Columns[1], row), Cost: Int128.Parse(ArrowText.Cell(batch.Columns[2], row)!, CultureInfo.InvariantCulture)))).ToList();

        var answer = System.Text.Encoding.UTF8.GetString(await Query(
            "TSVRaw", $"SELECT ifNull(hex(toString(project)), 'null'), count(), sum(toInt256(tokens)), sum(toInt256(toDecimal256(cost, 12) * toDecimal256('1000000000000', 0))) FROM file('{folder.File("ours.arrows")}', ArrowStream) GROUP BY project"));

        Assert.Equal(
            rows.GroupBy(row => row.Project).Select(group => string.Join('\t',
                group.Key is null ? "null" : Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(group.Key)),
                group.Count(),
                group.All(row => row.Tokens is null) ? "\\N" : $"{group.Aggregate((Int128)0, (sum, row) => sum + (row.Tokens is null ? 0 : Int128.Parse(row.Tokens, CultureInfo.InvariantCulture)))}",
                group.Aggregate((Int128)0, (sum, row) => sum + row.Cost))).Order(StringComparer.Ordinal),
            answer.Split('\n')[..^1].Order(StringComparer.Ordinal));
    }

    [ClickHouseFact]
    public async Task Writes_StreamsAndFiles_ThatWeReadWithTheSameValues()
    {
        const string Select = """
            SELECT number % 3 = 0 ? NULL : toInt64(number * 1000003) AS i64,
                   number % 5 = 0 ? NULL : concat('text ', toString(number % 7), ' Zoë 日本') AS text,
                   toLowCardinality(concat('word ', toString(number % 11))) AS word,
                   number % 4 = 0 ? NULL : toDecimal64(number, 9) / 1000 AS cost,
                   addMicroseconds(toDateTime64(0, 6, 'UTC'), number * 1000) AS hour,
                   toDate32('2026-01-01') + number AS day,
                   number / 3 AS ratio,
                   toUInt8(number % 256) AS small,
                   toBool(number % 2 = 0) AS even
            FROM numbers(20000)
            """;
        var expected = Enumerable.Range(0, 20_000).Select(number => string.Join('|',
            number % 3 == 0 ? "null" : $"{number * 1_000_003L}",
            number % 5 == 0 ? "null" : $"text {number % 7} Zoë 日本",
            $"word {number % 11}",
            number % 4 == 0 ? "null" : $"{number * 1_000_000L}",
            $"{number * 1_000L}",
            $"{20_454 + number}",
            $"{BitConverter.DoubleToInt64Bits(number / 3.0):x16}",
            $"{number % 256}",
            number % 2 == 0 ? "true" : "false"));

        using var stream = new MemoryStream(await Query("ArrowStream", $"{Select} {Uncompressed}"));
        var batches = ArrowSamples.ReadStream(stream);
        Assert.Equal(expected, batches.SelectMany(ArrowText.Rows));
        Assert.Equal(ArrowType.DictionaryUtf8, batches[0].Schema.Fields[2].Type);

        using var file = new MemoryStream(await Query("Arrow", $"{Select} {Uncompressed}"));
        Assert.Equal(expected, ArrowSamples.ReadFile(file).SelectMany(ArrowText.Rows));

        using var compressed = new MemoryStream(await Query("ArrowStream", Select));
        Assert.Contains("compressed with LZ4_FRAME", Assert.Throws<ArrowFormatException>(() => ArrowSamples.ReadStream(compressed)).Message, StringComparison.Ordinal);
    }

    private async Task<byte[]> Query(string format, string sql)
    {
        var program = folder.File("chdb");
        if (!File.Exists(program))
        {
            var (exitCode, _, errors) = await Peer.TryRun("cc", ["-O1", "-o", program, Peer.PathOf("HeavyPeers/chdb.c"), "-ldl"]);
            Assert.True(exitCode == 0, errors);
        }

        var library = Peer.PathOf($"HeavyPeers/node_modules/{Package}/libchdb.so");
        using var process = Process.Start(new ProcessStartInfo(program, [library, format, sql]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var words = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await words);
        return output.ToArray();
    }

    /// <summary>A test that needs ClickHouse and a C compiler; reported as skipped, with the reason, where one is absent.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ClickHouseFactAttribute : FactAttribute
    {
        public ClickHouseFactAttribute() => Skip = new PeerFactAttribute("HeavyPeers", Package).Skip ?? new Store.CompilerFactAttribute().Skip;
    }
}
