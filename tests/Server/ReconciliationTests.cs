using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>Random usage, asked for in every way that there is: all answers sum to the same pico-dollar.</summary>
public class ReconciliationTests
{
    private const string Directory =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] } ],
          "users": [ { "id": "u_1", "name": "Ana" }, { "id": "u_2", "name": "Left" } ], "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "p0", "organizationId": "org_1", "name": "Gone", "deleted": true }, { "id": "p_idle", "organizationId": "org_1", "name": "Idle" } ],
          "apiKeys": [ { "id": "k0", "organizationId": "org_1", "projectId": "p0", "description": "a", "createdBy": "u_1" }, { "id": "k1", "organizationId": "org_1", "projectId": "p0", "description": "b", "createdBy": "u_2", "deleted": true } ] }
        """;

    [Theory]
    [InlineData(1, "UTC")]
    [InlineData(2, "Asia/Kolkata")]
    [InlineData(3, "America/New_York")]
    [InlineData(4, "Australia/Lord_Howe")]
    public async Task AnyUsage_EveryAnswer_SumsToTheSame(int seed, string zone)
    {
        var random = new Random(seed);
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(random, 300));
        var token = server.Token("org_1", "u_1");
        var shared = $"organizationId=org_1&from=2026-06-05&to=2026-06-20&timezone={zone}{(random.Next(2) == 0 ? "&model=m1&model=m2&model=m3" : string.Empty)}";
        var expected = await TotalsAsync($"/analytics/activity?{shared}", answer => answer.GetProperty("totals"));
        Assert.NotEqual((0, 0), expected);

        foreach (var dimension in (string[])["model", "mapping", "provider", "project", "apiKey", "member", "app", "serviceType", "agent"])
        {
            Assert.Equal(expected, await SumAsync($"/analytics/activity?{shared}&groupBy={dimension}&top=2", answer => answer.GetProperty("ranking").EnumerateArray()));
        }

        Assert.Equal(expected, await TotalsAsync($"/analytics/summary?{shared}", answer => answer.GetProperty("totals")));
        Assert.Equal(expected, await SumAsync($"/analytics/members?{shared}", answer => answer.GetProperty("members").EnumerateArray()));
        Assert.Equal(expected, await SumAsync($"/analytics/projects?{shared}", answer => answer.GetProperty("projects").EnumerateArray()));
        Assert.Equal(expected, await SumAsync($"/analytics/api-keys?{shared}", answer => answer.GetProperty("apiKeys").EnumerateArray()));
        Assert.Equal(expected, await SumAsync($"/analytics/services?{shared}&top=1", answer => answer.GetProperty("services").EnumerateArray().Select(service => service.GetProperty("totals"))));
        Assert.Equal(expected, await SumAsync($"/analytics/services?{shared}", answer => answer.GetProperty("services").EnumerateArray().SelectMany(service => service.GetProperty("activity").EnumerateArray())));
        Assert.Equal(expected.Cost, Sum((await server.JsonAsync($"/analytics/services?{shared}&money=string", token)).GetProperty("services").EnumerateArray().SelectMany(service => service.GetProperty("usage").EnumerateArray()).Select(unit => unit.GetProperty("cost"))));
        Assert.Equal(
            await TotalsAsync($"/analytics/activity?{shared}&agentId=a1&agentId=a2", answer => answer.GetProperty("totals")),
            await SumAsync($"/analytics/agents?{shared}&top=1", answer => answer.GetProperty("agents").EnumerateArray()));
        foreach (var (list, detail, id) in (IReadOnlyList<(string, string, string)>)[("projects", "projects", "projectId"), ("apiKeys", "api-keys", "apiKeyId")])
        {
            foreach (var row in (await server.JsonAsync($"/analytics/{detail}?{shared}&money=string", token)).GetProperty(list).EnumerateArray())
            {
                var one = await server.JsonAsync($"/analytics/{detail}/{row.GetProperty(id).GetString()}?{shared}&money=string&models=mapping", token);
                Assert.Equal(Of(row), Of(one.GetProperty("summary")));
                Assert.Equal(Of(row), Sum(one.GetProperty("costByModel").EnumerateArray().Select(Of)));
                Assert.Equal(Of(row), Sum(one.GetProperty("activity").EnumerateArray().Select(Of)));
            }
        }

        // Explained changes are of the same sums.
        var explained = await server.JsonAsync($"/analytics/explain?{shared}&baseline=previous&top=1&money=string", token);
        Assert.Equal(expected.Cost, Money(explained.GetProperty("cost")));
        foreach (var dimension in explained.GetProperty("dimensions").EnumerateArray())
        {
            Assert.Equal(Money(explained.GetProperty("change")), Sum(dimension.GetProperty("contributions").EnumerateArray().Select(part => part.GetProperty("change"))));
            Assert.Equal(Money(explained.GetProperty("change")), Sum(((string[])["volume", "mix", "price"]).Select(part => dimension.GetProperty(part))));
        }

        async Task<(decimal Cost, long Requests)> TotalsAsync(string path, Func<JsonElement, JsonElement> totals) => Of(totals(await server.JsonAsync($"{path}&money=string", token)));

        async Task<(decimal Cost, long Requests)> SumAsync(string path, Func<JsonElement, IEnumerable<JsonElement>> parts) => Sum(parts(await server.JsonAsync($"{path}&money=string", token)).Select(Of));
    }

    private static (decimal Cost, long Requests) Of(JsonElement metrics) => (Money(metrics.GetProperty("cost")), metrics.GetProperty("requestCount").GetInt64());

    private static (decimal Cost, long Requests) Sum(IEnumerable<(decimal Cost, long Requests)> parts) => parts.Aggregate((0m, 0L), (sum, part) => (sum.Item1 + part.Cost, sum.Item2 + part.Requests));

    private static decimal Sum(IEnumerable<JsonElement> amounts) => amounts.Sum(Money);

    // 28 digits: exact for all that is here.
    private static decimal Money(JsonElement text) => decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    private static string Events(Random random, int count)
    {
        var events = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            var agent = random.Next(3) == 0 ? $",\"agentId\":\"a{random.Next(1, 3)}\",\"conversationId\":\"c{random.Next(9)}\"" : string.Empty;
            var app = random.Next(2) == 0 ? $",\"app\":\"app{random.Next(3)}\"" : string.Empty;
            events.AppendLine(CultureInfo.InvariantCulture, $$"""
                {"id":"{{i}}","timestamp":"2026-06-{{random.Next(1, 26):D2}}T{{random.Next(24):D2}}:{{random.Next(60):D2}}:00Z","organizationId":"org_1","projectId":"p{{random.Next(3)}}","apiKeyId":"k{{random.Next(5)}}","mapping":"x{{random.Next(3)}}/m{{random.Next(5)}}","serviceType":"s{{random.Next(3)}}","inputTokens":{{random.Next(1000)}},"outputTokens":{{random.Next(100)}},"cost":"{{random.Next(3)}}.{{random.NextInt64(1_000_000_000_000):D12}}"{{agent}}{{app}}}
                """);
        }

        return events.ToString();
    }
}
