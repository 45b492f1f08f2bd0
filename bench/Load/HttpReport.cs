using System.Globalization;
using System.Text;
using Analytics.Bench.Comparison;

namespace Analytics.Bench.Load;

/// <summary>All that is measured over HTTP, as a page with a chart of latencies.</summary>
internal static class HttpReport
{
    private const string Page = "http.md";
    private const string Chart = "http-latency.svg";
    private const int PoissonSeed = 1;
    private const int BusyFactor = 5;

    private static readonly string[] Colors = ["#1d5fbf", "#9dbbe6", "#4a9a86"];

    private static readonly (string Name, double Percentile)[] Shown = [("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100)];

    /// <summary>Measures, and writes the page.</summary>
    /// <param name="target">A server over the demonstration year.</param>
    /// <param name="run">The question and the rate of the open loads; each run takes as long as it says.</param>
    /// <param name="folder">Made where it is not there.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="InvalidDataException">An answer has another status, or not the expected bytes.</exception>
    public static string Write(HttpLoad.Target target, LoadRun run, string folder)
    {
        var (constant, full) = HttpLoad.Latency(target, run with { Seed = null }, json: null, isNotModified: false);
        var (poisson, random) = HttpLoad.Latency(target, run with { Seed = run.Seed ?? PoissonSeed }, json: null, isNotModified: false);
        var (known, notModified) = HttpLoad.Latency(target, run with { Seed = null }, json: null, isNotModified: true);
        var (nothing, _) = HttpLoad.Latency(target, run with { Seed = null, Path = "/healthz" }, json: null, isNotModified: false);
        var (busy, _) = HttpLoad.Latency(target, run with { Seed = null, Rate = BusyFactor * run.Rate }, json: null, isNotModified: true);
        var cells = Without(run.Path, "top");
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            # HTTP, demonstration data

            {Machine.Processor()}, {Environment.ProcessorCount} cores for client and server, .NET {Environment.Version}, Release, loopback. Every answer is compared with the first, byte for byte.

            ```sh
            dotnet run -c Release --project bench -- http --data DIR --rate {run.Rate:0.#} --seconds {run.Seconds:0.#} --report {folder}
            ```

            ![Latency by percentile]({Chart})

            ## {run.Rate:0.#} requests a second, open loop

            Requests that come at equal distances:
            {constant}
            The same at random distances, as from many people who know nothing of one another:
            {poisson}
            Answers that the client has already:
            {known}
            At this rate a request finds the cores asleep. What waking them takes shows a request that asks for nothing:
            {nothing}
            And answers that the client has already where they come {BusyFactor} times as often:
            {busy}
            ## One connection, request after request
            {HttpLoad.Throughput(target, run with { Path = cells })}{HttpLoad.Throughput(target, run with { Path = cells.Replace("groupBy=project", "groupBy=apiKey", StringComparison.Ordinal) })}
            ## What access checks and the audit log add
            {HttpLoad.Access(target, run)}
            """);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, Page);
        File.WriteAllText(path, page.ToString());
        File.WriteAllText(Path.Combine(folder, Chart), Latencies(run, [("Equal distances", full), ("Random distances", random), ("304", notModified)]));
        return path;
    }

    /// <summary>Percentiles of open loads as bars.</summary>
    /// <param name="run">What was asked.</param>
    /// <param name="loads">At most as many as there are colours.</param>
    internal static string Latencies(LoadRun run, IReadOnlyList<(string Name, OpenLoadResult Result)> loads) => SvgChart.Bars(
        "Latency over HTTP",
        string.Create(CultureInfo.InvariantCulture, $"{run.Rate:0.#} requests a second, open loop, from when a request was due to its last byte; logarithmic"),
        [.. loads.Select((load, i) => new ChartSeries(load.Name, Colors[i]))],
        [.. Shown.Select(shown => new BarGroup(shown.Name, string.Empty, [.. loads.Select(load => (double?)(load.Result.At(shown.Percentile) / 1e6))]))]);

    private static string Without(string path, string parameter) =>
        string.Join('&', path.Split('&').Where(part => !part.StartsWith(parameter + "=", StringComparison.Ordinal)));
}
