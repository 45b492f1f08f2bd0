using System.Globalization;
using Analytics.DataGen;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Bench.Comparison;

/// <summary>What to compare.</summary>
internal sealed record ComparisonOptions
{
    /// <summary>Numbers of rows of generated years.</summary>
    public IReadOnlyList<long> Rows { get; init; } = [];

    /// <summary>A data folder to use instead.</summary>
    public string? Data { get; init; }

    /// <summary>Whose year; null for the folder's first organisation.</summary>
    public string? Organization { get; init; }

    /// <summary>Names of peers.</summary>
    public IReadOnlyList<string> Peers { get; init; } = ComparisonCommand.PeerNames;

    /// <summary>Forms of peers.</summary>
    public IReadOnlySet<FormKind> Forms { get; init; } = Enum.GetValues<FormKind>().ToHashSet();

    /// <summary>Interleaved rounds.</summary>
    public int Rounds { get; init; } = 9;

    /// <summary>Threads of every system.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes that the read bandwidth is measured over.</summary>
    public int RoofBytes { get; init; } = ReadBandwidth.DefaultBytes;

    /// <summary>Zone of the days.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZoneProviders.Tzdb["Europe/Paris"];

    /// <summary>A file for the report as JSON, beside the one in the folder of results.</summary>
    public string? Json { get; init; }

    /// <summary>The folder of results; null for this processor's under bench/results.</summary>
    public string? Results { get; init; }

    /// <summary>Whether the README's section is written anew.</summary>
    public bool WritesReadme { get; init; }

    /// <summary>The command line, for the report.</summary>
    public string Command { get; init; } = string.Empty;
}

/// <summary>A year of generated or given usage: this engine beside other systems, on the same rows and with the same answers.</summary>
internal static class ComparisonCommand
{
    /// <summary>Peers by the names of the command line.</summary>
    public static IReadOnlyList<string> PeerNames { get; } = ["duckdb", "clickhouse", "postgres"];

    private const string ReportName = "compare.json";

    // The study that the engine's design is from had 2,000 keys too.
    private const int GeneratedKeys = 2_000;
    private const long MaxGeneratedRows = 10_000_000;
    private const string GeneratedUntil = "2026-06-24";

    /// <summary>Compares, and writes the report.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(ComparisonOptions options, TextWriter output, TextWriter error)
    {
        var results = options.Results ?? Path.Combine(RepositoryFolder.Root, "bench", "results", Machine.FolderName());
        if (options.Rows.Count == 0 && options.Data is null)
        {
            if (!options.WritesReadme)
            {
                error.WriteLine("error: nothing to compare: give --rows N, or --data DIR, or --readme for the newest report.");
                return 2;
            }

            return WriteReadme(results, output, error);
        }

        Dictionary<string, string> skipped = [];
        var available = options.Peers.Where(name => IsAvailable(name, skipped)).ToArray();
        foreach (var (name, reason) in skipped)
        {
            output.WriteLine($"without {name}: {reason}");
        }

        if (available.Length == 0)
        {
            error.WriteLine("error: there is no system to compare with.");
            return 69;
        }

        var loadBefore = Machine.Load();
        List<SystemReport> systems =
        [
            new(TimeReport.Ours, typeof(ComparisonCommand).Assembly.GetName().Version!.ToString(3), string.Create(
                CultureInfo.InvariantCulture,
                $"in this process, .NET {Environment.Version}, {options.Threads} threads. Timed: planning, running, the order of every breakdown, and a look at every cell of the answer.")),
        ];
        List<YearReport> years = [];
        try
        {
            foreach (var (folder, organization, copies) in Folders(options, output))
            {
                years.Add(Compare(options, available, folder, organization, copies, systems, output));
            }
        }
        catch (DifferentAnswerException exception)
        {
            error.WriteLine($"error: {exception.Message} Nothing was timed.");
            return 1;
        }
        catch (Exception exception) when (exception is ArgumentException or DataFolderException or DataFolderInUseException)
        {
            error.WriteLine($"error: {exception.Message}");
            return 65;
        }

        var report = new ComparisonReport(
            Machine.Processor(), Environment.ProcessorCount, Machine.MemoryBytes(), options.Command, options.Threads, options.Rounds,
            loadBefore, Machine.Load(), systems, [.. skipped.Select(pair => $"{pair.Key}: {pair.Value}")], years);
        Directory.CreateDirectory(results);

        // Charts of other numbers of rows would be older than the tables.
        foreach (var chart in Directory.GetFiles(results, "compare-*.svg"))
        {
            File.Delete(chart);
        }

        foreach (var (name, text) in ComparisonFiles.Of(report))
        {
            File.WriteAllText(Path.Combine(results, name), text);
        }

        File.WriteAllText(Path.Combine(results, ReportName), report.ToJson());
        if (options.Json is { } json)
        {
            File.WriteAllText(json, report.ToJson());
        }

        output.WriteLine($"Written: {Path.Combine(results, "compare.md")}");
        return options.WritesReadme ? WriteReadme(results, output, error) : 0;
    }

