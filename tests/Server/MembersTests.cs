using System.Net;
using System.Text.Json;
using Xunit;

namespace Analytics.Tests.Server;

public class MembersTests
{
    // u_left created a key and is no member any more; key_alone has no creator; u_idle has no usage.
    private const string Directory =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] } ],
          "users": [ { "id": "u_ana", "name": "Ana", "email": "ana@example.com" }, { "id": "u_idle", "name": "Ida" }, { "id": "u_left", "name": "Leo" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_ana", "role": "owner" }, { "organizationId": "org_1", "userId": "u_idle", "role": "member" } ],
          "projects": [ { "id": "p", "organizationId": "org_1", "name": "P" } ],
          "apiKeys": [
            { "id": "key_ana", "organizationId": "org_1", "projectId": "p", "description": "laptop", "createdBy": "u_ana" },
            { "id": "key_unused", "organizationId": "org_1", "projectId": "p", "description": "spare", "createdBy": "u_ana" },
            { "id": "key_gone", "organizationId": "org_1", "projectId": "p", "description": "old", "createdBy": "u_ana", "deleted": true },
            { "id": "key_left", "organizationId": "org_1", "projectId": "p", "description": "leos", "createdBy": "u_left" },
            { "id": "key_alone", "organizationId": "org_1", "projectId": "p", "description": "robot" } ]
        }
        """;

    private const string Events =
        """
        {"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"key_ana","mapping":"openai/gpt-5.5","app":"cli","inputTokens":100,"outputTokens":10,"cost":"3.5"}
        {"id":"2","timestamp":"2026-06-24T11:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"key_ana","mapping":"azure/gpt-5.5","app":"web","inputTokens":100,"outputTokens":10,"cost":"0.25","status":"error"}
        {"id":"3","timestamp":"2026-06-25T10:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"key_ana","mapping":"azure/gpt-5.5","app":"web","inputTokens":100,"outputTokens":10,"cost":"0.25"}
        {"id":"4","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"key_left","mapping":"openai/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"9"}
        {"id":"5","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"key_alone","mapping":"openai/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"1"}
        {"id":"6","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"p","apiKeyId":"key_new","memberId":"u_new","memberName":"Noor","mapping":"openai/gpt-5.5","inputTokens":100,"outputTokens":10,"cost":"0.000000000001"}
        """;

    private const string Range = "organizationId=org_1&from=2026-06-24&to=2026-06-25";

    [Fact]
    public async Task List_HasEveryoneAndSumsToTheTotals()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answer = await server.JsonAsync($"/analytics/members?{Range}", server.Token("org_1", "u_ana"));

        Assert.Equal(
            """
            u_left Former member - keys 1/1 cost 9 requests 1
            u_ana Ana owner keys 2/1 cost 4 requests 3
             Unattributed - keys 1/1 cost 1 requests 1
            u_new Noor member keys 1/1 cost 0.000000000001 requests 1
            u_idle Ida member keys 0/0 cost 0 requests 0
            """,
            string.Join('\n', answer.GetProperty("members").EnumerateArray().Select(Line)));
        Assert.Equal("14.000000000001", answer.GetProperty("totals").GetProperty("cost").GetRawText());
        Assert.Equal(6, answer.GetProperty("totals").GetProperty("requestCount").GetInt32());
        var ana = answer.GetProperty("members")[1];
        Assert.Equal("0.333333", ana.GetProperty("errorRate").GetRawText());
        Assert.Equal("ana@example.com", ana.GetProperty("email").GetString());
    }

    [Fact]
    public async Task Detail_IsTheMembersOwnUsage()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answer = await server.JsonAsync($"/analytics/members/u_ana?{Range}", server.Token("org_1", "u_ana"));

        Assert.Equal("u_ana Ana owner keys 2/1", Person(answer.GetProperty("member")));
        Assert.Equal("4", answer.GetProperty("summary").GetProperty("cost").GetRawText());

        // Most used is by requests; the ranking is by cost.
        Assert.Equal("""{"model":"gpt-5.5","provider":"azure","app":"web"}""", answer.GetProperty("mostUsed").GetRawText());
        Assert.Equal(["gpt-5.5 4"], Ranking("costByModel"));
        Assert.Equal(["openai 3.5", "azure 0.5"], Ranking("topProviders"));
        Assert.Equal(["cli 3.5", "web 0.5"], Ranking("topApps"));
        Assert.Equal(["2026-06-24 3.75", "2026-06-25 0.25"], answer.GetProperty("activity").EnumerateArray().Select(day => $"{day.GetProperty("date").GetString()} {day.GetProperty("cost").GetRawText()}"));

        IEnumerable<string> Ranking(string name) => answer.GetProperty(name).EnumerateArray()
            .Select(group => $"{group.GetProperty("label").GetString()} {group.GetProperty("cost").GetRawText()}");
    }

    [Fact]
    public async Task Detail_MemberWithoutUsage_IsZeros()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        var answer = await server.JsonAsync($"/analytics/members/u_idle?{Range}", server.Token("org_1", "u_ana"));

        Assert.Equal("0", answer.GetProperty("summary").GetProperty("cost").GetRawText());
        Assert.Equal("""{"model":null,"provider":null,"app":null}""", answer.GetProperty("mostUsed").GetRawText());
        Assert.Equal(2, answer.GetProperty("activity").GetArrayLength());
    }

    [Fact]
    public async Task Detail_IdWithASlash_IsFound()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);
        var token = server.Token("org_1", "../ü%2F", "member");

        var answer = await server.JsonAsync($"/analytics/members/{Uri.EscapeDataString("../ü%2F")}?{Range}", server.Token("org_1", "u_ana"));

        Assert.NotNull(token);
        Assert.Equal("../ü%2F", answer.GetProperty("member").GetProperty("userId").GetString());
    }

    [Theory]
    [InlineData("u_left")]
    [InlineData("u_nobody")]
    [InlineData("%2e%2e%2fmanifest.json")]
    public async Task Detail_WhoIsNoMember_Is404(string userId)
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Events);

        using var response = await server.GetAsync($"/analytics/members/{userId}?{Range}", server.Token("org_1", "u_ana"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("/problems/unknown-user", (await AccessTests.ProblemAsync(response)).GetProperty("type").GetString());
    }

    private static string Line(JsonElement member) =>
        $"{Person(member)} cost {member.GetProperty("cost").GetRawText()} requests {member.GetProperty("requestCount").GetRawText()}";

    private static string Person(JsonElement member) =>
        $"{member.GetProperty("userId").GetString()} {member.GetProperty("name").GetString()} {member.GetProperty("role").GetString() ?? "-"} keys {member.GetProperty("apiKeyCount").GetRawText()}/{member.GetProperty("activeApiKeyCount").GetRawText()}";
}
