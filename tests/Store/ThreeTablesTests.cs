using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Analytics.Storage.Rollup;
using Analytics.Tests.Properties;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Store;

/// <summary>Requests, what they are made of, and the conversations that they belong to: three tables of one commit.</summary>
public sealed class ThreeTablesTests : IDisposable
{
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 25, 0, 0);
    private static readonly UsageQuery Day = new(new LocalDate(2026, 6, 24), new LocalDate(2026, 6, 24), DateTimeZone.Utc, BucketSize.Day, Dimension.Rule);

    private readonly TemporaryFolder folder = new();

    [Theory]

    // Priced by the table: 600 fresh, 300 read, 100 written at 1.25, 0.125 and 1.25; 50 and 150 at 10 dollars per million.
    [InlineData("\"mapping\":\"a/priced\"", "input_tokens token 600 0.00075; cached_input_tokens token 300 0.0000375; cache_write_tokens token 100 0.000125; output_tokens token 50 0.0005; reasoning_tokens token 150 0.0015")]

    // The gateway says the same cost: so it was billed by the table.
    [InlineData("\"mapping\":\"a/priced\",\"cost\":\"0.0029125\"", "input_tokens token 600 0.00075; cached_input_tokens token 300 0.0000375; cache_write_tokens token 100 0.000125; output_tokens token 50 0.0005; reasoning_tokens token 150 0.0015")]

    // Another cost: what it is made of is not known.
    [InlineData("\"mapping\":\"a/priced\",\"cost\":0.0029", "request request 1 0.0029")]
    [InlineData("\"mapping\":\"a/free\",\"cost\":1e-12", "request request 1 0.000000000001")]

    // As said; quantities have six decimals, rounded half to even.
    [InlineData("\"mapping\":\"a/x\",\"items\":[{\"rule\":\"speech\",\"unit\":\"second\",\"quantity\":12.5,\"cost\":\"0.5\"},{\"rule\":\"speech\",\"unit\":\"second\",\"quantity\":\"0.0000005\",\"cost\":0},{\"rule\":\"setup\",\"unit\":\"call\",\"quantity\":1,\"cost\":0.25}]", "speech second 12.5 0.5; setup call 1 0.25")]

    // No cost, or none that is known: nothing was billed.
    [InlineData("\"mapping\":\"a/free\"", "")]
    [InlineData("\"mapping\":\"a/priced\",\"cost\":0", "")]
    [InlineData("\"mapping\":\"a/priced\",\"cacheHit\":true", "")]

    // A third of a pico-dollar for each token: the three parts are a pico-dollar short, which goes to the one that lost most.
    [InlineData("\"mapping\":\"a/tiny\"", "input_tokens token 600 0.0000000002; cached_input_tokens token 300 0.0000000001; cache_write_tokens token 100 0.000000000033; output_tokens token 50 0.000000000017; reasoning_tokens token 150 0.00000000005")]
    public async Task Import_Event_HasItemsThatSumToItsCost(string fields, string items)
    {
        using var store = await Imported($$"""{"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org","projectId":"p","apiKeyId":"k","inputTokens":1000,"cachedInputTokens":300,"cacheWriteTokens":100,"outputTokens":200,"reasoningTokens":150,{{fields}}}""");
        var snapshot = store.Snapshot("org");

        using var found = Ask(snapshot.Items, Day with { ThenBy = Dimension.Unit });
        using var asked = Ask(snapshot.Usage, Day);

        Assert.Equal(items.Length == 0 ? [] : items.Split("; ").Order(StringComparer.Ordinal), found.Ranking.Select(group => ItemText(found, group)).Order(StringComparer.Ordinal));
        Assert.Equal(asked.Totals[Measure.Cost], found.Totals[Measure.Cost]);
    }

    [Theory]
    [InlineData("{\"rule\":\"\",\"unit\":\"token\",\"quantity\":1,\"cost\":0}", "items.rule: found nothing")]
    [InlineData("{\"rule\":\"r\",\"unit\":\"\",\"quantity\":1,\"cost\":0}", "items.unit: found nothing")]
    [InlineData("{\"rule\":\"r\",\"unit\":\"token\",\"quantity\":-1,\"cost\":0}", "items.quantity: found -1, expected a decimal number")]
    [InlineData("{\"rule\":\"r\",\"unit\":\"token\",\"quantity\":9223372036855,\"cost\":0}", "items.quantity: found 9223372036855, expected at most 9223372036854.775807.")]
    public void TryParse_ItemThatBreaksARule_SaysWhich(string item, string problem)
    {
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        var parser = new EventParser("org", store.Directory.Read("org").Prices, Now);

        Assert.False(parser.TryParse(System.Text.Encoding.UTF8.GetBytes($$"""{"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org","projectId":"p","apiKeyId":"k","mapping":"a/x","items":[{{item}}]}"""), 1, out _, out var rejection));

        Assert.StartsWith(problem, $"{rejection!.Field}: {rejection.Detail}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversations_OfAgents_AreCountedOnceInAnyRange()
    {
        string Event(int number, string hour, string conversation, string more) =>
            $$"""{"id":"{{number}}","timestamp":"2026-06-24T{{hour}}:10:00Z","organizationId":"org","projectId":"p","apiKeyId":"k{{number % 2}}","mapping":"a/x","cost":1,"conversationId":"{{conversation}}"{{more}}}""";
        using var store = await Imported(
            Event(1, "01", "c1", ",\"agentId\":\"one\""),
            Event(2, "01", "c1", ",\"agentId\":\"two\""),
            Event(3, "05", "c1", ",\"agentId\":\"one\""),
            Event(4, "05", "c2", ",\"serviceType\":\"agent\""),
            Event(5, "05", "c3", ""),
            Event(6, "23", "", ",\"agentId\":\"one\""));
        var conversations = store.Snapshot("org").Conversations;

        // c3 is of no agent; c1 has two.
        var query = new DistinctQuery(Day.From, Day.To, Day.Zone, Dimension.Conversation);
        var agents = conversations.Table(Dimension.Agent);
        var perAgent = DistinctCounter.Run(query with { Per = Dimension.Agent }, conversations, CancellationToken.None);
        Assert.Equal(2, DistinctCounter.Run(query, conversations, CancellationToken.None).Named());
        Assert.Equal(1, DistinctCounter.Run(query with { Predicates = [new Predicate(Dimension.ApiKey, ["k1"])] }, conversations, CancellationToken.None).Named());
        Assert.Equal(
            [(string.Empty, 1), ("one", 1), ("two", 1)],
            Enumerable.Range(0, agents.Count).Select(code => (agents.Key(code), perAgent.Named(code))).OrderBy(agent => agent.Item1, StringComparer.Ordinal));
    }

    [Fact]
    public void Append_ItemsThatDoNotSum_AreRefused()
    {
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        UsageMeasures measures = default;
        measures[Measure.Cost] = 5;

        Assert.Throws<ArgumentException>(() => store.Append("org", Duration.FromHours(1)).Add(Now, new UsageKeys("p", "k", "m", "", "", ""), measures, new UsageLabels(), [new PricedItem("r", "u", 1, 4)]));
    }

    [Fact]
    public void AnyCounts_PricedAndItemized_SumToTheCost()
    {
        using var directory = DirectoryStore.Open(folder.File("prices.sqlite"));
        Sampled.Check(500, (random, _) => PricedAndItemized(random, directory));
    }

    private static void PricedAndItemized(Random random, DirectoryStore directory)
    {
        var rules = new[] { "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens" }
            .Where((_, i) => i is 0 or 3 || random.Next(2) == 0)
            .Select(rule => string.Create(CultureInfo.InvariantCulture, $$"""{"rule":"{{rule}}","unit":"token","usdPerMillion":"{{random.Next(3)}}.{{random.Next(1_000_000_000):D9}}{{random.Next(1_000):D3}}"}"""));
        directory.Import(DirectoryDocument.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"organizations":[{"id":"org","name":"Org","plan":"enterprise","timezones":[]}],"models":[{"organizationId":"org","mapping":"m","model":"m","provider":"m","prices":[{{string.Join(',', rules)}}]}]}""")));
        var prices = directory.Read("org").Prices;
        var (input, output) = (random.NextInt64(1L << random.Next(43)), random.NextInt64(1L << random.Next(43)));
        var cached = random.NextInt64(input + 1);
        var counts = new TokenCounts(input, cached, random.NextInt64(input - cached + 1), output, random.NextInt64(output + 1));
        if (prices.TryPrice("m", counts, out var cost) == PriceOutcome.Priced)
        {
            var items = prices.Items("m", counts, cost.PicoUsd)!;
            Assert.Equal(cost.PicoUsd, items.Sum(item => item.CostPicoUsd));
            Assert.Equal(input + output, items.Sum(item => item.QuantityMicros / PricedItem.MicrosPerUnit));
            Assert.Null(prices.Items("m", counts, cost.PicoUsd + 1));
        }
    }

    [Fact]
    public async Task Snapshot_BeforeDetailsAreLoaded_WaitsForThemOnlyWhereAsked()
    {
        (await Imported("""{"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org","projectId":"p","apiKeyId":"k","mapping":"a/x","cost":1}""")).Dispose();
        using var store = UsageStore.Open(folder.File("data"), Files.Physical);
        store.BeginLoad();
        var whole = store.SnapshotAsync("org", CancellationToken.None, hasDetails: true).AsTask();
        Assert.False(whole.IsCompleted);

        store.ContinueLoad();

        Assert.Equal((1, 1), ((await whole).Usage.RowCount, (await whole).Items.RowCount));
        Assert.Equal((2, 2), store.LoadProgress);
    }

    [Fact]
    public async Task Commit_AfterLoading_ShowsAllTablesAtOnce()
    {
        using var store = await Imported("""{"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org","projectId":"p","apiKeyId":"k","mapping":"a/x","cost":1,"agentId":"a","conversationId":"c"}""");
        var before = store.Snapshot("org");
        var append = store.Append("org", Duration.FromHours(1));
        UsageMeasures measures = default;
        (measures[Measure.RequestCount], measures[Measure.Cost]) = (2, 7);
        append.Add(Now, new UsageKeys("p", "k", "m", "", "", "a"), measures, new UsageLabels());
        append.AddConversation(Now, new UsageKeys("p", "k", "m", "", "", "a"), "d", 2);
        append.Commit(source: null);
        var after = store.Snapshot("org");

        Assert.Equal((1, 1, 1), (before.Usage.RowCount, before.Items.RowCount, before.Conversations.RowCount));
        Assert.Equal((2, 2, 2), (after.Usage.RowCount, after.Items.RowCount, after.Conversations.RowCount));
    }

    public void Dispose() => folder.Dispose();

    private static QueryResult Ask(UsageTable table, UsageQuery query) => QueryExecutor.Run(QueryPlan.For(query, table), CancellationToken.None);

    private static string ItemText(QueryResult result, GroupSums group)
    {
        return string.Create(CultureInfo.InvariantCulture, $"{result.Groups.Key(group.Code)} {result.Groups.Key(group.Code, 1)} {(decimal)group.Sums[Measure.Quantity] / 1_000_000:0.######} {PicoDollars.Format(group.Sums[Measure.Cost])}");
    }

    private async Task<UsageStore> Imported(params string[] lines)
    {
        var store = UsageStore.Open(folder.File("data"), Files.Physical);
        store.Directory.Import(DirectoryDocument.Parse("""
            {"organizations":[{"id":"org","name":"Org","plan":"enterprise","timezones":[]}],
             "models":[{"organizationId":"org","mapping":"a/priced","model":"m","provider":"a","prices":[{"rule":"input_tokens","unit":"token","usdPerMillion":"1.25"},{"rule":"cached_input_tokens","unit":"token","usdPerMillion":"0.125"},{"rule":"output_tokens","unit":"token","usdPerMillion":"10"}]},
                       {"organizationId":"org","mapping":"a/tiny","model":"t","provider":"a","prices":[{"rule":"input_tokens","unit":"token","usdPerMillion":"0.000000333333"},{"rule":"output_tokens","unit":"token","usdPerMillion":"0.000000333333"}]}]}
            """u8.ToArray()));
        var import = new FileImport(store, Files.Physical, "org", Now);
        var summary = await import.EventsAsync(folder.Write("events.ndjson", string.Join('\n', lines)), isAgain: false, CancellationToken.None);
        Assert.Empty(summary.Errors);
        store.Load();
        return store;
    }
}
