using System.Net;
using System.Text.Json;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>Summary, projects, API keys and agents: one organisation with things deleted, unused and unowned.</summary>
public class PartsTests
{
    // prj_old and key_old are deleted and have usage; prj_dead is deleted and has none; prj_idle and key_spare are unused;
    // key_robot has no creator, key_leo's has left.
    internal const string Directory =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] }, { "id": "org_free", "name": "Small", "plan": "free", "timezones": [] } ],
          "users": [ { "id": "u_ana", "name": "Ana" }, { "id": "u_dev", "name": "Dev" }, { "id": "u_leo", "name": "Leo" } ],
          "members": [
            { "organizationId": "org_1", "userId": "u_ana", "role": "owner" }, { "organizationId": "org_1", "userId": "u_dev", "role": "developer" },
            { "organizationId": "org_free", "userId": "u_dev", "role": "member" } ],
          "projects": [
            { "id": "prj_api", "organizationId": "org_1", "name": "Production API", "color": "#4e79a7" }, { "id": "prj_idle", "organizationId": "org_1", "name": "Idle" },
            { "id": "prj_old", "organizationId": "org_1", "name": "Old", "deleted": true }, { "id": "prj_dead", "organizationId": "org_1", "name": "Dead", "deleted": true },
            { "id": "prj_else", "organizationId": "org_free", "name": "Elsewhere" }, { "id": "prj/ü", "organizationId": "org_1", "name": "Slashed" } ],
          "apiKeys": [
            { "id": "key_etl", "organizationId": "org_1", "projectId": "prj_api", "description": "prod-etl", "createdBy": "u_ana" },
            { "id": "key_spare", "organizationId": "org_1", "projectId": "prj_api", "description": "spare", "createdBy": "u_ana" },
            { "id": "key_leo", "organizationId": "org_1", "projectId": "prj_api", "description": "leos", "createdBy": "u_leo" },
            { "id": "key_old", "organizationId": "org_1", "projectId": "prj_old", "description": "old", "createdBy": "u_ana", "deleted": true },
            { "id": "key_robot", "organizationId": "org_1", "projectId": "prj_api", "description": "robot" },
            { "id": "key_else", "organizationId": "org_free", "projectId": "prj_else", "description": "elsewhere" } ],
          "agents": [
            { "id": "agt_1", "organizationId": "org_1", "projectId": "prj_api", "name": "Triage" }, { "id": "agt_2", "organizationId": "org_1", "projectId": "prj_api", "name": "Refunds" },
            { "id": "agt_idle", "organizationId": "org_1", "name": "Idle" } ]
        }
        """;

    internal const string Events =
        """
        {"id":"0","timestamp":"2026-06-22T10:00:00Z","organizationId":"org_1","projectId":"prj_api","apiKeyId":"key_etl","mapping":"mistral/large","inputTokens":10,"outputTokens":1,"cost":"8","agentId":"agt_1","conversationId":"c0"}
        {"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"prj_api","apiKeyId":"key_etl","mapping":"openai/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"3.5"}
        {"id":"2","timestamp":"2026-06-24T11:00:00Z","organizationId":"org_1","projectId":"prj_api","apiKeyId":"key_etl","mapping":"azure/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"0.25","status":"error"}
        {"id":"3","timestamp":"2026-06-25T10:00:00Z","organizationId":"org_1","projectId":"prj_api","apiKeyId":"key_leo","mapping":"azure/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"0.25","agentId":"agt_2","serviceType":"agent","conversationId":"c1"}
        {"id":"4","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"prj_old","apiKeyId":"key_old","mapping":"openai/o5-pro","inputTokens":100,"outputTokens":10,"cost":"9"}
        {"id":"5","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"prj_api","apiKeyId":"key_robot","mapping":"openai/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"1.000000000001","agentId":"agt_1","serviceType":"agent","conversationId":"c1"}
        """;

    private const string Range = "organizationId=org_1&from=2026-06-24&to=2026-06-25";

    [Fact]
    public async Task Projects_HaveAllThereAreAndSumToTheTotals()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/analytics/projects?{Range}", server.Token("org_1", "u_dev"));

        Assert.Equal(
            """
            prj_old|Old|-|deleted|0|1|9|1|0
            prj_api|Production API|#4e79a7||4|3|5.000000000001|4|0.25
            prj_idle|Idle|-||0|0|0|0|0
            prj/ü|Slashed|-||0|0|0|0|0
            """,
            Lines(answer.GetProperty("projects"), "projectId", "name", "color", "deleted", "apiKeyCount", "activeApiKeyCount", "cost", "requestCount", "errorRate"));
        Assert.Equal("14.000000000001", answer.GetProperty("totals").GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task ApiKeys_HaveAllThereAreAndSumToTheTotals()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/analytics/api-keys?{Range}", server.Token("org_1", "u_dev"));

        Assert.Equal(
            """
            key_old|old|prj_old|Old|u_ana|Ana|deleted|9
            key_etl|prod-etl|prj_api|Production API|u_ana|Ana||3.75
            key_robot|robot|prj_api|Production API|-|Unattributed||1.000000000001
            key_leo|leos|prj_api|Production API|u_leo|Former member||0.25
            key_spare|spare|prj_api|Production API|u_ana|Ana||0
            """,
            Lines(answer.GetProperty("apiKeys"), "apiKeyId", "description", "projectId", "project", "createdBy", "creator", "deleted", "cost"));
        Assert.Equal("14.000000000001", answer.GetProperty("totals").GetProperty("cost").GetRawText());
    }

    [Theory]
    [InlineData("projectId=prj_api", "key_etl,key_robot,key_leo,key_spare")]
    [InlineData("projectId=prj_old", "key_old")]
    [InlineData("memberId=u_ana", "key_old,key_etl,key_spare")]
    [InlineData("memberId=", "key_robot")]
    [InlineData("apiKeyId=key_spare&apiKeyId=key_leo", "key_leo,key_spare")]
    [InlineData("projectId=prj_none", "")]
    public async Task ApiKeys_Filtered_HaveTheUnusedOnesOfTheFilterOnly(string filter, string keys)
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/analytics/api-keys?{Range}&{filter}", server.Token("org_1", "u_dev"));

        Assert.Equal(keys, string.Join(',', answer.GetProperty("apiKeys").EnumerateArray().Select(key => key.GetProperty("apiKeyId").GetString())));
    }

    [Fact]
    public async Task Project_IsItsOwnUsage_ByModelOrByMapping()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_dev");

        var canonical = await server.JsonAsync($"/analytics/projects/prj_api?{Range}", token);
        var mappings = await server.JsonAsync($"/analytics/projects/prj_api?{Range}&models=mapping&compare=previous&bucket=week&fields=errorCount", token);

        Assert.Equal("prj_api|Production API|#4e79a7|4|3", Line(canonical.GetProperty("project"), "projectId", "name", "color", "apiKeyCount", "activeApiKeyCount"));
        Assert.Equal("5.000000000001|4|0.25", Line(canonical.GetProperty("summary"), "cost", "requestCount", "errorRate"));
        Assert.Equal("gpt-5.5|5.000000000001|1", Lines(canonical.GetProperty("costByModel"), "key", "cost", "share"));
        Assert.Equal("2026-06-24|4.750000000001\n2026-06-25|0.25", Lines(canonical.GetProperty("activity"), "date", "cost"));
        Assert.Equal("openai/gpt-5.5|4.500000000001\nazure/gpt-5.5|0.5\nmistral/large|0", Lines(mappings.GetProperty("costByModel"), "key", "cost"));
        Assert.Equal("8", mappings.GetProperty("summary").GetProperty("previous").GetProperty("cost").GetRawText());
        Assert.Equal("mapping|week", Line(mappings, "models", "bucket"));
        Assert.Equal("azure/gpt-5.5|1", Lines(mappings.GetProperty("activity")[0].GetProperty("breakdown"), "key", "errorCount").Split('\n')[1]);
    }

    [Fact]
    public async Task ApiKeyAndAgent_AreTheirOwnUsage()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_ana");

        var key = await server.JsonAsync($"/analytics/api-keys/key_old?{Range}", token);
        var agent = await server.JsonAsync($"/analytics/agents/agt_2?{Range}", token);

        Assert.Equal("key_old|old|prj_old|Old|u_ana|Ana|deleted", Line(key.GetProperty("apiKey"), "apiKeyId", "description", "projectId", "project", "createdBy", "creator", "deleted"));
        Assert.Equal("o5-pro|9", Lines(key.GetProperty("costByModel"), "key", "cost"));
        Assert.Equal("agt_2|Refunds|prj_api|Production API|1", Line(agent.GetProperty("agent"), "agentId", "name", "projectId", "project", "conversations"));
        Assert.Equal("0.25", agent.GetProperty("summary").GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task Agents_HaveThoseWithUsage_AndOthersSumUp()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_ana");

        var all = await server.JsonAsync($"/analytics/agents?{Range}", token);
        var top = await server.JsonAsync($"/analytics/agents?{Range}&top=1", token);

        Assert.Equal("agt_1|Triage|prj_api|Production API|1|1.000000000001\nagt_2|Refunds|prj_api|Production API|1|0.25", Lines(all.GetProperty("agents"), "agentId", "name", "projectId", "project", "requestCount", "cost"));
        Assert.Equal("1.250000000001", all.GetProperty("totals").GetProperty("cost").GetRawText());
        Assert.Equal("agt_1|Triage|1|1.000000000001\n-|Others|1|0.25", Lines(top.GetProperty("agents"), "agentId", "name", "conversations", "cost"));
    }

    [Fact]
    public async Task Summary_HasTheCards_AndThoseOfTheRangeBefore()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/analytics/summary?{Range}&compare=previous", server.Token("org_1", "u_ana"));

        // Of five projects one is deleted and unused, which is none any more; the other deleted one was used.
        // Both agents took part in the one conversation.
        Assert.Equal("2|3|2|4|1", Line(answer, "uniqueModels", "uniqueMappings", "activeProjects", "totalProjects", "conversations"));
        Assert.Equal("14.000000000001|5", Line(answer.GetProperty("totals"), "cost", "requestCount"));
        Assert.Equal("2026-06-22|2026-06-23", Line(answer.GetProperty("comparison"), "from", "to"));
        Assert.Equal("1|1|1|3|1", Line(answer.GetProperty("previous"), "uniqueModels", "uniqueMappings", "activeProjects", "totalProjects", "conversations"));
        Assert.Equal("8", answer.GetProperty("previous").GetProperty("totals").GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task Summary_OfAProjectOrKey_IsForEveryMember()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_1", "u_dev");

        var project = await server.JsonAsync($"/analytics/summary?{Range}&projectId=prj_api", token);
        var key = await server.JsonAsync($"/analytics/summary?{Range}&apiKeyId=key_old", token);
        using var whole = await server.GetAsync($"/analytics/summary?{Range}", token);

        Assert.Equal("1|2|1|1", Line(project, "uniqueModels", "uniqueMappings", "activeProjects", "totalProjects"));
        Assert.Equal("9", key.GetProperty("totals").GetProperty("cost").GetRawText());
        Assert.Equal("/problems/role-required", (await AccessTests.ProblemAsync(whole)).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("projects/prj_none", "unknown-project")]
    [InlineData("projects/prj_else", "unknown-project")]
    [InlineData("api-keys/key_else", "unknown-api-key")]
    [InlineData("api-keys/%2e%2e%2fmanifest.json", "unknown-api-key")]
    [InlineData("agents/agt_9", "unknown-agent")]
    public async Task Detail_OfWhatTheOrganizationDoesNotHave_Is404(string path, string type)
    {
        await using var server = await StartAsync();

        using var response = await server.GetAsync($"/analytics/{path}?{Range}", server.Token("org_1", "u_ana"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal($"/problems/{type}", (await AccessTests.ProblemAsync(response)).GetProperty("type").GetString());
    }

    [Fact]
    public async Task Project_IdWithASlash_IsFound()
    {
        await using var server = await StartAsync();

        var answer = await server.JsonAsync($"/analytics/projects/{Uri.EscapeDataString("prj/ü")}?{Range}", server.Token("org_1", "u_dev"));

        Assert.Equal("Slashed", answer.GetProperty("project").GetProperty("name").GetString());
    }

    [Fact]
    public async Task ProjectsAndKeys_AreForEveryMemberOnEveryPlan()
    {
        await using var server = await StartAsync();
        var token = server.Token("org_free", "u_dev");
        foreach (var path in (string[])["projects", "projects/prj_else", "api-keys", "api-keys/key_else"])
        {
            await server.JsonAsync($"/analytics/{path}?organizationId=org_free", token);
            using var misspelt = await server.GetAsync($"/analytics/{path}?organizationId=org_free&projectID=prj_else", token);
            Assert.Contains("projectID", (await AccessTests.ProblemAsync(misspelt)).GetProperty("errors").EnumerateObject().Select(error => error.Name));
        }

        using var agents = await server.GetAsync("/analytics/agents?organizationId=org_free", token);
        Assert.Equal("/problems/plan-required", (await AccessTests.ProblemAsync(agents)).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("projects", 5)]
    [InlineData("api-keys", 6)]
    [InlineData("agents", 3)]
    [InlineData("projects/prj_api", 3)]
    [InlineData("api-keys/key_etl", 3)]
    [InlineData("agents/agt_1", 3)]
    public async Task Csv_HasARowForEachEntry(string path, int lines)
    {
        await using var server = await StartAsync();

        using var response = await server.GetAsync($"/analytics/{path}?{Range}&format=csv", server.Token("org_1", "u_ana"));
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(lines, text.TrimEnd().Split('\n').Length);
        Assert.Contains("requestCount", text.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Organizations_AreTheCallersOwn()
    {
        await using var server = await StartAsync();

        // A token reaches the organisation that it was made for, whatever else its user is a member of.
        var answer = await server.JsonAsync("/analytics/organizations", server.Token("org_free", "u_dev"));

        Assert.Equal("org_free|Small|free|member|[]", Lines(answer.GetProperty("organizations"), "organizationId", "name", "plan", "role", "timezones"));
        using var nobody = await server.GetAsync("/analytics/organizations");
        using var misspelt = await server.GetAsync("/analytics/organizations?organisation=1", server.Token("org_1", "u_ana"));
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, misspelt.StatusCode);
    }

    [Fact]
    public async Task Me_IsTheCallersOwnDetail_OfAnyRoleAndPlan()
    {
        await using var server = await StartAsync();

        var ana = await server.JsonAsync($"/analytics/me?{Range}", server.Token("org_1", "u_ana"));
        var dev = await server.JsonAsync($"/analytics/me?{Range}", server.Token("org_1", "u_dev"));
        var asMember = await server.JsonAsync($"/analytics/members/u_ana?{Range}", server.Token("org_1", "u_ana"));
        await server.JsonAsync("/analytics/me?organizationId=org_free", server.Token("org_free", "u_dev"));

        Assert.Equal(asMember.GetRawText(), ana.GetRawText());
        Assert.Equal("u_dev|Dev|developer|0", Line(dev.GetProperty("member"), "userId", "name", "role", "apiKeyCount"));
        Assert.Equal("0", dev.GetProperty("summary").GetProperty("cost").GetRawText());
    }

    internal static Task<RunningServer> StartAsync() => RunningServer.StartAsync(Directory, "org_1", Events);

    internal static string Lines(JsonElement rows, params string[] names) => string.Join('\n', rows.EnumerateArray().Select(row => Line(row, names)));

    // Numbers as they are written, nothing for what is not there, "-" for null.
    internal static string Line(JsonElement row, params string[] names) => string.Join('|', names.Select(name =>
        !row.TryGetProperty(name, out var value) ? string.Empty
        : value.ValueKind switch
        {
            JsonValueKind.Null => "-",
            JsonValueKind.True => name,
            JsonValueKind.String => value.GetString(),
            _ => value.GetRawText(),
        }));
}
