using System.Text.Json.Nodes;
using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Admin;

/// <summary>
/// Rows over HTTP: add, read, change, delete of each kind; versions; owners; what history keeps; the organisation itself;
/// tokens.
/// </summary>
public class DirectoryRowsTests
{
    private const string Base = AdminServer.Base;

    // Path, a new row, its id in the path, a change, the property that changes.
    public static TheoryData<string, string, string, string, string> Kinds => new()
    {
        { "projects", """{ "id": "a/b", "name": "New", "color": "#112233" }""", "a%2Fb", """{ "color": null }""", "color" },
        { "api-keys", """{ "id": "key_n", "projectId": "prj_1", "createdBy": "u_3" }""", "key_n", """{ "description": "other" }""", "description" },
        { "members", """{ "userId": "u_n", "name": "Dee", "role": "developer" }""", "u_n", """{ "role": "admin" }""", "role" },
        { "agents", """{ "id": "agt %1", "name": "Bot" }""", "agt%20%251", """{ "projectId": "prj_1" }""", "projectId" },
        { "models", """{ "mapping": "azure/new", "prices": [ { "rule": "output_tokens", "unit": "token", "usdPerMillion": "0.000000000001" } ] }""", "azure%2Fnew", """{ "model": "newest" }""", "model" },
    };

    [Theory, MemberData(nameof(Kinds))]
    public async Task Row_AddReadChangeDelete_WorksAndIsAudited(string kind, string row, string id, string change, string property)
    {
        await using var server = await AdminServer.StartAsync();
        var token = server.Admin;
        var path = $"{Base}/{kind}/{id}";
        Assert.Equal(404, (await server.SendAsync("GET", path, token)).Status);

        var added = await server.SendAsync("POST", $"{Base}/{kind}", token, row);
        Assert.True(added.Status == 201, added.Text);
        Assert.Equal(path, added.Location);
        Assert.Equal(path, added.Location);
        var read = await server.SendAsync("GET", path, token);
        Assert.Equal((200, added.Text, added.Tag), (read.Status, read.Text, read.Tag));
        Assert.Equal((409, "already-exists"), await server.SendAsync("POST", $"{Base}/{kind}", token, row) is var again ? (again.Status, again.Problem) : default);

        var changed = await server.SendAsync("PATCH", path, token, change, added.Tag, "application/merge-patch+json");
        Assert.True(changed.Status == 200, changed.Text);
        Assert.NotEqual(read.Json.GetProperty(property).GetRawText(), changed.Json.GetProperty(property).GetRawText());
        Assert.All(read.Json.EnumerateObject().Where(other => other.Name != property), other => Assert.Equal(other.Value.GetRawText(), changed.Json.GetProperty(other.Name).GetRawText()));
        Assert.Equal((412, "precondition-failed"), await server.SendAsync("PATCH", path, token, change, added.Tag) is var late ? (late.Status, late.Problem) : default);
        Assert.Equal(412, (await server.SendAsync("DELETE", path, token, ifMatch: added.Tag)).Status);

        Assert.Equal(204, (await server.SendAsync("DELETE", path, token, ifMatch: changed.Tag)).Status);
        var gone = await server.SendAsync("GET", path, token);
        if (kind is "members" or "models")
        {
            Assert.Equal(404, gone.Status);
        }
        else
        {
            Assert.True(gone.Json.GetProperty("deleted").GetBoolean());
            Assert.Equal(changed.Json.GetProperty(kind == "api-keys" ? "description" : "name").GetString(), gone.Json.GetProperty(kind == "api-keys" ? "description" : "name").GetString());
        }

        Assert.True(server.Server.Store.Directory.ReadAudit("org_1", null, 100).Count(entry => entry.Actor.UserId == "u_2") >= 3);
    }

