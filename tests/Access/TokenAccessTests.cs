using System.Net;
using System.Reflection;
using Analytics.Server.Access;
using Analytics.Storage.Directory;
using Analytics.Tests.Architecture;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Access;

// Every token that opens nothing has the same answer; what is taken away ends with the next request; paths; comparison.
public class TokenAccessTests
{
    [Fact]
    public async Task WrongTokens_OfEveryKind_GetTheSameAnswer()
    {
        await using var server = await AccessServer.StartAsync();
        var good = server.Token("u_ana");
        var (revoked, entry) = server.Store.Directory.IssueToken("org_1", "u_ana", TokenKind.Read, AccessServer.Start);
        server.Store.Directory.RevokeToken(entry.Id, null, AccessServer.Start);
        var expired = server.Token("u_ana", expires: AccessServer.Start + Duration.FromSeconds(1));
        var left = server.Token("u_cy");
        server.Import("""{ "members": [ { "organizationId": "org_1", "userId": "u_ana", "role": "owner" }, { "organizationId": "org_1", "userId": "u_ben", "role": "admin" } ] }""");
        server.Clock.Advance(Duration.FromSeconds(1));
        var expected = await server.ActivityAsync(null);
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (expected.Status, expected.Headers["WWW-Authenticate"]));

        foreach (var token in (string[])[revoked, expired, left, string.Empty, "x", "ana_", "ana_" + new string('A', 43), good[..^1], good + "A", good.ToUpperInvariant(), good + ".a.b", new string('x', 9_000)])
        {
            var answer = await server.ActivityAsync(token);
            Assert.Equal((expected.Status, expected.Body), (answer.Status, answer.Body));
        }

        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(good)).Status);
    }

    [Fact]
    public async Task AuthorizationHeader_InOtherForms_IsNobodys()
    {
        await using var server = await AccessServer.StartAsync();
        var token = server.Token("u_ana");
        const string Path = "/analytics/activity?organizationId=org_1";

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", Path, headers: ("Authorization", $"bearer   {token}"))).Status);
        foreach (var value in (string[])[token, $"Basic {token}", $"Token {token}", $"Bearer{token}", "Bearer", $"Bearer {token}, Bearer {token}"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", Path, headers: ("Authorization", value))).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.GetAsync($"{Path}&access_token={token}")).Status);
    }

    [Fact]
    public async Task RoleAndPlan_Changed_ApplyToTheNextRequest()
    {
        await using var server = await AccessServer.StartAsync();
        var token = server.Token("u_ben");
        var cookie = await server.SignInAsync(token);
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), await Both());

            SetRole("member");
            Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), await Both());

            SetRole("admin");
            server.Import("""{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "free" } ] }""");
            Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), await Both());

            server.Import("""{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise" } ] }""");
            server.Import("""{ "members": [ { "organizationId": "org_1", "userId": "u_ana", "role": "owner" } ] }""");
            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), await Both());

            SetRole("admin");
        }

        async Task<(HttpStatusCode ByToken, HttpStatusCode ByCookie)> Both() => (
            (await server.ActivityAsync(token)).Status,
            (await server.SendAsync("GET", "/analytics/activity?organizationId=org_1", headers: ("Cookie", cookie))).Status);

        void SetRole(string role) => server.Import(
            $$"""{ "members": [ { "organizationId": "org_1", "userId": "u_ana", "role": "owner" }, { "organizationId": "org_1", "userId": "u_ben", "role": "{{role}}" } ] }""");
    }

    [Fact]
    public async Task Token_OfOneOrganization_IsWorthNothingInAnother()
    {
        await using var server = await AccessServer.StartAsync();
        var token = server.Token("u_ana", "org_1");

        var foreign = await server.GetAsync("/admin/organizations/org_2/audit", token);
        var unknown = await server.GetAsync("/admin/organizations/org_9/audit", token);

        Assert.Equal(HttpStatusCode.NotFound, foreign.Status);
        Assert.Equal(unknown.Body, foreign.Body);
        Assert.Equal(foreign.Body, (await server.ActivityAsync(token, "org_2")).Body);
    }

    [Theory]
    [InlineData("u_ana", TokenKind.Read, HttpStatusCode.OK, null)]
    [InlineData("u_ben", TokenKind.Read, HttpStatusCode.OK, null)]
    [InlineData("u_cy", TokenKind.Read, HttpStatusCode.Forbidden, "/problems/role-required")]
    [InlineData("u_ana", TokenKind.Ingest, HttpStatusCode.Forbidden, "/problems/ingest-token")]
    public async Task Administration_IsForOwnersAndAdmins(string user, TokenKind kind, HttpStatusCode status, string? type)
    {
        await using var server = await AccessServer.StartAsync();

        var answer = await server.GetAsync("/admin/organizations/org_1/audit", server.Token(user, kind: kind));

        Assert.Equal(status, answer.Status);
        Assert.Equal(type, status == HttpStatusCode.OK ? null : answer.Type);
    }

    [Fact]
    public async Task Administration_OnEveryPlan()
    {
        await using var server = await AccessServer.StartAsync();
        server.Import("""{ "organizations": [ { "id": "org_1", "name": "Acme", "plan": "free" } ] }""");

        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/admin/organizations/org_1/audit", server.Token("u_ana"))).Status);
    }

    // The time of a comparison must not tell how much of a hash was right. What is looked up by hash is compared whole after.
    [Fact]
    public void Secrets_AreComparedInConstantTime()
    {
        foreach (var file in (string[])["Tokens.cs", "Sessions.cs"])
        {
            var source = File.ReadAllText(Path.Combine(Repository.Root, "storage/Directory", file));
            Assert.Contains("CryptographicOperations.FixedTimeEquals(", source, StringComparison.Ordinal);
            Assert.DoesNotContain("SequenceEqual", source, StringComparison.Ordinal);
        }

        Assert.Equal(32, typeof(TokenTable).GetField("SecretBytes", BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue());
    }

    [Fact]
    public void Caller_Key_NeverHoldsASecret()
    {
        var session = new SessionEntry("ses_1", "u", null, null, default, default, default);
        Assert.Equal(
            ["tok_1", "tok_2", "ses_1", "jwt u"],
            new Caller[]
            {
                new(CallerKind.ReadToken, "u", "o", "tok_1"), new(CallerKind.IngestToken, "u", "o", "tok_2"),
                new(CallerKind.Session, "u", "o", "tok_1") { Session = session }, new(CallerKind.Jwt, "u", null, null),
            }.Select(caller => caller.Key));
    }
}
