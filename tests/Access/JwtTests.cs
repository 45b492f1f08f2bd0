using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Access;

// Good tokens; forgeries of every kind; what a JWT does not carry; persons; keys that come, go and cannot be had; settings.
public sealed class JwtTests : IAsyncLifetime
{
    private FakeIssuer issuer = null!;
    private FakeIssuer other = null!;
    private FakeIssuer attacker = null!;
    private AccessServer server = null!;

    private string Identities =>
        $$"""
        { "users": [ { "id": "u_ana", "name": "Ana", "email": "ana@example.com", "identities": [ { "issuer": "{{issuer.Name}}", "subject": "sub-ana" } ] },
                     { "id": "u_eve", "name": "Eve", "email": "eve@example.com", "identities": [ { "issuer": "{{other.Name}}", "subject": "sub-eve" } ] } ] }
        """;

    public async Task InitializeAsync()
    {
        issuer = await FakeIssuer.StartAsync(keys: 0);
        other = await FakeIssuer.StartAsync(keys: 1);
        attacker = await FakeIssuer.StartAsync(keys: 2);
        server = await AccessServer.StartAsync(
            ("Oidc:Issuer", issuer.Name),
            ("Oidc:Audience", FakeIssuer.Audience),
            ("Oidc:Issuers:0:Issuer", other.Name),
            ("Oidc:Issuers:0:Audience", FakeIssuer.Audience));
        server.Import(Identities);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await issuer.DisposeAsync();
        await other.DisposeAsync();
        await attacker.DisposeAsync();
    }

    [Theory]
    [InlineData("RS256", "rsa")]
    [InlineData("RS384", "rsa")]
    [InlineData("RS512", "rsa")]
    [InlineData("PS256", "rsa")]
    [InlineData("PS384", "rsa")]
    [InlineData("PS512", "rsa")]
    [InlineData("ES256", "p256")]
    [InlineData("ES384", "p384")]
    public async Task GoodToken_OfEachAlgorithm_IsItsUser(string algorithm, string kid)
    {
        var answer = await server.GetAsync("/session", issuer.Sign(header: FakeIssuer.Header(algorithm, kid)));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal(("jwt", "u_ana"), (answer.Json.GetProperty("kind").GetString(), answer.Json.GetProperty("userId").GetString()));
        Assert.Equal("2026-06-26T13:00:00Z", answer.Json.GetProperty("expiresAt").GetString());
        Assert.Empty(attacker.Requests);
    }

    [Fact]
    public async Task GoodToken_AtTheEdges_IsAccepted()
    {
        var now = AccessServer.Start.ToUnixTimeSeconds();
        string[] tokens =
        [
            issuer.Sign(issuer.Claims().With("exp", now - 59)),
            issuer.Sign(issuer.Claims().With("nbf", now + 60)),
            issuer.Sign(issuer.Claims().With("iat", now + 60)),
            issuer.Sign(issuer.Claims().With("exp", JsonNode.Parse("1782480000.5"))),
            issuer.Sign(issuer.Claims().With("aud", new JsonArray("https://elsewhere.example.com", FakeIssuer.Audience))),
            issuer.Sign(header: FakeIssuer.Header().With("typ", "JWT")),
            issuer.Sign(header: FakeIssuer.Header().With("typ", "application/AT+JWT")),
            issuer.Sign(issuer.Claims().With("typ", "Bearer").With("nonce", "n")),
        ];
        foreach (var token in tokens)
        {
            var answer = await server.ActivityAsync(token);
            Assert.True(answer.Status == HttpStatusCode.OK, $"{Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]))}: {answer.Body}");
        }
    }