    [Theory]
    [InlineData("projects", "prj_1", """{ "id": "prj_2" }""", "id")]
    [InlineData("projects", "prj_1", """{ "colour": "#ffffff" }""", "colour")]
    [InlineData("projects", "prj_1", """{ "color": "red" }""", "color")]
    [InlineData("projects", "prj_1", """{ "name": 7 }""", "name")]
    [InlineData("projects", "prj_1", """{ "name": "a", "name": "b" }""", "$")]
    [InlineData("projects", "prj_1", """{ "deleted": "yes" }""", "deleted")]
    [InlineData("projects", "prj_1", """[ 1 ]""", "$")]
    [InlineData("projects", "prj_1", "nothing", "$")]
    [InlineData("projects", "prj_1", """{ "organizationId": "org_2" }""", "organizationId")]
    [InlineData("api-keys", "key_1", """{ "projectId": "prj_9" }""", "projectId")]
    [InlineData("api-keys", "key_1", """{ "createdBy": "u_9" }""", "createdBy")]
    [InlineData("members", "u_3", """{ "role": "king" }""", "role")]
    [InlineData("members", "u_3", """{ "role": null }""", "role")]
    [InlineData("models", "azure%2Fgpt-5.5", """{ "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "-1" } ] }""", "prices[0].usdPerMillion")]
    public async Task Patch_WrongBody_NamesThePathAndChangesNothing(string kind, string id, string body, string path)
    {
        await using var server = await AdminServer.StartAsync();
        var before = await server.DocumentAsync();

        var answer = await server.SendAsync("PATCH", $"{Base}/{kind}/{id}", server.Owner, body);

        Assert.True(answer.Status == 400, answer.Text);
        Assert.StartsWith("found ", answer.Error(path), StringComparison.Ordinal);
        Assert.Contains("expected", answer.Error(path), StringComparison.Ordinal);
        Assert.Equal(before, await server.DocumentAsync());
    }

    [Fact]
    public async Task Owners_OnlyOwnersMakeAndRemoveThem_AndTheLastStays()
    {
        await using var server = await AdminServer.StartAsync();
        var (owner, admin) = (server.Owner, server.Admin);

        Assert.Equal((403, "forbidden-edit"), await Shape("PATCH", "u_3", admin, """{ "role": "owner" }"""));
        Assert.Equal((403, "forbidden-edit"), await Shape("PATCH", "u_2", admin, """{ "role": "owner" }"""));
        Assert.Equal((403, "forbidden-edit"), await Shape("PATCH", "u_1", admin, """{ "role": "member" }"""));
        Assert.Equal((403, "forbidden-edit"), await Shape("DELETE", "u_1", admin));
        Assert.Equal((409, "last-owner"), await Shape("DELETE", "u_1", owner));
        Assert.Equal((409, "last-owner"), await Shape("PATCH", "u_1", owner, """{ "role": "admin" }"""));
        Assert.Equal(200, (await server.SendAsync("PATCH", Base + "/members/u_3", owner, """{ "role": "owner" }""")).Status);
        Assert.Equal(200, (await server.SendAsync("PATCH", Base + "/members/u_1", owner, """{ "role": "admin" }""")).Status);

        // Roles count at once, also those of who asks.
        Assert.Equal((403, "forbidden-edit"), await Shape("PATCH", "u_1", owner, """{ "role": "owner" }"""));

        async Task<(int, string)> Shape(string method, string user, string token, string? body = null)
        {
            var answer = await server.SendAsync(method, $"{Base}/members/{user}", token, body);
            return (answer.Status, answer.Problem);
        }
    }

