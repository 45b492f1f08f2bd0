using System.Globalization;
using System.Text.Json;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Analytics.Storage.Parquet;
using Analytics.Tests.Storage.Parquet;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

public sealed class RollupParquetTests : IDisposable
{
    private const string Map = "bucketStart=hour,apiKeyId=key,requestCount=requests,inputTokens=input,cachedInputTokens=cached,cost=usd";
    private const string Usage = "bucketStart=hour,projectId=project,apiKeyId=api_key,mapping=mapping,app=app,serviceType=service_type,agentId=agent,requestCount=request_count,errorCount=error_count,cacheHitCount=cached_count,inputTokens=input_tokens,outputTokens=output_tokens,cost=cost";
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task BadRows_AreNamedByRowAndColumn_AndKeptAsJson()
    {
        using var store = Open();
        var path = folder.Write("bad.parquet", ParquetSamples.Write(
            out _,
            64,
            Batch(("2026-06-24T10:00", "k", 10, 100, 50, 1_500), ("1969-12-31T23:00", "k", 1, 1, 0, 1), ("2026-06-24T10:00", "k", -1, 1, 0, 1)),
            Batch(("2026-06-24T10:00", "a\u0001", 1, 1, 0, 1), ("2026-06-24T10:00", "k", 1, 1, 2, 1), ("2026-06-24T10:00", "k", 1, 1, 0, -1), ("2026-06-24T10:00", "k", 1, 1, 0, 99_999_999_999))));

        var summary = await Import(store, path, Map);

        Assert.Equal(("row", 7, 1, 6), (summary.Unit, summary.Lines, summary.Accepted, summary.Rejected));
        Assert.Equal("1.5", PicoDollars.Format(summary.Totals[Measure.Cost]));
        Assert.Equal(
            """
            2 invalid-timestamp bucketStart column 'hour': found 1969-12-31T23:00:00Z, expected a time from 1970 to 9998.
            3 invalid-value requestCount column 'requests': found -1, expected an integer from 0 to 9223372036854775807.
            4 invalid-text apiKeyId column 'key': found 2 characters or a control character, expected plain text of at most 128.
            5 part-exceeds-whole inputTokens column 'input': found 1 with 2 cached and 0 written to the cache, expected at least their sum: inputTokens includes both.
            6 invalid-value cost column 'usd': found '-0.001', expected a decimal number of US dollars, 0 or more, such as 0.0375.
            7 too-large cost column 'usd': found '99999999.999', expected at most 9223372.036854775807.
            """,
            string.Join('\n', summary.Errors.Select(error => $"{error.Line} {error.Code} {error.Field} {error.Detail}")));
        var kept = await File.ReadAllLinesAsync(summary.RejectsPath!);
        Assert.Equal(6, kept.Length);
        Assert.Equal(
            """{"row":4,"code":"invalid-text","field":"apiKeyId","detail":"column 'key': found 2 characters or a control character, expected plain text of at most 128.","values":{"hour":"2026-06-24T10:00:00Z","key":"a\u0001","requests":"1","input":"1","cached":"0","usd":"0.001"}}""",
            kept[2].Replace("\\u0027", "'", StringComparison.Ordinal));
        Assert.All(kept, line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public async Task RowsWithoutCost_ArePricedOrCountedAsUnpriced()
    {
        using var store = Open();
        store.Directory.Import(DirectoryDocument.Parse(
            """{ "models": [ { "mapping": "a/b", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.0375" } ] } ] }"""u8));
        var path = folder.Write("p.parquet", ParquetSamples.Write(
            out _, 64, Batch(("2026-06-24T10:00", "a/b", 10, 1_000_000, 0, 0), ("2026-06-24T10:30", "other", 7, 5, 0, 0), ("2026-06-24T10:00", "other", 3, 5, 3, 0))));

        // One column may fill two fields.
        var summary = await Import(store, path, "bucketStart=hour,mapping=key,app=key,requestCount=requests,inputTokens=input,cacheHitCount=cached");

        // The last row is nothing but cache hits, which cost nothing.
        Assert.Equal(("0.0375", 7, 20, 1), (PicoDollars.Format(summary.Totals[Measure.Cost]), (int)summary.Totals[Measure.UnpricedCount], (int)summary.Totals[Measure.RequestCount], summary.OffGrain));
        store.Load();
        Assert.Equal("a/b", store.Snapshot("org_1").Usage.Table(Dimension.App).Key(1));
    }

    [Theory]
    [InlineData("duckdb/one_row.parquet", Usage)]
    [InlineData("duckdb/reordered_columns.parquet", "bucketStart=hour,projectId=project,requestCount=request_count,outputTokens=output_tokens,inputTokens=reasoning_tokens,cost=cost")]
    [InlineData("duckdb/hive/organization=org%2Fwith%20space%3D%C3%A9%25/day=2026-01-01/data_0.parquet", Usage)]
    [InlineData("polars/codec_lz4.parquet", Usage)]
    [InlineData("clickhouse/nested_and_extra.parquet", "bucketStart=dt,app=en,requestCount=request_count,inputTokens=input_tokens,outputTokens=output_tokens,cost=cost")]
    [InlineData("arrow-rs/types_v2_delta_bss.parquet", "bucketStart=ts_ms,requestCount=u8")]
    [InlineData("arrow-rs/types_v2_delta_bss.parquet", "bucketStart=ts_us,inputTokens=u32")]
    [InlineData("arrow-rs/types_v2_delta_bss.parquet", "bucketStart=ts_ns,requestCount=request_count,mapping=prefixed,app=highcard")]
    public async Task FilesOfOtherWriters_HaveTheSumsThatTheirManifestSays(string file, string map)
    {
        using var store = Open();

        AssertSums(Corpus.Sample, file, map, await Import(store, Corpus.Sample.FullPath(file), map));
    }

    [Fact]
    public async Task Decimals_OfFixedLengthBytes_AreExact()
    {
        using var store = Open();
        var path = Corpus.Sample.FullPath("arrow-rs/types_v2_delta_bss.parquet");
        using var file = Files.Physical.OpenRead(path);
        var decimals = (PrimitiveArray<Int128>)ParquetReader.Open(file, path).ReadRowGroup(0, ["dec38_9"]).Columns[0];

        // A pico-dollar is a thousandth of what the column counts.
        Int128[] fitting = [.. decimals.Values.ToArray().Where(value => value >= 0 && value <= long.MaxValue / 1_000)];
        var summary = await Import(store, path, "bucketStart=hour,cost=dec38_9");

        Assert.Equal((fitting.Length, fitting.Aggregate((Int128)0, (sum, value) => sum + value) * 1_000), (summary.Accepted, summary.Totals[Measure.Cost]));
        Assert.Equal(1_200, summary.Accepted + summary.Rejected);
    }

    [Fact]
    public async Task KeysOfFolders_AreMappedLikeColumns()
    {
        using var store = Open();
        var path = Corpus.Sample.FullPath("duckdb/hive/organization=org%2Fwith%20space%3D%C3%A9%25/day=2026-01-01/data_0.parquet");

        var summary = await Import(store, path, "bucketStart=day,projectId=organization,requestCount=request_count,cost=cost");

        Assert.Equal((332, 34_484), (summary.Accepted, (int)summary.Totals[Measure.RequestCount]));
        Assert.Equal(Instant.FromUtc(2026, 1, 1, 1, 0), summary.DataThrough);
        store.Load();
        Assert.Equal("org/with space=é%", store.Snapshot("org_1").Usage.Table(Dimension.Project).Key(1));
    }

    [Fact]
    public async Task SameContent_IsRefused_ExceptUnderOtherKeysThatAreMapped()
    {
        using var store = Open();
        var bytes = ParquetSamples.Write(out _, 64, Batch(("2026-06-24T10:00", "k", 10, 100, 50, 1_500)));
        string[] paths = [Under("p=1"), Under("p=2")];
        const string ByFolder = "bucketStart=hour,projectId=p,requestCount=requests";

        Assert.Equal(10, (int)(await Import(store, paths[0], ByFolder)).Totals[Measure.RequestCount]);
        Assert.Equal(10, (int)(await Import(store, paths[1], ByFolder)).Totals[Measure.RequestCount]);
        await Assert.ThrowsAsync<AlreadyImportedException>(() => Import(store, paths[1], ByFolder));
        Assert.Equal(1, (await Import(store, paths[0], "bucketStart=hour,requestCount=requests")).Accepted);
        var error = await Assert.ThrowsAsync<AlreadyImportedException>(() => Import(store, paths[1], "bucketStart=hour,requestCount=requests"));
        Assert.EndsWith("which was imported before as rollup-parquet (commit 3). Nothing was imported.", error.Message, StringComparison.Ordinal);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), store.Manifest.Imports[2].Sha256);

        string Under(string name)
        {
            Directory.CreateDirectory(folder.File(name));
            return folder.Write(Path.Combine(name, "f.parquet"), bytes);
        }
    }

