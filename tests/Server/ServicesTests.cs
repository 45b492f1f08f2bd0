using System.Text.Json;
using Xunit;

namespace Analytics.Tests.Server;

public class ServicesTests
{
    private const string Directory =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ], "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "p1", "organizationId": "org_1", "name": "Chat" }, { "id": "p2", "organizationId": "org_1", "name": "Voice" } ],
          "models": [ { "organizationId": "org_1", "mapping": "x/priced", "model": "m", "provider": "x", "prices": [
            { "rule": "input_tokens", "unit": "token", "usdPerMillion": "2" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] } ] }
        """;

    private const string Events =
        """
        {"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"p1","apiKeyId":"k","mapping":"x/priced","inputTokens":1000000,"outputTokens":100000}
        {"id":"2","timestamp":"2026-06-25T10:00:00Z","organizationId":"org_1","projectId":"p2","apiKeyId":"k","mapping":"x/whole","inputTokens":10,"cost":"0.5"}
        {"id":"3","timestamp":"2026-06-25T10:00:00Z","organizationId":"org_1","projectId":"p2","apiKeyId":"k","mapping":"x/voice","serviceType":"speech-to-text","cost":"0.75","items":[{"rule":"transcription","unit":"second","quantity":"12.5","cost":"0.5"},{"rule":"setup","unit":"call","quantity":1,"cost":"0.25"}]}
        """;

    [Fact]
    public async Task Services_HaveDaysByProjectAndQuantitiesByRule()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answer = await server.JsonAsync("/analytics/services?organizationId=org_1&from=2026-06-24&to=2026-06-25", server.Token("org_1", "u_1"));

        Assert.Equal("4.25", answer.GetProperty("totals").GetProperty("cost").GetRawText());
        var services = answer.GetProperty("services").EnumerateArray().ToArray();
        Assert.Equal(["text-generation 3.5 2", "speech-to-text 0.75 1"], services.Select(service => $"{service.GetProperty("serviceType")} {PartsTests.Line(service.GetProperty("totals"), "cost", "requestCount").Replace('|', ' ')}"));
        Assert.Equal("Chat|3\nVoice|0.5", PartsTests.Lines(services[0].GetProperty("projects"), "label", "cost"));
        Assert.Equal("2026-06-24|3|1\n2026-06-25|0.5|1", PartsTests.Lines(services[0].GetProperty("activity"), "date", "cost", "requestCount"));
        Assert.Equal("p2|0.5", PartsTests.Lines(services[0].GetProperty("activity")[1].GetProperty("breakdown"), "key", "cost"));

        // Units are never added up; a cost that was said as a whole is one of the requests.
        Assert.Equal("token|1100000|3\nrequest|1|0.5", PartsTests.Lines(services[0].GetProperty("usage"), "unit", "quantity", "cost"));
        Assert.Equal("input_tokens|1000000|2\noutput_tokens|100000|1", PartsTests.Lines(services[0].GetProperty("usage")[0].GetProperty("rules"), "rule", "quantity", "cost"));
        Assert.Equal("2026-06-24|1100000|3\n2026-06-25|0|0", PartsTests.Lines(services[0].GetProperty("usage")[0].GetProperty("activity"), "date", "quantity", "cost"));
        Assert.Equal("second|12.5|0.5\ncall|1|0.25", PartsTests.Lines(services[1].GetProperty("usage"), "unit", "quantity", "cost"));
        Assert.Equal("transcription|12.5|0.5", PartsTests.Lines(services[1].GetProperty("usage")[0].GetProperty("activity")[1].GetProperty("breakdown"), "rule", "quantity", "cost"));
    }

    [Fact]
    public async Task Top_TheOthersAreOneLastEntry()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answer = await server.JsonAsync("/analytics/services?organizationId=org_1&from=2026-06-01&to=2026-06-30&bucket=month&top=1&money=string", server.Token("org_1", "u_1"));

        var others = answer.GetProperty("services")[1];
        Assert.Equal("-|Others", PartsTests.Line(others, "serviceType", "label"));
        Assert.Equal("2026-06-01|0.75", PartsTests.Lines(others.GetProperty("activity"), "date", "cost"));
        Assert.Equal("second|12.5|0.5\ncall|1|0.25", PartsTests.Lines(others.GetProperty("usage"), "unit", "quantity", "cost"));
        Assert.Equal(JsonValueKind.String, others.GetProperty("usage")[0].GetProperty("cost").ValueKind);
    }

    [Fact]
    public async Task WithoutUsage_IsEmpty()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answer = await server.JsonAsync("/analytics/services?organizationId=org_1&from=2026-05-24&to=2026-05-25", server.Token("org_1", "u_1"));

        Assert.Empty(answer.GetProperty("services").EnumerateArray());
        Assert.Equal("0", answer.GetProperty("totals").GetProperty("cost").GetRawText());
    }
}
