using System.Net;
using System.Text.Json;
using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>Who may ask, in the contract's order: 401, 404 organisation, 403 plan, 403 role, 400 parameters.</summary>
public class AccessTests
{
    private const string Directory =
        """
        {
          "organizations": [
            { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": [] },
            { "id": "org_free", "name": "Small", "plan": "free", "timezones": [] },
            { "id": "org_2", "name": "Other", "plan": "enterprise", "timezones": [] } ],
          "users": [ { "id": "u_owner", "name": "Ana" }, { "id": "u_admin", "name": "Ben" }, { "id": "u_dev", "name": "Cy" }, { "id": "u_member", "name": "Di" } ],
          "members": [
            { "organizationId": "org_1", "userId": "u_owner", "role": "owner" },
            { "organizationId": "org_1", "userId": "u_admin", "role": "admin" },
            { "organizationId": "org_1", "userId": "u_dev", "role": "developer" },
            { "organizationId": "org_1", "userId": "u_member", "role": "member" },
            { "organizationId": "org_free", "userId": "u_owner", "role": "owner" },
            { "organizationId": "org_free", "userId": "u_member", "role": "member" } ]
        }
        """;

    private static readonly string[] Paths = ["/analytics/activity", "/analytics/members", "/analytics/members/u_member", "/analytics/summary", "/analytics/agents", "/analytics/explain", "/analytics/services"];

    [Fact]
    public async Task EveryPath_EveryCaller_GetsTheContractsAnswer()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Empty);
        Dictionary<string, string?> callers = new()
        {
            ["nobody"] = null,
            ["garbage"] = "ana_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            ["owner"] = server.Token("org_1", "u_owner"),
            ["admin"] = server.Token("org_1", "u_admin"),
            ["developer"] = server.Token("org_1", "u_dev"),
            ["member"] = server.Token("org_1", "u_member"),
            ["ingest"] = server.Token("org_1", "u_owner", kind: TokenKind.Ingest),
            ["free owner"] = server.Token("org_free", "u_owner"),
            ["free member"] = server.Token("org_free", "u_member"),
        };
        (string Caller, string Organization, HttpStatusCode Status, string? Type)[] expectations =
        [
            ("nobody", "org_1", HttpStatusCode.Unauthorized, "unauthorized"),
            ("nobody", "org_none", HttpStatusCode.Unauthorized, "unauthorized"),
            ("garbage", "org_1", HttpStatusCode.Unauthorized, "unauthorized"),
            ("owner", "org_2", HttpStatusCode.NotFound, "unknown-organization"),
            ("owner", "org_none", HttpStatusCode.NotFound, "unknown-organization"),
            ("owner", "org_free", HttpStatusCode.NotFound, "unknown-organization"),
            ("free owner", "org_1", HttpStatusCode.NotFound, "unknown-organization"),
            ("ingest", "org_1", HttpStatusCode.Forbidden, "ingest-token"),
            ("free owner", "org_free", HttpStatusCode.Forbidden, "plan-required"),
            ("free member", "org_free", HttpStatusCode.Forbidden, "plan-required"),
            ("developer", "org_1", HttpStatusCode.Forbidden, "role-required"),
            ("member", "org_1", HttpStatusCode.Forbidden, "role-required"),
            ("owner", "org_1", HttpStatusCode.OK, null),
            ("admin", "org_1", HttpStatusCode.OK, null),
        ];

        foreach (var path in Paths)
        {
            foreach (var (caller, organization, status, type) in expectations)
            {
                // Parameters come last, so a wrong one changes nothing but a success.
                foreach (var rest in (string[])["", "&timezone=Nowhere"])
                {
                    using var response = await server.GetAsync($"{path}?organizationId={organization}{rest}", callers[caller]);
                    var expected = status == HttpStatusCode.OK && rest.Length > 0 ? HttpStatusCode.BadRequest : status;
                    Assert.True(expected == response.StatusCode, $"{caller} {path} {organization}{rest}: {response.StatusCode}, expected {expected}");
                    if (status != HttpStatusCode.OK)
                    {
                        Assert.Equal($"/problems/{type}", (await ProblemAsync(response)).GetProperty("type").GetString());
                    }
                }
            }
        }
    }

    [Fact]
    public async Task Gate_SaysWhatIsRequired()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Empty);

        using var byPlan = await server.GetAsync("/analytics/activity?organizationId=org_free", server.Token("org_free", "u_owner"));
        using var byRole = await server.GetAsync("/analytics/activity?organizationId=org_1", server.Token("org_1", "u_member"));
        using var byToken = await server.GetAsync("/analytics/activity?organizationId=org_1");

        Assert.Equal("enterprise", (await ProblemAsync(byPlan)).GetProperty("requiredPlan").GetString());
        Assert.Equal(["owner", "admin"], (await ProblemAsync(byRole)).GetProperty("requiredRoles").EnumerateArray().Select(role => role.GetString()));
        Assert.Equal("Bearer", byToken.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task UnknownAndForeignOrganization_GetTheSameAnswer()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Empty);
        var token = server.Token("org_1", "u_owner");

        using var foreign = await server.GetAsync("/analytics/activity?organizationId=org_2", token);
        using var unknown = await server.GetAsync("/analytics/activity?organizationId=org_x", token);

        Assert.Equal(await unknown.Content.ReadAsStringAsync(), await foreign.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task MemberWhoLeft_LosesAccessAtOnce()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", string.Empty);
        var token = server.Token("org_1", "u_admin");
        await server.JsonAsync("/analytics/activity?organizationId=org_1", token);

        server.Store.Directory.Import(DirectoryDocument.Parse(
            """{ "members": [ { "organizationId": "org_1", "userId": "u_owner", "role": "owner" } ] }"""u8));

        using var response = await server.GetAsync("/analytics/activity?organizationId=org_1", token);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    internal static async Task<JsonElement> ProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.NotEqual(string.Empty, problem.GetProperty("title").GetString());
        Assert.NotEqual(string.Empty, problem.GetProperty("detail").GetString());
        return problem;
    }
}