    [Theory]
    [InlineData("bucketStart=hour,requestCount=f64", "column 'f64' (for requestCount) is float64, expected integers, or decimals of scale 0. Write the file again with the column cast to BIGINT.")]
    [InlineData("bucketStart=hour,requestCount=dec4_2", "column 'dec4_2' (for requestCount) is decimal(4, 2), expected integers, or decimals of scale 0. Write the file again with the column cast to BIGINT.")]
    [InlineData("bucketStart=hour,requestCount=highcard", "column 'highcard' (for requestCount) is utf8, expected integers, or decimals of scale 0. Write the file again with the column cast to BIGINT.")]
    [InlineData("bucketStart=i32,requestCount=i32", "column 'i32' (for bucketStart) is int32, expected a timestamp, a date or text. Write the file again with the column cast to TIMESTAMP.")]
    [InlineData("bucketStart=hour,cost=b", "column 'b' (for cost) is bool, expected decimals, integers, floats of 32 or 64 bits, or text. Write the file again with the column cast to DECIMAL(18, 12).")]
    [InlineData("bucketStart=hour,cost=f64,mapping=bl", "column 'bl' (for mapping) is binary, expected text. Write the file again with the column cast to VARCHAR.")]
    [InlineData("bucketStart=hour,cost=f64,mapping=model", "column 'model' (for mapping) is not in the file, which has hour, organization, request_count, dec4_2, dec9_4, dec18_9, dec38_9, ts_ms, ts_us, ts_ns, ts_pre1970, b, i8, i16, i32, u8, u64, u32, f64, f32, d, u, bl, highcard, prefixed. Correct --map or the file.")]
    public async Task ColumnsThatDoNotFit_ImportNothing(string map, string message) =>
        await AssertUnreadable(Corpus.Sample.FullPath("arrow-rs/types_v2_delta_bss.parquet"), map, message);

