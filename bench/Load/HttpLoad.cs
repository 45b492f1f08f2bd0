using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Analytics.Bench.Load;

/// <summary><c>http</c>: a server under an open load, or one connection as fast as it goes. Every answer is compared.</summary>
internal static partial class HttpLoad
{
    private const string DefaultPath = "/analytics/activity?organizationId=demo&groupBy=project&top=10&from=2025-11-21&to=2026-11-20";
    private const int MaxShownBytes = 1_000;
    private const long LateNanoseconds = 1_000_000;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly double[] Percentiles = [0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 97, 98, 99, 99.5, 99.9, 99.99, 100];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var url = new Option<string?>("--url") { Description = "A running server, such as http://127.0.0.1:5080.", HelpName = "URL" };
        var data = new Option<string?>("--data") { Description = "Start the server over this data folder instead, and make a token.", HelpName = "DIR" };
        var server = new Option<string>("--server") { Description = "The server's assembly, for --data.", DefaultValueFactory = _ => ServerProcess.DefaultAssembly, HelpName = "DLL" };
        var path = new Option<string>("--path") { Description = "Path and query that are asked for.", DefaultValueFactory = _ => DefaultPath, HelpName = "PATH" };
        var token = new Option<string?>("--token") { Description = "A bearer token, for --url.", HelpName = "TOKEN" };
        var organization = new Option<string>("--organization") { Description = "The token's organisation, for --data.", DefaultValueFactory = _ => "demo", HelpName = "ID" };
        var user = new Option<string>("--user") { Description = "The token's user, for --data.", DefaultValueFactory = _ => "u_ana", HelpName = "ID" };
        var rate = new Option<double>("--rate") { Description = "Requests a second.", DefaultValueFactory = _ => 200, HelpName = "N" };
        var seconds = new Option<double>("--seconds") { Description = "Length of the measured run.", DefaultValueFactory = _ => 30, HelpName = "N" };
        var warmup = new Option<double>("--warmup") { Description = "Length of the run before it, which is not counted.", DefaultValueFactory = _ => 5, HelpName = "N" };
        var connections = new Option<int>("--connections") { Description = "Connections at most; a request that finds none free starts late and is counted as late.", DefaultValueFactory = _ => 16, HelpName = "N" };
        var arrivals = new Option<string>("--arrivals") { Description = "constant or poisson.", DefaultValueFactory = _ => "constant", HelpName = "KIND" };
        arrivals.AcceptOnlyFromAmong("constant", "poisson");
        var seed = new Option<int>("--seed") { Description = "Of Poisson arrivals.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var throughput = new Option<bool>("--throughput") { Description = "One connection, request after request: bytes a second instead of latency under a rate." };
        var notModified = new Option<bool>("--not-modified") { Description = "Ask with the ETag of the first answer (If-None-Match): every answer must be 304, without a body." };
        var access = new Option<bool>("--access") { Description = "What access checks and the audit log add to a request: --path beside requests that need less, one connection each, in turn." };
        var report = new Option<string?>("--report") { Description = "All of these in one run, as a page with a chart in this folder.", HelpName = "DIR" };
        var json = new Option<string?>("--json") { Description = "Write the percentiles here.", HelpName = "FILE" };
        var append = new Option<string?>("--append") { Description = "Append the table in Markdown here.", HelpName = "FILE" };
        var command = new Command("http", "Latency percentiles of a server under an open load; every answer is compared with the first.")
        {
            url, data, server, path, token, organization, user, rate, seconds, warmup, connections, arrivals, seed, throughput, notModified, access, report, json, append,
        };
        command.SetAction(parsed =>
        {
            if ((parsed.GetValue(url) is null) == (parsed.GetValue(data) is null))
            {
                Console.Error.WriteLine("error: pass either --url or --data.");
                return 2;
            }

            if (new[] { parsed.GetValue(throughput), parsed.GetValue(notModified), parsed.GetValue(access), parsed.GetValue(report) is not null }.Count(isAsked => isAsked) > 1)
            {
                Console.Error.WriteLine("error: pass one of --throughput, --not-modified, --access and --report.");
                return 2;
            }

            var run = new LoadRun(
                parsed.GetValue(path)!, parsed.GetValue(rate), parsed.GetValue(seconds), parsed.GetValue(warmup),
                parsed.GetValue(connections), parsed.GetValue(arrivals) == "poisson" ? parsed.GetValue(seed) : null);
            if (run.Rate <= 0 || run.Seconds <= 0 || run.Warmup < 0 || run.Connections < 1 || run.Rate * run.Seconds < 1)
            {
                Console.Error.WriteLine("error: --rate, --seconds and --connections must be positive and make at least one request.");
                return 2;
            }

            try
            {
                using var process = parsed.GetValue(data) is { } folder ? new Started(parsed.GetValue(server)!, folder, parsed.GetValue(organization)!, parsed.GetValue(user)!) : null;
                var target = new Target(process?.Server.Url ?? new Uri(parsed.GetValue(url)!), process?.Token ?? parsed.GetValue(token), process?.Server);
                if (parsed.GetValue(report) is { } results)
                {
                    Console.WriteLine($"Written: {HttpReport.Write(target, run, results)}");
                    return 0;
                }

                var text = parsed.GetValue(throughput) ? Throughput(target, run)
                    : parsed.GetValue(access) ? Access(target, run)
                    : Latency(target, run, parsed.GetValue(json), parsed.GetValue(notModified)).Text;
                Console.Write(text);
                if (parsed.GetValue(append) is { } file)
                {
                    File.AppendAllText(file, text);
                }

                return 0;
            }
            catch (Exception exception) when (exception is SocketException or InvalidDataException or InvalidOperationException or IOException or UriFormatException)
            {
                Console.Error.WriteLine($"error: {exception.Message}");
                return 69;
            }
        });
        return command;
    }

