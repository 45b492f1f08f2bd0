using System.Globalization;
using System.Text.Json;
using Analytics.Bench.Comparison;
using Analytics.Storage.Parquet;
using Analytics.Tests.Properties;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Interop;

/// <summary>Other programs see our Parquet files as we do: the same columns and values, and the same rows where bounds let them skip.</summary>
public sealed class ParquetPeerTests(ITestOutputHelper output) : IDisposable
{
    private const int Seed = 20_260_711;
    private const int FileCount = 36;
    private const string Hyparquet = "Peers/hyparquet.mjs";
    private const string ArrowRs = "Peers/parquet-wasm.mjs";
    private const string Polars = "HeavyPeers/polars-parquet.mjs";
    private const string ClickHouse = "HeavyPeers/clickhouse-parquet.mjs";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [DuckDbFact]
    public void DuckDb_RandomFiles_ReadsTheSame()
    {
        using var duck = DuckDb.Open(threads: 2);
        output.WriteLine($"seed {Seed}, DuckDB {DuckDb.Version}");
        foreach (var (path, sample) in WriteFiles())
        {
            var found = duck.Run($"SELECT * FROM read_parquet({DuckDb.Quote(path)})");
            AssertSame(path, sample, [
                [.. found.Columns.Select(column => $"{column.Name} {TypeName(column)}")],
                .. found.Rows.Select(row => row.Select((cell, i) => found.Columns[i].Type == DuckDbType.Decimal ? Unscaled(cell!) : cell!).ToArray())]);
        }
    }

    [PeerFact("Peers", "hyparquet")]
    public Task Hyparquet_RandomFiles_ReadsTheSame() => AssertReadsTheSame(Hyparquet);

    [PeerFact("Peers", "parquet-wasm")]
    public Task ArrowRs_RandomFiles_ReadsTheSame() => AssertReadsTheSame(ArrowRs);

    [PeerFact("HeavyPeers", "nodejs-polars-linux-x64-gnu")]
    public Task Polars_RandomFiles_ReadsTheSame() => AssertReadsTheSame(Polars);

    [PeerFact("HeavyPeers", "@chdb/lib-linux-x64-gnu")]
    public Task ClickHouse_RandomFiles_ReadsTheSame() => AssertReadsTheSame(ClickHouse);

    [DuckDbFact]
    public void DuckDb_Filters_FindTheSameRows()
    {
        using var duck = DuckDb.Open(threads: 2);
        foreach (var (path, file) in SortedFiles())
        {
            foreach (var query in file.Queries)
            {
                var found = duck.Run($"SELECT row FROM read_parquet({DuckDb.Quote(path)}) WHERE {query.Column} BETWEEN {Literal(query.Type, query.Low)} AND {Literal(query.Type, query.High)}");
                AssertFound(query, [.. found.Rows.Select(row => row[0]!)]);
            }
        }
    }

    // Its own decimals are floats.
    [PeerFact("Peers", "hyparquet")]
    public async Task Hyparquet_Filters_FindTheSameRowsInFewerBytesByThePageIndex()
    {
        var bytes = await AssertFindsTheSame(Hyparquet, query => !query.Type.StartsWith("decimal", StringComparison.Ordinal));

        Assert.True(bytes[0][0] < bytes[1][0], $"With page index {bytes[0][0]} bytes were read, without {bytes[1][0]}.");
    }

    [PeerFact("Peers", "parquet-wasm")]
    public Task ArrowRs_RangesOfRows_GiveTheSame() => AssertFindsTheSame(ArrowRs, query => query.Column == "row");

    [PeerFact("HeavyPeers", "nodejs-polars-linux-x64-gnu")]
    public Task Polars_Filters_FindTheSameRows() => AssertFindsTheSame(Polars, _ => true);

    [PeerFact("HeavyPeers", "@chdb/lib-linux-x64-gnu")]
    public async Task ClickHouse_Filters_FindTheSameRowsAndSkipsRowGroupsAndPages()
    {
        var efforts = await AssertFindsTheSame(ClickHouse, _ => true);

        var (skippedRowGroups, readRowGroups) = (efforts[0][0], efforts[0][1]);
        Assert.True(skippedRowGroups > readRowGroups, $"{skippedRowGroups} row groups were skipped, {readRowGroups} read.");
        Assert.True(efforts[0][2] < efforts[1][2], $"With page index {efforts[0][2]} rows were filtered, without {efforts[1][2]}.");
    }

