using System.Diagnostics;
using System.Globalization;
using System.Text;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Import;
using NodaTime;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Store;

/// <summary>The program itself, killed at its file operations: the folder is as before or as after, and the same import completes it.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Killed = 128 + 9;
    private const string Map = "bucketStart=t,apiKeyId=k,requestCount=n,inputTokens=i";
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 26, 12, 0);
    private readonly TemporaryFolder folder = new();

    [CompilerFact]
    public async Task ImportEvents_IntoNewFolder_KilledAnywhere_IsAsBeforeOrAsAfter()
    {
        var file = folder.Write("e.ndjson", string.Join('\n', Event("1", 3), Event("2", 4), Event("1", 3), "bad"));

        await KillEverywhere(["import", "events", file], import => import.EventsAsync(file, isAgain: false, CancellationToken.None), before: 0, after: 2, "key");
    }

    [CompilerFact]
    public async Task ImportRollupCsv_IntoFolderInUse_KilledAnywhere_IsAsBeforeOrAsAfter()
    {
        using (var store = UsageStore.Open(folder.File("base"), Files.Physical))
        {
            await new FileImport(store, Files.Physical, "org_1", Now).EventsAsync(folder.Write("e.ndjson", Event("1", 3)), isAgain: false, CancellationToken.None);
        }

        var file = folder.Write("r.csv", "t,k,n,i\n2026-06-24T10:00:00Z,k1,10,100\n2026-06-24T11:00:00Z,k1,20,200\n");
        Assert.True(RollupMapping.TryParse(Map, out var mapping, out _));

        await KillEverywhere(
            ["import", "rollup-csv", file, "--map", Map],
            import => import.RollupCsvAsync(file, mapping!, string.Empty, CancellationToken.None),
            before: 1,
            after: 31,
            "k1");
    }

    public void Dispose() => folder.Dispose();

    private async Task KillEverywhere(string[] command, Func<FileImport, Task<ImportSummary>> again, long before, long after, string key)
    {
        var library = await Compile();
        var log = folder.File("operations");
        var whole = Copy("whole");
        Assert.Equal(0, await Run(library, whole, at: 0, log, command));
        await AssertWhole(whole, again, after, key);
        var operations = await File.ReadAllLinesAsync(log);
        int[] seen = [0, 0];
        await Parallel.ForEachAsync(Enumerable.Range(1, operations.Length), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (at, _) =>
        {
            var data = Copy($"{at}");
            try
            {
                Assert.Equal(Killed, await Run(library, data, at, log: null, command));
                var requests = AssertBeforeOrAfter(data, before, after);
                Interlocked.Increment(ref seen[requests == after ? 1 : 0]);
                await AssertWhole(data, again, after, key);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Killed at operation {at} of {operations.Length}, {operations[at - 1]}: {exception.Message}", exception);
            }

            Directory.Delete(data, recursive: true);
        });

        output.WriteLine($"{operations.Length} kills, one at each operation: {seen[0]} times as before, {seen[1]} times as after.");
        Assert.True(seen[0] > 0 && seen[1] > 0, "No kill came before the commit, or none after it.");
    }

    /// <summary>What the folder has right after the kill: one of the two, and nothing that verify does not know as a leftover.</summary>
    private static long AssertBeforeOrAfter(string data, long before, long after)
    {
        var path = new DataFolder(data).Manifest;
        if (!File.Exists(path))
        {
            Assert.Equal(0, before);
            return 0;
        }

        var manifest = Manifest.Read(Files.Physical, path);
        Assert.All(StoreVerifier.Verify(data, Files.Physical, CancellationToken.None).Findings, finding => Assert.StartsWith("found a file of an interrupted commit", finding.Problem, StringComparison.Ordinal));
        var requests = manifest.Files.Where(file => file.Table == Tables.Requests).Sum(file => long.Parse(file.Usage!.Totals["request_count"], CultureInfo.InvariantCulture));
        Assert.True(requests == before || requests == after, $"{requests} requests, expected {before} or {after}.");
        return requests;
    }

    /// <summary>Imports the file again, which completes the folder if need be, and looks at all of it.</summary>
    private static async Task AssertWhole(string data, Func<FileImport, Task<ImportSummary>> again, long after, string key)
    {
        using (var store = UsageStore.Open(data, Files.Physical))
        {
            try
            {
                await again(new FileImport(store, Files.Physical, "org_1", Now));
            }
            catch (AlreadyImportedException)
            {
                // The commit was complete.
            }

            store.Load();
            Assert.Equal(after, store.Snapshot("org_1").Usage.Chunks.Sum(chunk => chunk.ToArray(Measure.RequestCount).Sum()));
            Assert.Contains(key, store.Directory.Read("org_1").ApiKeys.Keys);
        }

        Assert.Empty(StoreVerifier.Verify(data, Files.Physical, CancellationToken.None).Findings);
    }

    private string Copy(string name)
    {
        var data = folder.File($"data-{name}");
        if (Directory.Exists(folder.File("base")))
        {
            foreach (var file in Directory.GetFiles(folder.File("base"), "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(data, Path.GetRelativePath(folder.File("base"), file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }

        return data;
    }

    private async Task<string> Compile()
    {
        var library = folder.File("kill.so");
        using var compiler = Process.Start("cc", ["-shared", "-fPIC", "-O1", "-o", library, Path.Combine(RepositoryRoot.Path, "tests", "Store", "faults", "kill.c")]);
        await compiler.WaitForExitAsync();
        Assert.Equal(0, compiler.ExitCode);
        return library;
    }

    private static async Task<int> Run(string library, string data, int at, string? log, string[] command)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "analytics.dll"), .. command, "--data", data, "--organization", "org_1"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LD_PRELOAD"] = library;
        start.Environment["KILL_BELOW"] = data;
        start.Environment["KILL_AT"] = at.ToString(CultureInfo.InvariantCulture);
        start.Environment["KILL_LOG"] = log;
        using var process = Process.Start(start)!;
        var words = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode is 0 or Killed, new StringBuilder().AppendJoin('\n', words).ToString());
        return process.ExitCode;
    }

    private static string Event(string id, int day) =>
        $$"""{"id":"{{id}}","timestamp":"2026-06-0{{day}}T10:15:00Z","organizationId":"org_1","projectId":"prj","apiKeyId":"key","mapping":"a/b","cost":"0.5"}""";
}

/// <summary>A test that compiles C; reported as skipped where there is no compiler.</summary>
public sealed class CompilerFactAttribute : FactAttribute
{
    public CompilerFactAttribute()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(path => File.Exists(Path.Combine(path, "cc"))))
        {
            Skip = "There is no C compiler (cc): ./test.sh installs one.";
        }
    }
}
