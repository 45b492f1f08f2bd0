using System.Text.Json.Nodes;
using Analytics.Storage.Directory;
using Xunit;

namespace Analytics.Tests.Admin;

/// <summary>
/// The directory as one document over HTTP: who may; round trip; versions; what is refused whole, and that nothing of it
/// is applied then; people of other organisations; limits of the body; the audit log.
/// </summary>
public class DirectoryDocumentTests
{
    private const string Path = AdminServer.Base + "/directory";

    [Fact]
    public async Task Get_EveryCaller_GetsTheContractsAnswer()
    {
        await using var server = await AdminServer.StartAsync();
        (string? Token, string Path, int Status)[] cases =
        [
            (null, Path, 401),
            ("nonsense", Path, 401),
            (server.Server.Token("org_2", "u_9"), Path, 404),
            (server.Owner, "/admin/organizations/org_2/directory", 404),
            (server.Owner, "/admin/organizations/none/directory", 404),
            (server.Member, Path, 403),
            (server.Server.Token("org_1", "u_1", kind: TokenKind.Ingest), Path, 403),
            (server.Admin, Path, 200),
            (server.Owner, Path, 200),
            (server.Owner, Path + "?pretty=1", 400),
            (server.Member, Path + "?pretty=1", 403),
        ];
        foreach (var (token, path, status) in cases)
        {
            foreach (var method in (string[])["GET", "PUT"])
            {
                // A wrong body comes last.
                var answer = await server.SendAsync(method, path, token, method == "PUT" ? "{ \"projects\": 1 }" : null);
                Assert.Equal((path, method, method == "PUT" && status == 200 ? 400 : status), (path, method, answer.Status));
            }
        }
    }

    [Fact]
    public async Task Put_WhatWasGot_ChangesNothing()
    {
        await using var server = await AdminServer.StartAsync();
        var before = await server.SendAsync("GET", Path, server.Owner);
        var owner = server.Owner;
        var version = server.Server.Store.Directory.Version;

        foreach (var token in new[] { owner, server.Admin })
        {
            var put = await server.SendAsync("PUT", Path, token, before.Text, before.Tag);

            Assert.Equal(200, put.Status);
            Assert.All(put.Json.EnumerateObject(), kind => Assert.Equal("""{"added":0,"changed":0,"removed":0}""", kind.Value.GetRawText()));
            Assert.Equal(before.Tag, put.Tag);
        }

        Assert.Equal(before.Text, await server.DocumentAsync());
        Assert.Equal(version, server.Server.Store.Directory.Version);
    }

    [Fact]
    public async Task Put_OwnersChange_IsAppliedAuditedAndSeenByReaders()
    {
        await using var server = await AdminServer.StartAsync();
        var document = JsonNode.Parse(await server.DocumentAsync())!;
        document["projects"]![0]!["name"] = "Renamed";
        document["members"]!.AsArray().RemoveAt(2);

        var put = await server.SendAsync("PUT", Path, server.Owner, document.ToJsonString());

        Assert.Equal(1, put.Json.GetProperty("projects").GetProperty("changed").GetInt32());
        Assert.Equal(1, put.Json.GetProperty("members").GetProperty("removed").GetInt32());
        var again = await server.SendAsync("GET", Path, server.Owner);
        Assert.Equal(put.Tag, again.Tag);
        var ranking = (await server.Server.JsonAsync("/analytics/activity?organizationId=org_1&from=2026-06-20&to=2026-06-26&groupBy=project", server.Owner)).GetProperty("ranking");
        Assert.Contains(ranking.EnumerateArray(), group => group.GetProperty("label").GetString() == "Renamed");
        var audit = server.Server.Store.Directory.ReadAudit("org_1", null, 10);
        Assert.Contains(audit, entry => entry is { Action: AuditActions.DirectoryImport, Actor: { UserId: "u_1", RequestId.Length: > 0 } });
        Assert.Contains(audit, entry => entry is { Action: AuditActions.MemberRemove, Target: "u_3" });
    }

