using System.Globalization;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

public sealed class AzureTraceTests : IDisposable
{
    private const string RealFile = "real/AzureLLMInferenceTrace_code.csv";
    private readonly TemporaryFolder folder = new();

    [RealDataFact(RealFile)]
    public async Task RealTrace_AllRequestsAndTokens_AreThere()
    {
        long requests = 0;
        long input = 0;
        long generated = 0;
        foreach (var line in (await File.ReadAllLinesAsync(RealData.File(RealFile))).Skip(1))
        {
            var cells = line.Split(',');
            requests++;
            input += long.Parse(cells[1], CultureInfo.InvariantCulture);
            generated += long.Parse(cells[2], CultureInfo.InvariantCulture);
        }

        using var store = Open();
        var summary = await Import(store, RealData.File(RealFile));

        Assert.Equal((8_819, 8_819, 0), (requests, summary.Accepted, summary.Rejected));
        store.Load();
        var usage = store.Snapshot("org_1").Usage;
        Assert.Equal((requests, input, generated), (Sum(usage, Measure.RequestCount), Sum(usage, Measure.InputTokens), Sum(usage, Measure.OutputTokens)));
        Assert.Equal(Instant.FromUtc(2023, 11, 16, 20, 0), summary.DataThrough);
    }

    [Fact]
    public async Task Rows_AreRequestsOfTheMapping_PricedByTheTable()
    {
        using var store = Open();
        store.Directory.Import(DirectoryDocument.Parse(
            """{ "models": [ { "mapping": "azure/gpt-4", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "30" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "60" } ] } ] }"""u8));
        var path = folder.Write("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:59:59.9999999,1000,10\r\n2023-11-16 19:00:00,2000,20\r\n2024-05-10 02:00:00.009930+02:00,0,0");

        var summary = await Import(store, path, "azure/gpt-4", "prj");

        Assert.Equal((3, "0.0918", 0), (summary.Accepted, PicoDollars.Format(summary.Totals[Measure.Cost]), (int)summary.Totals[Measure.UnpricedCount]));
        Assert.Equal((3, Instant.FromUtc(2024, 5, 10, 1, 0)), (summary.Rows, summary.DataThrough));
        store.Load();
        var usage = store.Snapshot("org_1").Usage;
        Assert.Equal(("prj", "azure/gpt-4", "text-generation"), (usage.Table(Dimension.Project).Key(1), usage.Table(Dimension.Mapping).Key(1), usage.Table(Dimension.ServiceType).Key(1)));
    }

    [Fact]
    public async Task BadRows_AreNamedByLineAndColumn()
    {
        using var store = Open();
        var path = folder.Write("bad.csv",
            """
            TIMESTAMP,ContextTokens,GeneratedTokens
            2023-11-16 18:17:03.9799600,4808,10
            2023-11-16T18:17:03Z,1,1
            2023-11-31 18:17:03,1,1
            2027-01-01 00:00:00,1,1
            2023-11-16 18:17:03,-1,1
            2023-11-16 18:17:03,1,
            2023-11-16 18:17:03,1
            """);

        var summary = await Import(store, path);

        Assert.Equal((1, 6, 1), (summary.Accepted, summary.Rejected, (int)summary.Totals[Measure.UnpricedCount]));
        Assert.Equal(
            """
            3 invalid-timestamp TIMESTAMP column 'TIMESTAMP': found '2023-11-16T18:17:03Z', expected a time in UTC such as 2023-11-16 18:17:03.9799600.
            4 invalid-timestamp TIMESTAMP column 'TIMESTAMP': found '2023-11-31 18:17:03', expected a time in UTC such as 2023-11-16 18:17:03.9799600.
            5 timestamp-out-of-range TIMESTAMP column 'TIMESTAMP': found '2027-01-01 00:00:00', expected a time from 1970 to at most one hour from now.
            6 invalid-value ContextTokens column 'ContextTokens': found '-1', expected an integer, 0 or more, of at most 64 bits.
            7 invalid-value GeneratedTokens column 'GeneratedTokens': found '', expected an integer, 0 or more, of at most 64 bits.
            8 invalid-csv - found 2 cells, expected 3 as in the header.
            """,
            string.Join('\n', summary.Errors.Select(error => $"{error.Line} {error.Code} {error.Field ?? "-"} {error.Detail}")));
    }

    [Fact]
    public async Task SameContent_IsRefused_BecauseRowsHaveNoIds()
    {
        using var store = Open();
        var path = folder.Write("trace.csv", AzureTraceParser.Header + "\n2023-11-16 18:17:03.9799600,4808,10");
        await Import(store, path);

        var error = await Assert.ThrowsAsync<AlreadyImportedException>(() => Import(store, path, "azure/gpt-4"));

        Assert.Equal($"'{path}' has the content of 'trace.csv', which was imported before as azure-llm-trace (commit 1). Nothing was imported.", error.Message);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("Timestamp;Context\n1;2\n", "Timestamp;Context")]
    public async Task OtherHeader_ImportsNothing(string content, string found)
    {
        using var store = Open();

        var error = await Assert.ThrowsAsync<UnreadableInputException>(() => Import(store, folder.Write("x.csv", content)));

        Assert.Equal($"'{folder.File("x.csv")}' line 1: found '{found}', expected the header TIMESTAMP,ContextTokens,GeneratedTokens. For other CSV files use 'import rollup-csv' with --map.", error.Message);
        Assert.Empty(store.Manifest.Files);
    }

    public void Dispose() => folder.Dispose();

    private static Task<ImportSummary> Import(UsageStore store, string path, string mapping = AzureTraceParser.DefaultMapping, string project = "") =>
        new FileImport(store, Files.Physical, "org_1", Instant.FromUtc(2026, 6, 26, 12, 0)).AzureTraceAsync(path, mapping, project, CancellationToken.None);

    private static long Sum(UsageTable usage, Measure measure) => usage.Chunks.Sum(chunk => chunk.ToArray(measure).Sum());

    private UsageStore Open() => UsageStore.Open(folder.File("data"), Files.Physical);
}
