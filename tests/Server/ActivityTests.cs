using System.Globalization;
using System.Text.Json;
using Analytics.Storage;
using Analytics.Storage.Import;
using Xunit;

namespace Analytics.Tests.Server;

public class ActivityTests
{
    private const string Acme =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "projects": [
            { "id": "prj_1", "organizationId": "org_1", "name": "Production API" },
            { "id": "prj_2", "organizationId": "org_1", "name": "Internal Chatbot" },
            { "id": "prj_3", "organizationId": "org_1", "name": "Staging" } ]
        }
        """;

    // Three rollup rows, the last interval ending at 21:00Z.
    private const string SampleCsv =
        """
        hour,project,requests,input,output,usd
        2026-06-24T08:00:00Z,prj_1,2462,4000000,748511,84.19
        2026-06-24T13:00:00Z,prj_2,2904,5000000,601230,87.28
        2026-06-24T20:00:00Z,prj_3,2997,5000000,780850,80.47
        """;

    [Fact]
    public async Task Activity_ContractSample_IsExactlyTheAnswerOfTheContract()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);

        using var response = await server.GetAsync(
            "/analytics/activity?organizationId=org_1&groupBy=project&from=2026-06-24&to=2026-06-24&timezone=Europe/Paris", server.Token("org_1", "u_1"));

        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            """
            {"groupBy":"project","bucket":"day","timezone":"Europe/Paris","from":"2026-06-24","to":"2026-06-24","exact":true,"dataThrough":"2026-06-24T21:00:00Z",
            "totals":{"cost":251.94,"requestCount":8363,"errorCount":0,"clientErrorCount":0,"cacheHitCount":0,"inputTokens":14000000,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":2130591,"reasoningTokens":0,"totalTokens":16130591,"errorRate":0,"unpricedRequestCount":0},
            "activity":[{"date":"2026-06-24","start":"2026-06-23T22:00:00Z","end":"2026-06-24T22:00:00Z",
            "cost":251.94,"requestCount":8363,"errorCount":0,"clientErrorCount":0,"cacheHitCount":0,"inputTokens":14000000,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":2130591,"reasoningTokens":0,"totalTokens":16130591,"errorRate":0,"unpricedRequestCount":0,
            "breakdown":[{"key":"prj_2","label":"Internal Chatbot","cost":87.28,"requestCount":2904,"totalTokens":5601230},
            {"key":"prj_1","label":"Production API","cost":84.19,"requestCount":2462,"totalTokens":4748511},
            {"key":"prj_3","label":"Staging","cost":80.47,"requestCount":2997,"totalTokens":5780850}]}],
            "ranking":[{"key":"prj_2","label":"Internal Chatbot","cost":87.28,"requestCount":2904,"errorCount":0,"clientErrorCount":0,"cacheHitCount":0,"inputTokens":5000000,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":601230,"reasoningTokens":0,"totalTokens":5601230,"errorRate":0,"unpricedRequestCount":0,"share":0.346432},
            {"key":"prj_1","label":"Production API","cost":84.19,"requestCount":2462,"errorCount":0,"clientErrorCount":0,"cacheHitCount":0,"inputTokens":4000000,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":748511,"reasoningTokens":0,"totalTokens":4748511,"errorRate":0,"unpricedRequestCount":0,"share":0.334167},
            {"key":"prj_3","label":"Staging","cost":80.47,"requestCount":2997,"errorCount":0,"clientErrorCount":0,"cacheHitCount":0,"inputTokens":5000000,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":780850,"reasoningTokens":0,"totalTokens":5780850,"errorRate":0,"unpricedRequestCount":0,"share":0.319401}]}
            """.ReplaceLineEndings(string.Empty),
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Activity_TwoDimensions_HasKeysAndLabelsOfBoth()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);

        var answer = await server.JsonAsync(
            "/analytics/activity?organizationId=org_1&groupBy=project,user&from=2026-06-24&to=2026-06-24&top=2", server.Token("org_1", "u_1"));

        Assert.Equal("project,member", answer.GetProperty("groupBy").GetString());
        var day = answer.GetProperty("activity")[0].GetProperty("breakdown");
        Assert.Equal("""{"keys":["prj_2",""],"labels":["Internal Chatbot","Unattributed"],"cost":87.28,"requestCount":2904,"totalTokens":5601230}""", day[0].GetRawText());
        Assert.Equal("""{"keys":["prj_1",""],"labels":["Production API","Unattributed"],"cost":84.19,"requestCount":2462,"totalTokens":4748511}""", day[1].GetRawText());
        Assert.Equal("""{"key":null,"label":"Others","cost":80.47,"requestCount":2997,"totalTokens":5780850}""", day[2].GetRawText());
        Assert.Equal(["prj_2", "prj_1", null], answer.GetProperty("ranking").EnumerateArray().Select(entry => entry.TryGetProperty("keys", out var keys) ? keys[0].GetString() : null));
    }

    [Fact]
    public async Task Activity_Compare_StandsBesideTheElapsedPartOfTheRangeBefore()
    {
        // The data ends at 23:00 in Paris: the day before counts up to then, and its last row does not.
        await using var server = await RunningServer.StartAsync((store, folder) => ImportSample(store, folder, SampleCsv +
            """

            2026-06-23T08:00:00Z,prj_1,5,10,20,1.5
            2026-06-23T20:30:00Z,prj_9,1,1,1,0.25
            2026-06-23T21:00:00Z,prj_1,7,1,1,4
            2025-06-24T08:00:00Z,prj_3,3,1,1,0.125
            """));
        var token = server.Token("org_1", "u_1");
        const string query = "/analytics/activity?organizationId=org_1&groupBy=project&from=2026-06-24&to=2026-06-24";

        var previous = await server.JsonAsync(query + "&compare=previous", token);
        var year = await server.JsonAsync(query + "&compare=previousYear", token);
        var none = await server.JsonAsync(query, token);

        Assert.Equal("""{"from":"2026-06-23","to":"2026-06-23","start":"2026-06-22T22:00:00Z","end":"2026-06-23T21:00:00Z"}""", previous.GetProperty("comparison").GetRawText());
        Assert.Equal("1.75", Cost(previous.GetProperty("totals").GetProperty("previous")));
        Assert.Equal(["prj_2", "prj_1", "prj_3", "prj_9"], previous.GetProperty("ranking").EnumerateArray().Select(entry => entry.GetProperty("key").GetString()));
        Assert.Equal(["0", "1.5", "0", "0.25"], previous.GetProperty("ranking").EnumerateArray().Select(entry => Cost(entry.GetProperty("previous"))));
        Assert.Equal("0", Cost(previous.GetProperty("ranking")[3]));
        Assert.Equal("2025-06-24", year.GetProperty("comparison").GetProperty("from").GetString());
        Assert.Equal("0.125", Cost(year.GetProperty("totals").GetProperty("previous")));
        Assert.False(none.TryGetProperty("comparison", out _) || none.GetProperty("totals").TryGetProperty("previous", out _));

        static string Cost(JsonElement metrics) => metrics.GetProperty("cost").GetRawText();
    }

    [Fact]
    public async Task Activity_ExplainPlan_IsForOwners()
    {
        var people = Acme.Replace("\"users\": [", "\"users\": [ { \"id\": \"u_2\", \"name\": \"Bo\" },", StringComparison.Ordinal)
            .Replace("\"members\": [", "\"members\": [ { \"organizationId\": \"org_1\", \"userId\": \"u_2\", \"role\": \"admin\" },", StringComparison.Ordinal);
        await using var server = await RunningServer.StartAsync((store, folder) => ImportSample(store, folder, SampleCsv, people));
        const string query = "/analytics/activity?organizationId=org_1&groupBy=project&from=2026-06-24&to=2026-06-24&explain=plan";

        var plan = (await server.JsonAsync(query, server.Token("org_1", "u_1"))).GetProperty("plan").GetString()!;
        using var refused = await server.GetAsync(query, server.Token("org_1", "u_2"));

        Assert.Equal(
            """
            group by Project
            sums     12 measures
            buckets  1 x Day in Europe/Paris, 2026-06-23T22:00:00Z to 2026-06-24T22:00:00Z, exact
            scan     3 of 3 rows in 1 row ranges of 1 chunks (0 pruned), sums in 64 bits
            """,
            plan);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("\"requiredRoles\":[\"owner\"]", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_AllLoaded_SaysSo()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);

        using var response = await server.GetAsync("/readyz", token: null);

        Assert.Equal("""{"phase":"ready","loadedRows":6,"totalRows":6}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Activity_MoneyAsString_WritesTheSameDigitsAsText()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);
        var token = server.Token("org_1", "u_1");
        const string query = "/analytics/activity?organizationId=org_1&groupBy=project&from=2026-06-24&to=2026-06-24";

        var numbers = await server.JsonAsync(query, token);
        var texts = await server.JsonAsync(query + "&money=string", token);

        Assert.Equal("251.94", numbers.GetProperty("totals").GetProperty("cost").GetRawText());
        Assert.Equal("\"251.94\"", texts.GetProperty("totals").GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task Activity_WithoutRange_IsTheLastSevenDaysOfTheOrganizationsZone()
    {
        // 23:30 in UTC is the 27th in Paris.
        await using var server = await RunningServer.StartAsync(Acme, "org_1", string.Empty, NodaTime.Instant.FromUtc(2026, 6, 26, 23, 30));
        var token = server.Token("org_1", "u_1");

        var own = await server.JsonAsync("/analytics/activity?organizationId=org_1", token);
        var utc = await server.JsonAsync("/analytics/activity?organizationId=org_1&timezone=UTC", token);

        Assert.Equal(("2026-06-21", "2026-06-27", "Europe/Paris"), (Text(own, "from"), Text(own, "to"), Text(own, "timezone")));
        Assert.Equal(("2026-06-20", "2026-06-26", "UTC"), (Text(utc, "from"), Text(utc, "to"), Text(utc, "timezone")));
        Assert.Equal(7, own.GetProperty("activity").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, own.GetProperty("dataThrough").ValueKind);
    }

    [Fact]
    public async Task Activity_DayThatTheZoneSkipped_IsAZeroRowWithTheMark()
    {
        await using var server = await RunningServer.StartAsync(Acme, "org_1", string.Empty);

        var answer = await server.JsonAsync("/analytics/activity?organizationId=org_1&from=2011-12-29&to=2011-12-31&timezone=Pacific/Apia", server.Token("org_1", "u_1"));

        var days = answer.GetProperty("activity").EnumerateArray().ToArray();
        Assert.Equal(["2011-12-29", "2011-12-30", "2011-12-31"], days.Select(day => Text(day, "date")));
        Assert.True(days[1].GetProperty("skipped").GetBoolean());
        Assert.Equal(Text(days[1], "start"), Text(days[1], "end"));
        Assert.False(days[0].TryGetProperty("skipped", out _));
    }

    [Fact]
    public async Task Activity_FiltersAndAliases_NarrowTheSameRows()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);
        var token = server.Token("org_1", "u_1");
        const string query = "/analytics/activity?organizationId=org_1&from=2026-06-24&to=2026-06-24&groupBy=";

        Assert.Equal("164.66", await Cost("project&projectId=prj_1&projectId=prj_3"));
        Assert.Equal("0", await Cost("project&projectId=prj_1&app=none-such"));
        Assert.Equal("251.94", await Cost("api_key&app="));
        Assert.Equal("251.94", await Cost("user&memberId="));
        Assert.Equal("0", await Cost("project&projectId="));

        async Task<string> Cost(string rest) => (await server.JsonAsync(query + rest, token)).GetProperty("totals").GetProperty("cost").GetRawText();
    }

    [Fact]
    public async Task Activity_TopRankByAndFields_CutAndOrderAndChoose()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);

        var answer = await server.JsonAsync(
            "/analytics/activity?organizationId=org_1&from=2026-06-24&to=2026-06-24&groupBy=project&top=1&rankBy=requests&fields=requestCount,errorRate,outputTokens",
            server.Token("org_1", "u_1"));

        Assert.Equal(
            """[{"key":"prj_3","label":"Staging","requestCount":2997,"outputTokens":780850,"errorRate":0},{"key":null,"label":"Others","requestCount":5366,"outputTokens":1349741,"errorRate":0}]""",
            answer.GetProperty("activity")[0].GetProperty("breakdown").GetRawText());
        Assert.Equal(["Staging 2997 0.358364", "Others 5366 0.641636"], answer.GetProperty("ranking").EnumerateArray()
            .Select(group => $"{Text(group, "label")} {group.GetProperty("requestCount").GetRawText()} {group.GetProperty("share").GetRawText()}"));
    }

    [Theory]
    [InlineData("hour", 24, "2026-06-24T00:00:00+02:00 | 84.19 at 2026-06-24T10:00:00+02:00, 87.28 at 2026-06-24T15:00:00+02:00, 80.47 at 2026-06-24T22:00:00+02:00")]
    [InlineData("day", 1, "2026-06-24 | 251.94 at 2026-06-24")]
    [InlineData("week", 1, "2026-06-24 | 251.94 at 2026-06-24")]
    [InlineData("month", 1, "2026-06-24 | 251.94 at 2026-06-24")]
    public async Task Activity_AnyBucket_HasTheSameRows(string bucket, int count, string expected)
    {
        await using var server = await RunningServer.StartAsync(ImportSample);

        var answer = await server.JsonAsync($"/analytics/activity?organizationId=org_1&from=2026-06-24&to=2026-06-24&bucket={bucket}", server.Token("org_1", "u_1"));

        var buckets = answer.GetProperty("activity").EnumerateArray().ToArray();
        Assert.Equal(count, buckets.Length);
        Assert.Equal(bucket, Text(answer, "bucket"));
        var used = buckets.Where(one => one.GetProperty("requestCount").GetInt64() > 0).Select(one => $"{one.GetProperty("cost").GetRawText()} at {Text(one, "date")}");
        Assert.Equal(expected, $"{Text(buckets[0], "date")} | {string.Join(", ", used)}");
    }

    [Fact]
    public async Task Activity_RenamedProject_HasItsNewNameWithoutARestart()
    {
        await using var server = await RunningServer.StartAsync(ImportSample);
        var token = server.Token("org_1", "u_1");
        const string query = "/analytics/activity?organizationId=org_1&from=2026-06-24&to=2026-06-24&groupBy=project";
        Assert.Equal("Internal Chatbot", Text((await server.JsonAsync(query, token)).GetProperty("ranking")[0], "label"));

        server.Store.Directory.Import(Analytics.Storage.Directory.DirectoryDocument.Parse(
            """{ "projects": [ { "id": "prj_2", "organizationId": "org_1", "name": "Chat \"<b>" } ] }"""u8));

        var ranking = (await server.JsonAsync(query, token)).GetProperty("ranking");
        Assert.Equal(["Chat \"<b>", "Production API", "Staging"], ranking.EnumerateArray().Select(group => Text(group, "label")));
        Assert.True(ranking[1].GetProperty("deleted").GetBoolean());
    }

    [RealDataFact("real/servegen_hourly.csv")]
    public async Task Activity_ServeGen_HasThePublishedTotalsByEveryGroupInEveryZone()
    {
        await using var server = await RunningServer.StartAsync(async (store, _) =>
        {
            Assert.True(RollupMapping.TryParse(
                "bucketStart=hour_utc,mapping=model,apiKeyId=client,requestCount=request_count,inputTokens=input_tokens,outputTokens=output_tokens",
                out var mapping,
                out var problem), problem);
            var summary = await new FileImport(store, Files.Physical, "org_s", RunningServer.Now)
                .RollupCsvAsync(RealData.File("real/servegen_hourly.csv"), mapping!, "prj_1", CancellationToken.None);
            Assert.Equal((8346, 0, 2_075_977_676), (summary.Accepted, summary.Rejected, summary.Totals[Analytics.Engine.Usage.Measure.UnpricedCount]));
        });
        var token = server.Token("org_s", "u_1");

        foreach (var zone in (string[])["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"])
        {
            foreach (var groupBy in (string[])["model", "mapping", "provider", "project", "apiKey", "member", "app", "serviceType", "agent"])
            {
                var answer = await server.JsonAsync($"/analytics/activity?organizationId=org_s&from=2026-03-22&to=2026-04-07&timezone={zone}&groupBy={groupBy}", token);

                Assert.Equal((2_075_977_676, 597_830_598_685), Counts(answer.GetProperty("totals")));
                var days = answer.GetProperty("activity").EnumerateArray().ToArray();
                Assert.Equal((2_075_977_676, 597_830_598_685), Sum(days));
                Assert.Equal((2_075_977_676, 597_830_598_685), Sum([.. days.SelectMany(day => day.GetProperty("breakdown").EnumerateArray())]));
                Assert.Equal((2_075_977_676, 597_830_598_685), Sum([.. answer.GetProperty("ranking").EnumerateArray()]));

                // At hour grain only zones with whole-hour offsets cut days exactly: Newfoundland is at -02:30, Nepal at +05:45, Chatham at +13:45.
                Assert.Equal(zone is "UTC" or "Europe/Paris", answer.GetProperty("exact").GetBoolean());
            }
        }
    }

    private static Task ImportSample(UsageStore store, TemporaryFolder folder) => ImportSample(store, folder, SampleCsv);

    private static Task<ImportSummary> ImportSample(UsageStore store, TemporaryFolder folder, string csv, string directory = Acme)
    {
        store.Directory.Import(Analytics.Storage.Directory.DirectoryDocument.Parse(System.Text.Encoding.UTF8.GetBytes(directory)));
        Assert.True(RollupMapping.TryParse("bucketStart=hour,projectId=project,requestCount=requests,inputTokens=input,outputTokens=output,cost=usd", out var mapping, out _));
        return new FileImport(store, Files.Physical, "org_1", RunningServer.Now)
            .RollupCsvAsync(folder.Write("sample.csv", csv), mapping!, string.Empty, CancellationToken.None);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static (long Requests, long Tokens) Counts(JsonElement metrics) =>
        (long.Parse(metrics.GetProperty("requestCount").GetRawText(), CultureInfo.InvariantCulture), metrics.GetProperty("totalTokens").GetInt64());

    private static (long Requests, long Tokens) Sum(JsonElement[] all) => (all.Sum(one => Counts(one).Requests), all.Sum(one => Counts(one).Tokens));
}
