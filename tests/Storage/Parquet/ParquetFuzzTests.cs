using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Analytics.Storage;
using Analytics.Storage.Inspection;
using Analytics.Storage.Parquet;
using Xunit;
using Xunit.Abstractions;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>
/// Whatever the bytes of a file, reading it gives rows or <see cref="CorruptFileException"/>, soon, and without memory
/// that the file does not back.
/// </summary>
/// <remarks>
/// ANALYTICS_FUZZ_FILES says how many files (5,000 if not set), ANALYTICS_FUZZ_SEED which ones, and ANALYTICS_FUZZ_CASE
/// that only this one is made. A long run writes how far it is to analytics-fuzz/report.txt in the temporary folder,
/// where the files that fail are, too. Cases are the same for the same seed and the same files at hand to start from.
/// </remarks>
public partial class ParquetFuzzTests(ITestOutputHelper output)
{
    private const string FileName = "fuzz.parquet";
    private const int UsualFiles = 5_000;
    private const int MaxFailures = 10;
    private const int MaxReasons = 60;

    // Machines are noisy: what a quiet one must keep is the report's slowest file, which is to stay below a second.
    private const double MaxSeconds = 10;

    // What a column that is refused may have taken of the managed heap by then, for each byte of the file and beside.
    // What it may not cover is native: ScratchMemory reserves as many addresses as a page header claims after
    // decompression (at most 1 GiB a chunk), and NativeBuffer those of the rows; both touch only what decoded bytes fill.
    private const int MaxManagedRatio = 8;
    private const int MaxManagedBytes = 1 << 20;

    private const int LargestSeedBytes = 128 << 10;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly string folder = Path.Combine(Path.GetTempPath(), "analytics-fuzz");
    private readonly ConcurrentDictionary<(Mutation Mutation, bool IsRead), int> outcomes = new();
    private readonly ConcurrentDictionary<string, int> reasons = new();
    private readonly ConcurrentDictionary<long, long> running = new();
    private readonly ConcurrentQueue<string> failures = new();
    private readonly Lock slowestLock = new();
    private (double Seconds, long Case, string Name) slowest;
    private (double Ratio, long Case, string Name) largest;

    [Fact]
    public void Read_MutatedFiles_GivesRowsOrCorruptFileSoonAndInLittleMemory()
    {
        var count = Setting("ANALYTICS_FUZZ_FILES", UsualFiles);
        var seed = Setting("ANALYTICS_FUZZ_SEED", 1);
        var single = Setting("ANALYTICS_FUZZ_CASE", -1);
        var seeds = Seeds();
        seeds.ForEach(file => Check(file.Bytes, file.Name, -1, default)); // what is taken once, such as pools, counts for no file

        var watch = Stopwatch.StartNew();
        using var timer = count > UsualFiles ? new Timer(_ => WriteReport(watch.Elapsed, seed), null, ReportInterval, ReportInterval) : null;
        Parallel.For(single >= 0 ? single : 0, single >= 0 ? single + 1 : count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (number, state) =>
        {
            var random = new Random(HashOf(seed, number));

            // The smaller of two: they are sooner read, and their damage hits more of what matters.
            var file = seeds[Math.Min(random.Next(seeds.Count), random.Next(seeds.Count))];
            var other = seeds[random.Next(seeds.Count)];
            var bytes = ParquetMutations.Apply(random, file, other, out var mutation);
            running[number] = Stopwatch.GetTimestamp();
            Check(bytes, file.Name, number, mutation);
            running.TryRemove(number, out _);
            if (failures.Count >= MaxFailures)
            {
                state.Stop();
            }
        });

        output.WriteLine(WriteReport(watch.Elapsed, seed));
        Assert.True(failures.IsEmpty, $"Seed {seed}:\n{string.Join('\n', failures)}");
    }

    /// <summary>Reads a file in all ways, and notes what is wrong about it.</summary>
    private void Check(byte[] bytes, string name, long number, Mutation mutation)
    {
        var watch = Stopwatch.StartNew();
        string? problem = null;
        var isRead = false;
        try
        {
            isRead = ReadColumns(bytes, number, name, out problem);
            Assert.Equal(isRead, Inspect(bytes));
        }
        catch (Exception error)
        {
            problem = $"{error}";
        }

        var seconds = watch.Elapsed.TotalSeconds;
        problem ??= seconds > MaxSeconds ? $"{seconds:N1} s" : null;
        if (number < 0)
        {
            Assert.True(problem is null, $"{name}: {problem}");
            return;
        }

        outcomes.AddOrUpdate((mutation, isRead), 1, static (_, count) => count + 1);
        lock (slowestLock)
        {
            slowest = seconds > slowest.Seconds ? (seconds, number, name) : slowest;
        }

        if (problem is not null)
        {
            Directory.CreateDirectory(folder);
            var path = Path.Combine(folder, $"case-{number}.parquet");
            File.WriteAllBytes(path, bytes);
            failures.Enqueue($"case {number}, {mutation} of {name}, now {path}: {problem}");
        }
    }

