using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Analytics.Bench.Load;
using Analytics.Storage;
using Analytics.Tests.Conventions;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Limits;

/// <summary>
/// Connections that are open and ask nothing, and good requests beside them. The server is a process of its own, so that its
/// memory is known, and its files are not also the clients'. Times and memory are printed; only the answers decide.
/// </summary>
public sealed class IdleConnectionTests(ITestOutputHelper output) : IDisposable
{
    private const string Healthz = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

    // Kept by the server until its timeout, which is 20 s.
    private const string Half = "GET /healthz HTTP/1.1\r\nHost: a\r\nX: ";

    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "analytics.dll");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public Task Thousand_GoodRequestsAreAnswered() => RunAsync(idle: 1_000, half: 0);

    [LongFact]
    public Task TenThousandAndAThousandSlow_GoodRequestsAreAnswered() => RunAsync(idle: 10_000, half: 1_000);

    private async Task RunAsync(int idle, int half)
    {
        var data = folder.File("data");
        using (var store = UsageStore.Open(data, Files.Physical))
        {
            await ConventionsServer.FillAsync(store, folder);
        }

        var token = ServerProcess.CreateToken(Assembly, data, "org_1", "u_1");
        using var server = ServerProcess.Serve(Assembly, data);
        using var client = new HttpClient { BaseAddress = server.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var expected = await AskAsync(client);
        Assert.Contains("\"requestCount\":60,", expected, StringComparison.Ordinal);
        await MeasureAsync("warming up");
        var before = await MeasureAsync("before");
        List<RawConnection> open = [];
        try
        {
            for (var i = 0; i < idle + half; i++)
            {
                var connection = await RawConnection.OpenAsync(server.Url);
                open.Add(connection);
                if (i >= idle)
                {
                    Assert.True(await connection.SendAsync(Half));
                }
                else if (i % 2 == 0)
                {
                    // Every other one has been answered once; the rest have never said anything.
                    Assert.True(await connection.SendAsync(Healthz));
                    Assert.Equal("ok", (await connection.ReadAsync())?.Body);
                }
            }

            var with = await MeasureAsync(string.Create(CultureInfo.InvariantCulture, $"with {idle:N0} idle and {half:N0} half requests"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(with - before) / (double)open.Count / 1024:0.0} KiB of the server a connection"));

            // They were kept, not closed to make room: each can go on.
            for (var i = 0; i < idle; i += Math.Max(1, idle / 100))
            {
                Assert.True(await open[i].SendAsync(Healthz));
                Assert.Equal("ok", (await open[i].ReadAsync())?.Body);
            }
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }

        await MeasureAsync("after they were closed");

        async Task<long> MeasureAsync(string when)
        {
            var times = new double[1_000];
            for (var i = 0; i < times.Length; i++)
            {
                var start = Stopwatch.GetTimestamp();
                Assert.Equal(expected, await AskAsync(client));
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }

            Array.Sort(times);
            var bytes = server.WorkingSet;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{when}: {times.Length} good requests, p50 {times[times.Length / 2]:0.00} ms, p99 {times[times.Length * 99 / 100]:0.00} ms, max {times[^1]:0.00} ms; the server has {bytes / 1024.0 / 1024:0} MiB"));
            return bytes;
        }
    }

    private static async Task<string> AskAsync(HttpClient client)
    {
        using var response = await client.GetAsync(ConventionsServer.Question);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }
}

/// <summary>A test that takes long and much of the machine; reported as skipped unless ANALYTICS_TEST_LONG is 1.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("ANALYTICS_TEST_LONG") != "1")
        {
            Skip = "It opens 11,000 connections: set ANALYTICS_TEST_LONG=1 and allow that many files (ulimit -n 12000).";
        }
    }
}
