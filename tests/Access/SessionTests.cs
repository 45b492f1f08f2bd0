using System.Net;
using System.Text.Json;
using Analytics.Storage.Directory;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Access;

// The cookie over http and https; signing in, with wrong tokens and wrong bodies; other sites; ends; who is signed in.
public class SessionTests
{
    private const string Activity = "/analytics/activity?organizationId=org_1";

    [Fact]
    public async Task Cookie_OnThisMachine_IsPlainAndStrict()
    {
        await using var server = await AccessServer.StartAsync();

        var answer = await SignInAsync(server, server.Token("u_ana"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Matches("^session=[A-Za-z0-9_-]{43}; max-age=604800; path=/; samesite=strict; httponly$", answer.Headers["Set-Cookie"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal(
            """{"kind":"session","userId":"u_ana","name":"Ana","email":"ana@example.com","organizationId":"org_1","expiresAt":"2026-07-03T12:00:00Z"}""",
            answer.Body);
    }

    [Fact]
    public async Task Cookie_BehindTls_HasTheHostPrefix()
    {
        await using var server = await AccessServer.StartAsync(("Sessions:TlsProxy", "true"));
        var token = server.Token("u_ana");

        var answer = await SignInAsync(server, token, ("Host", "analytics.example.com"));

        Assert.Matches("^__Host-session=[A-Za-z0-9_-]{43}; max-age=604800; path=/; secure; samesite=strict; httponly$", answer.Headers["Set-Cookie"]);
        var secret = answer.Headers["Set-Cookie"].Split(';')[0].Split('=')[1];
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", Activity, headers: ("Cookie", $"__Host-session={secret}"))).Status);

        // A cookie that plain http could have set is not taken for one that it could not.
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", Activity, headers: ("Cookie", $"session={secret}"))).Status);
    }

    [Theory]
    [InlineData("analytics.example.com")]
    [InlineData("192.0.2.1:5080")]
    public async Task PlainHttp_FromElsewhere_NeedsASetting(string host)
    {
        await using var closed = await AccessServer.StartAsync();
        await using var open = await AccessServer.StartAsync(("Sessions:AllowHttp", "true"));

        var refused = await SignInAsync(closed, closed.Token("u_ana"), ("Host", host));
        var allowed = await SignInAsync(open, open.Token("u_ana"), ("Host", host));

        Assert.Equal((HttpStatusCode.Forbidden, "/problems/insecure-session"), (refused.Status, refused.Type));
        Assert.False(refused.Headers.ContainsKey("Set-Cookie"));
        Assert.StartsWith("session=", allowed.Headers["Set-Cookie"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongTokens_GetTheSameAnswer_AndTenAMinuteAreEnough()
    {
        await using var server = await AccessServer.StartAsync();
        var good = server.Token("u_ana");
        var (revoked, entry) = server.Store.Directory.IssueToken("org_1", "u_ana", TokenKind.Read, AccessServer.Start);
        server.Store.Directory.RevokeToken(entry.Id, null, AccessServer.Start);
        string[] wrong =
        [
            string.Empty, "x", "ana_" + new string('A', 43), revoked, good[..^1], "a.b.c", server.Token("u_ana", kind: TokenKind.Ingest),
            "ana_" + new string('é', 43), "\0", "eyJhbGciOiJub25lIn0.e30.",
        ];
        HashSet<(HttpStatusCode, string, bool)> answers = [];
        foreach (var token in wrong)
        {
            var answer = await SignInAsync(server, token);
            answers.Add((answer.Status, answer.Body, answer.Headers.ContainsKey("Set-Cookie")));
        }

        Assert.Equal(10, wrong.Length);
        Assert.Equal((HttpStatusCode.Unauthorized, false), (Assert.Single(answers).Item1, answers.Single().Item3));
        var blocked = await SignInAsync(server, good);
        Assert.Equal((HttpStatusCode.TooManyRequests, "/problems/too-many-failures", "60"), (blocked.Status, blocked.Type, blocked.Headers["Retry-After"]));

        // Who has a token or a session goes on.
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(good)).Status);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "token=x", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("multipart/form-data", "token=x", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("text/plain", """{"token":"x"}""", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/jsonx", """{"token":"x"}""", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", "", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "x", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "[]", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", """{"token":1}""", HttpStatusCode.BadRequest)]
    [InlineData("application/json", """{"token":"\ud800"}""", HttpStatusCode.BadRequest)]
    [InlineData("application/json", """{"token":"x","token":"y"}""", HttpStatusCode.BadRequest)]
    [InlineData("application/json", """{"token":"x","user":"y"}""", HttpStatusCode.BadRequest)]
    [InlineData("application/json; charset=utf-8", """{"token":"x"}""", HttpStatusCode.Unauthorized)]
    [InlineData("APPLICATION/JSON", """{"token":"x"}""", HttpStatusCode.Unauthorized)]
    public async Task Body_WrongInAnyWay_IsSaid(string type, string body, HttpStatusCode expected)
    {
        await using var server = await AccessServer.StartAsync();

        var answer = await server.SendAsync("POST", "/session", json: body, headers: ("Content-Type", type));

        Assert.Equal(expected, answer.Status);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.DoesNotContain("Exception", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TooLong_IsNotReadToTheEnd()
    {
        await using var server = await AccessServer.StartAsync();

        var answer = await server.SendAsync("POST", "/session", json: $$"""{"token":"{{new string('x', 500_000)}}"}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
    }

    [Fact]
    public async Task OtherSites_ChangeNothing()
    {
        await using var server = await AccessServer.StartAsync();
        var cookie = await server.SignInAsync(server.Token("u_ana"));
        var own = server.Url;
        (string Name, string Value)[][] others =
        [
            [],
            [("Sec-Fetch-Site", "cross-site")],
            [("Sec-Fetch-Site", "same-site")],
            [("Sec-Fetch-Site", "none")],
            [("Sec-Fetch-Site", "cross-site"), ("Origin", own)],
            [("Origin", "null")],
            [("Origin", "https://evil.example.com")],
            [("Origin", own.Replace("http", "https", StringComparison.Ordinal))],
            [("Origin", own + "0")],
            [("Referer", own + "/")],
        ];
        foreach (var method in (string[])["POST", "PUT", "PATCH", "DELETE"])
        {
            foreach (var path in (string[])["/session", Activity, "/admin/organizations/org_1/audit"])
            {
                foreach (var headers in others.Where(headers => headers.Length > 0 || (method, path) != ("POST", "/session")))
                {
                    var answer = await server.SendAsync(method, path, json: method == "DELETE" ? null : "{}", headers: [("Cookie", cookie), .. headers]);

                    // Routing refuses the method of an endpoint that has no such one before anybody asks who calls.
                    Assert.True(answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.MethodNotAllowed, $"{method} {path} {string.Join(' ', headers)}: {answer.Status}");
                    Assert.False(path == "/session" && method is "POST" or "DELETE" && answer.Status != HttpStatusCode.Forbidden, $"{method} {path}: {answer.Status}");
                }
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/session", headers: [("Cookie", cookie), ("Sec-Fetch-Site", "cross-site")])).Status);
        foreach (var type in (string[])["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
        {
            Assert.Equal(
                HttpStatusCode.UnsupportedMediaType,
                (await server.SendAsync("POST", "/session", json: "{}", headers: [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin"), ("Content-Type", type)])).Status);
        }

        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync("DELETE", "/session", headers: [("Cookie", cookie), ("Origin", own)])).Status);
    }

    [Fact]
    public async Task SignIn_FromAnotherSite_IsRefused()
    {
        await using var server = await AccessServer.StartAsync();
        var token = server.Token("u_ana");

        Assert.Equal("/problems/cross-site", (await SignInAsync(server, token, ("Sec-Fetch-Site", "cross-site"))).Type);
        Assert.Equal("/problems/cross-site", (await SignInAsync(server, token, ("Origin", "https://evil.example.com"))).Type);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(server, token, ("Sec-Fetch-Site", "same-origin"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(server, token, ("Origin", server.Url))).Status);
    }

    [Fact]
    public async Task SignIn_Again_IsANewSessionAndEndsTheOld()
    {
        await using var server = await AccessServer.StartAsync();
        var token = server.Token("u_ana");
        var first = await server.SignInAsync(token);

        var second = await server.SignInAsync(token, ("Cookie", first), ("Sec-Fetch-Site", "same-origin"));

        Assert.NotEqual(first, second);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server, first)).Status);
        Assert.Equal(HttpStatusCode.OK, (await WhoAsync(server, second)).Status);

        // What somebody else put into the browser is never taken over.
        var fixedByOthers = await server.SignInAsync(token, ("Cookie", "session=" + new string('A', 43)));
        Assert.NotEqual("session=" + new string('A', 43), fixedByOthers);
    }

    [Fact]
    public async Task SignOut_EndsTheSessionAndTakesTheCookie()
    {
        await using var server = await AccessServer.StartAsync();
        var cookie = await server.SignInAsync(server.Token("u_ana"));

        var answer = await server.SendAsync("DELETE", "/session", headers: [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin")]);

        Assert.Equal((HttpStatusCode.NoContent, "session=; max-age=0; path=/; samesite=strict; httponly"), (answer.Status, answer.Headers["Set-Cookie"]));
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server, cookie)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync("DELETE", "/session", headers: ("Cookie", cookie))).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync("DELETE", "/session")).Status);
    }

    [Fact]
    public async Task Session_UnusedForEightHours_Ends_AndUseMovesTheEnd()
    {
        await using var server = await AccessServer.StartAsync();
        var used = await server.SignInAsync(server.Token("u_ana"));
        var unused = await server.SignInAsync(server.Token("u_ana"));

        server.Clock.Advance(Duration.FromHours(5));
        Assert.Equal(HttpStatusCode.OK, (await WhoAsync(server, used)).Status);
        server.Clock.Advance(Duration.FromHours(3));

        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server, unused)).Status);
        Assert.Equal(HttpStatusCode.OK, (await WhoAsync(server, used)).Status);
        for (var hour = 0; hour < 7 * 24 - 8 - 1; hour += 7)
        {
            server.Clock.Advance(Duration.FromHours(7));
            _ = await WhoAsync(server, used);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server, used)).Status);
    }

    [Fact]
    public async Task Session_EndsWithItsToken()
    {
        await using var server = await AccessServer.StartAsync();
        var (text, entry) = server.Store.Directory.IssueToken("org_1", "u_ana", TokenKind.Read, AccessServer.Start);
        var revoked = await server.SignInAsync(text);
        var expiring = await server.SignInAsync(server.Token("u_ana", expires: AccessServer.Start + Duration.FromHours(1)));

        server.Store.Directory.RevokeToken(entry.Id, null, AccessServer.Start);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server, revoked)).Status);

        Assert.Equal("2026-06-26T13:00:00Z", (await WhoAsync(server, expiring)).Json.GetProperty("expiresAt").GetString());
        server.Clock.Advance(Duration.FromHours(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server, expiring)).Status);
    }

    [Fact]
    public async Task Session_HasTheReachOfItsToken()
    {
        await using var server = await AccessServer.StartAsync();
        var cookie = await server.SignInAsync(server.Token("u_ana", "org_1"));

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", Activity, headers: ("Cookie", cookie))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync("GET", "/analytics/activity?organizationId=org_2", headers: ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task WrongToken_BesideAGoodCookie_IsNobodys()
    {
        await using var server = await AccessServer.StartAsync();
        var cookie = await server.SignInAsync(server.Token("u_ana"));

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", Activity, token: "x", headers: ("Cookie", cookie))).Status);
    }

    private static Task<Answer> SignInAsync(AccessServer server, string token, params (string Name, string Value)[] headers) =>
        server.SendAsync("POST", "/session", json: JsonSerializer.Serialize(new { token }), headers: headers);

    private static Task<Answer> WhoAsync(AccessServer server, string cookie) => server.SendAsync("GET", "/session", headers: ("Cookie", cookie));
}
