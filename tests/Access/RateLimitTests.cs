using System.Globalization;
using System.Net;
using Xunit;

namespace Analytics.Tests.Access;

/// <summary>One token's requests are counted, nobody else's: by token, by session, by user of an issuer.</summary>
public class RateLimitTests
{
    [Fact]
    public async Task TooMany_AreTold_AndOthersGoOn()
    {
        await using var server = await AccessServer.StartAsync(("RateLimit:RequestsPerMinute", "5"));
        var (token, other) = (server.Token("u_ana"), server.Token("u_ana"));
        List<Answer> answers = [];
        for (var i = 0; i < 8; i++)
        {
            answers.Add(await server.ActivityAsync(token));
        }

        Assert.Equal(5, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        var refused = answers[^1];
        Assert.Equal((HttpStatusCode.TooManyRequests, "/problems/too-many-requests"), (refused.Status, refused.Type));
        Assert.Equal("application/problem+json", refused.Headers["Content-Type"]);
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
        Assert.DoesNotContain(server.Store.Directory.Tokens()[0].Id, refused.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.ActivityAsync(other)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.ActivityAsync("x")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/healthz")).Status);
    }

    [Fact]
    public async Task Session_IsCountedForItself()
    {
        await using var server = await AccessServer.StartAsync(("RateLimit:RequestsPerMinute", "3"));
        var cookie = await server.SignInAsync(server.Token("u_ana"));
        List<HttpStatusCode> statuses = [];
        for (var i = 0; i < 4; i++)
        {
            statuses.Add((await server.SendAsync("GET", "/session", headers: ("Cookie", cookie))).Status);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses);
    }

    [Fact]
    public async Task Default_AndZero_LetHundredsThrough()
    {
        await using var generous = await AccessServer.StartAsync();
        await using var unlimited = await AccessServer.StartAsync(("RateLimit:RequestsPerMinute", "0"));
        foreach (var server in (AccessServer[])[generous, unlimited])
        {
            var token = server.Token("u_ana");
            for (var i = 0; i < 300; i++)
            {
                Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/session", token)).Status);
            }
        }
    }
}
