using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Analytics.Bench.Load;

/// <summary>What access checks and the audit log add to a request: by the server's own watch, and by pairs of requests of which one needs more than the other.</summary>
/// <remarks>
/// One connection each, a request at a time and in turn, so that all of them see the same machine. Loopback and Kestrel are in
/// every one of them. The part <c>access</c> of Server-Timing is all of the checks and nothing else: token, rate limit,
/// organisation, plan and role. The pairs have other work in their difference too: the question's longer address, its
/// parameters and its tag; and a table in place of JSON, which is audited where JSON is not. They are the most that it can be.
/// </remarks>
internal static partial class AccessCost
{
    /// <summary>Measures, and writes a table.</summary>
    /// <param name="url">The server.</param>
    /// <param name="token">A bearer token.</param>
    /// <param name="run">The question, and for how long.</param>
    /// <param name="machine">What the table says of the machine.</param>
    /// <exception cref="InvalidDataException">An answer has another status or body than the first one of its kind.</exception>
    public static string Report(Uri url, string? token, LoadRun run, string machine)
    {
        if (token is null)
        {
            throw new InvalidDataException("--access needs a token: pass --token with --url, or --data.");
        }

        var separator = run.Path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var tag = TagOf(url, token, run.Path);
        using var open = new Case("/healthz, no token", null, new HttpConnection(url, "/healthz", token: null), 200);
        using var signedIn = new Case("the same with a token: who it is, and how often they have asked", open, new HttpConnection(url, "/healthz", token), 200);
        using var authorised = new Case("the question, 304: organisation, role, plan, parameters and tag", signedIn, new HttpConnection(url, run.Path, token, tag), 304);
        using var list = new Case("/analytics/organizations", null, new HttpConnection(url, "/analytics/organizations", token), 200);
        using var audited = new Case("the same as csv, which is audited", list, new HttpConnection(url, "/analytics/organizations?format=csv", token), 200);
        using var json = new Case("the question, in full", null, new HttpConnection(url, run.Path, token), 200);
        using var csv = new Case("the same as csv, which is audited", json, new HttpConnection(url, $"{run.Path}{separator}format=csv", token), 200);
        Case[] small = [open, signedIn, authorised, list, audited];
        Case[] large = [json, csv];

        // Apart: whoever follows a large answer finds the processor's caches full of it.
        Measure([.. small], run.Warmup, run.Seconds * 2 / 3);
        Measure([.. large], run.Warmup, run.Seconds / 3);
        Case[] cases = [.. small, .. large];
        var table = new StringBuilder();
        table.Append(CultureInfo.InvariantCulture, $"""

            `GET {run.Path}`: {open.Times.Count:N0} of each request ({json.Times.Count:N0} of those in full), in turn and in changing order, every answer compared. {machine}.

            | request | p50 | p99 | more than | p50 |
            |---|---:|---:|---|---:|

            """);
        Array.ForEach(cases, one => one.Times.Sort());
        foreach (var one in cases)
        {
            var more = one.Less is { } less ? string.Create(CultureInfo.InvariantCulture, $"{less.Name} | {(one.At(50) - less.At(50)) / 1e3:0.0} us") : "|";
            table.Append(CultureInfo.InvariantCulture, $"| {one.Name} | {one.At(50) / 1e3:0.0} us | {one.At(99) / 1e3:0.0} us | {more} |\n");
        }

        var checks = authorised.Checks;
        checks.Sort();
        table.Append(checks.Count == 0 ? "\nThe server does not say what the checks alone took.\n" : string.Create(CultureInfo.InvariantCulture, $"""

            The checks alone, by Server-Timing of the 304s: p50 {At(checks, 50):0.0} us, p99 {At(checks, 99):0.0} us. With the audit, at most {At(checks, 50) + ((audited.At(50) - list.At(50)) / 1e3):0.0} us.

            """));
        return table.ToString();
    }

    private static T At<T>(List<T> sorted, int percentile) => sorted[Math.Clamp(((percentile * sorted.Count) + 99) / 100, 1, sorted.Count) - 1];

    [GeneratedRegex("^access;dur=([0-9.]+)")]
    private static partial Regex AccessPart();

    private static void Measure(Case[] cases, double warmup, double seconds)
    {
        // Seeded: the order of every run is the same.
        var random = new Random(1);
        Run(warmup);
        Array.ForEach(cases, one => one.Clear());
        Run(seconds);

        void Run(double length)
        {
            var start = MonotonicClock.Now;
            do
            {
                random.Shuffle(cases);
                Array.ForEach(cases, one => one.Ask());
            }
            while (MonotonicClock.Now - start < length * 1e9);
        }
    }

    private static string TagOf(Uri url, string token, string path)
    {
        using var connection = new HttpConnection(url, path, token);
        connection.Exchange();
        HttpLoad.Check(connection, connection.Body);
        return connection.Field("ETag") ?? throw new InvalidDataException($"The answer of '{path}' has no ETag, expected a question of an organisation.");
    }

    private sealed class Case(string name, Case? less, HttpConnection connection, int status) : IDisposable
    {
        private byte[]? first;

        public string Name { get; } = name;

        /// <summary>The request that needs less, and is compared with; null for none.</summary>
        public Case? Less { get; } = less;

        /// <summary>Nanoseconds of each request.</summary>
        public List<long> Times { get; } = [];

        /// <summary>Microseconds of each request's checks, where the server says them.</summary>
        public List<double> Checks { get; } = [];

        public void Clear()
        {
            Times.Clear();
            Checks.Clear();
        }

        public void Ask()
        {
            var sent = MonotonicClock.Now;
            Times.Add(connection.Exchange() - sent);
            HttpLoad.Check(connection, first ??= connection.Body, status);
            if (AccessPart().Match(connection.Field("Server-Timing") ?? string.Empty) is { Success: true } part)
            {
                Checks.Add(double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * 1e3);
            }
        }

        public long At(int percentile) => AccessCost.At(Times, percentile);

        public void Dispose() => connection.Dispose();
    }
}