    [Fact]
    public async Task NestedColumnsAndFoldersThatDoNotFit_ImportNothing()
    {
        await AssertUnreadable(
            Corpus.Sample.FullPath("clickhouse/nested_and_extra.parquet"),
            "bucketStart=hour,cost=tup",
            "column 'tup' (for cost) is a struct, list or map, expected single values. Correct --map or the file.");
        var hive = Corpus.Sample.FullPath("duckdb/hive/organization=org%2Fwith%20space%3D%C3%A9%25/day=2026-01-01/data_0.parquet");
        await AssertUnreadable(
            hive,
            "bucketStart=hour,requestCount=organization",
            "column 'organization' (for requestCount) is a folder's name: found 'org/with space=é%', expected an integer, 0 or more, of at most 64 bits. Correct --map or the folder.");
        await AssertUnreadable(
            hive,
            "bucketStart=hour,cost=usd",
            "column 'usd' (for cost) is not in the file, which has hour, project, api_key, mapping, app, service_type, agent, request_count, error_count, cached_count, conversation_count, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost; its path has organization, day. Correct --map or the file.");
    }

    [Fact]
    public async Task DamagedFile_ImportsNothing_AndKeepsNoRejects()
    {
        using var store = Open();
        var bytes = ParquetSamples.Write(out _, 64, Batch(("2026-06-24T10:00", "k", -1, 1, 0, 1)), Batch(("2026-06-24T10:00", "second", 1, 1, 0, 1)));
        bytes[bytes.AsSpan().IndexOf("second"u8)]++;

        var error = await Assert.ThrowsAsync<CorruptFileException>(() => Import(store, folder.Write("damaged.parquet", bytes), Map));

        Assert.Equal((1, "key"), (error.RowGroup, error.Column));
        Assert.Contains($"in '{folder.File("damaged.parquet")}', row group 1, column 'key'", error.Message, StringComparison.Ordinal);
        Assert.Empty(store.Manifest.Files);
        Assert.Empty(store.Manifest.Imports);
        Assert.Empty(Directory.GetFiles(folder.File("data"), "*.ndjson", SearchOption.AllDirectories));

        // What is damaged and not mapped is not in the way.
        Assert.Equal((1, 1), await Import(store, folder.File("damaged.parquet"), "bucketStart=hour,requestCount=requests") is var summary ? (summary.Accepted, summary.Rejected) : default);
    }

    [Fact]
    public async Task OtherFormats_AreNamed()
    {
        using var store = Open();

        var error = await Assert.ThrowsAsync<UnreadableInputException>(() => Import(store, folder.Write("x.parquet", "t,n\n2026-06-24T10:00:00Z,1\n"), Map));

        Assert.Equal($"'{folder.File("x.parquet")}' does not start with PAR1, as Parquet files do. For CSV use 'import rollup-csv'; a Parquet file is damaged: get it again.", error.Message);
        Assert.Contains("expected at least 12", (await Assert.ThrowsAsync<CorruptFileException>(() => Import(store, folder.Write("empty.parquet", ""), Map))).Message, StringComparison.Ordinal);
        Assert.Empty(store.Manifest.Imports);
    }

    [Fact]
    public async Task Progress_EndsWithAllBytesAndRows()
    {
        using var store = Open();
        var path = Corpus.Sample.FullPath("polars/codec_lz4.parquet");
        var progress = new ImportProgress(1);

        await Import(store, path, Usage, progress: progress);

        Assert.Equal(("row", new FileInfo(path).Length, 2_000, 0), (progress.Unit, progress.Bytes, progress.Lines, progress.Rejected));
    }

