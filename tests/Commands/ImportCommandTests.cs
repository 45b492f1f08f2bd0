using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Analytics.Server.Commands;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Import;
using Microsoft.Extensions.Configuration;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Commands;

public sealed partial class ImportCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task Summary_AfterABadLine_IsOneBlockAtTheEnd()
    {
        var result = await Run("import", "events", folder.Write("e.ndjson", Event("1") + "\nbad\n" + Event("1")), "--data", Data, "--organization", "org_1");

        Assert.Equal((0, string.Empty), (result.Code, result.Error));
        Assert.Equal(
            """
            line 2: The line is not a JSON object ('b' is an invalid start of a value).
            All 1 lines that were not taken are in DATA/rejects/00000001-e.ndjson.ndjson
            FOLDER/e.ndjson
              accepted      1 lines
              duplicates    1
              rejected      1
              rounded       0
              unpriced      0 requests
              requests      1
              tokens        7
              cost          $0.5
              rows          1 of 60 minutes
              data through  2026-06-24T11:00:00Z
              time          TIME

            """,
            Plain(result.Output));
    }

    [Fact]
    public async Task DryRun_ShowsAll_AndLeavesTheFolderAsItIs()
    {
        await Run("import", "events", folder.Write("1.ndjson", Event("1")), "--data", Data, "--organization", "org_1");
        var before = Hash();
        var lines = string.Join('\n', Event("1"), Event("2"), Event("3").Replace(",\"cost\":\"0.5\"", string.Empty, StringComparison.Ordinal), "bad");
        string[] files = [folder.Write("2.ndjson", lines), folder.Write("3.ndjson", Event("2") + "\n" + Event("4"))];

        // The second file sees what the first one would have brought.
        var dry = await Run(["import", "events", .. files, "--data", Data, "--organization", "org_1", "--dry-run"]);

        Assert.Equal((0, string.Empty), (dry.Code, dry.Error));
        Assert.Equal(before, Hash());
        Assert.Equal(
            """
            line 4: The line is not a JSON object ('b' is an invalid start of a value).
            row 2026-06-24T10:15:00Z project=p key=k mapping=a/b requests=1 input=7 output=0 cost=$0.5
            row 2026-06-24T10:15:00Z project=p key=k mapping=a/b requests=1 input=7 output=0 cost=unpriced
            no price for mapping a/b: 1 requests
            FOLDER/2.ndjson (dry run: nothing was written)
              accepted      2 lines
              duplicates    1
              rejected      1
              rounded       0
              unpriced      1 requests
              requests      2
              tokens        14
              cost          $0.5
              rows          1 of 60 minutes
              data through  2026-06-24T11:00:00Z
              time          TIME
            row 2026-06-24T10:15:00Z project=p key=k mapping=a/b requests=1 input=7 output=0 cost=$0.5
            FOLDER/3.ndjson (dry run: nothing was written)
              accepted      1 lines
              duplicates    1
              rejected      0
              rounded       0
              unpriced      0 requests
              requests      1
              tokens        7
              cost          $0.5
              rows          1 of 60 minutes
              data through  2026-06-24T11:00:00Z
              time          TIME

            """,
            Plain(dry.Output));

        // And the import then does what the dry run said.
        var real = await Run(["import", "events", .. files, "--data", Data, "--organization", "org_1"]);
        Assert.Equal(Counts(dry.Output), Counts(real.Output));
    }

    [Theory]
    [InlineData("azure-llm-trace", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10", "no price for mapping azure/unknown: 1 requests")]
    [InlineData("rollup-csv", "t,n\n2026-06-24T10:00:00Z,3\n", "no price for mapping -: 3 requests")]
    public async Task DryRun_WithoutADataFolder_LeavesItAbsent(string format, string content, string unpriced)
    {
        string[] map = format == "rollup-csv" ? ["--map", "bucketStart=t,requestCount=n"] : [];

        var result = await Run(["import", format, folder.Write("x.csv", content), "--data", Data, "--organization", "org_1", "--dry-run", .. map]);

        Assert.Equal((0, string.Empty), (result.Code, result.Error));
        Assert.Contains(unpriced, result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task DryRun_KnownFileOrDamagedFolder_FailsAsTheImportWould()
    {
        var file = folder.Write("e.ndjson", Event("1"));
        await Run("import", "events", file, "--data", Data, "--organization", "org_1");
        string[] args = ["import", "events", file, "--data", Data, "--organization", "org_1", "--dry-run"];

        Assert.Contains("which was imported before as events (commit 1)", (await Run(args)).Error, StringComparison.Ordinal);

        Assert.Equal($"error: '{file}' is a file, expected a folder. Check --data.\n", (await Run("import", "events", file, "--data", file, "--organization", "org_1", "--dry-run")).Error);

        var ids = Directory.GetFiles(Path.Combine(Data, "event_ids"), "*", SearchOption.AllDirectories).Single();
        File.Delete(ids);
        var error = (await Run(args)).Error;
        Assert.StartsWith($"error: Found no file in '{ids}'; expected a file of ", error, StringComparison.Ordinal);

        File.Delete(Path.Combine(Data, "manifest.json"));
        Assert.StartsWith($"error: Data folder '{Data}' has data files", (await Run(args)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollupParquet_DryRunAndImport_SpeakOfRowsAndAgree()
    {
        var sample = Path.Combine(RepositoryRoot.Path, "tests", "data", "parquet-interop", "duckdb", "one_row.parquet");
        string[] args = ["import", "rollup-parquet", sample, "--data", Data, "--organization", "org_1", "--project", "p", "--map", "bucketStart=hour,apiKeyId=api_key,mapping=mapping,requestCount=request_count,inputTokens=input_tokens,cost=cost"];

        var dry = await Run([.. args, "--dry-run"]);

        Assert.Equal((0, string.Empty), (dry.Code, dry.Error));
        Assert.False(Directory.Exists(Data));
        Assert.Equal(
            """
            row 2026-01-01T00:00:00Z project=p key=key-00178 mapping=gemini-pro requests=35 input=54320 output=0 cost=$0.11317208
            SAMPLE (dry run: nothing was written)
              accepted      1 rows
              duplicates    0
              rejected      0
              rounded       0
              unpriced      0 requests
              requests      35
              tokens        54,320
              cost          $0.11317208
              rows          1 of 60 minutes
              data through  2026-01-01T01:00:00Z
              time          TIME

            """,
            Plain(dry.Output).Replace(sample, "SAMPLE", StringComparison.Ordinal));

        var real = await Run(args);
        Assert.Equal((0, string.Empty), (real.Code, real.Error));
        Assert.Equal(Counts(dry.Output), Counts(real.Output));

        var again = await Run(args);
        Assert.Equal(65, again.Code);
        Assert.EndsWith("which was imported before as rollup-parquet (commit 1). Nothing was imported.\n", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollupParquet_RejectedRowsAndBadFiles_HaveTheirExitCodes()
    {
        var samples = Path.Combine(RepositoryRoot.Path, "tests", "data", "parquet-interop");
        string[] shared = ["--data", Data, "--organization", "org_1", "--map", "bucketStart=hour,requestCount=i8"];
        var types = Path.Combine(samples, "arrow-rs", "types_v2_delta_bss.parquet");

        Assert.Equal((2, "error: --map: found 'x', expected field=column.\n"), await CodeAndError(["import", "rollup-parquet", types, .. shared[..^1], "x"]));
        var missing = await Run(["import", "rollup-parquet", types, .. shared[..^1], "bucketStart=t,requestCount=i8"]);
        Assert.Equal(65, missing.Code);
        Assert.StartsWith($"error: '{types}': column 't' (for bucketStart) is not in the file, which has hour, ", missing.Error, StringComparison.Ordinal);
        var text = await Run(["import", "rollup-parquet", folder.Write("x.csv", "hour,i8\n2026-06-24T10:00:00Z,3\n"), .. shared, "--dry-run"]);
        Assert.Equal((65, $"error: '{folder.File("x.csv")}' does not start with PAR1, as Parquet files do. For CSV use 'import rollup-csv'; a Parquet file is damaged: get it again.\n"), (text.Code, text.Error));

        // Values from -100 to 99.
        var rejected = await Run(["import", "rollup-parquet", types, .. shared, "--strict"]);
        Assert.Equal(1, rejected.Code);
        Assert.StartsWith("row 1, requestCount: column 'i8': found -100, expected an integer from 0 to 9223372036854775807.\n", rejected.Output, StringComparison.Ordinal);
        Assert.Contains("All 600 rows that were not taken are in ", rejected.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, "Asia/Kolkata", 15)]
    [InlineData(null, null, "Europe/Paris", 60)]
    [InlineData(null, "hour", "Asia/Kolkata", 60)]
    [InlineData("quarter", "hour", "Europe/Paris", 15)]
    [InlineData("auto", "hour", "Asia/Kolkata", 15)]
    public void Grain_OptionWinsOverSettingOverZones(string? option, string? setting, string zone, int minutes)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Rollup:Grain", setting)]).Build();

        Assert.Equal(Duration.FromMinutes(minutes), GrainOption.Read(option, settings)([zone]));
    }

    [Fact]
    public async Task Grain_FromTheDirectory_IsPerOrganization()
    {
        var directory = folder.Write("d.json", """{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris", "Asia/Kolkata"] } ] }""");
        Assert.Equal(0, (await Run("directory", "import", directory, "--data", Data)).Code);

        var result = await Run("import", "events", folder.Write("e.ndjson", Event("1")), "--data", Data, "--organization", "org_1");

        Assert.Contains("rows          1 of 15 minutes\n  data through  2026-06-24T10:30:00Z", result.Output, StringComparison.Ordinal);
        Assert.Equal([15], Facts());

        // Rows that were added up elsewhere are hours whatever the zones are.
        await Run("import", "rollup-csv", folder.Write("r.csv", "t,n\n2026-06-24T10:00:00Z,1\n"), "--map", "bucketStart=t,requestCount=n", "--data", Data, "--organization", "org_1");
        Assert.Equal([15, 60], Facts());

        int[] Facts() => [.. Manifest.Read(Files.Physical, Path.Combine(Data, "manifest.json")).Files.Where(file => file.Table == Tables.Requests).Select(file => file.Usage!).Select(usage => usage.GrainMinutes)];
    }

    [Fact]
    public async Task Grain_UnknownWord_IsExplained()
    {
        var file = folder.Write("e.ndjson", Event("1"));
        string[] shared = [file, "--data", Data, "--organization", "org_1"];

        Assert.Equal((2, "error: --grain: found 'day', expected hour, quarter or auto.\n"), await CodeAndError(["import", "events", .. shared, "--grain", "day"]));
        Assert.Equal((2, "error: --grain: found 'day', expected hour or quarter.\n"), await CodeAndError(["import", "rollup-csv", .. shared, "--map", "bucketStart=t,requestCount=n", "--grain", "day"]));
        Assert.Equal(
            (2, "error: --grain: found 'auto', expected hour or quarter: how finely the rows were added up is a fact of the file.\n"),
            await CodeAndError(["import", "rollup-csv", .. shared, "--map", "bucketStart=t,requestCount=n", "--grain", "auto"]));
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task Grain_FromTheEnvironment_ReachesTheProgram()
    {
        string[] args = ["import", "events", folder.Write("e.ndjson", Event("1")), "--data", Data, "--organization", "org_1"];

        Assert.Equal((2, string.Empty, "error: The setting Rollup:Grain (environment variable Analytics__Rollup__Grain): found 'Hour', expected hour, quarter or auto.\n"), await Start("Hour", args));
        Assert.Contains("of 15 minutes", (await Start("quarter", args)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgressLine_SaysWhereTheImportIs()
    {
        var progress = new ImportProgress(12);
        Assert.Equal("file 0/12 [####################] 100 % 0 lines/s 0.0 MB/s 0 rejected ETA 0:00:00", ProgressDisplay.Line(progress, TimeSpan.Zero));
        using var store = UsageStore.Open(Data, Files.Physical);
        var file = folder.Write("e.ndjson", Event("1") + "\nbad\n");

        await new FileImport(store, Files.Physical, "org_1", Now) { Progress = progress }.EventsAsync(file, isAgain: false, CancellationToken.None);

        Assert.Equal((1, new FileInfo(file).Length, 2, 1, true), (progress.File, progress.Bytes, progress.Lines, progress.Rejected, progress.IsWriting));
        Assert.Equal("file 1/12 [####################] 100 % 4 lines/s 0.0 MB/s 1 rejected writing", ProgressDisplay.Line(progress, TimeSpan.FromSeconds(0.5)));
    }

    [Fact]
    public void ProgressLine_HalfWay_EstimatesTheRest()
    {
        var progress = new ImportProgress(2);
        progress.Start(400_000_000, "line");
        progress.Read(100_000_000, 1_000_000);

        Assert.Equal("file 1/2 [#####...............] 25 % 100,000 lines/s 10.0 MB/s 0 rejected ETA 0:00:30", ProgressDisplay.Line(progress, TimeSpan.FromSeconds(10)));
    }

    public void Dispose() => folder.Dispose();

    private static Instant Now => Instant.FromUtc(2026, 6, 26, 12, 0);

    private string Data => folder.File("data");

    private static string Event(string id) =>
        $$"""{"id":"{{id}}","timestamp":"2026-06-24T10:15:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"k","mapping":"a/b","inputTokens":7,"cost":"0.5"}""";

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandRunner.RunAsync(AnalyticsCommand.Root(new FixedClock(Now)), args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static async Task<(int Code, string Error)> CodeAndError(string[] args) => await Run(args) is var (code, _, error) ? (code, error) : default;

    private static async Task<(int Code, string Output, string Error)> Start(string grain, string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "analytics.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Analytics__Rollup__Grain"] = grain;
        using var process = Process.Start(start)!;
        var words = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, words[0], words[1]);
    }

    /// <summary>The output without what differs from run to run.</summary>
    private string Plain(string output) => Time().Replace(output.Replace(Data, "DATA", StringComparison.Ordinal).Replace(folder.Path, "FOLDER", StringComparison.Ordinal), "time          TIME");

    private static IEnumerable<string> Counts(string output) => output.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal) && !line.Contains("time  ", StringComparison.Ordinal));

    /// <summary>Names, bytes and times of everything in the data folder.</summary>
    private string Hash() => string.Join('\n', new DirectoryInfo(Data).GetFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(entry => entry.FullName, StringComparer.Ordinal).Select(entry =>
        string.Create(CultureInfo.InvariantCulture, $"{entry.FullName} {entry.LastWriteTimeUtc.Ticks} {(entry is FileInfo file ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName))) : "folder")}")));

    [GeneratedRegex(@"time          [\d.,]+ s, [\d,]+ (lines|rows)/s")]
    private static partial Regex Time();
}
