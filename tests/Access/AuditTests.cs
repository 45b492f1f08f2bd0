using System.Net;
using System.Text.Json;
using Analytics.Server.Access;
using Analytics.Storage.Directory;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Analytics.Tests.Access;

// What is written for sessions and exports; pages; parameters; organizations apart; a disk that does not take it.
public class AuditTests
{
    private const string Path = "/admin/organizations/org_1/audit";

    [Fact]
    public async Task Sessions_AreWritten_WithWhoAndWhichRequest()
    {
        await using var server = await AccessServer.StartAsync();
        var (text, token) = server.Store.Directory.IssueToken("org_1", "u_ana", TokenKind.Read, AccessServer.Start, actor: AuditActor.Operator(AccessServer.Start));
        var cookie = await server.SignInAsync(text);
        await server.SendAsync("DELETE", "/session", headers: [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin")]);

        var entries = (await server.GetAsync(Path, server.Token("u_ben"))).Json.GetProperty("entries").EnumerateArray().ToArray();

        Assert.Equal(["session.close", "session.open", "token.create"], entries.Select(entry => Text(entry, "action")));
        Assert.Equal(["session", "token", "operator"], entries.Select(entry => Text(entry, "actor")));
        Assert.Equal(["u_ana", "u_ana", null], entries.Select(entry => Text(entry, "userId")));
        Assert.Equal([token.Id, token.Id, null], entries.Select(entry => Text(entry, "tokenId")));
        Assert.All(entries, entry => Assert.Equal("2026-06-26T12:00:00Z", Text(entry, "at")));
        Assert.All(entries[..2], entry => Assert.NotNull(Text(entry, "requestId")));
        Assert.Equal(Text(entries[0], "target"), Text(entries[1], "target"));
        Assert.DoesNotContain(text, (await server.GetAsync(Path, server.Token("u_ben"))).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(cookie.Split('=')[1], (await server.GetAsync(Path, server.Token("u_ben"))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exports_AreWritten_OthersAreNot()
    {
        await using var server = await AccessServer.StartAsync();
        await using var audit = new Audit(server.Store, NullLogger.Instance);
        var export = new ExportAudit(audit, server.Clock);
        (string Path, string? Type, int Status, bool IsKnown)[] requests =
        [
            ("/analytics/activity", "application/json; charset=utf-8", 200, true),
            ("/analytics/activity", "text/csv; charset=utf-8", 200, true),
            ("/analytics/members", "application/vnd.apache.arrow.stream", 200, true),
            ("/analytics/members", "application/vnd.apache.parquet", 200, true),
            ("/analytics/members", "text/csv", 403, true),
            ("/analytics/members", "text/csv", 200, false),
            ("/export/focus", "application/json", 200, true),
            ("/exports", "application/json", 200, true),
        ];
        foreach (var (path, type, status, isKnown) in requests)
        {
            var context = new DefaultHttpContext { TraceIdentifier = path };
            context.Request.Path = path;
            context.Request.QueryString = new QueryString("?organizationId=org_1&format=x");
            if (isKnown)
            {
                context.Features.Set(new Caller(CallerKind.ReadToken, "u_ana", "org_1", "tok_1"));
            }

            await export.InvokeAsync(context, http =>
            {
                (http.Response.StatusCode, http.Response.ContentType) = (status, type);
                return Task.CompletedTask;
            });
        }

        // The client went away in the middle: what it got, it got.
        var cut = new DefaultHttpContext();
        cut.Request.Path = "/cut";
        cut.Features.Set(new Caller(CallerKind.Jwt, "u_ana", null, null));
        await Assert.ThrowsAsync<OperationCanceledException>(() => export.InvokeAsync(cut, http =>
        {
            http.Response.ContentType = "text/csv";
            throw new OperationCanceledException();
        }));
        await audit.FlushAsync(CancellationToken.None);

        var rows = server.Store.Directory.ReadAudit(null, null, 100);
        Assert.Equal(["/cut", "/export/focus", "/analytics/members", "/analytics/members", "/analytics/activity"], rows.Select(row => row.Target));
        Assert.All(rows, row => Assert.Equal(AuditActions.Export, row.Action));
        Assert.All(rows.Skip(1), row => Assert.Equal(("org_1", "?organizationId=org_1&format=x", "u_ana", "tok_1"), (row.OrganizationId, row.Detail, row.Actor.UserId, row.Actor.TokenId)));
    }

    [Fact]
    public async Task Pages_FollowEachOther_AndHaveNothingOfOthers()
    {
        await using var server = await AccessServer.StartAsync();
        server.Store.Directory.AppendAudit([.. Enumerable.Range(1, 50).Select(i =>
            new AuditEntry(0, AuditActor.Operator(AccessServer.Start), i % 2 == 0 ? "org_1" : i % 3 == 0 ? null : "org_2", "export", $"{i}", "canary-" + (i % 2)))]);
        var token = server.Token("u_ana");
        List<string?> targets = [];
        string query = "?limit=7";
        for (var pages = 0; pages < 10; pages++)
        {
            var page = await server.GetAsync(Path + query, token);
            Assert.DoesNotContain("canary-1", page.Body, StringComparison.Ordinal);
            targets.AddRange(page.Json.GetProperty("entries").EnumerateArray().Select(entry => Text(entry, "target")));
            if (page.Json.GetProperty("next").ValueKind == JsonValueKind.Null)
            {
                break;
            }

            query = $"?limit=7&before={page.Json.GetProperty("next").GetInt64()}";
        }

        Assert.Equal(Enumerable.Range(1, 25).Select(i => $"{2 * i}").Reverse(), targets);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("before=0", "before")]
    [InlineData("before=-1", "before")]
    [InlineData("after=1", "after")]
    [InlineData("Limit=1", "Limit")]
    public async Task Parameters_Wrong_AreNamed(string query, string name)
    {
        await using var server = await AccessServer.StartAsync();

        var answer = await server.GetAsync($"{Path}?{query}", server.Token("u_ana"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.True(answer.Json.GetProperty("errors").TryGetProperty(name, out _), answer.Body);
    }

    [Fact]
    public async Task Audit_WhileAnotherProcessWrites_WaitsAndLosesNothing()
    {
        await using var server = await AccessServer.StartAsync();
        await using var audit = new Audit(server.Store, NullLogger.Instance);
        using (var other = new SqliteConnection($"Data Source={server.Store.Folder.Directory};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            command.ExecuteNonQuery();
            for (var i = 0; i < 3_000; i++)
            {
                audit.Note(AuditActor.Server(AccessServer.Start), "org_1", AuditActions.Export, $"{i}");
            }

            command.CommandText = "COMMIT";
            command.ExecuteNonQuery();
        }

        await audit.FlushAsync(CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, 3_000).Select(i => $"{i}"), server.Store.Directory.ReadAudit("org_1", null, 5_000).Reverse().Select(row => row.Target));
    }

    [Fact]
    public async Task Audit_OnDispose_WritesWhatWaits()
    {
        await using var server = await AccessServer.StartAsync();
        await using (var audit = new Audit(server.Store, NullLogger.Instance))
        {
            audit.Note(AuditActor.Server(AccessServer.Start), "org_1", AuditActions.Export, "last");
        }

        Assert.Equal("last", server.Store.Directory.ReadAudit("org_1", null, 1).Single().Target);
    }

    private static string? Text(JsonElement entry, string name) => entry.GetProperty(name).GetString();
}