    private async Task AssertReadsTheSame(string script)
    {
        output.WriteLine($"seed {Seed}");
        var files = WriteFiles().ToList();
        await Peer.Run(script, "read", folder.Path);
        foreach (var (path, sample) in files)
        {
            AssertSame(path, sample, [.. File.ReadLines(path + ".rows").Select(Cells)]);
        }
    }

    /// <returns>What the filters took, for the file with page index and for that without.</returns>
    private async Task<IReadOnlyList<long[]>> AssertFindsTheSame(string script, Func<RangeQuery, bool> isAsked)
    {
        List<long[]> efforts = [];
        foreach (var (path, file) in SortedFiles())
        {
            RangeQuery[] queries = [.. file.Queries.Where(isAsked)];
            var questions = folder.Write("queries.json", JsonSerializer.SerializeToUtf8Bytes(queries, JsonSerializerOptions.Web));
            var answers = await Peer.Run(script, "filter", path, questions);
            Assert.Equal(queries.Length + 1, answers.Count);
            foreach (var (query, answer) in queries.Zip(answers))
            {
                AssertFound(query, Cells(answer));
            }

            efforts.Add([.. Cells(answers[^1]).Select(text => long.Parse(text, CultureInfo.InvariantCulture))]);
            output.WriteLine($"{Path.GetFileName(path)}: {queries.Length} queries took {string.Join(", ", efforts[^1])}");
        }

        return efforts;
    }

    private static void AssertFound(RangeQuery query, string[] rows) =>
        Assert.True(query.Rows.SequenceEqual(rows), $"{query.Column} from {query.Low} through {query.High}: found {rows.Length} rows, expected {query.Rows.Count}.");

    private IEnumerable<(string Path, RandomParquet Sample)> WriteFiles()
    {
        for (var i = 0; i < FileCount; i++)
        {
            var random = new Random(Seed + i);
            var sample = RandomParquet.Of(random, 60);
            var options = RandomParquet.Options(RandomParquet.PageSizeBytes(random)).ElementAt(i % 6);
            yield return (folder.Write($"{i:00}.parquet", sample.Write(options)), sample);
        }
    }

    private static void AssertSame(string path, RandomParquet sample, IReadOnlyList<string[]> found)
    {
        string[][] expected = [[.. sample.Columns], .. sample.Rows];
        var number = Path.GetFileNameWithoutExtension(path);
        for (var line = 0; line < Math.Min(expected.Length, found.Count); line++)
        {
            if (!expected[line].AsSpan().SequenceEqual(found[line]))
            {
                var place = line == 0 ? "columns" : $"row {line - 1}";
                Assert.Fail($"File {number}, {sample}, {place}:\nexpected {JsonSerializer.Serialize(expected[line])}\nfound    {JsonSerializer.Serialize(found[line])}");
            }
        }

        Assert.True(expected.Length == found.Count, $"File {number}, {sample}: found {found.Count - 1} rows.");
    }

    private static string[] Cells(string line) => JsonSerializer.Deserialize<string[]>(line)!;

    private static string Unscaled(string text) => Int128.Parse(text.Replace(".", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    private static string TypeName(DuckDbColumn column) => column.Type switch
    {
        DuckDbType.Integer => "int32",
        DuckDbType.BigInt => "int64",
        DuckDbType.TimestampTz => "timestamp",
        DuckDbType.Varchar => "text",
        DuckDbType.Decimal => $"decimal({column.Width},{column.Scale})",
        _ => $"{column.Type}",
    };

    private static string Literal(string type, string text) => type switch
    {
        "timestamp" => $"make_timestamptz({text})",
        "text" => DuckDb.Quote(text),
        "decimal(18,12)" => $"CAST('{text}' AS DECIMAL(18, 12))",
        _ => text,
    };

    /// <summary>The same file with page index and without.</summary>
    private IEnumerable<(string Path, SortedParquet File)> SortedFiles()
    {
        output.WriteLine($"seed {Seed}");
        var file = SortedParquet.Of(new Random(Seed));
        foreach (var hasPageIndex in new[] { true, false })
        {
            var bytes = file.Content.Write(new ParquetWriterOptions { HasPageIndex = hasPageIndex, PageSizeBytes = 400 });
            yield return (folder.Write($"index-{hasPageIndex}.parquet", bytes), file);
        }
    }
}
