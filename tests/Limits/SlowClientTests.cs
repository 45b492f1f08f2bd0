using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Analytics.Tests.Limits;

/// <summary>
/// Clients that send a header or a body too slowly are closed, and nobody else notices. The server's
/// limits are made short here; what they are in earnest is in Listener.cs.
/// </summary>
public class SlowClientTests
{
    // Kestrel looks every second, so that a grace must be longer than one.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    // A hundredth of what a good client sends in this time, and so often that a connection is never silent.
    private static readonly TimeSpan BetweenBytes = TimeSpan.FromMilliseconds(50);

    private const int Slow = 16;

    [Fact]
    public async Task Headers_ByteByByte_AreRefusedAndClosed()
    {
        await using var server = await LimitsServer.StartAsync();
        server.Limits.RequestHeadersTimeout = Grace;

        var answers = await AmongGoodRequestsAsync(server, connection => TrickleAsync(connection, "GET /healthz HTTP/1.1\r\nX: "));

        Assert.All(answers, answer => Assert.Equal(408, Assert.Single(answer).Status));
    }

    [Fact]
    public async Task RequestLine_ByteByByte_IsRefusedAndClosed()
    {
        await using var server = await LimitsServer.StartAsync();
        server.Limits.RequestHeadersTimeout = Grace;

        var answers = await AmongGoodRequestsAsync(server, connection => TrickleAsync(connection, "GET /"));

        Assert.All(answers, answer => Assert.Equal(408, Assert.Single(answer).Status));
    }

    [Fact]
    public async Task Silence_AfterAnAnswer_IsClosed()
    {
        await using var server = await LimitsServer.StartAsync();
        server.Limits.KeepAliveTimeout = Grace;

        var answers = await AmongGoodRequestsAsync(server, async connection =>
        {
            await connection.SendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
            return await connection.ReadToEndAsync();
        });

        Assert.All(answers, answer => Assert.Equal(200, Assert.Single(answer).Status));
    }

    [Theory]
    [InlineData("Content-Length: 100000\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n10000\r\n")]
    public async Task Body_ByteByByte_IsRefusedAndClosed(string length)
    {
        await using var server = await LimitsServer.StartAsync();
        server.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 10_000, Grace);

        var answers = await AmongGoodRequestsAsync(server, connection => TrickleAsync(
            connection, $"POST /admin/organizations/org_1/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{server.Authorization}{length}"));

        Assert.All(answers, answer =>
        {
            var one = Assert.Single(answer);
            Assert.Equal(408, one.Status);
            Assert.Contains("\"type\":\"/problems/request-timeout\"", one.Body, StringComparison.Ordinal);
        });
    }

    /// <summary>Slow clients at the same time, and good requests until the last of them is closed.</summary>
    private static async Task<IReadOnlyList<IReadOnlyList<RawAnswer>>> AmongGoodRequestsAsync(LimitsServer server, Func<RawConnection, Task<IReadOnlyList<RawAnswer>>> ask)
    {
        var slow = Task.WhenAll(Enumerable.Range(0, Slow).Select(async _ =>
        {
            using var connection = await RawConnection.OpenAsync(server.Address);
            return await ask(connection);
        }));
        var good = 0;
        for (; !slow.IsCompleted; good++)
        {
            await server.AssertGoodRequestAsync();
        }

        Assert.True(good > 0);
        await server.AssertGoodRequestAsync();
        return await slow;
    }

    private static async Task<IReadOnlyList<RawAnswer>> TrickleAsync(RawConnection connection, string start)
    {
        var reading = connection.ReadToEndAsync();
        for (var isOpen = await connection.SendAsync(start); isOpen && !reading.IsCompleted; isOpen = await connection.SendAsync("a"))
        {
            await Task.Delay(BetweenBytes);
        }

        return await reading;
    }
}