    /// <summary>Data folders of the years; generated ones are kept for the next time.</summary>
    private static IEnumerable<(string Folder, string? Organization, int Copies)> Folders(ComparisonOptions options, TextWriter output)
    {
        if (options.Data is { } data)
        {
            yield return (data, options.Organization, 1);
            yield break;
        }

        foreach (var wanted in options.Rows)
        {
            // Beyond this, an hour would need more different rows than 2,000 keys give: the generator slows down, and what it
            // makes is no longer like usage. The same rows several times are what several imports leave.
            var copies = (int)Math.Max(1, wanted / MaxGeneratedRows);
            var rows = wanted / copies;
            var folder = Path.Combine(RepositoryFolder.Root, "artifacts", "bench-data", string.Create(CultureInfo.InvariantCulture, $"rows-{rows}-keys-{GeneratedKeys}-until-{GeneratedUntil}"));
            if (!Directory.Exists(folder))
            {
                output.WriteLine($"Generating {RowCount.Format(rows)} rows in {folder}");
                var partial = folder + ".partial";
                if (Directory.Exists(partial))
                {
                    Directory.Delete(partial, recursive: true);
                }

                Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
                var exitCode = GeneratorCommands.Run(
                    ["rollups", "--data", partial, "--rows", rows.ToString(CultureInfo.InvariantCulture), "--organizations", "1", "--keys", GeneratedKeys.ToString(CultureInfo.InvariantCulture), "--until", GeneratedUntil],
                    TextWriter.Null,
                    output);
                if (exitCode != 0)
                {
                    throw new ArgumentException($"{rows} rows cannot be generated.", nameof(options));
                }

                Directory.Move(partial, folder);
            }

            yield return (folder, null, copies);
        }
    }

    private static YearReport Compare(ComparisonOptions options, string[] names, string folder, string? organization, int copies, List<SystemReport> systems, TextWriter output)
    {
        using var data = ComparisonData.Open(folder, organization, options.Zone, copies);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{data.Usage.RowCount:N0} rows of '{data.Organization}'"));
        List<LoadStep> loads = [new(TimeReport.Ours, "all columns of the folder from Parquet, as chunks", data.LoadTime.TotalMilliseconds, data.Usage.Chunks.Sum(chunk => chunk.SizeBytes))];
        List<IPeer> peers = [];
        try
        {
            foreach (var name in names)
            {
                var peer = Open(name, options.Threads);
                peers.Add(peer);
                if (!systems.Exists(system => system.Name == peer.Name))
                {
                    systems.Add(new SystemReport(peer.Name, peer.Version, peer.Settings));
                }

                var steps = peer.Load(data, options.Forms);
                loads.AddRange(steps);
                foreach (var step in steps)
                {
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {step.System}, {step.What}: {step.Milliseconds / 1e3:N1} s, {step.Bytes / 1e6:N0} MB"));
                }
            }

            return new YearComparison(data, peers, options, output).Run(loads);
        }
        finally
        {
            foreach (var peer in peers)
            {
                peer.Dispose();
            }
        }
    }

    private static bool IsAvailable(string name, Dictionary<string, string> skipped)
    {
        var whyNot = name switch
        {
            "duckdb" => DuckDb.WhyNot,
            "clickhouse" => ClickHouse.WhyNot,
            "postgres" => PostgresServer.WhyNot,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such peer."),
        };
        return whyNot is null || !skipped.TryAdd(name, whyNot);
    }

    private static IPeer Open(string name, int threads) => name switch
    {
        "duckdb" => new DuckDbPeer(threads),
        "clickhouse" => new ClickHousePeer(
            Path.Combine(RepositoryFolder.Root, "artifacts", "bench-data", string.Create(CultureInfo.InvariantCulture, $"clickhouse-{Environment.ProcessId}")), threads),
        _ => new PostgresPeer(threads),
    };

    private static int WriteReadme(string results, TextWriter output, TextWriter error)
    {
        var source = Path.Combine(results, ReportName);
        if (!File.Exists(source))
        {
            error.WriteLine($"error: there is no report '{source}'. Run compare --rows 10M first.");
            return 65;
        }

        var path = Path.Combine(RepositoryFolder.Root, "README.md");
        var section = ReadmeSection.Of(ComparisonReport.FromJson(File.ReadAllText(source)), Path.GetRelativePath(RepositoryFolder.Root, results).Replace('\\', '/'));
        if (ReadmeSection.Replaced(File.ReadAllText(path), section) is not { } text)
        {
            error.WriteLine($"error: '{path}' has no lines '{ReadmeSection.Start}' and '{ReadmeSection.End}', expected both.");
            return 65;
        }

        File.WriteAllText(path, text);
        output.WriteLine($"Written: {path}");
        return 0;
    }
}
