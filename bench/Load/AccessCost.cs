using System.Globalization;
using System.Text;

namespace Analytics.Bench.Load;

/// <summary>What access checks and the audit log add to a request: requests that need more and more of them, in turn.</summary>
/// <remarks>
/// One connection each, a request at a time, so that all of them see the same machine; what a request takes more than the one
/// above it is what it needs more of. Loopback and Kestrel are in every one of them.
/// </remarks>
internal static class AccessCost
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
        using var open = new Case("/healthz, no token", new HttpConnection(url, "/healthz", token: null), 200);
        using var signedIn = new Case("/session: who the token is", new HttpConnection(url, "/session", token), 200);
        using var authorised = new Case("the question, 304: organisation, role, plan, parameters and tag too", new HttpConnection(url, run.Path, token, tag), 304);
        using var json = new Case("the question, in full", new HttpConnection(url, run.Path, token), 200);
        using var csv = new Case("the same as csv, which is audited", new HttpConnection(url, $"{run.Path}{separator}format=csv", token), 200);
        Case[] cases = [open, signedIn, authorised, json, csv];
        var start = MonotonicClock.Now;
        while (MonotonicClock.Now - start < run.Warmup * 1e9)
        {
            Array.ForEach(cases, one => one.Ask());
        }

        Array.ForEach(cases, one => one.Times.Clear());
        start = MonotonicClock.Now;
        do
        {
            Array.ForEach(cases, one => one.Ask());
        }
        while (MonotonicClock.Now - start < run.Seconds * 1e9);

        var table = new StringBuilder();
        table.Append(CultureInfo.InvariantCulture, $"""

            `GET {run.Path}`: {open.Times.Count:N0} of each request, in turn, every answer compared. {machine}.

            | request | p50 | p99 | p50 more than the first |
            |---|---:|---:|---:|

            """);
        foreach (var one in cases)
        {
            one.Times.Sort();
            table.Append(CultureInfo.InvariantCulture, $"| {one.Name} | {one.At(50) / 1e3:0.0} us | {one.At(99) / 1e3:0.0} us | {(one.At(50) - open.At(50)) / 1e3:0.0} us |\n");
        }

        return table.ToString();
    }

    private static string TagOf(Uri url, string token, string path)
    {
        using var connection = new HttpConnection(url, path, token);
        connection.Exchange();
        HttpLoad.Check(connection, connection.Body);
        return connection.Field("ETag") ?? throw new InvalidDataException($"The answer of '{path}' has no ETag, expected a question of an organisation.");
    }

    private sealed class Case(string name, HttpConnection connection, int status) : IDisposable
    {
        private byte[]? first;

        public string Name { get; } = name;

        /// <summary>Nanoseconds of each request.</summary>
        public List<long> Times { get; } = [];

        public void Ask()
        {
            var sent = MonotonicClock.Now;
            Times.Add(connection.Exchange() - sent);
            HttpLoad.Check(connection, first ??= connection.Body, status);
        }

        public long At(int percentile) => Times[Math.Clamp(((percentile * Times.Count) + 99) / 100, 1, Times.Count) - 1];

        public void Dispose() => connection.Dispose();
    }
}