    /// <summary>Runs an open load.</summary>
    /// <param name="url">The server.</param>
    /// <param name="token">A bearer token, or null.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="due">When each request is due, in nanoseconds since the start.</param>
    /// <param name="connections">Connections at most.</param>
    /// <param name="expected">The body of every answer.</param>
    /// <param name="knownTag">An ETag that is sent along, so that every answer is 304 and has no body; null for answers in full.</param>
    /// <returns>Latencies in ascending order, in nanoseconds since each request was due, and what was counted with them.</returns>
    /// <exception cref="InvalidDataException">An answer has another status, or not the expected bytes.</exception>
    internal static OpenLoadResult Open(Uri url, string? token, string path, long[] due, int connections, ReadOnlyMemory<byte> expected, string? knownTag = null)
    {
        var latencies = new long[due.Length];
        var timings = new string?[due.Length];
        var (next, late, latest, bytes) = (-1, 0, 0L, 0L);
        Exception? failure = null;
        var open = Enumerable.Range(0, connections).Select(_ => new HttpConnection(url, path, token, knownTag)).ToArray();
        var start = MonotonicClock.Now + 50_000_000;
        var threads = open.Select(connection => new Thread(() => Work(connection)) { IsBackground = true }).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        var elapsed = MonotonicClock.Now - start;
        Array.ForEach(open, connection => connection.Dispose());
        if (failure is not null)
        {
            throw new InvalidDataException($"A request failed: {failure.Message}", failure);
        }

        Array.Sort(latencies);
        return new OpenLoadResult(latencies, late, latest, bytes, elapsed, MedianParts(timings));

        void Work(HttpConnection connection)
        {
            MonotonicClock.MakeWaitsExact();
            try
            {
                // A free connection takes the request that is due next. It is never skipped: with all connections taken
                // it waits, and the wait is a part of its latency.
                for (var i = Interlocked.Increment(ref next); i < due.Length && failure is null; i = Interlocked.Increment(ref next))
                {
                    var at = start + due[i];
                    MonotonicClock.WaitUntil(at);
                    var behind = MonotonicClock.Now - at;
                    latencies[i] = connection.Exchange() - at;
                    if (behind > LateNanoseconds)
                    {
                        Interlocked.Increment(ref late);
                        InterlockedMax(ref latest, behind);
                    }

                    timings[i] = connection.Field("Server-Timing");
                    Interlocked.Add(ref bytes, connection.BodyLength);
                    Check(connection, expected.Span, knownTag is null ? 200 : 304);
                }
            }
            catch (Exception exception) when (exception is SocketException or InvalidDataException)
            {
                failure = exception;
            }
        }
    }

    /// <summary>What access checks and the audit log add, as Markdown.</summary>
    internal static string Access(Target target, LoadRun run) => AccessCost.Report(target.Url, target.Token, run, $"{Machine()}, load before the run {LoadAverage()}");

