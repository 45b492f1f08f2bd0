using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Store;

/// <summary>A commit that is interrupted at any operation leaves the folder as before or as after, never between.</summary>
public sealed class CrashTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Commit_CrashAtEveryOperation_IsAsBeforeOrAsAfter()
    {
        var operations = Run(crashAt: 0, out _);
        Assert.True(operations > 20, $"{operations} operations are too few to be a commit of two months with ids.");
        var (before, after) = (0, 0);
        for (var n = 1; n <= operations; n++)
        {
            Run(n, out var requests);
            before += requests == 1 ? 1 : 0;
            after += requests == 4 ? 1 : 0;
            Assert.True(requests is 1 or 4, $"Crash at operation {n} of {operations} left {requests} requests, expected 1 or 4.");
        }

        // The manifest's rename decides, and only its folder's sync, the last operation, makes it durable.
        Assert.Equal((operations, 0), (before, after));
    }

    [Fact]
    public void Commit_RegistrationsLostInACrash_AreAppliedOnTheNextOpen()
    {
        var disk = new SimulatedDisk();
        var root = Directory.CreateDirectory(folder.File("registrations")).FullName;
        using (var store = UsageStore.Open(root, disk))
        {
            Append(store, "1", 2026, 6).Commit(source: null);
        }

        // As if the process had died after the manifest and before the directory.
        foreach (var file in Directory.GetFiles(root, "directory.sqlite*"))
        {
            File.Delete(file);
        }

        DirectoryStore.Open(Path.Combine(root, "directory.sqlite")).Dispose();

        using var reopened = UsageStore.Open(root, disk.Restart());
        Assert.True(reopened.Directory.Read("org").Projects.ContainsKey("prj"));
    }

    public void Dispose() => folder.Dispose();

    /// <summary>One commit of a request, then one of three in two months that crashes; returns the operations of the second.</summary>
    private int Run(int crashAt, out long requests)
    {
        var root = Directory.CreateDirectory(folder.File($"run-{crashAt}")).FullName;
        var disk = new SimulatedDisk();
        int operations;
        using (var store = UsageStore.Open(root, disk))
        {
            Append(store, "1", 2026, 6).Commit(source: null);
            var first = disk.Operations;
            disk.CrashAt = crashAt == 0 ? 0 : first + crashAt;
            var append = Append(store, "2", 2026, 6);
            Add(append, "3", 2026, 6);
            Add(append, "4", 2026, 7);
            try
            {
                append.Commit(source: null);
                Assert.Equal(0, crashAt);
            }
            catch (SimulatedDisk.CrashException)
            {
                Assert.NotEqual(0, crashAt);
            }

            operations = disk.Operations - first;
        }

        using (var store = UsageStore.Open(root, disk.Restart()))
        {
            store.Load();
            var usage = store.Snapshot("org").Usage;
            requests = usage.Chunks.Sum(chunk => chunk.ToArray(Measure.RequestCount).Sum());

            // Whatever the crash left behind, the same ids are known exactly if their requests are.
            var again = Append(store, "2", 2026, 6, expected: requests == 4 ? EventIdResult.Duplicate : EventIdResult.Added);
            again.Commit(source: null);
        }

        return operations;
    }

    private static UsageAppend Append(UsageStore store, string id, int year, int month, EventIdResult expected = EventIdResult.Added)
    {
        var append = store.Append("org", Duration.FromHours(1));
        Add(append, id, year, month, expected);
        return append;
    }

    private static void Add(UsageAppend append, string id, int year, int month, EventIdResult expected = EventIdResult.Added)
    {
        UsageMeasures measures = default;
        measures[Measure.RequestCount] = 1;
        Assert.Equal(expected, append.Add(new UsageEvent
        {
            Id = id,
            Timestamp = Instant.FromUtc(year, month, 3, 10, 0),
            Keys = new UsageKeys("prj", "key", "a/b", string.Empty, string.Empty, string.Empty),
            Measures = measures,
            ContentHash = 1,
            Labels = new UsageLabels(),
        }));
    }
}
