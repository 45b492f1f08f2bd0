using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Analytics.Bench.Load;
using Xunit;

namespace Analytics.Tests.Bench;

/// <summary>The load generator beside servers that stall, cut their answers in pieces, and answer wrongly.</summary>
public class HttpLoadTests
{
    private const string Lengths = "HTTP/1.1 200 OK\r\nServer-Timing: plan;dur=0.5, scan;dur=2\r\nContent-Length: 11\r\n\r\nhello world";
    private const string Chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n";

    [Theory]
    [InlineData(Lengths)]
    [InlineData(Chunks)]
    public async Task Exchange_AnswerInPiecesOfAnySize_IsReadWhole(string answer)
    {
        foreach (var size in Enumerable.Range(1, answer.Length))
        {
            await using var server = new CannedServer(async stream =>
            {
                for (var at = 0; at < answer.Length; at += size)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(answer[at..Math.Min(answer.Length, at + size)]));
                }
            });
            using var connection = new HttpConnection(server.Url, "/", token: null);

            connection.Exchange();
            connection.Exchange();

            Assert.Equal(200, connection.Status);
            Assert.Equal("hello world", Encoding.ASCII.GetString(connection.Body));
            Assert.True(connection.BodyIs("hello world"u8));
            Assert.False(connection.BodyIs("hello worle"u8));
            Assert.False(connection.BodyIs("hello world!"u8));
        }
    }

    [Fact]
    public void Latencies_OfLoads_AreBarsByPercentile()
    {
        var run = new LoadRun("/", Rate: 200, Seconds: 5, Warmup: 0, Connections: 1, Seed: null);
        long[] latencies = [.. Enumerable.Range(1, 1_000).Select(i => i * 10_000L)];

        var chart = XDocument.Parse(HttpReport.Latencies(run, [("Equal distances", new OpenLoadResult(latencies, 0, 0, 0, 1, [])), ("304", new OpenLoadResult([.. latencies.Select(latency => latency / 10)], 0, 0, 0, 1, []))]));

        var texts = chart.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value).ToArray();
        Assert.All(["Equal distances", "304", "p50", "p99.9", "5.00 ms", "9.99 ms", "500 µs", "1.00 ms"], text => Assert.Contains(text, texts));
    }

    [Fact]
    public async Task Open_ServerStalls_RequestsBehindItCountFromWhenTheyWereDue()
    {
        // Ten requests are due within 9 ms on one connection, and the first answer takes more than 200 ms.
        var answers = 0;
        await using var server = new CannedServer(async stream =>
        {
            await Task.Delay(Interlocked.Increment(ref answers) == 1 ? 250 : 0);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Lengths));
        });

        var result = HttpLoad.Open(server.Url, null, "/", Arrivals.Constant(1_000, 0.01), connections: 1, "hello world"u8.ToArray());

        Assert.Equal(10, result.Latencies.Length);
        Assert.All(result.Latencies, latency => Assert.True(latency > 190_000_000, $"{latency} ns"));
        // On a busy machine the first one may start late too.
        Assert.InRange(result.Late, 9, 10);
        Assert.True(result.LatestNanoseconds > 190_000_000);
        Assert.Equal(110, result.Bytes);
        Assert.Equal([("plan", 0.5), ("scan", 2.0)], result.Parts);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello worle")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world!")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 11\r\n\r\nhello world")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    public async Task Open_AnswerOtherThanTheFirst_IsAnError(string other)
    {
        var answers = 0;
        await using var server = new CannedServer(async stream => await stream.WriteAsync(Encoding.ASCII.GetBytes(Interlocked.Increment(ref answers) == 3 ? other : Lengths)));

        Assert.Throws<InvalidDataException>(() => HttpLoad.Open(server.Url, null, "/", Arrivals.Constant(1_000, 0.01), connections: 2, "hello world"u8.ToArray()));
    }

    [Fact]
    public async Task Open_WithATag_ExpectsNotModifiedEachTime()
    {
        var requests = 0;
        await using var server = new CannedServer(async stream => await stream.WriteAsync(Encoding.ASCII.GetBytes(
            Interlocked.Increment(ref requests) <= 10 ? "HTTP/1.1 304 Not Modified\r\nServer-Timing: plan;dur=0.5\r\n\r\n" : Lengths)));

        var result = HttpLoad.Open(server.Url, null, "/", Arrivals.Constant(1_000, 0.01), connections: 1, ReadOnlyMemory<byte>.Empty, "W/\"a\"");

        Assert.Equal((10, 0L), (result.Latencies.Length, result.Bytes));
        Assert.Throws<InvalidDataException>(() => HttpLoad.Open(server.Url, null, "/", Arrivals.Constant(1_000, 0.01), connections: 1, ReadOnlyMemory<byte>.Empty, "W/\"a\""));
    }

    [Fact]
    public async Task AccessCost_AsksForAll_AndExpectsEachStatus()
    {
        var (hasTag, access) = (true, "");
        ConcurrentDictionary<string, int> asked = [];
        await using var server = new CannedServer(async (stream, request) =>
        {
            var isConditional = request.Contains("If-None-Match: W/\"a\"", StringComparison.Ordinal);
            asked.AddOrUpdate($"{request.Split(' ')[1]} {request.Contains("Bearer ana_x", StringComparison.Ordinal)} {isConditional}", 1, (_, count) => count + 1);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(hasTag && isConditional ? $"HTTP/1.1 304 Not Modified\r\n{access}\r\n" : Lengths.Replace("Server-Timing", "ETag: W/\"a\"\r\nServer-Timing", StringComparison.Ordinal)));
        });
        var run = new LoadRun("/question", Rate: 1, Seconds: 0.01, Warmup: 0, Connections: 1, Seed: null);

        var report = AccessCost.Report(server.Url, "ana_x", run, "a machine");

        Assert.Equal(
            ["/analytics/organizations True False", "/analytics/organizations?format=csv True False", "/healthz False False", "/healthz True False", "/question True False", "/question True True", "/question?format=csv True False"],
            asked.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(asked["/healthz False False"], asked["/question True True"]);
        Assert.Equal(asked["/question?format=csv True False"] + 1, asked["/question True False"]);
        string[] rows = [.. report.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))];
        Assert.Equal(8, rows.Length);
        Assert.Equal(["/healthz, no token", "/analytics/organizations", "the question, in full"], rows.Where(row => row.EndsWith("| | |", StringComparison.Ordinal)).Select(row => row.Split('|')[1].Trim()));
        Assert.Equal(4, rows.Count(row => Regex.IsMatch(row, @"^\| .+ \| \d+\.\d us \| \d+\.\d us \| .+ \| -?\d+\.\d us \|$")));

        Assert.Contains("The server does not say what the checks alone took.", report, StringComparison.Ordinal);

        access = "Server-Timing: access;dur=0.0125\r\n";
        Assert.Matches("The checks alone, by Server-Timing of the 304s: p50 12\\.5 us, p99 12\\.5 us\\. With the audit, at most -?[0-9.]+ us\\.", AccessCost.Report(server.Url, "ana_x", run, "a machine"));

        hasTag = false;
        Assert.Throws<InvalidDataException>(() => AccessCost.Report(server.Url, "ana_x", run, "a machine"));
        Assert.Throws<InvalidDataException>(() => AccessCost.Report(server.Url, token: null, run, "a machine"));
    }

    [Fact]
    public void Arrivals_ConstantAndPoisson_HaveTheRate()
    {
        Assert.Equal([0, 5_000_000, 10_000_000, 15_000_000], Arrivals.Constant(200, 0.02));
        var due = Arrivals.Poisson(1_000, 100, seed: 7);
        Assert.InRange(due.Length, 98_000, 102_000);
        Assert.Equal(due.Order(), due);
        Assert.Equal(due, Arrivals.Poisson(1_000, 100, seed: 7));

        // Exponential gaps: e^-1 of them are longer than the average.
        Assert.InRange(due.Skip(1).Zip(due, (next, one) => next - one).Count(gap => gap > 1_000_000) / (double)due.Length, 0.36, 0.376);
    }

    [Fact]
    public void At_Percentiles_AreTheNearestRank()
    {
        var result = new OpenLoadResult([.. Enumerable.Range(1, 1_000).Select(i => (long)i)], 0, 0, 0, 1, []);

        Assert.Equal([1, 500, 990, 999, 1_000], ((double[])[0, 50, 99, 99.9, 100]).Select(result.At));
    }

    /// <summary>Answers every request on every connection with what a function writes.</summary>
    private sealed class CannedServer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Task accepting;

        public CannedServer(Func<NetworkStream, Task> answer)
            : this((stream, _) => answer(stream))
        {
        }

        public CannedServer(Func<NetworkStream, string, Task> answer)
        {
            listener.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
            accepting = AcceptAsync(answer);
        }

        public Uri Url { get; }

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await accepting;
        }

        private async Task AcceptAsync(Func<NetworkStream, string, Task> answer)
        {
            try
            {
                while (true)
                {
                    _ = ServeAsync(await listener.AcceptTcpClientAsync(), answer);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }

        private static async Task ServeAsync(TcpClient client, Func<NetworkStream, string, Task> answer)
        {
            using (client)
            {
                var stream = client.GetStream();
                var buffer = new byte[4_096];
                try
                {
                    // The client sends a whole request at once and waits for its answer.
                    while (await stream.ReadAsync(buffer) is > 0 and var length)
                    {
                        await answer(stream, Encoding.ASCII.GetString(buffer, 0, length));
                    }
                }
                catch (IOException)
                {
                    // The client has seen enough.
                }
            }
        }
    }
}