    [Fact]
    public async Task Forgeries_All_GetTheAnswerOfAnUnknownToken()
    {
        using var weak = RSA.Create(1_024);
        using var encrypting = RSA.Create(2_048);
        using var foreign = RSA.Create(2_048);
        var secret = new byte[32];
        issuer.Keys.Add(FakeIssuer.PublicKey("weak", weak));
        issuer.Keys.Add(FakeIssuer.PublicKey("encrypting", encrypting).With("use", "enc"));
        issuer.Keys.Add(FakeIssuer.PublicKey("only-rs512", issuer.Rsa).With("alg", "RS512"));
        issuer.Keys.Add(new JsonObject { ["kty"] = "oct", ["kid"] = "oct", ["use"] = "sig", ["k"] = FakeIssuer.Text(secret) });
        var forgeries = new JwtForgeries(issuer, other, attacker, foreign, weak, encrypting, secret).All().ToList();
        var expected = await server.ActivityAsync("ana_" + new string('A', 43));
        Assert.Equal(HttpStatusCode.Unauthorized, expected.Status);
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(issuer.Sign())).Status);

        List<string> failures = [];
        foreach (var (name, token) in forgeries)
        {
            var answer = await server.ActivityAsync(token);
            if ((answer.Status, answer.Body) != (expected.Status, expected.Body))
            {
                failures.Add($"{name}: {answer.Status} {answer.Body}");
            }
        }

        Assert.Empty(failures);
        Assert.True(forgeries.Count >= 40, $"only {forgeries.Count} forgeries");
        Assert.Equal(forgeries.Count, forgeries.Select(forgery => forgery.Token).Distinct().Count());
        Assert.Empty(attacker.Requests);
        Assert.Equal(["/.well-known/openid-configuration", "/keys"], issuer.Requests);
    }

    [Fact]
    public async Task LongToken_OneMegabyte_IsRefusedBeforeItIsRead()
    {
        using var client = new System.Net.Sockets.TcpClient();
        var url = new Uri(server.Url);
        await client.ConnectAsync(url.Host, url.Port);
        var stream = client.GetStream();
        var head = $"GET /analytics/activity?organizationId=org_1 HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {new string('a', 1 << 20)}.b.c\r\n\r\n";
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        }
        catch (IOException)
        {
            // The server closed before it had read all.
        }

        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 431 Request Header Fields Too Large", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Claims_OrganizationRoleAndEmail_GiveNothing()
    {
        var claims = other.Claims("sub-eve").With("organizationId", "org_1").With("org", "org_1").With("role", "owner")
            .With("roles", new JsonArray("owner")).With("email", "ana@example.com").With("userId", "u_ana").With("scope", "admin");
        var token = other.Sign(claims);

        Assert.Equal(HttpStatusCode.NotFound, (await server.ActivityAsync(token, "org_1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(token, "org_2")).Status);
    }

    [Fact]
    public async Task SameSubjectOrEmail_OfAnotherIssuer_IsAnotherPerson()
    {
        var sameSubject = await server.ActivityAsync(other.Sign(other.Claims("sub-ana").With("email", "ana@example.com").With("email_verified", true)));
        var sameEmail = await server.ActivityAsync(issuer.Sign(issuer.Claims("sub-new").With("email", "ana@example.com").With("email_verified", true)));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (sameSubject.Status, sameEmail.Status));
        Assert.Equal((await server.ActivityAsync("ana_unknown")).Body, sameSubject.Body);
    }

    [Fact]
    public async Task Organizations_AllOfTheUser_AreWithinReach()
    {
        var token = issuer.Sign();

        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(token, "org_1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(token, "org_2")).Status);
        Assert.Equal((await server.ActivityAsync(token, "org_3")).Body, (await server.ActivityAsync(other.Sign(other.Claims("sub-eve")), "org_1")).Body);
    }

    [Fact]
    public async Task Identity_Removed_EndsTokensAndSessionsAtOnce()
    {
        var token = issuer.Sign();
        var cookie = await server.SignInAsync(token);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/session", headers: ("Cookie", cookie))).Status);

        server.Import("""{ "users": [ { "id": "u_ana", "name": "Ana", "identities": [] } ] }""");

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.ActivityAsync(token)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", "/session", headers: ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task Session_OpenedWithAJwt_EndsWithIt()
    {
        var cookie = await server.SignInAsync(issuer.Sign());

        server.Clock.Advance(Duration.FromMinutes(59));
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/session", headers: ("Cookie", cookie))).Status);

        server.Clock.Advance(Duration.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", "/session", headers: ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task UnknownKeys_ManyTokens_AskTheIssuerOnceAMinute()
    {
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.ActivityAsync(issuer.Sign(header: FakeIssuer.Header(kid: $"unknown-{i}")))).Status);
        }

        Assert.Equal(1, issuer.Requests.Count(path => path == "/keys"));

        server.Clock.Advance(Duration.FromSeconds(61));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => server.ActivityAsync(issuer.Sign(header: FakeIssuer.Header(kid: $"more-{i}")))));

        Assert.Equal(2, issuer.Requests.Count(path => path == "/keys"));
    }

    [Fact]
    public async Task NewKey_IsAcceptedWithTheFirstTokenThatNamesIt()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(issuer.Sign())).Status);
        issuer.Keys.Clear();
        issuer.Keys.Add(FakeIssuer.PublicKey("new", issuer.Rsa));
        server.Clock.Advance(Duration.FromSeconds(61));

        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(issuer.Sign(header: FakeIssuer.Header(kid: "new")))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.ActivityAsync(issuer.Sign())).Status);
    }

    [Fact]
    public async Task Outage_KnownKeysGoOn()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(issuer.Sign())).Status);

        issuer.IsDown = true;
        server.Clock.Advance(Duration.FromMinutes(2));
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.ActivityAsync(issuer.Sign(header: FakeIssuer.Header(kid: "unknown")))).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(issuer.Sign())).Status);

        issuer.IsDown = false;
        server.Clock.Advance(Duration.FromMinutes(2));
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(issuer.Sign(header: FakeIssuer.Header("ES256", "p256")))).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Discovery_ThatPointsElsewhere_IsNotFollowed(bool isName)
    {
        issuer.FalseName = isName ? attacker.Name : null;
        issuer.FalseKeysUri = isName ? null : attacker.Name + "/keys";

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.ActivityAsync(issuer.Sign())).Status);
        Assert.Empty(attacker.Requests);
    }

    [Fact]
    public async Task KeysUri_OfTheSettings_MayBeElsewhere_AndSubjectsMayBeAnotherClaim()
    {
        await using var special = await AccessServer.StartAsync(
            ("Oidc:Issuer", "https://login.example.com/"),
            ("Oidc:Audience", "api"),
            ("Oidc:KeysUri", issuer.Name + "/keys"),
            ("Oidc:SubjectClaim", "oid"),
            ("Oidc:TokenTypes", "custom+jwt"));
        special.Import("""{ "users": [ { "id": "u_ana", "identities": [ { "issuer": "https://login.example.com/", "subject": "object-1" } ] } ] }""");
        var claims = issuer.Claims().With("iss", "https://login.example.com/").With("aud", "api").With("oid", "object-1");

        Assert.Equal(HttpStatusCode.OK, (await special.ActivityAsync(issuer.Sign(claims, FakeIssuer.Header().With("typ", "custom+jwt")))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await special.ActivityAsync(issuer.Sign(claims))).Status);
        Assert.Equal(["/keys"], issuer.Requests);
    }

    [Fact]
    public async Task WithoutIssuers_NoJwtIsRead()
    {
        await using var plain = await AccessServer.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await plain.ActivityAsync(issuer.Sign())).Status);
        Assert.Empty(issuer.Requests);
    }
}
