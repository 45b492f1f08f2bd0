using System.Net;
using System.Text.Json;
using Analytics.DataGen;
using Analytics.DataGen.Worlds;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Endpoints;
using Analytics.Storage.Rollup;
using Analytics.Tests.Usage;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Server;

public class ExplainTests
{
    private const ulong Seed = 20260624;

    private static int number;

    private const string Directory =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ], "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "p", "organizationId": "org_1", "name": "P" } ],
          "apiKeys": [ { "id": "k1", "organizationId": "org_1", "projectId": "p", "description": "etl" }, { "id": "k2", "organizationId": "org_1", "projectId": "p", "description": "chat" } ] }
        """;

    [Fact]
    public async Task Wednesday_AgainstTheLowerMedianOfTheWednesdaysBefore()
    {
        // Wednesdays from 29 April to 17 June cost 9, 1, 4, 7, 3, 8, 2, 5: the fourth by cost is 4.
        int[] costs = [9, 1, 4, 7, 3, 8, 2, 5];
        var first = new LocalDate(2026, 4, 29);
        var events = string.Join('\n', costs.Select((cost, week) => Event(first.PlusWeeks(week), "k1", cost, 100)).Append(Event(new LocalDate(2026, 6, 24), "k1", 6, 150)).Append(Event(first.PlusDays(-1), "k1", 1, 1)));
        await using var server = await RunningServer.StartAsync(Directory, "org_1", events);

        var answer = await server.JsonAsync("/analytics/explain?organizationId=org_1&date=2026-06-24", server.Token("org_1", "u_1"));

        var baseline = answer.GetProperty("baseline");
        Assert.Equal("weekday|2026-05-13", PartsTests.Line(baseline, "kind", "from"));
        Assert.Equal("5,2,8,3,7,4,1,9", string.Join(',', baseline.GetProperty("candidates").EnumerateArray().Select(candidate => candidate.GetProperty("cost").GetRawText())));

        // Half as many tokens more at the price of before are the change.
        Assert.Equal("6|4|2|2|0|0|0.5", PartsTests.Line(answer, "cost", "baselineCost", "change", "volume", "mix", "price", "changeRate"));
        Assert.Equal(
            "Wednesday 2026-06-24 cost $6.00, $2.00 more (+50.0 %) than Wednesday 2026-05-13, the median of 8 weeks before. It used 1.50 times the tokens.",
            answer.GetProperty("sentence").GetString());

        // Of more than a week the earlier ranges are not one week each.
        var fortnight = await server.JsonAsync("/analytics/explain?organizationId=org_1&from=2026-06-11&to=2026-06-24", server.Token("org_1", "u_1"));
        Assert.Contains($", the median of {fortnight.GetProperty("baseline").GetProperty("candidates").GetArrayLength()} earlier ranges.", fortnight.GetProperty("sentence").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task VolumeMixAndPrice_AreTakenApart()
    {
        // The day before: 100 tokens of a for $1, 100 of b for $3. Now 100 of a and 300 of b, of which each 100 costs $4:
        // twice the tokens are +4; at the old prices the new shares cost 1 + 9, 2 more than 8; what remains of 13 is 3.
        var (before, now) = (new LocalDate(2026, 6, 23), new LocalDate(2026, 6, 24));
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Join('\n',
            Event(before, "k1", 1, 100, "x/a"), Event(before, "k1", 3, 100, "x/b"), Event(now, "k1", 1, 100, "x/a"), Event(now, "k1", 12, 300, "x/b")));

        var answer = await server.JsonAsync("/analytics/explain?organizationId=org_1&date=2026-06-24&baseline=previous", server.Token("org_1", "u_1"));

        Assert.Equal("previous|2026-06-23|[]", PartsTests.Line(answer.GetProperty("baseline"), "kind", "from", "candidates"));
        Assert.Equal("9|4|2|3", PartsTests.Line(answer, "change", "volume", "mix", "price"));
        var dimensions = answer.GetProperty("dimensions").EnumerateArray().ToDictionary(dimension => dimension.GetProperty("dimension").GetString()!);
        Assert.Equal("etl|9|4|2|3|1", PartsTests.Lines(dimensions["apiKey"].GetProperty("contributions"), "label", "change", "volume", "mix", "price", "share"));
        Assert.Equal("x/b|9|6|0|3\nx/a|0|0|0|0", PartsTests.Lines(dimensions["mapping"].GetProperty("contributions"), "key", "change", "volume", "mix", "price"));
        Assert.Equal("9|6|0|3", PartsTests.Line(dimensions["mapping"], "change", "volume", "mix", "price"));
        Assert.Equal("Mapping 'x/a' cost $1.00, as before.", dimensions["mapping"].GetProperty("contributions")[1].GetProperty("sentence").GetString());
    }

    [Fact]
    public async Task NewGoneAndCutOff_SumUp()
    {
        var (before, now) = (new LocalDate(2026, 6, 23), new LocalDate(2026, 6, 24));
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Join('\n',
            Event(before, "k1", 5, 100), Event(now, "k2", 2, 100), Event(now, "k3", 1, 100), Event(before, "k3", 1, 0)));

        var answer = await server.JsonAsync("/analytics/explain?organizationId=org_1&date=2026-06-24&baseline=previous&top=1", server.Token("org_1", "u_1"));

        var keys = answer.GetProperty("dimensions")[0];
        Assert.Equal("etl|k1|-5|-5|0|0\nOthers|-|2|2|0|0", PartsTests.Lines(keys.GetProperty("contributions"), "label", "key", "change", "volume", "mix", "price"));
        Assert.Equal("API key 'etl' cost $0.00, $5.00 less than before: it has no usage now.", keys.GetProperty("contributions")[0].GetProperty("sentence").GetString());
        Assert.Equal("The rest cost $3.00, $2.00 more than before: it made 2.00 times the requests.", keys.GetProperty("contributions")[1].GetProperty("sentence").GetString());
        Assert.Equal("-3", keys.GetProperty("change").GetRawText());
        Assert.EndsWith("The largest part is API key 'etl', more than all of that: it has no usage now.", answer.GetProperty("sentence").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Dimension.ApiKey, "Usage without an API key")]
    [InlineData(Dimension.App, "Usage without an app")]
    [InlineData(Dimension.ServiceType, "Usage without a service type")]
    public void UsageWithoutAKey_IsCalledSo(Dimension dimension, string expected)
    {
        var table = new UsageTableBuilder().Build(new SampleNames());
        var plan = QueryPlan.For(new UsageQuery(new LocalDate(2026, 6, 24), new LocalDate(2026, 6, 24), DateTimeZone.Utc, BucketSize.Range, dimension), table);

        Assert.Equal(expected, ExplanationText.Named(new ExplainedDimension(dimension, plan, table.Table(dimension), []), default));
    }

    [Fact]
    public async Task DayThatIsNotOver_IsComparedWithTheSamePartOfTheOtherDay()
    {
        // Data goes to 11:00; what the week before had after that is not compared.
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Join('\n',
            Event(new LocalDate(2026, 6, 10), "k1", 1, 100), Event(new LocalDate(2026, 6, 17), "k1", 2, 100),
            Event(new LocalDate(2026, 6, 17), "k1", 64, 100, hour: 11), Event(new LocalDate(2026, 6, 24), "k1", 2, 100)));

        var answer = await server.JsonAsync("/analytics/explain?organizationId=org_1&date=2026-06-24&money=string", server.Token("org_1", "u_1"));

        Assert.Equal("2026-06-17|2026-06-17T11:00:00Z", PartsTests.Line(answer.GetProperty("baseline"), "from", "end"));
        Assert.Equal("2|2|0", PartsTests.Line(answer, "cost", "baselineCost", "change"));
        Assert.Equal(JsonValueKind.String, answer.GetProperty("change").ValueKind);
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("largest").ValueKind);
    }

    [Fact]
    public async Task WithoutEarlierData_SaysSo()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Event(new LocalDate(2026, 6, 24), "k1", 2, 100));

        var answer = await server.JsonAsync("/analytics/explain?organizationId=org_1&date=2026-06-24", server.Token("org_1", "u_1"));

        Assert.Equal("2|0|2|2|-", PartsTests.Line(answer, "cost", "baselineCost", "change", "volume", "changeRate"));
        Assert.Equal(
            "Wednesday 2026-06-24 cost $2.00, $2.00 more than Wednesday 2026-06-17, before which there is no data. The largest part is API key 'etl', all of that: it had no usage before.",
            answer.GetProperty("sentence").GetString());
    }

    [Theory]
    [InlineData("date=2026-06-24&from=2026-06-01&to=2026-06-24", "date")]
    [InlineData("date=yesterday", "date")]
    [InlineData("date=0001-01-03", "from")]
    [InlineData("date=2026-06-24&baseline=median", "baseline")]
    [InlineData("date=2026-06-24&top=0", "top")]
    [InlineData("dates=2026-06-24", "dates")]
    public async Task BadParameter_IsNamed(string query, string parameter)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Empty);

        using var response = await server.GetAsync($"/analytics/explain?organizationId=org_1&{query}", server.Token("org_1", "u_1"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal([parameter], (await AccessTests.ProblemAsync(response)).GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Demonstration_The22nd_NamesTheNightlyJob()
    {
        // The demonstration's nine Fridays up to the one on which the job's tokens double.
        var day = new LocalDate(2026, 5, 22);
        await using var server = await RunningServer.StartAsync((store, _) =>
        {
            var world = World.Meridian();
            store.Directory.Import(world.Directory);
            var zone = DateTimeZoneProviders.Tzdb["Europe/Paris"];
            var slots = Slot.Year(world, Seed, Instant.FromUtc(2026, 6, 25, 0, 0))
                .Where(slot => slot.DayOfWeek == IsoDayOfWeek.Friday && slot.Start.InZone(zone).Date <= day && slot.Start.InZone(zone).Date >= day.PlusWeeks(-8))
                .ToArray();
            var writer = new RollupWriter(store, world.Organization.Id, Duration.FromMinutes(world.GrainMinutes));
            List<PricedItem> items = [];
            foreach (var flow in Flow.Of(world))
            {
                foreach (var slot in slots)
                {
                    if (flow.TryRow(slot, world.GrainMinutes, Seed, out var row, items))
                    {
                        writer.Add(slot.Start, flow.Keys, row, items);
                    }
                }
            }

            writer.Finish();
            return Task.CompletedTask;
        });

        var answer = await server.JsonAsync("/analytics/explain?organizationId=demo&date=2026-05-22", server.Token("demo", "u_ana"));

        Assert.Equal("apiKey|key_etl|prod-etl", PartsTests.Line(answer.GetProperty("unusual"), "dimension", "key", "label"));
        Assert.Contains("Out of the ordinary is API key 'prod-etl'", answer.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Matches("it used [12].[0-9]{2} times the tokens", answer.GetProperty("unusual").GetProperty("sentence").GetString());
        Assert.Equal(8, answer.GetProperty("baseline").GetProperty("candidates").GetArrayLength());
    }

    private static string Event(LocalDate day, string key, int cost, int tokens, string mapping = "x/a", int hour = 10) =>
        $$"""{"id":"{{Interlocked.Increment(ref number)}}","timestamp":"{{day:uuuu-MM-dd}}T{{hour}}:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"{{key}}","mapping":"{{mapping}}","inputTokens":{{tokens}},"cost":"{{cost}}"}""";
}
