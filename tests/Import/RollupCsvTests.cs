using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

public sealed class RollupCsvTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task BadRecords_AreNamedByLineAndColumn()
    {
        using var store = Open();
        var path = folder.Write("bad.csv", "\uFEFF" +
            """
            hour,key,requests,input,cached,usd
            2026-06-24T10:00:00Z,"a ""quoted"", key",10,100,50,1.5
            2026-06-24 10:00:00,k,1,1,0,1
            2026-06-24T10:00:00Z,k,1,1,0
            2026-06-24T10:00:00Z,k,-1,1,0,1
            2026-06-24T10:00:00Z,k,1 000,1,0,1
            2026-06-24T10:00:00Z,k,1,1,2,1
            2026-06-24T10:00:00Z,k,1,1,0,$1
            2026-06-24T10:00:00Z,"k,1,1,0,1
            """);

        var summary = await Import(store, path, "bucketStart=hour,apiKeyId=key,requestCount=requests,inputTokens=input,cachedInputTokens=cached,cost=usd");

        Assert.Equal((1, 7), (summary.Accepted, summary.Rejected));
        Assert.Equal(
            """
            3 invalid-timestamp bucketStart column 'hour': found '2026-06-24 10:00:00', expected RFC 3339 with an offset, such as 2026-06-24T13:05:00Z, from 1970 to 9998.
            4 invalid-csv - found 5 cells, expected 6 as in the header.
            5 invalid-value requestCount column 'requests': found '-1', expected an integer, 0 or more, of at most 64 bits.
            6 invalid-value requestCount column 'requests': found '1 000', expected an integer, 0 or more, of at most 64 bits.
            7 part-exceeds-whole inputTokens column 'input': found 1 with 2 cached and 0 written to the cache, expected at least their sum: inputTokens includes both.
            8 invalid-value cost column 'usd': found '$1', expected a decimal number of US dollars, 0 or more, such as 0.0375.
            9 invalid-csv - found a quoted cell that does not end properly in column 2, expected a closing quote and then a comma.
            """,
            string.Join('\n', summary.Errors.Select(error => $"{error.Line} {error.Code} {error.Field ?? "-"} {error.Detail}")));
        store.Load();
        Assert.Equal("a \"quoted\", key", store.Snapshot("org_1").Usage.Table(Dimension.ApiKey).Key(1));
    }

    [Fact]
    public async Task RowsWithoutCost_ArePricedOrCountedAsUnpriced()
    {
        using var store = Open();
        store.Directory.Import(DirectoryDocument.Parse(
            """{ "models": [ { "mapping": "a/b", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.0375" } ] } ] }"""u8));
        var path = folder.Write("prices.csv",
            """
            t,m,n,i,h
            2026-06-24T10:00:00Z,a/b,10,1000000,0
            2026-06-24T10:00:00+02:00,other,7,5,0
            2026-06-24T10:00:00Z,other,3,5,3
            """);

        var summary = await Import(store, path, "bucketStart=t,mapping=m,requestCount=n,inputTokens=i,cacheHitCount=h");

        // The last row is nothing but cache hits, which cost nothing.
        Assert.Equal(("0.0375", 7, 20), (PicoDollars.Format(summary.Totals[Measure.Cost]), (int)summary.Totals[Measure.UnpricedCount], (int)summary.Totals[Measure.RequestCount]));
    }

    [Fact]
    public async Task RowsInsideOfAnInterval_CountFromItsStartAndAreSaid()
    {
        using var store = Open();

        var summary = await Import(store, folder.Write("half.csv", "t,n\n2026-06-24T10:00:00Z,1\n2026-06-24T16:00:00+05:30,2\n"), "bucketStart=t,requestCount=n");

        Assert.Equal((2, 1), (summary.Accepted, summary.OffGrain));
    }

    [Fact]
    public async Task LastYearThatThereIs_IsRejected_AndTheOneBeforeIsTaken()
    {
        using var store = Open();

        var summary = await Import(store, folder.Write("far.csv", "t,n\n9998-12-31T23:30:00Z,1\n9999-12-31T23:30:00Z,2\n"), "bucketStart=t,requestCount=n");

        Assert.Equal((1, 1, Instant.FromUtc(9999, 1, 1, 0, 0)), (summary.Accepted, summary.Rejected, summary.DataThrough));
    }

    [Fact]
    public async Task FileOfNothingButBadLines_IsNotRememberedAsImported()
    {
        using var store = Open();
        var path = folder.Write("wrong.csv", "t,n\nyesterday,1\n");

        Assert.Equal((0, 1), ((await Import(store, path, "bucketStart=t,requestCount=n")).Accepted, (await Import(store, path, "bucketStart=t,requestCount=n")).Rejected));
        Assert.Empty(store.Manifest.Imports);
    }

    [Fact]
    public async Task SameContent_IsRefusedInOneOrganizationAndTakenInAnother()
    {
        using var store = Open();
        var path = folder.Write("once.csv", "t,n\n2026-06-24T10:00:00Z,10\n");
        await Import(store, path, "bucketStart=t,requestCount=n");

        var error = await Assert.ThrowsAsync<AlreadyImportedException>(() => Import(store, path, "bucketStart=t,requestCount=n"));
        Assert.EndsWith("Nothing was imported.", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await Import(store, path, "bucketStart=t,requestCount=n", "org_2")).Accepted);
    }

    [Theory]
    [InlineData("t,n,n\n", "bucketStart=t,requestCount=n", "line 1: column 'n' (for requestCount) is in the header twice, expected once. Correct --map or the file.")]
    [InlineData("time;n\n", "bucketStart=time,requestCount=n", "line 1: column 'time' (for bucketStart) is not in the header, which has time;n. Correct --map or the file.")]
    [InlineData("", "bucketStart=time,requestCount=n", "is empty, expected a header line with column names.")]
    public async Task Header_ThatDoesNotFit_ImportsNothing(string content, string map, string message)
    {
        using var store = Open();

        var error = await Assert.ThrowsAsync<UnreadableInputException>(() => Import(store, folder.Write("x.csv", content), map));

        Assert.Equal($"'{folder.File("x.csv")}' {message}", error.Message);
        Assert.Empty(store.Manifest.Files);
    }

    [Theory]
    [InlineData("mapping=model", "found no 'bucketStart', expected bucketStart=COLUMN: the column with each row's time.")]
    [InlineData("bucketStart=a,requests=b", "found the field 'requests', expected one of bucketStart, projectId, projectName, apiKeyId, apiKeyDescription, memberId, memberName, mapping, model, provider, app, serviceType, agentId, requestCount, errorCount, clientErrorCount, cacheHitCount, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, cost.")]
    [InlineData("bucketStart=a,app=b,app=c", "found the field 'app' twice, expected it once.")]
    [InlineData("bucketStart", "found 'bucketStart', expected field=column.")]
    [InlineData("bucketStart=a,mapping=b", "found nothing that is added up, expected one or more of requestCount, errorCount, clientErrorCount, cacheHitCount, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, cost.")]
    public void Map_ThatIsWrong_IsExplained(string map, string message)
    {
        Assert.False(RollupMapping.TryParse(map, out _, out var problem));
        Assert.Equal(message, problem);
    }

    public void Dispose() => folder.Dispose();

    private static Task<ImportSummary> Import(UsageStore store, string path, string map, string organization = "org_1")
    {
        Assert.True(RollupMapping.TryParse(map, out var mapping, out var problem), problem);
        return new FileImport(store, Files.Physical, organization, Instant.FromUtc(2026, 6, 26, 12, 0)).RollupCsvAsync(path, mapping!, string.Empty, CancellationToken.None);
    }

    private UsageStore Open() => UsageStore.Open(folder.File("data"), Files.Physical);
}