    /// <summary>An open load, as Markdown and as figures.</summary>
    /// <param name="target">The server.</param>
    /// <param name="run">What is asked.</param>
    /// <param name="json">A file for the percentiles; null for none.</param>
    /// <param name="isNotModified">Whether the answer's tag is sent along, so that every answer is 304.</param>
    /// <exception cref="InvalidDataException">An answer has another status, or not the expected bytes.</exception>
    internal static (string Text, OpenLoadResult Result) Latency(Target target, LoadRun run, string? json, bool isNotModified)
    {
        var (first, firstTag) = FirstAnswer(target, run.Path);
        var tag = isNotModified ? firstTag ?? throw new InvalidDataException("The first answer has no ETag, which --not-modified needs.") : null;
        byte[] expected = isNotModified ? [] : first;

        if (run.Warmup > 0 && run.Due(run.Warmup) is { Length: > 0 } warmup)
        {
            _ = Open(target.Url, target.Token, run.Path, warmup, run.Connections, expected, tag);
        }

        var load = LoadAverage();
        var (ours, theirs) = (Environment.CpuUsage.TotalTime, target.Process?.CpuTime);
        var result = Open(target.Url, target.Token, run.Path, run.Due(run.Seconds), run.Connections, expected, tag);
        ours = Environment.CpuUsage.TotalTime - ours;
        theirs = target.Process?.CpuTime - theirs;
        var seconds = result.ElapsedNanoseconds / 1e9;
        if (json is not null)
        {
            File.WriteAllText(json, Json(run, result, expected.Length, load));
        }

        var cpu = theirs is { } used ? string.Create(CultureInfo.InvariantCulture, $" CPU time a request: server {used.TotalMilliseconds / result.Latencies.Length:0.00} ms, client {ours.TotalMilliseconds / result.Latencies.Length:0.00} ms.") : string.Empty;
        var text = string.Create(CultureInfo.InvariantCulture, $"""

            `GET {run.Path}`{(isNotModified ? ", with the ETag of the answer: 304" : string.Empty)}

            {run.Rate:0.#} requests/s for {run.Seconds:0.#} s, {(run.Seed is null ? "constant" : "Poisson")} arrivals, {run.Connections} connections, {expected.Length:N0} bytes an answer, every one compared. Latency counts from when a request was due. {result.Late:N0} of {result.Latencies.Length:N0} started more than 1 ms late (at most {result.LatestNanoseconds / 1e6:0.0} ms).{cpu} {Machine()}, load before the run {load}.

            | p50 | p90 | p99 | p99.9 | max | requests/s | body | Server-Timing, medians |
            |---:|---:|---:|---:|---:|---:|---:|---|
            | {At(50)} | {At(90)} | {At(99)} | {At(99.9)} | {At(100)} | {result.Latencies.Length / seconds:0.0} | {result.Bytes / seconds / 1e6:N0} MB/s | {Words(result.Parts)} |

            """);
        return (text, result);

        string At(double percentile) => string.Create(CultureInfo.InvariantCulture, $"{result.At(percentile) / 1e6:0.00} ms");
    }

    /// <summary>One connection, request after request, as Markdown.</summary>
    /// <exception cref="InvalidDataException">An answer has another status, or not the expected bytes.</exception>
    internal static string Throughput(Target target, LoadRun run)
    {
        using var connection = new HttpConnection(target.Url, run.Path, target.Token);
        connection.Exchange();
        Check(connection, connection.Body);
        var expected = connection.Body;
        var (start, load) = (MonotonicClock.Now, LoadAverage());
        List<long> times = [];
        List<string?> timings = [];
        for (var isWarm = run.Warmup <= 0; ;)
        {
            var sent = MonotonicClock.Now;
            var end = connection.Exchange();
            Check(connection, expected);
            if (!isWarm && end - start > run.Warmup * 1e9)
            {
                (isWarm, start) = (true, end);
            }
            else if (isWarm)
            {
                times.Add(end - sent);
                timings.Add(connection.Field("Server-Timing"));
                if (end - start > run.Seconds * 1e9)
                {
                    break;
                }
            }
        }

        times.Sort();
        var median = times[times.Count / 2] / 1e6;
        var parts = MedianParts(timings);
        var engine = parts.Where(part => part.Part is "plan" or "scan").Sum(part => part.Milliseconds);
        return string.Create(CultureInfo.InvariantCulture, $"""

            `GET {run.Path}`

            One connection, request after request, {times.Count:N0} answers of {expected.Length:N0} bytes, every one compared, medians. {Machine()}, load before the run {load}.

            | whole request | body by the whole request | Server-Timing | body by the rest |
            |---:|---:|---|---:|
            | {median:0.000} ms | {expected.Length / median / 1e3:N0} MB/s | {Words(parts)} | {expected.Length / (median - engine) / 1e3:N0} MB/s |

            """);
    }