    /// <summary>Reads each column of each row group by itself, and then all at once.</summary>
    /// <returns>Whether nothing was refused.</returns>
    private bool ReadColumns(byte[] bytes, long number, string name, out string? problem)
    {
        using var file = new MemoryReadableFile(bytes);
        problem = null;
        var before = GC.GetAllocatedBytesForCurrentThread();
        ParquetReader reader;
        try
        {
            reader = ParquetReader.Open(file, FileName);
        }
        catch (CorruptFileException error)
        {
            problem = Problem(error, bytes.Length, GC.GetAllocatedBytesForCurrentThread() - before, number, name);
            return false;
        }

        var isRead = true;
        string[] names = [.. reader.Schema.Fields.Select(field => field.Name)];
        for (var rowGroup = 0; rowGroup < reader.RowGroups.Count; rowGroup++)
        {
            var isGroupRead = true;
            foreach (var column in names)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    reader.ReadRowGroup(rowGroup, [column]);
                }
                catch (CorruptFileException error)
                {
                    isGroupRead = false;
                    problem ??= Problem(error, bytes.Length, GC.GetAllocatedBytesForCurrentThread() - before, number, name)
                        ?? (error.Column == column && error.RowGroup == rowGroup ? null : $"column '{column}' of row group {rowGroup} is not named: {error.Message}");
                }
            }

            if (isGroupRead)
            {
                reader.ReadRowGroup(rowGroup, names);
            }

            isRead &= isGroupRead;
        }

        return isRead;
    }

    private static bool Inspect(byte[] bytes)
    {
        using var file = new MemoryReadableFile(bytes);
        try
        {
            return ParquetInspector.Inspect(file, FileName, CancellationToken.None).Columns.All(column => column.Error is null);
        }
        catch (CorruptFileException)
        {
            return false;
        }
    }

    private string? Problem(CorruptFileException error, int size, long allocated, long number, string name)
    {
        reasons.AddOrUpdate(Numbers().Replace(error.Message[..error.Message.IndexOf(" in '", StringComparison.Ordinal)], "#"), 1, static (_, count) => count + 1);
        lock (slowestLock)
        {
            var ratio = Math.Max(0, allocated - MaxManagedBytes) / (double)Math.Max(1, size);
            largest = ratio > largest.Ratio && number >= 0 ? (ratio, number, name) : largest;
        }

        return error.Path != FileName ? $"the file is not named: {error.Message}"
            : allocated > (MaxManagedRatio * (long)size) + MaxManagedBytes && number >= 0 ? $"{allocated} bytes for a file of {size} that is refused: {error.Message}"
            : null;
    }

    private string WriteReport(TimeSpan time, long seed)
    {
        var count = outcomes.Sum(outcome => outcome.Value);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{count:N0} files of seed {seed} in {time.TotalSeconds:N0} s, {count / time.TotalSeconds:N0} a second; {failures.Count} failed\n");
        text.Append(CultureInfo.InvariantCulture, $"slowest: {slowest.Seconds * 1000:N0} ms, case {slowest.Case} of {slowest.Name}\n");
        text.Append(CultureInfo.InvariantCulture, $"most managed memory of a refusal: 1 MiB + {largest.Ratio:N1} x its size, case {largest.Case} of {largest.Name}\n");
        foreach (var (number, _) in running.Where(item => Stopwatch.GetElapsedTime(item.Value).TotalSeconds > MaxSeconds))
        {
            text.Append(CultureInfo.InvariantCulture, $"case {number} does not end\n");
        }

        foreach (var mutation in Enum.GetValues<Mutation>())
        {
            text.Append(CultureInfo.InvariantCulture, $"{mutation,-17} {outcomes.GetValueOrDefault((mutation, true)),9:N0} read {outcomes.GetValueOrDefault((mutation, false)),9:N0} refused\n");
        }

        // A copy first: sorting would count, then copy, and cases are counted all the while.
        foreach (var (reason, times) in reasons.ToArray().OrderByDescending(reason => reason.Value).Take(MaxReasons))
        {
            text.Append(CultureInfo.InvariantCulture, $"{times,9:N0} {reason}\n");
        }

        text.AppendJoin('\n', failures);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "report.txt"), text.ToString());
        return text.ToString();
    }

    /// <summary>Small files to start from: our own, and other programs' where they are at hand; each also without compression.</summary>
    private static List<FuzzSeed> Seeds()
    {
        var tests = Path.Combine(RepositoryRoot.Path, "tests");
        string[] folders = [Path.Combine(tests, "data"), Path.Combine(tests, "Storage", "Parquet"), RealData.File("parquet-interop"), RealData.File("parquet-testing")];
        List<FuzzSeed> seeds = [Seed("own", ParquetSamples.SmallFile())];
        seeds.AddRange(folders.Where(Directory.Exists)
            .SelectMany(path => Directory.EnumerateFiles(path, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => (Folder: path, File: file)))
            .Where(item => new FileInfo(item.File).Length <= LargestSeedBytes)
            .Select(item => Seed(Path.GetRelativePath(item.Folder, item.File), File.ReadAllBytes(item.File))));
        return [.. seeds.Concat(seeds.Select(Plain).OfType<FuzzSeed>()).OrderBy(seed => seed.Bytes.Length)];
    }

    private static FuzzSeed Seed(string name, byte[] bytes) => new(name, bytes, ParquetParts.TryRead(bytes));

    private static FuzzSeed? Plain(FuzzSeed seed) => seed.Parts?.TryDecompress() is { } parts ? Seed($"{seed.Name}, decompressed", parts.ToBytes()) : null;

    // Neighbours get numbers far apart; written out, so that it never changes.
    private static int HashOf(long seed, long number)
    {
        var hash = ((ulong)seed * 0x9E3779B97F4A7C15) ^ ((ulong)number * 0xBF58476D1CE4E5B9);
        return (int)((hash ^ (hash >> 32)) & int.MaxValue);
    }

    private static long Setting(string name, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    [GeneratedRegex("-?[0-9]+|[0-9a-f]{8}|'[^']*'")]
    private static partial Regex Numbers();
}
