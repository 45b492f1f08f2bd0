using System.Diagnostics;
using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Limits;

/// <summary>Connections that are open and ask nothing, and good requests beside them. Times and memory are printed; only the answers decide.</summary>
public class IdleConnectionTests(ITestOutputHelper output)
{
    private const string Healthz = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

    // Kept by the server until its timeout, which is 20 s.
    private const string Half = "GET /healthz HTTP/1.1\r\nHost: a\r\nX: ";

    [Fact]
    public Task Thousand_GoodRequestsAreAnswered() => RunAsync(idle: 1_000, half: 0);

    [LongFact]
    public Task TenThousandAndAThousandSlow_GoodRequestsAreAnswered() => RunAsync(idle: 10_000, half: 1_000);

    private async Task RunAsync(int idle, int half)
    {
        await using var server = await LimitsServer.StartAsync();
        var before = await MeasureAsync(server, "before");
        List<RawConnection> open = [];
        try
        {
            for (var i = 0; i < idle + half; i++)
            {
                var connection = await RawConnection.OpenAsync(server.Address);
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

            var with = await MeasureAsync(server, string.Create(CultureInfo.InvariantCulture, $"with {idle:N0} idle and {half:N0} half requests"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(with - before) / (double)open.Count / 1024:0.0} KiB a connection, client and server together"));

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

        await MeasureAsync(server, "after they were closed");
    }

    /// <returns>Bytes of the process, which is server and client at once.</returns>
    private async Task<long> MeasureAsync(LimitsServer server, string when)
    {
        var times = new double[200];
        for (var i = 0; i < times.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await server.AssertGoodRequestAsync();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        GC.Collect();
        var bytes = Environment.WorkingSet;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{when}: {times.Length} good requests, p50 {times[times.Length / 2]:0.00} ms, p99 {times[times.Length * 99 / 100]:0.00} ms, max {times[^1]:0.00} ms; {bytes / 1024.0 / 1024:0} MiB"));
        return bytes;
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
            Skip = "It opens 11,000 connections (22,000 files) and takes minutes: set ANALYTICS_TEST_LONG=1 and allow the files (ulimit -n 30000).";
        }
    }
}