    private static IReadOnlyList<(string Part, double Milliseconds)> MedianParts(IEnumerable<string?> timings) =>
    [
        .. timings.SelectMany(timing => TimingPart().Matches(timing ?? string.Empty))
            .Select(match => (Part: match.Groups[1].Value, Milliseconds: double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)))
            .GroupBy(part => part.Part, StringComparer.Ordinal)
            .Select(part => (part.Key, part.Select(one => one.Milliseconds).Order().ElementAt(part.Count() / 2))),
    ];

    private static string Words(IReadOnlyList<(string Part, double Milliseconds)> parts) =>
        string.Join(", ", parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Part} {part.Milliseconds:0.00} ms")));

    private static (byte[] Body, string? Tag) FirstAnswer(Target target, string path)
    {
        using var connection = new HttpConnection(target.Url, path, target.Token);
        connection.Exchange();
        Check(connection, connection.Body);
        return (connection.Body, connection.Field("ETag"));
    }

    /// <summary>Compares an answer with what it must be.</summary>
    /// <exception cref="InvalidDataException">It is another one.</exception>
    internal static void Check(HttpConnection connection, ReadOnlySpan<byte> expected, int status = 200)
    {
        if (connection.Status != status)
        {
            throw new InvalidDataException($"Found status {connection.Status}, expected {status}. {System.Text.Encoding.UTF8.GetString(connection.Body.AsSpan(0, Math.Min(connection.Body.Length, MaxShownBytes)))}");
        }

        if (!connection.BodyIs(expected))
        {
            throw new InvalidDataException($"Found another body ({connection.BodyLength:N0} bytes) than the first answer's ({expected.Length:N0} bytes).");
        }
    }

    private static string Json(LoadRun run, OpenLoadResult result, int bodyBytes, string load) => JsonSerializer.Serialize(
        new
        {
            path = run.Path,
            requestsPerSecond = run.Rate,
            seconds = run.Seconds,
            arrivals = run.Seed is null ? "constant" : "poisson",
            connections = run.Connections,
            bodyBytes,
            requests = result.Latencies.Length,
            lateStarts = result.Late,
            latestStartMs = result.LatestNanoseconds / 1e6,
            machine = Machine(),
            load,
            serverTimingMs = result.Parts.ToDictionary(part => part.Part, part => part.Milliseconds),
            percentiles = Percentiles.Select(percentile => new { percentile, ms = result.At(percentile) / 1e6 }),
        },
        Indented) + "\n";

    private static string Machine() => string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores for client and server, .NET {Environment.Version}");

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            var found = Interlocked.CompareExchange(ref target, value, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    [GeneratedRegex(@"(\w+);dur=([\d.]+)")]
    private static partial Regex TimingPart();

    /// <summary>A server.</summary>
    /// <param name="Url">Where it listens.</param>
    /// <param name="Token">A bearer token, or null.</param>
    /// <param name="Process">Its process, where it was started for the run.</param>
    internal sealed record Target(Uri Url, string? Token, ServerProcess? Process);

    private sealed class Started(string assembly, string data, string organization, string user) : IDisposable
    {
        public string Token { get; } = ServerProcess.CreateToken(assembly, data, organization, user);

        public ServerProcess Server { get; } = ServerProcess.Serve(assembly, data);

        public void Dispose() => Server.Dispose();
    }
}

/// <summary>What is asked, how often and for how long.</summary>
/// <param name="Path">Path and query.</param>
/// <param name="Rate">Requests a second.</param>
/// <param name="Seconds">Length of the measured run.</param>
/// <param name="Warmup">Length of the run before it.</param>
/// <param name="Connections">Connections at most.</param>
/// <param name="Seed">Of Poisson arrivals; constant arrivals if null.</param>
internal sealed record LoadRun(string Path, double Rate, double Seconds, double Warmup, int Connections, int? Seed)
{
    /// <summary>When requests are due in a run of some length, in nanoseconds since its start.</summary>
    public long[] Due(double seconds) => Seed is { } seed ? Arrivals.Poisson(Rate, seconds, seed) : Arrivals.Constant(Rate, seconds);
}

/// <summary>What an open load came to.</summary>
/// <param name="Latencies">Nanoseconds from when each request was due to its last byte, ascending.</param>
/// <param name="Late">Requests sent more than a millisecond after they were due.</param>
/// <param name="LatestNanoseconds">The most that one of them was late.</param>
/// <param name="Bytes">Of all bodies.</param>
/// <param name="ElapsedNanoseconds">From the start to the last answer.</param>
/// <param name="Parts">Medians of what the server says that it spent, in milliseconds.</param>
internal sealed record OpenLoadResult(
    long[] Latencies, int Late, long LatestNanoseconds, long Bytes, long ElapsedNanoseconds, IReadOnlyList<(string Part, double Milliseconds)> Parts)
{
    /// <summary>The smallest latency that so many percent of the requests do not exceed.</summary>
    /// <param name="percentile">0 to 100.</param>
    public long At(double percentile) => Latencies[Math.Clamp((int)Math.Ceiling(percentile * Latencies.Length / 100) - 1, 0, Latencies.Length - 1)];
}