    [Fact]
    public async Task Renames_DeletionsAndLeaving_KeepEverySum()
    {
        await using var server = await AdminServer.StartAsync();
        var owner = server.Owner;
        const string Range = "organizationId=org_1&from=2026-06-20&to=2026-06-26";
        var before = await server.Server.JsonAsync($"/analytics/activity?{Range}&groupBy=project", owner);

        Assert.Equal(204, (await server.SendAsync("DELETE", Base + "/projects/prj_1", owner)).Status);
        Assert.Equal(204, (await server.SendAsync("DELETE", Base + "/api-keys/key_2", owner)).Status);
        Assert.Equal(204, (await server.SendAsync("DELETE", Base + "/members/u_3", owner)).Status);
        Assert.Equal(200, (await server.SendAsync("PATCH", Base + "/projects/prj_2", owner, """{ "name": "Second" }""")).Status);

        var after = await server.Server.JsonAsync($"/analytics/activity?{Range}&groupBy=project", owner);
        Assert.Equal(before.GetProperty("totals").GetRawText(), after.GetProperty("totals").GetRawText());
        Assert.Equal(Costs(before), Costs(after));
        Assert.Contains(after.GetProperty("ranking").EnumerateArray(), group =>
            group.GetProperty("key").GetString() == "prj_1" && group.GetProperty("label").GetString() == "Production API" && group.GetProperty("deleted").GetBoolean());
        Assert.Contains(after.GetProperty("ranking").EnumerateArray(), group => group.GetProperty("label").GetString() == "Second");
        var members = await server.Server.JsonAsync($"/analytics/members?{Range}", owner);
        Assert.Contains(members.GetProperty("members").EnumerateArray(), member => member.GetProperty("userId").GetString() == "u_3" && member.GetProperty("name").GetString() == "Former member");
        Assert.Equal(before.GetProperty("totals").GetProperty("cost").GetRawText(), members.GetProperty("totals").GetProperty("cost").GetRawText());

        // Usage of a key that was deleted does not bring it back.
        server.Server.Store.Directory.Register(1_000, new Registrations { ApiKeys = [new SeenApiKey("org_1", "key_2", "prj_1")] });
        Assert.True((await server.SendAsync("GET", Base + "/api-keys/key_2", owner)).Json.GetProperty("deleted").GetBoolean());
        Assert.Equal(200, (await server.SendAsync("PATCH", Base + "/api-keys/key_2", owner, """{ "deleted": false }""")).Status);

        static IEnumerable<string> Costs(System.Text.Json.JsonElement answer) => answer.GetProperty("ranking").EnumerateArray()
            .Select(group => $"{group.GetProperty("key")} {group.GetProperty("cost")}");
    }