    [Fact]
    public async Task Put_SomebodyWasFaster_IsRefused()
    {
        await using var server = await AdminServer.StartAsync();
        var before = await server.SendAsync("GET", Path, server.Owner);
        Assert.Equal(200, (await server.SendAsync("PATCH", AdminServer.Base + "/projects/prj_1", server.Owner, """{ "name": "Faster" }""")).Status);
        var now = await server.DocumentAsync();

        var put = await server.SendAsync("PUT", Path, server.Owner, before.Text, before.Tag);

        Assert.Equal((412, "precondition-failed"), (put.Status, put.Problem));
        Assert.Equal(now, await server.DocumentAsync());
        Assert.Equal(200, (await server.SendAsync("PUT", Path, server.Owner, before.Text, "*")).Status);
    }

    // Who, a change of the document, status, JSON path at fault.
    public static TheoryData<string, string, int, string> Refused => new()
    {
        { "owner", """{ "projects": [ { "id": "prj_1", "organizationId": "org_2", "name": "Mine now" } ] }""", 403, "projects[0].organizationId" },
        { "owner", """{ "organizations": [ { "id": "org_2", "name": "Other", "plan": "enterprise" } ] }""", 403, "organizations[0].id" },
        { "owner", """{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "free" } ] }""", 403, "organizations[0].plan" },
        { "admin", """{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "pro" } ] }""", 403, "organizations[0].plan" },
        { "owner", """{ "models": [ { "mapping": "azure/gpt-5.5", "model": "gpt-5.5" } ] }""", 403, "models[0].organizationId" },
        { "owner", """{ "models": [ { "organizationId": "org_2", "mapping": "azure/gpt-5.5" } ] }""", 403, "models[0].organizationId" },
        { "admin", """{ "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_2", "role": "owner" } ] }""", 403, "members[1].role" },
        { "admin", """{ "users": [ { "id": "u_new" } ], "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_new", "role": "owner" } ] }""", 403, "members[1].role" },
        { "admin", """{ "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "member" }, { "organizationId": "org_1", "userId": "u_2", "role": "admin" } ] }""", 403, "members[0].role" },
        { "admin", """{ "members": [ { "organizationId": "org_1", "userId": "u_2", "role": "admin" } ] }""", 403, "members" },
        { "owner", """{ "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "admin" } ] }""", 409, "members" },
        { "owner", """{ "members": [ { "organizationId": "org_2", "userId": "u_1", "role": "owner" } ] }""", 403, "members[0].organizationId" },
        { "owner", """{ "users": [ { "id": "u_9", "name": "Mine", "email": "me@example.com" } ] }""", 403, "users[0].id" },
        { "owner", """{ "users": [ { "id": "u_1", "identities": [ { "issuer": "https://issuer.example", "subject": "s" } ] } ] }""", 403, "users" },
        { "owner", """{ "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_9", "role": "member" } ] }""", 400, "members[1].userId" },
        { "owner", """{ "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_nobody", "role": "member" } ] }""", 400, "members[1].userId" },
        { "owner", """{ "apiKeys": [ { "id": "key_1", "organizationId": "org_1", "createdBy": "u_9" } ] }""", 400, "apiKeys[0].createdBy" },
        { "owner", """{ "apiKeys": [ { "id": "key_1", "organizationId": "org_1", "projectId": "prj_9" } ] }""", 400, "apiKeys[0].projectId" },
        { "owner", """{ "projects": [ { "id": "prj_1", "organizationId": "org_1", "color": "red" } ] }""", 400, "projects[0].color" },
        { "owner", """{ "projects": [ { "id": "prj_1", "organizationId": "org_1", "colour": "#ffffff" } ] }""", 400, "projects[0].colour" },
        { "owner", """{ "projects": 7 }""", 400, "projects" },
        { "owner", """[]""", 400, "$" },
        { "owner", """{ "projects": [""", 400, "$" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task Put_WhatMustNotBe_IsRefusedWhole(string who, string body, int status, string path)
    {
        await using var server = await AdminServer.StartAsync();
        var before = server.Server.Store.Directory.Export().ToUtf8();
        var token = who == "owner" ? server.Owner : server.Admin;
        var version = server.Server.Store.Directory.Version;

        // Something right beside it must not be applied either.
        var sent = body.Contains("\"projects\"", StringComparison.Ordinal) || !body.StartsWith('{') ? body : body[..^1] + """, "projects": [ { "id": "prj_x", "organizationId": "org_1" } ] }""";
        var answer = await server.SendAsync("PUT", Path, token, sent);

        Assert.True(status == answer.Status, $"{answer.Status} {answer.Text}");
        Assert.Contains("found", answer.Error(path), StringComparison.Ordinal);
        Assert.Contains("expected", answer.Error(path), StringComparison.Ordinal);
        Assert.Equal(before, server.Server.Store.Directory.Export().ToUtf8());
        Assert.Equal(version, server.Server.Store.Directory.Version);
    }

    [Fact]
    public async Task Put_UserOfSeveralOrganizations_KeepsNameAndAddress()
    {
        await using var server = await AdminServer.StartAsync();
        server.Server.Store.Directory.EnsureMember("org_2", "u_3", "member");

        var answer = await server.SendAsync("PUT", Path, server.Owner, """{ "users": [ { "id": "u_3", "name": "Somebody else" } ] }""");

        Assert.Equal(403, answer.Status);
        Assert.Equal("Cy", server.Server.Store.Directory.Export().Users!.Single(user => user.Id == "u_3").Name);
    }

    [Fact]
    public async Task Get_CreatorWhomUsageNamed_IsNoWayToPeopleOfOthers()
    {
        await using var server = await AdminServer.StartAsync();
        server.Server.Store.Directory.Register(1_000, new Registrations { ApiKeys = [new SeenApiKey("org_1", "key_x", "prj_1", null, "u_9")] });

        var document = await server.DocumentAsync();

        Assert.Contains("\"u_9\"", document, StringComparison.Ordinal);
        Assert.DoesNotContain("Zoe", document, StringComparison.Ordinal);
        Assert.DoesNotContain("zoe@", document, StringComparison.Ordinal);
        Assert.Equal(200, (await server.SendAsync("PUT", Path, server.Owner, document)).Status);
    }

    [Fact]
    public async Task Put_EmptyList_IsTheWholeListOfThisOrganization()
    {
        await using var server = await AdminServer.StartAsync();

        var answer = await server.SendAsync("PUT", Path, server.Owner, """{ "models": [], "agents": [] }""");

        Assert.Equal(1, answer.Json.GetProperty("models").GetProperty("removed").GetInt32());
        Assert.Equal(1, answer.Json.GetProperty("agents").GetProperty("removed").GetInt32());
        Assert.Contains(JsonNode.Parse(await server.DocumentAsync())!["agents"]!.AsArray(), agent => agent!["id"]!.GetValue<string>() == "agt_1" && agent["deleted"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("text/plain", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("application/json; charset=utf-16", 415)]
    [InlineData("application/json; charset=UTF-8", 200)]
    public async Task Put_AnotherType_IsRefused(string type, int status)
    {
        await using var server = await AdminServer.StartAsync();

        Assert.Equal(status, (await server.SendAsync("PUT", Path, server.Owner, "{}", type: type)).Status);
    }

    [Fact]
    public async Task Put_TooLargeOrCompressed_IsRefused()
    {
        await using var server = await AdminServer.StartAsync();
        var filler = new string(' ', 33 << 20);

        var large = await server.SendAsync("PUT", Path, server.Owner, "{" + filler + "}");
        var row = await server.SendAsync("PATCH", AdminServer.Base + "/projects/prj_1", server.Owner, "{" + filler[..(2 << 20)] + "}");
        var fits = await server.SendAsync("PUT", Path, server.Owner, "{" + filler[..(31 << 20)] + "}");

        Assert.Equal((413, "body-too-large"), (large.Status, large.Problem));
        Assert.Equal((413, "body-too-large"), (row.Status, row.Problem));
        Assert.Equal(200, fits.Status);
        using var request = server.Server.Request(HttpMethod.Put, Path, server.Owner);
        request.Content = new ByteArrayContent("{}"u8.ToArray());
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", "gzip");
        using var compressed = await server.Server.SendAsync(request);
        Assert.Equal(415, (int)compressed.StatusCode);
    }
}
