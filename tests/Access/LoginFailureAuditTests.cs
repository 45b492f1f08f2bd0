using System.Net;
using Analytics.Server.Access;
using Analytics.Storage.Directory;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Analytics.Tests.Access;

// Refused sign-ins in the audit log: what is counted, that strangers cannot make it long, where a proxy says they come from.
public class LoginFailureAuditTests
{
    [Fact]
    public async Task RefusedSignIns_OfAMinute_AreOneEntryForTheOperator()
    {
        await using var server = await AccessServer.StartAsync();
        for (var i = 0; i < LoginFailures.MaxPerMinute + 2; i++)
        {
            await SignInAsync(server, "wrong");
        }

        var entry = Assert.Single(await WrittenAsync(server));

        // Two were not even looked at.
        Assert.Equal("12 attempts from 1 address: 127.0.0.1 (12)", entry.Detail);
        Assert.Equal(("server", null, null), (entry.Actor.Kind, entry.OrganizationId, entry.Target));
        Assert.Empty((await server.GetAsync("/admin/organizations/org_1/audit", server.Token("u_ana"))).Json.GetProperty("entries").EnumerateArray());
        Assert.Single(await WrittenAsync(server));
    }

    [Fact]
    public async Task GoodSignIns_AndBodiesThatAreNone_AreNotCounted()
    {
        await using var server = await AccessServer.StartAsync();
        await SignInAsync(server, server.Token("u_ana"));
        await server.SendAsync("POST", "/session", json: "x");

        Assert.Empty(await WrittenAsync(server));
    }

    [Fact]
    public async Task Strangers_HoweverMany_MakeOneEntryOfBoundedLength()
    {
        await using var server = await AccessServer.StartAsync();
        var refused = server.Services.GetRequiredService<LoginFailureAudit>();
        for (var i = 0; i < 3 * LoginFailureAudit.MaxAddresses; i++)
        {
            refused.Note(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]));
        }

        refused.Note(new IPAddress([10, 0, 0, 7]));

        var detail = Assert.Single(await WrittenAsync(server)).Detail!;
        Assert.Equal("3001 attempts from more than 1000 addresses: 10.0.0.7 (2), 10.0.0.0 (1), 10.0.0.1 (1), 10.0.0.10 (1), 10.0.0.100 (1), …", detail);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1 (1), 203.0.113.7 (1)", 2)]
    [InlineData("10.0.0.9, 127.0.0.0/8", "127.0.0.1 (1), 203.0.113.7 (1)", 2)]
    [InlineData("10.0.0.9", "127.0.0.1 (2)", 1)]
    [InlineData("", "127.0.0.1 (2)", 1)]
    public async Task ForwardedFor_IsBelieved_OfKnownProxiesOnly(string proxies, string addresses, int count)
    {
        await using var server = await AccessServer.StartAsync(("Http:KnownProxies", proxies));

        // The first of the two was added by whoever asks, and is nobody's that is known.
        await SignInAsync(server, "wrong", ("X-Forwarded-For", "198.51.100.1, 203.0.113.7"), ("X-Forwarded-Proto", "https"));
        await SignInAsync(server, "wrong");

        Assert.Equal($"2 attempts from {count} {(count == 1 ? "address" : "addresses")}: {addresses}", Assert.Single(await WrittenAsync(server)).Detail);
    }

    private static Task<Answer> SignInAsync(AccessServer server, string token, params (string, string)[] headers) =>
        server.SendAsync("POST", "/session", json: $$"""{"token":"{{token}}"}""", headers: headers);

    private static async Task<IReadOnlyList<AuditEntry>> WrittenAsync(AccessServer server)
    {
        server.Services.GetRequiredService<LoginFailureAudit>().Write();
        await server.Services.GetRequiredService<Audit>().FlushAsync(CancellationToken.None);
        return [.. server.Store.Directory.ReadAudit(null, null, 100).Where(entry => entry.Action == AuditActions.SessionRefused)];
    }
}
