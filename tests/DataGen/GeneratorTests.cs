using System.IO.Compression;
using System.Security.Cryptography;
using Analytics.DataGen;
using Analytics.DataGen.Worlds;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.DataGen;

/// <summary>The command line: equal arguments give equal bytes, and what it prints is what the product then finds.</summary>
public sealed class GeneratorTests : IDisposable
{
    private const ulong Seed = 7;
    private static readonly Instant End = Instant.FromUtc(2026, 6, 25, 0, 0);
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Events_EqualArguments_GiveThePinnedBytes()
    {
        Run("events", "--out", folder.File("a"), "--count", "2000", "--seed", "7");
        Run("events", "--out", folder.File("b.gz"), "--count", "2000", "--seed", "7", "--until", "2026-06-24", "--gzip");
        Run("events", "--out", folder.File("c"), "--count", "2000", "--seed", "8");

        Assert.Equal("6fb41876e9ac8764b18c2aa1478fa2201122e075617e55ef72f5d4661c7ebdeb", Sha256(File.ReadAllBytes(folder.File("a"))));
        using var gzip = new GZipStream(File.OpenRead(folder.File("b.gz")), CompressionMode.Decompress);
        using var unzipped = new MemoryStream();
        gzip.CopyTo(unzipped);
        Assert.Equal(File.ReadAllBytes(folder.File("a")), unzipped.ToArray());
        Assert.NotEqual(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("c")));
    }

    [Fact]
    public async Task Events_Imported_GiveThePrintedTotals()
    {
        var printed = Run("events", "--out", folder.File("e"), "--count", "5000", "--organization", "org/1", "--directory", folder.File("d.json"), "--until", "2026-06-24T13:00:00Z");
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        store.Directory.Import(DirectoryDocument.Parse(File.ReadAllBytes(folder.File("d.json"))));

        var summary = await new FileImport(store, Files.Physical, "org/1", Instant.FromUtc(2026, 6, 24, 13, 0)).EventsAsync(folder.File("e"), isAgain: false, CancellationToken.None);

        Assert.Equal((5_000, 0, 0, 0), (summary.Accepted, summary.Rejected, summary.Duplicates, summary.Rounded));
        Assert.Equal(Printed("org/1: 5000 events", summary.Totals), printed.Output);
        Assert.All(UsageSchema.MeasuresOf(UsageSchema.Requests), measure => Assert.True(summary.Totals[measure] > 0, $"{measure}"));
        Assert.All(store.Manifest.Files.Where(file => file.Usage is not null), file => Assert.True(file.Usage!.LastBucket <= Instant.FromUtc(2026, 6, 24, 12, 0).ToUnixTimeTicks() / 10));
    }

    [Fact]
    public void Events_Lines_UseEveryField()
    {
        Run("events", "--out", folder.File("e"), "--count", "3000");
        var lines = File.ReadAllText(folder.File("e"));

        Assert.All(
            (string[])["projectName", "apiKeyDescription", "memberId", "memberName", "model", "provider", "app", "agentId", "conversationId", "serviceType", "cacheHit", "cachedInputTokens", "cacheWriteTokens", "reasoningTokens", "cost", "items"],
            field => Assert.Contains($"\"{field}\":", lines, StringComparison.Ordinal));
        Assert.All((string[])["ok", "error", "client_error", "cancelled"], status => Assert.Contains($"\"status\":\"{status}\"", lines, StringComparison.Ordinal));
        Assert.Matches("\"cost\":\"0\\.[0-9]{12}\"", lines);
        Assert.Matches("\"cost\":0\\.[0-9]{12}", lines);
        Assert.Contains(lines.Split('\n'), line => line.Length > 0 && !line.Contains("\"cost\"", StringComparison.Ordinal) && line.Contains("\"mapping\":\"openai/", StringComparison.Ordinal));
    }

    [Fact]
    public void Rollups_EqualArguments_GiveThePinnedTotalsAndEqualFiles()
    {
        var first = Run("rollups", "--data", folder.File("a"), "--rows", "20001", "--organizations", "3", "--seed", "7");
        var second = Run("rollups", "--data", folder.File("b"), "--rows", "20001", "--organizations", "3", "--seed", "7");
        var other = Run("rollups", "--data", folder.File("c"), "--rows", "20001", "--organizations", "3", "--seed", "8");

        Assert.Equal(
            """
            3 organisations: 20001 rows
              requests             23190
              errors               111
              client errors        191
              cache hits           915
              unpriced requests    628
              input tokens         41254810
              cached input tokens  10675151
              cache write tokens   1437866
              output tokens        8013880
              reasoning tokens     1063717
              cost                 $148.7604546075

            """,
            first.Output);
        Assert.Equal(first.Output, second.Output);
        Assert.NotEqual(first.Output, other.Output);
        using var a = UsageStore.Open(folder.File("a"), Files.Physical);
        using var b = UsageStore.Open(folder.File("b"), Files.Physical);
        Assert.Equal(a.Manifest.Files.Select(file => (file.Path, file.Crc32)), b.Manifest.Files.Select(file => (file.Path, file.Crc32)));
        Assert.Equal(20_001, a.Manifest.Files.Where(file => file.Table == Tables.Requests).Sum(file => file.Rows));
        Assert.Equal(Printed("3 organisations: 20001 rows", StoredTotals(a)), first.Output);
        Assert.Equal(3, a.Directory.Organizations().Count);
    }

    [Fact]
    public void Demonstration_SmallOrganizations_HaveTheirGrainAndPinnedTotals()
    {
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        var year = new Demonstration(Seed, End);

        var juniper = year.WriteYear(store, World.Juniper(), _ => { });
        Assert.Equal(juniper.Totals, StoredTotals(store));
        var kaveri = year.WriteYear(store, World.Kaveri(), _ => { });

        Assert.Equal("116841 rows, $772.17695804", $"{juniper.Rows} rows, ${PicoDollars.Format(juniper.Totals[Measure.Cost])}");
        Assert.Equal("399590 rows, $15472.29268685", $"{kaveri.Rows} rows, ${PicoDollars.Format(kaveri.Totals[Measure.Cost])}");
        Assert.Equal(juniper.Totals + kaveri.Totals, StoredTotals(store));
        Assert.Equal("free", World.Juniper().Organization.Plan);
        var files = store.Manifest.Files.Where(file => file.Organization == "kaveri").ToList();
        Assert.All(files, file => Assert.Equal(15, file.Usage!.GrainMinutes));
        Assert.Equal(End.ToUnixTimeTicks() / 10, files.Max(file => file.Usage!.LastBucket) + (15 * 60 * 1_000_000L));
    }

    [Fact]
    public void Demo_FolderWithUsage_IsRefused()
    {
        Run("rollups", "--data", folder.File("data"), "--rows", "10");
        var full = RunFailing("demo", "--data", folder.File("data"));
        File.WriteAllText(Path.Combine(folder.File("data"), Demonstration.UnfinishedMark), "x");
        var interrupted = RunFailing("demo", "--data", folder.File("data"));

        Assert.Equal((73, $"error: Data folder '{folder.File("data")}' holds usage, expected none. Choose another folder.\n"), full);
        Assert.Equal((73, $"error: Data folder '{folder.File("data")}' holds a part of a demonstration that was interrupted. Remove the folder, then repeat the command.\n"), interrupted);
    }

    [Theory]
    [InlineData("--until: found '2026-13-01', expected a date from 1972 to 9000 such as 2026-06-24, or a whole hour such as 2026-06-24T13:00:00Z.", "demo", "--data", "x", "--until", "2026-13-01")]
    [InlineData("--until: found '2026-06-24T13:30:00Z', expected a date from 1972 to 9000 such as 2026-06-24, or a whole hour such as 2026-06-24T13:00:00Z.", "demo", "--data", "x", "--until", "2026-06-24T13:30:00Z")]
    [InlineData("--until: found '9999-12-31', expected a date from 1972 to 9000 such as 2026-06-24, or a whole hour such as 2026-06-24T13:00:00Z.", "demo", "--data", "x", "--until", "9999-12-31")]
    [InlineData("--seed: found '-1', expected a whole number of at most 64 bits.", "demo", "--data", "x", "--seed", "-1")]
    [InlineData("--count: found '0', expected a whole number from 1 to 1000000000000.", "events", "--out", "x", "--count", "0")]
    [InlineData("--organization: found '', expected an id of 1 to 128 characters.", "events", "--out", "x", "--count", "1", "--organization", "")]
    [InlineData("--rows: found 'many', expected a whole number from 1 to 100000000000.", "rollups", "--data", "x", "--rows", "many")]
    [InlineData("Option '--rows' is required.", "rollups", "--data", "x")]
    public void Arguments_Wrong_AreNamed(string message, params string[] arguments) =>
        Assert.Equal((2, $"error: {message}\n"), RunFailing(arguments));

    [Fact]
    public void Rollups_MoreRowsThanCombinations_SaysHowManyThereAre()
    {
        var (code, error) = RunFailing("rollups", "--data", folder.File("data"), "--rows", "1000000", "--keys", "1");

        Assert.Equal(2, code);
        Assert.Matches("^error: --rows: found 1000000 for an organisation of 1 keys, expected at most [0-9]+. Raise --keys or --organizations.\n$", error);
        var most = error.Split("at most ")[1].Split('.')[0];
        Assert.Equal(0, Run("rollups", "--data", folder.File("other"), "--rows", most, "--keys", "1").Code);
    }

    [Fact]
    public void Events_ExistingFile_IsKept()
    {
        var path = folder.Write("mine", "mine");

        Assert.Equal(73, RunFailing("events", "--out", path, "--count", "1").Code);
        Assert.Equal("mine", File.ReadAllText(path));
    }

    public void Dispose() => folder.Dispose();

    private static UsageSums StoredTotals(UsageStore store)
    {
        UsageSums sums = default;
        foreach (var (measure, total) in store.Manifest.Files.Where(file => file.Table == Tables.Requests).SelectMany(file => UsageSchema.MeasuresOf(UsageSchema.Requests).Select(measure => (measure, Int128.Parse(file.Usage!.Totals[measure.ColumnName()], null)))))
        {
            sums[measure] += total;
        }

        return sums;
    }

    private static string Printed(string title, UsageSums totals) =>
        $"""
        {title}
          requests             {totals[Measure.RequestCount]}
          errors               {totals[Measure.ErrorCount]}
          client errors        {totals[Measure.ClientErrorCount]}
          cache hits           {totals[Measure.CacheHitCount]}
          unpriced requests    {totals[Measure.UnpricedCount]}
          input tokens         {totals[Measure.InputTokens]}
          cached input tokens  {totals[Measure.CachedInputTokens]}
          cache write tokens   {totals[Measure.CacheWriteTokens]}
          output tokens        {totals[Measure.OutputTokens]}
          reasoning tokens     {totals[Measure.ReasoningTokens]}
          cost                 ${PicoDollars.Format(totals[Measure.Cost])}

        """;

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static (int Code, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = GeneratorCommands.Run(arguments, output, error);
        Assert.Equal((0, string.Empty), (code, error.ToString()));
        return (code, output.ToString());
    }

    private static (int Code, string Error) RunFailing(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (GeneratorCommands.Run(arguments, output, error), error.ToString());
    }
}
