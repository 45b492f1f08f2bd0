using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using NodaTime;

namespace Analytics.Bench.Comparison;

/// <summary>An organisation's year as this engine has it, and what peers need to know to have the same.</summary>
internal sealed class ComparisonData : IDisposable
{
    // A typical project: so many of the rows.
    private const double ProjectShare = 0.03;

    private readonly UsageStore store;

    private ComparisonData(UsageStore store, UsageTable usage, string organization, DateTimeZone zone, int copies, TimeSpan loadTime, long residentBytes)
    {
        this.store = store;
        Organization = organization;
        LoadTime = loadTime;
        ResidentBytes = residentBytes;
        Usage = usage;
        var end = Usage.DataThrough ?? throw new ArgumentException($"Organization '{organization}' has no usage in '{store.Folder.Root}'.", nameof(organization));

        // The last 365 local days that have data from start to end.
        var through = end.InZone(zone).Date.PlusDays(-1);
        Days = TimeBuckets.Of(BucketSize.Day, through.PlusDays(-364), through, zone);
        Months = TimeBuckets.Of(BucketSize.Month, Days.From, Days.To, zone);
        DataFile[] files = [.. store.Manifest.Files.Where(file => file.Table == Tables.Requests && file.Organization == organization)];
        Paths = [.. Enumerable.Repeat(files, copies).SelectMany(all => all).Select(file => Path.GetFullPath(store.Folder.File(file.Path)))];
        FileBytes = copies * files.Sum(file => file.SizeBytes);
        Slots = SlotsOf(Usage, Days, Months);
        (Project, ProjectRows, RowsInRange) = TypicalProject();
    }

    /// <summary>The rows.</summary>
    public UsageTable Usage { get; }

    /// <summary>Whose year it is.</summary>
    public string Organization { get; }

    /// <summary>From opening the folder to the first possible question, names and all organisations of the folder included.</summary>
    public TimeSpan LoadTime { get; }

    /// <summary>What the process grew by in loading, garbage not counted.</summary>
    public long ResidentBytes { get; }

    /// <summary>Local days of the year.</summary>
    public TimeBuckets Days { get; }

    /// <summary>Local months of the same range.</summary>
    public TimeBuckets Months { get; }

    /// <summary>The organisation's Parquet files.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Their size.</summary>
    public long FileBytes { get; }

    /// <summary>The intervals of the range that have rows, ascending, with the position of their day and month.</summary>
    public IReadOnlyList<(Instant Start, int Day, int Month)> Slots { get; }

    /// <summary>Key of the project that is asked about alone.</summary>
    public string Project { get; }

    /// <summary>Its rows in the range.</summary>
    public long ProjectRows { get; }

    /// <summary>Rows in the range.</summary>
    public long RowsInRange { get; }

    /// <summary>Opens a data folder and loads it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="organization">Whose year; null for the only or first one.</param>
    /// <param name="zone">Zone of the days.</param>
    /// <param name="copies">How many times each row counts: the peers read each file as often.</param>
    /// <exception cref="ArgumentException">The organisation has no usage.</exception>
    public static ComparisonData Open(string folder, string? organization, DateTimeZone zone, int copies)
    {
        var before = Machine.ResidentBytes();
        var start = Stopwatch.GetTimestamp();
        var store = UsageStore.Open(folder, Files.Physical);
        try
        {
            store.Load();
            organization ??= store.Manifest.Files.FirstOrDefault(file => file.Table == Tables.Requests)?.Organization
                ?? throw new ArgumentException($"'{folder}' has no usage.", nameof(folder));
            var snapshot = store.Snapshot(organization);
            var (usage, directory) = (snapshot.Usage, snapshot.Directory);
            usage = copies > 1 ? Repeated(usage, new DirectoryNames(directory), copies) : usage;
            var time = Stopwatch.GetElapsedTime(start);

            // What loading left behind is not what the rows take.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return new ComparisonData(store, usage, organization, zone, copies, time, Machine.ResidentBytes() - before);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>The buckets of a query's answer.</summary>
    public TimeBuckets BucketsOf(BucketSize size) => size == BucketSize.Month ? Months : Days;

    /// <summary>A bucket's name in an answer: its day or month as ISO 8601 has them.</summary>
    public string BucketLabel(BucketSize size, int bucket) =>
        BucketsOf(size)[bucket].Date.ToString(size == BucketSize.Month ? "uuuu-MM" : "uuuu-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>For each code of a stored dimension the code of a dimension that is a function of it, or the code itself.</summary>
    public int[] Lookup(Dimension dimension) => dimension.IsStored()
        ? [.. Enumerable.Range(0, Usage.Table(dimension).Count)]
        : Usage.Lookup(dimension).ToArray();

    /// <summary>The largest value of a measure, or more.</summary>
    public ulong Max(Measure measure) => Usage.Chunks.Max(chunk => chunk.Values(measure).Max);

    /// <summary>The exact total of a measure.</summary>
    public Int128 Total(Measure measure) => Usage.Chunks.Aggregate((Int128)0, (sum, chunk) => sum + chunk.Total(measure));

    /// <inheritdoc/>
    public void Dispose() => store.Dispose();

    /// <summary>A table of several copies of each row, merged in time order as the files of several imports are.</summary>
    private static UsageTable Repeated(UsageTable usage, IUsageNames names, int copies)
    {
        string[][] keys = [.. Dimensions.Stored.Select(dimension => Enumerable.Range(0, usage.Table(dimension).Count).Select(usage.Table(dimension).Key).ToArray())];
        var builder = new UsageTableBuilder();
        foreach (var chunk in usage.Chunks)
        {
            var rows = chunk.ToRecordBatch(keys);
            builder.Add([.. Enumerable.Repeat(rows, copies)], usage.Coverage.Take(chunk == usage.Chunks[0] ? usage.Coverage.Count : 0));
        }

        return builder.Build(names);
    }

    private static List<(Instant Start, int Day, int Month)> SlotsOf(UsageTable usage, TimeBuckets days, TimeBuckets months)
    {
        List<(Instant Start, int Day, int Month)> slots = [];
        var last = long.MinValue;
        foreach (var chunk in usage.Chunks)
        {
            foreach (var micros in chunk.RunStarts)
            {
                var start = Instants.FromUnixMicroseconds(micros);
                if (micros > last && start >= days.Start && start < days.End)
                {
                    slots.Add((start, days.IndexOf(start), months.IndexOf(start)));
                }

                last = Math.Max(last, micros);
            }
        }

        return slots;
    }

    private (string Key, long Rows, long RowsInRange) TypicalProject()
    {
        var rows = new long[Usage.Table(Dimension.Project).Count];
        foreach (var chunk in Usage.Chunks)
        {
            var (start, end) = (chunk.FirstRowFrom(Days.Start.ToUnixMicroseconds()), chunk.FirstRowFrom(Days.End.ToUnixMicroseconds()));
            var codes = chunk.Codes(Dimension.Project);
            for (var row = start; row < end; row++)
            {
                rows[(int)codes[row]]++;
            }

            GC.KeepAlive(chunk);
        }

        var all = rows.Sum();
        var typical = Enumerable.Range(0, rows.Length).MinBy(code => Math.Abs(rows[code] - (all * ProjectShare)));
        return (Usage.Table(Dimension.Project).Key(typical), rows[typical], all);
    }
}