    [Fact]
    public async Task Member_WhoComesBack_KeepsTheirName()
    {
        await using var server = await AdminServer.StartAsync();
        Assert.Equal(204, (await server.SendAsync("DELETE", Base + "/members/u_3", server.Owner)).Status);

        var back = await server.SendAsync("POST", Base + "/members", server.Owner, """{ "userId": "u_3", "role": "member" }""");

        Assert.Equal((201, "Cy"), (back.Status, back.Json.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Member_OfAnotherOrganization_IsNotAddedAndNotShown()
    {
        await using var server = await AdminServer.StartAsync();

        var answer = await server.SendAsync("POST", Base + "/members", server.Owner, """{ "userId": "u_9", "role": "member" }""");

        Assert.Equal((403, "forbidden-edit"), (answer.Status, answer.Problem));
        Assert.DoesNotContain("Zoe", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("u_9", await server.DocumentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Organization_NameAndZones_CanBeChangedAndThePlanNot()
    {
        await using var server = await AdminServer.StartAsync();
        var read = await server.SendAsync("GET", Base, server.Admin);

        var changed = await server.SendAsync("PATCH", Base, server.Admin, """{ "name": "Acme Inc.", "timezones": ["Asia/Kolkata", "UTC"] }""", read.Tag);

        Assert.Equal("""{"id":"org_1","name":"Acme Inc.","plan":"enterprise","timezones":["Asia/Kolkata","UTC"]}""", changed.Text);
        Assert.Equal("plan", Assert.Single((await server.SendAsync("PATCH", Base, server.Owner, """{ "plan": "free" }""")).Json.GetProperty("errors").EnumerateObject()).Name);
        Assert.Equal((400, 400, 403), (
            (await server.SendAsync("PATCH", Base, server.Owner, """{ "timezones": ["Mars"] }""")).Status,
            (await server.SendAsync("PATCH", Base, server.Owner, """{ "colour": 1 }""")).Status,
            (await server.SendAsync("PATCH", Base, server.Owner, """{ "id": "org_2" }""")).Status));
        Assert.Equal(412, (await server.SendAsync("PATCH", Base, server.Owner, """{ "name": "Late" }""", read.Tag)).Status);
    }

    [Fact]
    public async Task Lists_HaveATagAndSay304()
    {
        await using var server = await AdminServer.StartAsync();
        foreach (var path in (string[])["", "/directory", "/projects", "/api-keys", "/members", "/agents", "/models", "/tokens", "/projects/prj_1"])
        {
            var read = await server.SendAsync("GET", Base + path, server.Owner);
            Assert.Equal(200, read.Status);
            Assert.NotNull(read.Tag);
            if (path == "/tokens")
            {
                continue; // each token that this test makes changes the list
            }

            using var request = server.Server.Request(HttpMethod.Get, Base + path, server.Owner);
            request.Headers.TryAddWithoutValidation("If-None-Match", $"W/{read.Tag}");
            using var again = await server.Server.SendAsync(request);
            Assert.Equal((path, 304), (path, (int)again.StatusCode));
        }
    }

    [Fact]
    public async Task Tokens_MakeListRevoke_Work()
    {
        await using var server = await AdminServer.StartAsync();
        var owner = server.Owner;

        var made = await server.SendAsync("POST", Base + "/tokens", owner, """{ "userId": "u_3", "kind": "read", "expires": "2030-01-01T00:00:00Z" }""");

        Assert.Equal(201, made.Status);
        Assert.Null(made.Tag);
        var (text, id) = (made.Json.GetProperty("token").GetString()!, made.Json.GetProperty("id").GetString()!);
        Assert.Equal(403, (await server.SendAsync("GET", Base, text)).Status); // known, and a member only
        var list = await server.SendAsync("GET", Base + "/tokens", owner);
        Assert.DoesNotContain(text, list.Text, StringComparison.Ordinal);
        Assert.Contains(list.Json.GetProperty("tokens").EnumerateArray(), token => token.GetProperty("id").GetString() == id && token.GetProperty("userId").GetString() == "u_3");
        Assert.Equal(204, (await server.SendAsync("DELETE", $"{Base}/tokens/{id}", owner)).Status);
        Assert.Equal(401, (await server.SendAsync("GET", Base, text)).Status);
        Assert.Equal(404, (await server.SendAsync("DELETE", $"{Base}/tokens/tok_none", owner)).Status);
        Assert.Contains(server.Server.Store.Directory.ReadAudit("org_1", null, 10), entry => entry is { Action: AuditActions.TokenCreate, Actor.UserId: "u_1" } && entry.Target == id);
    }

    [Theory]
    [InlineData("""{ "userId": "u_9", "kind": "read" }""", 400, "userId")]
    [InlineData("""{ "userId": "u_3" }""", 400, "kind")]
    [InlineData("""{ "userId": "u_3", "kind": "write" }""", 400, "kind")]
    [InlineData("""{ "userId": "u_3", "kind": "read", "expires": "2020-01-01T00:00:00Z" }""", 400, "expires")]
    [InlineData("""{ "userId": "u_3", "kind": "read", "expires": "tomorrow" }""", 400, "expires")]
    [InlineData("""{ "userId": "u_3", "kind": "read", "admin": true }""", 400, "admin")]
    [InlineData("""{ "userId": "u_1", "kind": "read" }""", 403, "userId")]
    public async Task Tokens_WrongBodyOrSomebodyAbove_IsRefused(string body, int status, string path)
    {
        await using var server = await AdminServer.StartAsync();

        var answer = await server.SendAsync("POST", Base + "/tokens", server.Admin, body);

        Assert.Equal(status, answer.Status);
        Assert.Contains("found", answer.Error(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_OfAnOwner_AreNotRevokedByAnAdmin()
    {
        await using var server = await AdminServer.StartAsync();
        var made = await server.SendAsync("POST", Base + "/tokens", server.Owner, """{ "userId": "u_1", "kind": "read" }""");

        Assert.Equal(403, (await server.SendAsync("DELETE", $"{Base}/tokens/{made.Json.GetProperty("id").GetString()}", server.Admin)).Status);
        Assert.Equal(403, (await server.SendAsync("GET", Base, server.Member)).Status);
    }

    [Fact]
    public async Task Edits_AtTheSameTime_LoseNothing()
    {
        await using var server = await AdminServer.StartAsync();
        var owner = server.Owner;

        // Each reads, changes what it read and tries again where somebody was faster.
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            while (true)
            {
                var read = await server.SendAsync("GET", Base + "/directory", owner);
                var document = JsonNode.Parse(read.Text)!;
                document["projects"]!.AsArray().Add(new JsonObject { ["id"] = $"prj_new_{i}", ["organizationId"] = "org_1" });
                var put = await server.SendAsync("PUT", Base + "/directory", owner, document.ToJsonString(), read.Tag);
                if (put.Status == 200)
                {
                    return;
                }

                Assert.Equal(412, put.Status);
            }
        })));

        Assert.Equal(6, JsonNode.Parse(await server.DocumentAsync())!["projects"]!.AsArray().Count(project => project!["id"]!.GetValue<string>().StartsWith("prj_new_", StringComparison.Ordinal) && project["deleted"] is null));
    }
}
