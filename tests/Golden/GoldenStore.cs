using Analytics.Engine.Usage;
using Analytics.Storage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Tests.Golden;

/// <summary>A store in a folder of its own, with one organisation's rows and names.</summary>
internal sealed class GoldenStore : IDisposable
{
    private const string Organization = "org_1";
    private readonly System.IO.DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("golden-");
    private readonly UsageStore store;

    public GoldenStore(NameTables names)
    {
        store = UsageStore.Open(folder.FullName, Files.Physical);
        store.Directory.Import(names.ToDocument(Organization));
    }

    /// <summary>The live Parquet files.</summary>
    public IReadOnlyList<string> ParquetFiles => [.. store.Manifest.Files.Where(file => file.Table == Tables.Requests).Select(file => store.Folder.File(file.Path))];

    /// <summary>Time and grain of each file by the manifest.</summary>
    public IReadOnlyList<UsageFileFacts> UsageFiles => [.. store.Manifest.Files.Select(file => file.Usage).OfType<UsageFileFacts>()];

    /// <summary>Labels and lookups, as the directory has them.</summary>
    public IUsageNames Names => new DirectoryNames(store.Directory.Read(Organization));

    /// <summary>Writes rows to disk, in one commit.</summary>
    public void Commit(Duration grain, IEnumerable<GoldenRow> rows)
    {
        var append = store.Append(Organization, grain);
        foreach (var row in rows)
        {
            append.Add(row.Time, row.Keys, row.Measures, new UsageLabels());
        }

        append.Commit(null);
    }

    /// <summary>Reads everything back from disk.</summary>
    public UsageTable Load()
    {
        store.Load();
        return store.Snapshot(Organization).Usage;
    }

    public void Dispose()
    {
        store.Dispose();
        folder.Delete(recursive: true);
    }
}

internal sealed record GoldenRow(Instant Time, UsageKeys Keys, UsageMeasures Measures);
