using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using Analytics.Server.Contracts;
using Analytics.Storage;
using Analytics.Storage.Import;
using Analytics.Tests.Properties;
using Analytics.Tests.Server.Formats;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>Usage rows: what they hold, pages in any order, and cursors that are good for one question only.</summary>
public class UsageRequestsTests
{
    private const string Directory =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] }, { "id": "org_2", "name": "Other", "plan": "enterprise" } ],
          "users": [ { "id": "u_1", "name": "Ana" }, { "id": "u_2", "name": "Bo" } ],
          "members": [
            { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_2", "role": "member" }, { "organizationId": "org_2", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "prj_1", "organizationId": "org_1", "name": "Production API" } ],
          "apiKeys": [ { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod-etl", "createdBy": "u_1" } ]
        }
        """;

    private const string Path = "/analytics/usage/requests";
    private const string Items = "/analytics/usage/items";
    private const string Range = "organizationId=org_1&from=2026-06-20&to=2026-06-26";

    [Fact]
    public async Task Row_HasIdsLabelsAndMetrics()
    {
        const string events =
            """
            {"id":"1","timestamp":"2026-06-24T22:30:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"azure/gpt-5.5:eu","app":"checkout","agentId":"agt_1","inputTokens":100,"outputTokens":10,"cost":"3.5"}
            {"id":"2","timestamp":"2026-06-24T22:40:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"azure/gpt-5.5:eu","app":"checkout","agentId":"agt_1","inputTokens":100,"outputTokens":10,"cost":"0.5","status":"error"}
            """;
        await using var server = await RunningServer.StartAsync(Directory, "org_1", events);

        using var response = await server.GetAsync($"{Path}?{Range}", server.Token("org_1", "u_1"));

        Assert.Equal(
            """
            {"timezone":"Europe/Paris","from":"2026-06-20","to":"2026-06-26","exact":true,"dataThrough":"2026-06-24T23:00:00Z","rows":[
            {"date":"2026-06-25","start":"2026-06-24T22:00:00Z","projectId":"prj_1","project":"Production API","apiKeyId":"key_1","apiKey":"prod-etl","memberId":"u_1","member":"Ana",
            "model":"gpt-5.5","mapping":"azure/gpt-5.5:eu","provider":"azure","app":"checkout","serviceType":"text-generation","agentId":"agt_1","agent":"agt_1",
            "cost":4,"requestCount":2,"errorCount":1,"clientErrorCount":0,"cacheHitCount":0,"inputTokens":200,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":20,"reasoningTokens":0,"totalTokens":220,"errorRate":0.5,"unpricedRequestCount":0}
            ],"nextCursor":null}
            """.ReplaceLineEndings(string.Empty),
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Pages_OfAnySortAndLimit_AreTheStreamedRowsInOrder()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(400));
        var token = server.Token("org_1", "u_1");
        string[] sorts = [.. RowTable.Requests.Sorts];
        string[] filters = ["", "&model=gpt-5.5", "&memberId=u_1", "&app=&app=web", "&provider=azure&projectId=p1&projectId=p2", "&agentId=nobody"];
        var walks = 0;

        Sampled.Check(40, (random, _) =>
        {
            var (sort, filter, limit) = (sorts[random.Next(sorts.Length)], filters[random.Next(filters.Length)], random.Next(1, 60));
            var streamed = StreamAsync(server, token, filter).GetAwaiter().GetResult();

            var walked = WalkAsync(server, token, $"{filter}&sort={sort}", () => random.Next(4) == 0 ? random.Next(1, 60) : limit).GetAwaiter().GetResult();

            Assert.Equal(Sorted(streamed, sort), walked);
            walks += walked.Count > limit ? 1 : 0;
        });

        Assert.True(walks > 10, "Most walks have several pages.");
    }

    [Fact]
    public async Task Items_HaveRuleUnitQuantityAndUnitPrice()
    {
        // Two prices in one hour: the unit price is their mean. A flat fee has no quantity.
        const string events =
            """
            {"id":"1","timestamp":"2026-06-24T10:10:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"ocr/scan","serviceType":"ocr","inputTokens":0,"outputTokens":0,"cost":"0.35","items":[{"rule":"scan","unit":"page","quantity":"1.5","cost":"0.1"},{"rule":"fee","unit":"request","quantity":"0","cost":"0.25"}]}
            {"id":"2","timestamp":"2026-06-24T10:20:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","mapping":"ocr/scan","serviceType":"ocr","inputTokens":0,"outputTokens":0,"cost":"0.2","items":[{"rule":"scan","unit":"page","quantity":"1.500001","cost":"0.2"}]}
            """;
        await using var server = await RunningServer.StartAsync(Directory, "org_1", events);
        var token = server.Token("org_1", "u_1");

        var answer = await server.JsonAsync($"/analytics/usage/items?{Range}&sort=-cost&money=string", token);
        var pages = await server.JsonAsync($"/analytics/usage/items?{Range}&unit=page", token);
        var byPrice = await server.JsonAsync($"/analytics/usage/items?{Range}&sort=unitPrice", token);
        var none = await server.JsonAsync($"/analytics/usage/items?{Range}&rule=scan&unit=request", token);

        Assert.Equal(
            """
            {"date":"2026-06-24","start":"2026-06-24T10:00:00Z","projectId":"prj_1","project":"Production API","apiKeyId":"key_1","apiKey":"prod-etl","memberId":"u_1","member":"Ana",
            "model":"scan","mapping":"ocr/scan","provider":"ocr","app":"","serviceType":"ocr","agentId":"","agent":"(none)","rule":"scan","unit":"page","quantity":3.000001,"unitPrice":"0.099999966667","cost":"0.3"}
            """.ReplaceLineEndings(string.Empty),
            answer.GetProperty("rows")[0].GetRawText());
        Assert.Equal(["scan", "fee"], answer.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("rule").GetString()));
        Assert.Equal(["scan"], pages.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("rule").GetString()));
        Assert.Equal([null, "0.099999966667"], byPrice.GetProperty("rows").EnumerateArray().Select(row => AnswerTable.Cell(row, "unitPrice")));
        Assert.Equal(0, none.GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task Items_OfAnySortAndLimit_AreTheStreamedRowsAndSumToTheRequestsCost()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(300));
        var token = server.Token("org_1", "u_1");
        string[] filters = ["", "&rule=request", "&unit=request&provider=azure", "&rule="];
        var streams = filters.ToDictionary(filter => filter, filter => StreamAsync(server, token, filter, Items).GetAwaiter().GetResult());
        foreach (var (filter, sort) in filters.SelectMany(filter => RowTable.Items.Sorts.Where(sort => !sort.EndsWith("unitPrice", StringComparison.Ordinal)).Select(sort => (filter, sort))))
        {
            Assert.Equal(Sorted(streams[filter], sort), await WalkAsync(server, token, $"{filter}&sort={sort}", () => 70, Items));
        }

        var cost = streams[""].Columns.ToList().IndexOf("cost");
        var requests = await server.JsonAsync($"/analytics/activity?{Range}", token);
        Assert.NotEmpty(streams[""].Rows);
        Assert.Equal(
            decimal.Parse(requests.GetProperty("totals").GetProperty("cost").GetRawText(), CultureInfo.InvariantCulture),
            streams[""].Rows.Sum(row => decimal.Parse(row[cost]!, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Cursor_OfRequests_IsNoneOfItems()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(50));
        var token = server.Token("org_1", "u_1");
        var cursor = (await server.JsonAsync($"{Path}?{Range}&limit=3", token)).GetProperty("nextCursor").GetString()!;

        await AssertRefusedAsync(server, token, $"{Items}?{Range}&limit=3&cursor={cursor}", "not of this question");
    }

    [Fact]
    public async Task Page_DefaultLimit_IsAHundredRowsInTheOrderOfTime()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(400));
        var token = server.Token("org_1", "u_1");

        var answer = await server.JsonAsync($"{Path}?{Range}", token);

        Assert.Equal(100, answer.GetProperty("rows").GetArrayLength());
        Assert.Equal((await StreamAsync(server, token, "")).Rows.Take(100).Select(row => row[1]), answer.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("start").GetString()));
        Assert.NotNull(answer.GetProperty("nextCursor").GetString());
    }

    [Fact]
    public async Task Cursor_OfAnotherQuestionOrChanged_IsRefusedAndTellsNothing()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(50));
        await using var restarted = await RunningServer.StartAsync(Directory, "org_1", Events(50));
        var token = server.Token("org_1", "u_1");
        const string question = $"{Path}?{Range}&limit=3&sort=-cost&model=gpt-5.5";
        var cursor = (await server.JsonAsync(question, token)).GetProperty("nextCursor").GetString()!;
        var twice = (await server.JsonAsync(question, token)).GetProperty("nextCursor").GetString()!;
        var bytes = Base64Url.DecodeFromChars(cursor);

        Assert.NotEqual(cursor, twice);
        Assert.Equal((await server.JsonAsync($"{question}&cursor={cursor}", token)).GetProperty("rows").GetRawText(), (await server.JsonAsync($"{question}&cursor={twice}", token)).GetProperty("rows").GetRawText());
        foreach (var other in new[] { "&sort=-cost", "&sort=cost", "&model=gpt-5.5&sort=-requestCount", "&model=gpt-5.5&sort=-cost&timezone=UTC", "&model=gpt-5.5&model=x&sort=-cost", "&mapping=gpt-5.5&sort=-cost" })
        {
            await AssertRefusedAsync(server, token, $"{Path}?{Range}{other}&cursor={cursor}", "not of this question");
        }

        await AssertRefusedAsync(server, server.Token("org_2", "u_1"), $"{question.Replace("org_1", "org_2", StringComparison.Ordinal)}&cursor={cursor}", "not of this question");
        await AssertRefusedAsync(server, token, $"{question.Replace("2026-06-20", "2026-06-21", StringComparison.Ordinal)}&cursor={cursor}", "not of this question");
        await AssertRefusedAsync(restarted, restarted.Token("org_1", "u_1"), $"{question}&cursor={cursor}", "not of this question");
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            await AssertRefusedAsync(server, token, $"{question}&cursor={Base64Url.EncodeToString(changed)}", "not of this question");
        }

        foreach (var text in new[] { "a", "null", "%00", cursor + "A", cursor[..^4], cursor + cursor, "!" + cursor[1..], "%20" + cursor })
        {
            await AssertRefusedAsync(server, token, $"{question}&cursor={text}", "no cursor");
        }
    }

    [Fact]
    public async Task Cursor_AfterChangesThatAreNotOfTheData_IsGood()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(50));
        var token = server.Token("org_1", "u_1");
        var cursor = (await server.JsonAsync($"{Path}?{Range}&limit=3", token)).GetProperty("nextCursor").GetString()!;
        var next = await server.JsonAsync($"{Path}?{Range}&limit=3&cursor={cursor}", token);

        // A token of another organisation, and usage of it.
        server.Token("org_2", "u_1");
        await new FileImport(server.Store, Files.Physical, "org_2", RunningServer.Now).EventsAsync(
            server.Folder.Write("other.ndjson", """{"id":"other","timestamp":"2026-06-24T10:10:00Z","organizationId":"org_2","projectId":"p","apiKeyId":"k","mapping":"a/b","cost":"1"}"""), isAgain: false, CancellationToken.None);

        Assert.Equal(next.GetProperty("rows").GetRawText(), (await server.JsonAsync($"{Path}?{Range}&limit=3&cursor={cursor}", token)).GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task Cursor_AfterNewUsage_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(50));
        var token = server.Token("org_1", "u_1");
        var cursor = (await server.JsonAsync($"{Path}?{Range}&limit=3", token)).GetProperty("nextCursor").GetString()!;
        await new FileImport(server.Store, Files.Physical, "org_1", RunningServer.Now).EventsAsync(
            server.Folder.Write("more.ndjson", """{"id":"more","timestamp":"2026-06-24T10:10:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"k","mapping":"a/b","cost":"1"}"""), isAgain: false, CancellationToken.None);

        await AssertRefusedAsync(server, token, $"{Path}?{Range}&limit=3&cursor={cursor}", "data that has changed since");
    }

    [Theory]
    [InlineData("limit=0", "limit", "found '0', expected a whole number from 1 to 10000.")]
    [InlineData("limit=10001", "limit", "found '10001', expected a whole number from 1 to 10000.")]
    [InlineData("sort=costs", "sort", "found 'costs', expected 'cost', or another of time, -time, cost, -cost,")]
    [InlineData("format=csv&sort=-time", "sort", "found an order of pages, expected time or nothing")]
    [InlineData("format=arrow&limit=5", "limit", "found it with a format that has no pages")]
    [InlineData("format=parquet&cursor=abc", "cursor", "found it with a format that has no pages")]
    public async Task Parameter_Wrong_Is400(string parameter, string name, string message)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(5));

        using var response = await server.GetAsync($"{Path}?{Range}&{parameter}", server.Token("org_1", "u_1"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith(message, (await AccessTests.ProblemAsync(response)).GetProperty("errors").GetProperty(name)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_AreForOwnersAndAdmins()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events(5));

        using var response = await server.GetAsync($"{Path}?{Range}", server.Token("org_1", "u_2"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    /// <summary>Events of many keys and hours, with many equal values, in rows of one event or a few.</summary>
    private static string Events(int count)
    {
        var random = new Random(20_260_624);
        var events = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            events.AppendLine(CultureInfo.InvariantCulture, $$"""
                {"id":"{{i}}","timestamp":"2026-06-{{random.Next(20, 26)}}T{{random.Next(24):00}}:10:00Z","organizationId":"org_1","projectId":"p{{random.Next(4)}}","apiKeyId":"{{(random.Next(3) == 0 ? "key_1" : "k")}}","mapping":"{{(random.Next(2) == 0 ? "azure" : "openai")}}/gpt-5.{{random.Next(3) + 4}}","app":"{{(random.Next(2) == 0 ? "web" : "")}}","inputTokens":{{random.Next(4)}},"outputTokens":{{random.Next(3)}},"status":"{{(random.Next(4) == 0 ? "error" : "ok")}}","cost":"0.{{random.Next(5)}}"}
                """);
        }

        return events.ToString();
    }

    private static async Task<AnswerTable> StreamAsync(RunningServer server, string token, string filter, string path = Path)
    {
        using var response = await server.GetAsync($"{path}?{Range}{filter}&format=csv", token);
        return AnswerTable.OfCsv(await response.Content.ReadAsByteArrayAsync());
    }

    private static async Task<List<string>> WalkAsync(RunningServer server, string token, string question, Func<int> limit, string path = Path)
    {
        List<string> rows = [];
        var cursor = string.Empty;
        while (true)
        {
            var most = limit();
            var page = await server.JsonAsync($"{path}?{Range}{question}&limit={most}&cursor={cursor}", token);
            var found = page.GetProperty("rows").EnumerateArray().Select(row => string.Join('|', row.EnumerateObject().Select(property => AnswerTable.Cell(row, property.Name)))).ToArray();
            rows.AddRange(found);
            if (page.GetProperty("nextCursor").GetString() is not { } next)
            {
                return rows;
            }

            Assert.Equal(most, found.Length);
            cursor = next;
        }
    }

    /// <summary>Streamed rows as they should come in pages: a stable sort of what is in the order of time.</summary>
    private static IEnumerable<string> Sorted(AnswerTable streamed, string sort)
    {
        var column = sort.TrimStart('-') is var name && name == "time" ? -1 : streamed.Columns.ToList().IndexOf(name);
        var rows = streamed.Rows.AsEnumerable();
        if (sort == "-time")
        {
            rows = rows.Reverse();
        }
        else if (column >= 0)
        {
            rows = sort[0] == '-' ? rows.OrderByDescending(Key) : rows.OrderBy(Key);
        }

        return rows.Select(row => string.Join('|', row.SkipLast(1)));

        decimal Key(IReadOnlyList<string?> row) => decimal.Parse(row[column]!, CultureInfo.InvariantCulture);
    }

    private static async Task AssertRefusedAsync(RunningServer server, string token, string pathAndQuery, string reason)
    {
        using var response = await server.GetAsync(pathAndQuery, token);
        var problem = await AccessTests.ProblemAsync(response);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, problem.GetProperty("errors").GetProperty("cursor")[0].GetString(), StringComparison.Ordinal);
    }
}
