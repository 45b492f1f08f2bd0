using Analytics.DataGen.Worlds;
using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.DataGen;

/// <summary>What became of one organisation.</summary>
/// <param name="Organization">Organisation id.</param>
/// <param name="Rows">Rollup rows on disk.</param>
/// <param name="Totals">Sums of all rows, added up while they were made.</param>
internal sealed record Generated(string Organization, long Rows, UsageSums Totals);

/// <summary>A year of three organisations.</summary>
/// <param name="seed">Any number.</param>
/// <param name="end">End of the last hour.</param>
internal sealed class Demonstration(ulong seed, Instant end)
{
    /// <summary>A file that lies in the data folder while the year is made: where it is found later, the year is not whole.</summary>
    public const string UnfinishedMark = "demonstration-unfinished";

    /// <summary>Puts directories and usage into a store.</summary>
    /// <param name="store">A store without usage.</param>
    /// <param name="files">Its disk.</param>
    /// <param name="progress">Told of parts of a thousand.</param>
    /// <exception cref="DataFolderException">The folder holds usage.</exception>
    public IReadOnlyList<Generated> WriteTo(UsageStore store, Files files, Progress progress)
    {
        var mark = store.Folder.File(UnfinishedMark);
        if (store.Manifest.Files.Count > 0)
        {
            throw new DataFolderException(files.Exists(mark)
                ? $"Data folder '{store.Folder.Root}' holds a part of a demonstration that was interrupted. Remove the folder, then repeat the command."
                : $"Data folder '{store.Folder.Root}' holds usage, expected none. Choose another folder.");
        }

        files.Replace(mark, "This demonstration is not whole.\n"u8);
        World[] worlds = [World.Meridian(), World.Juniper(), World.Kaveri()];
        foreach (var world in worlds)
        {
            store.Directory.Import(world.Directory);
        }

        List<Generated> generated = [];
        var whole = worlds.Sum(world => (long)Flow.Of(world).Length);
        var done = 0L;
        foreach (var world in worlds)
        {
            var flows = Flow.Of(world).Length;
            generated.Add(WriteYear(store, world, share => progress.Report(done + (flows * share / 1_000), whole)));
            done += flows;
        }

        files.Delete(mark);
        files.SyncFolder(store.Folder.Root);
        return generated;
    }

    /// <summary>Puts the year of one world into a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="world">The world.</param>
    /// <param name="report">Told of parts of a thousand.</param>
    internal Generated WriteYear(UsageStore store, World world, Action<long> report)
    {
        var writer = new RollupWriter(store, world.Organization.Id, Duration.FromMinutes(world.GrainMinutes));
        var flows = Flow.Of(world);
        var slots = Slot.Year(world, seed, end);
        List<PricedItem> items = [];
        var done = 0;
        foreach (var month in slots.GroupBy(slot => (slot.Start.InUtc().Year, slot.Start.InUtc().Month)).Select(month => month.ToArray()))
        {
            // Flow by flow: rows of one key after another are cheaper to add.
            foreach (var flow in flows)
            {
                foreach (var slot in month)
                {
                    if (flow.TryRow(slot, world.GrainMinutes, seed, out var row, items))
                    {
                        writer.Add(slot.Start, flow.Keys, row, items);
                        writer.AddConversation(slot.Start, flow.Keys, flow.Conversation(slot, seed), row[Measure.RequestCount]);
                    }
                }
            }

            writer.EndInterval(isEndOfMonth: true);
            done += month.Length;
            report(1_000L * done / slots.Length);
        }

        writer.Finish();
        return new Generated(world.Organization.Id, writer.Rows, writer.Totals);
    }
}
