using System.Globalization;
using Analytics.DataGen.Worlds;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.DataGen;

/// <summary>A year of any number of rollup rows, shared evenly by organisations that differ in their zone only.</summary>
/// <param name="rows">Rows in all.</param>
/// <param name="organizations">1 or more.</param>
/// <param name="keys">API keys of each organisation, or null for enough.</param>
/// <param name="seed">Any number.</param>
/// <param name="end">End of the last hour.</param>
/// <param name="hasItems">Whether costs are itemized rule by rule; else each row's cost is one item.</param>
internal sealed class ScaledUsage(long rows, int organizations, int? keys, ulong seed, Instant end, bool hasItems = false)
{
    private static readonly string[] Zones = ["Europe/Paris", "America/New_York", "Asia/Tokyo", "UTC"];
    private static readonly string[] Colors = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#e15759", "#76b7b2"];
    private static readonly string[] Apps = ["web", "batch"];
    private const int Mappings = 12;

    /// <summary>Puts directories and usage into a store.</summary>
    /// <param name="store">A store without usage.</param>
    /// <param name="progress">Told of rows.</param>
    /// <exception cref="DataFolderException">The folder holds usage.</exception>
    /// <exception cref="BadArgumentException">There are more rows than combinations of dimensions and hours.</exception>
    public IReadOnlyList<Generated> WriteTo(UsageStore store, Progress progress)
    {
        if (store.Manifest.Files.Count > 0)
        {
            throw new DataFolderException($"Data folder '{store.Folder.Root}' holds usage, expected none. Choose another folder.");
        }

        List<Generated> generated = [];
        var done = 0L;
        for (var number = 1; number <= organizations; number++)
        {
            var ownRows = (rows * number / organizations) - (rows * (number - 1) / organizations);
            var world = Organization(number, ownRows);
            var writer = new RollupWriter(store, world.Organization.Id, Duration.FromHours(1));
            Write(store, world, SplitMix64.Mix(seed + (ulong)number), ownRows, writer, more => progress.Report(done += more, rows));
            generated.Add(new Generated(world.Organization.Id, writer.Rows, writer.Totals));
        }

        return generated;
    }

    private void Write(UsageStore store, World world, ulong ownSeed, long ownRows, RollupWriter writer, Action<long> report)
    {
        var slots = Slot.Year(world, ownSeed, end);
        Flow[] flows = [.. Flow.Of(world).OrderByDescending(flow => flow.MicroRequestsPerDay).ThenBy(flow => flow.Index)];
        var counts = Apportionment.Of(ownRows, [.. slots.Select(slot => flows[0].MicroRequests(slot, world.GrainMinutes))]);
        if (counts.Max() is var most && most > flows.Length)
        {
            throw new BadArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"--rows: found {ownRows} for an organisation of {world.Directory.ApiKeys!.Count} keys, expected at most {ownRows * flows.Length / most}. Raise --keys or --organizations."));
        }

        store.Directory.Import(world.Directory);
        var popularity = new Popularity(flows.Select(flow => flow.MicroRequestsPerDay));
        var taken = new int[flows.Length];
        List<PricedItem> items = [];
        for (var i = 0; i < slots.Length; i++)
        {
            var slot = slots[i];
            var random = SplitMix64.For(ownSeed, -2, i);
            for (var row = 0; row < counts[i]; row++)
            {
                // The next one in popularity where this one has its row.
                var rank = popularity.Pick(ref random);
                while (taken[rank] == i + 1)
                {
                    rank = (rank + 1) % flows.Length;
                }

                taken[rank] = i + 1;
                var requests = Math.Max(1, random.Round(flows[rank].MicroRequests(slot, world.GrainMinutes), 1_000_000));
                var measures = flows[rank].Row(slot, requests, ref random, items);
                writer.Add(slot.Start, flows[rank].Keys, measures, hasItems ? items : PricedItem.Whole(measures));
            }

            writer.EndInterval(i + 1 == slots.Length || slots[i + 1].Start.InUtc().Month != slot.Start.InUtc().Month);
            report(counts[i]);
        }

        writer.Finish();
    }

    private World Organization(int number, long ownRows)
    {
        // Enough for four times the mean hour, so that the busiest finds enough combinations.
        var keyCount = keys ?? (int)Math.Max(20, ownRows * 4 / (World.Days * 24 * Mappings * Apps.Length));
        var id = string.Create(CultureInfo.InvariantCulture, $"org_{number}");
        string[] users = [.. Numbered(Math.Clamp(keyCount / 4, 1, 500)).Select(user => $"{id}_u_{user}")];
        string[] projects = [.. Numbered(Math.Clamp(keyCount / 10, 1, 200)).Select(project => $"prj_{project}")];
        string[] keyIds = [.. Numbered(keyCount).Select(key => $"key_{key}")];
        return new World
        {
            GrainMinutes = 60,
            GrowthPercent = 50,
            Holidays = ["01-01", "12-25"],
            Migrations = [],
            Bursts = [],
            Workloads =
            [
                new Workload
                {
                    Name = "all",
                    Keys = keyIds,
                    Mappings = [.. World.Models.Select(model => model.Mapping).Where((_, index) => index % 3 == 0).Take(Mappings)],
                    Apps = Apps,
                    Rhythm = Rhythm.Customers,
                    RequestsPerDay = (int)Math.Min(int.MaxValue, Math.Max(100, ownRows / 10)),
                    InputTokens = 1_800,
                    OutputTokens = 350,
                    CachedPercent = 30,
                    CacheWritePercent = 5,
                    ReasoningPercent = 15,
                    CacheHitPerMille = 40,
                },
            ],
            Directory = new DirectoryDocument
            {
                Organizations = [new OrganizationEntry(id, $"Organization {number}", "enterprise", [Zones[number % Zones.Length]])],
                Users = [.. users.Select(user => new UserEntry(user, user))],
                Members = [.. users.Select((user, index) => new MemberEntry(id, user, index == 0 ? "owner" : "developer"))],
                Projects = [.. projects.Select((project, index) => new ProjectEntry(id, project, project, Colors[index % Colors.Length]))],
                ApiKeys = [.. keyIds.Select((key, index) => new ApiKeyEntry(id, key, projects[index % projects.Length], key, index % 16 == 15 ? null : users[index % users.Length]))],
                Agents = [],
            },
        }.WithModels();
    }

    private static IEnumerable<string> Numbered(int count) => Enumerable.Range(1, count).Select(number => number.ToString(CultureInfo.InvariantCulture));
}
