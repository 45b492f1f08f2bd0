using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Import;

public sealed class GrainTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("", 60)]
    [InlineData("UTC Europe/Paris America/New_York", 60)]
    [InlineData("Africa/Monrovia", 60)] // off the minute, but not since 1972
    [InlineData("Asia/Kolkata", 15)]
    [InlineData("Europe/Paris Asia/Kathmandu", 15)]
    [InlineData("Australia/Lord_Howe", 15)] // whole hours in summer only
    [InlineData("America/Caracas", 15)] // whole hours again since 2016
    [InlineData("Asia/Pyongyang", 15)]
    public void Auto_IsQuarterHours_WhereAZoneIsOffTheHour(string zones, int minutes)
    {
        Assert.Equal(Duration.FromMinutes(minutes), RollupGrain.For(zones.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task QuarterHours_AreExactInKolkataAndKathmandu_AndHoursBesideThemAreNot()
    {
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        var import = new FileImport(store, Files.Physical, "org_1", Instant.FromUtc(2026, 6, 26, 12, 0)) { Grain = RollupGrain.For(["Asia/Kolkata"]) };

        // Midnight in Kolkata is 18:30, in Kathmandu 18:15.
        await import.EventsAsync(
            folder.Write("e.ndjson", string.Join('\n', Event("1", "18:14"), Event("2", "18:15"), Event("3", "18:29"), Event("4", "18:30"))),
            isAgain: false,
            CancellationToken.None);

        Assert.Equal((true, "3 1"), Ask(store, "Asia/Kolkata"));
        Assert.Equal((true, "1 3"), Ask(store, "Asia/Kathmandu"));

        Assert.True(RollupMapping.TryParse("bucketStart=t,requestCount=n", out var mapping, out _));
        await new FileImport(store, Files.Physical, "org_1", Instant.FromUtc(2026, 6, 26, 12, 0))
            .RollupCsvAsync(folder.Write("r.csv", "t,n\n2026-06-24T17:00:00Z,10\n2026-06-24T18:00:00Z,20\n"), mapping!, string.Empty, CancellationToken.None);

        Assert.Equal((false, "33 1"), Ask(store, "Asia/Kolkata"));
        Assert.Equal((true, "34 0"), Ask(store, "UTC"));
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Whether the days of 24 and 25 June are exact, and their requests.</summary>
    private static (bool IsExact, string Requests) Ask(UsageStore store, string zone)
    {
        store.Load();
        var query = new UsageQuery(new LocalDate(2026, 6, 24), new LocalDate(2026, 6, 25), DateTimeZoneProviders.Tzdb[zone], BucketSize.Day, Dimension.Project);
        var plan = QueryPlan.For(query, store.Snapshot("org_1").Usage);
        var result = QueryExecutor.Run(plan, CancellationToken.None);
        return (plan.IsExact, string.Join(' ', result.Buckets.Select(bucket => bucket.Totals[Measure.RequestCount])));
    }

    private static string Event(string id, string time) =>
        $$"""{"id":"{{id}}","timestamp":"2026-06-24T{{time}}:00Z","organizationId":"org_1","projectId":"prj","apiKeyId":"key","mapping":"a/b","cost":"0.5"}""";
}
