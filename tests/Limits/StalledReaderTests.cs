using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Analytics.Server.Conventions;
using Analytics.Server.Endpoints;
using Analytics.Tests.Conventions;
using Analytics.Tests.Server;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Analytics.Tests.Limits;

/// <summary>
/// Clients that ask and do not read: the server keeps an answer for them for a while, and then neither it nor their
/// connection. Who reads slowly, but reads, gets all of it.
/// </summary>
public class StalledReaderTests
{
    // A century of hours, nearly all without usage: some hundred megabytes of text, far more than all buffers on the way.
    private const string Long = "/analytics/activity?organizationId=org_1&from=1930-01-01&to=2029-12-31&bucket=hour";

    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(2);

    [LinuxTheory]
    [InlineData("json")]
    [InlineData("csv")]
    public async Task LongAnswer_NotRead_IsCutAndItsMemoryGivenBack(string format)
    {
        await using var server = await StartAsync();
        using var connections = new ConnectionCount(server.Address.Port);
        using var client = Connect(server);
        var watch = Stopwatch.StartNew();
        Send(client, Request(server, $"{Long}&format={format}"));

        await connections.WaitAsync(count: 1);
        await connections.WaitAsync(count: 0);

        Assert.True(watch.Elapsed >= Stall, $"It was cut after {watch.Elapsed}.");
        await AssertNothingHeldAsync(server);
        AssertCutShort(client);
    }

    [LinuxFact]
    public async Task ManyRequests_WhoseAnswersAreNotRead_AreCut()
    {
        await using var server = await StartAsync();
        using var connections = new ConnectionCount(server.Address.Port);
        using var client = Connect(server);
        client.Blocking = false;
        var requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Request(server, "/openapi/v1.json"), 200)));

        // As far as the server takes them: it stops reading while answers wait.
        var sent = client.Send(requests, SocketFlags.None);
        Assert.InRange(sent, 1, requests.Length);
        await connections.WaitAsync(count: 1);
        await connections.WaitAsync(count: 0);

        await AssertNothingHeldAsync(server);
        using var good = await server.GetAsync(ConventionsServer.Question, server.Token("org_1", "u_1"));
        Assert.True(good.IsSuccessStatusCode);
    }

    [LinuxFact]
    public async Task LongAnswer_ReadSlowlyButSteadily_IsWhole()
    {
        await using var server = await StartAsync();
        using var client = Connect(server);
        Send(client, Request(server, "/analytics/activity?organizationId=org_1&from=2020-01-01&to=2026-12-31&bucket=hour&format=csv").Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));
        var watch = Stopwatch.StartNew();
        var buffer = new byte[64 << 10];
        var (received, end) = (0L, string.Empty);

        // Slower than the answer is written, for several times as long as nothing may be read.
        while (await client.ReceiveAsync(buffer) is > 0 and var read)
        {
            received += read;
            end = Encoding.ASCII.GetString(buffer, Math.Max(0, read - 7), Math.Min(7, read));
            if (watch.Elapsed < 4 * Stall)
            {
                await Task.Delay(Stall / 20);
            }
        }

        Assert.True(watch.Elapsed > 3 * Stall, $"{received} bytes were read in {watch.Elapsed}: too fast to say anything.");
        Assert.Equal("\r\n0\r\n\r\n", end);
    }

    [Fact]
    public void Setting_Wrong_IsRefused()
    {
        foreach (var text in new[] { "0", "-1", "ten", "3601" })
        {
            var settings = new Microsoft.Extensions.Configuration.ConfigurationManager { [HttpSettings.StallSecondsSetting] = text };

            var error = Assert.ThrowsAny<Exception>(() => HttpSettings.Read(settings));

            Assert.Contains($"Analytics__Http__StallSeconds): found '{text}', expected a whole number from 1 to 3600", error.Message, StringComparison.Ordinal);
        }
    }

    private static Task<RunningServer> StartAsync() => ConventionsServer.StartAsync(new Dictionary<string, string?>
    {
        [HttpSettings.StallSecondsSetting] = Stall.TotalSeconds.ToString(CultureInfo.InvariantCulture),
    });

    private static Socket Connect(RunningServer server)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 << 10 };
        client.Connect(server.Address.Host, server.Address.Port);
        return client;
    }

    private static string Request(RunningServer server, string path) => $"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.Token("org_1", "u_1")}\r\n\r\n";

    private static void Send(Socket client, string request) => Assert.Equal(request.Length, client.Send(Encoding.ASCII.GetBytes(request)));

    private static async Task AssertNothingHeldAsync(RunningServer server)
    {
        var admission = server.Services.GetRequiredService<ScanAdmission>();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (admission.HeldBytes != 0)
        {
            await Task.Delay(10, patience.Token);
        }
    }

    /// <summary>What was on its way is there to be read, and then comes an error and no end.</summary>
    private static void AssertCutShort(Socket client)
    {
        client.ReceiveTimeout = 30_000;
        var buffer = new byte[64 << 10];
        var error = Assert.Throws<SocketException>(() =>
        {
            while (client.Receive(buffer) > 0)
            {
            }
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    /// <summary>Connections that Kestrel has open on a port, by its own account.</summary>
    private sealed class ConnectionCount : IDisposable
    {
        private readonly MeterListener listener = new();
        private long open;

        public ConnectionCount(int port)
        {
            listener.InstrumentPublished = (instrument, from) =>
            {
                if (instrument is { Meter.Name: "Microsoft.AspNetCore.Server.Kestrel", Name: "kestrel.active_connections" })
                {
                    from.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((_, change, tags, _) =>
            {
                foreach (var (name, value) in tags)
                {
                    if (name == "server.port" && value is int at && at == port)
                    {
                        Interlocked.Add(ref open, change);
                    }
                }
            });
            listener.Start();
        }

        public async Task WaitAsync(long count)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (Interlocked.Read(ref open) != count)
            {
                await Task.Delay(10, patience.Token);
            }
        }

        public void Dispose() => listener.Dispose();
    }
}

/// <summary>A test of what only Linux's kernel does.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "Only Linux cuts connections whose clients do not read.";
}

/// <inheritdoc cref="LinuxFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null : "Only Linux cuts connections whose clients do not read.";
}