    [Fact]
    public async Task Cancelled_ChangesNothing()
    {
        using var store = Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Import(store, Corpus.Sample.FullPath("polars/codec_lz4.parquet"), Usage, cancellation: new CancellationToken(canceled: true)));

        Assert.Empty(store.Manifest.Files);
    }

    [RealDataFact("parquet-interop/manifest.json")]
    public async Task UsageFilesOfOtherWriters_HaveTheSumsThatTheirManifestSays()
    {
        var count = 0;
        foreach (var file in Corpus.Interop.Files.Where(file => file.Columns.Any(column => column.Name == "hour")))
        {
            // What the file has of the usage columns, in a type that is taken, without values below 0.
            var map = string.Join(',', Usage.Split(',').Where(pair => file.Columns.Any(column =>
                column.Name == pair.Split('=')[1]
                && column.Canonical != "hex"
                && (column.Canonical == "utf8" || column.Min is not { } min || !min.GetString()!.StartsWith('-')))));
            if (!RollupMapping.TryParse(map, out _, out _))
            {
                continue;
            }

            using var store = UsageStore.Open(folder.File($"data{count++}"), Files.Physical);
            AssertSums(Corpus.Interop, file.Path, map, await Import(store, Corpus.Interop.FullPath(file.Path), map));
        }

        Assert.True(count >= 45, $"{count} files");
    }

    public void Dispose() => folder.Dispose();

    private static void AssertSums(Corpus corpus, string path, string map, ImportSummary summary)
    {
        Assert.True(RollupMapping.TryParse(map, out var mapping, out _));
        Assert.Equal((corpus[path].Rows ?? -1, 0), (summary.Accepted, summary.Rejected));
        foreach (var (field, column) in mapping!.Columns)
        {
            var sum = corpus[path].Columns.Single(other => other.Name == column).Sum?.GetString() is { } text ? Int128.Parse(text, CultureInfo.InvariantCulture) : 0;
            if (RollupMapping.Counts.TryGetValue(field, out var measure))
            {
                Assert.Equal((path, field, sum), (path, field, summary.Totals[measure]));
            }
            else if (field == RollupMapping.Cost)
            {
                // All of these are decimals of scale 9.
                Assert.Equal((path, field, sum * 1_000), (path, field, summary.Totals[Measure.Cost]));
            }
        }
    }

    private async Task AssertUnreadable(string path, string map, string message)
    {
        using var store = Open();

        var error = await Assert.ThrowsAsync<UnreadableInputException>(() => Import(store, path, map));

        Assert.Equal($"'{path}': {message}", error.Message);
        Assert.Empty(store.Manifest.Files);
    }

    private static RecordBatch Batch(params (string Hour, string Key, int Requests, long Input, long Cached, long MilliUsd)[] rows) => new(
        new Schema(
            new Field("hour", ArrowType.TimestampMicrosUtc),
            new Field("key", ArrowType.Utf8),
            new Field("requests", ArrowType.Int32),
            new Field("input", ArrowType.Int64),
            new Field("cached", new ArrowType.DecimalType(64, 18, 0)),
            new Field("usd", new ArrowType.DecimalType(64, 18, 3))),
        new PrimitiveArray<long>(ArrowType.TimestampMicrosUtc, [.. rows.Select(row => Micros(row.Hour))]),
        StringArray.From([.. rows.Select(row => row.Key)]),
        new PrimitiveArray<int>(ArrowType.Int32, [.. rows.Select(row => row.Requests)]),
        new PrimitiveArray<long>(ArrowType.Int64, [.. rows.Select(row => row.Input)]),
        new PrimitiveArray<long>(new ArrowType.DecimalType(64, 18, 0), [.. rows.Select(row => row.Cached)]),
        new PrimitiveArray<long>(new ArrowType.DecimalType(64, 18, 3), [.. rows.Select(row => row.MilliUsd)]));

    private static long Micros(string time) => NodaTime.Text.InstantPattern.ExtendedIso.Parse($"{time}:00Z").Value.ToUnixMicroseconds();

    private static Task<ImportSummary> Import(UsageStore store, string path, string map, ImportProgress? progress = null, CancellationToken cancellation = default)
    {
        Assert.True(RollupMapping.TryParse(map, out var mapping, out var problem), problem);
        return new FileImport(store, Files.Physical, "org_1", Instant.FromUtc(2026, 6, 26, 12, 0)) { Progress = progress ?? new ImportProgress(1) }
            .RollupParquetAsync(path, mapping!, string.Empty, cancellation);
    }

    private UsageStore Open() => UsageStore.Open(folder.File("data"), Files.Physical);
}
