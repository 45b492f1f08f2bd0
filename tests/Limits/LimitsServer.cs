using System.Net;
using Analytics.Tests.Conventions;
using Analytics.Tests.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Analytics.Tests.Limits;

/// <summary>A real server, and the good request that must not notice what else is sent to it.</summary>
public sealed class LimitsServer : IAsyncLifetime
{
    private RunningServer? server;
    private string token = string.Empty;
    private string expected = string.Empty;

    internal Uri Address => server!.Address;

    internal RunningServer Server => server!;

    /// <summary>The header that lets a request in.</summary>
    internal string Authorization => $"Authorization: Bearer {token}\r\n";

    /// <summary>Kestrel's limits, which it reads for each connection and each request: what is set is in force from the next one on.</summary>
    internal KestrelServerLimits Limits => server!.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

    internal static async Task<LimitsServer> StartAsync()
    {
        var started = new LimitsServer();
        await started.InitializeAsync();
        return started;
    }

    public async Task InitializeAsync()
    {
        server = await ConventionsServer.StartAsync();
        token = server.Token("org_1", "u_1");
        using var response = await server.GetAsync(ConventionsServer.Question, token);
        expected = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"requestCount\":60,", expected, StringComparison.Ordinal);
    }

    /// <summary>Asks a question over its own connection, as others do, and expects the answer that it had when the server was new.</summary>
    internal async Task AssertGoodRequestAsync()
    {
        using var response = await server!.GetAsync(ConventionsServer.Question, token);
        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    public async Task DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
