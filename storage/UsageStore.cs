using System.Buffers.Binary;
using System.Globalization;
using Analytics.Engine.Arrow;
using Analytics.Engine.Kernels;
using Analytics.Engine.Projections;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using Analytics.Storage.Directory;
using Analytics.Storage.Parquet;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage;

/// <summary>A data folder: the one public door to what is on disk.</summary>
/// <remarks>
/// One process at a time holds the folder. A commit writes and syncs its files, then replaces the manifest, then tells
/// the directory what the usage brought; after a crash in between, opening the folder tells it again.
/// </remarks>
public sealed class UsageStore : IDisposable
{
    /// <summary>Rows of a row group: 1 MiB of 8-byte values, one page.</summary>
    private const int RowGroupRows = 131_072;

    private readonly Files files;
    private readonly IDisposable? folderLock;
    private readonly Lock commitLock = new();
    private readonly Lock loadLock = new();

    // Held for lookups only: who reads does not wait for a commit or a load.
    private readonly Lock snapshotLock = new();
    private readonly Dictionary<string, LoadedTables> loaded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UsageSnapshot> snapshots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UsageLoader> loaders;
    private Manifest manifest;

    // Requests come first, for all organisations: nearly all questions are about them alone.
    private LoadQueue? queue;
    private long dataVersions;
    private LoadQueue? detailQueue;

    private UsageStore(DataFolder folder, Files files, IDisposable? folderLock, Manifest manifest, DirectoryStore directory)
    {
        Folder = folder;
        this.files = files;
        this.folderLock = folderLock;
        this.manifest = manifest;
        Directory = directory;
        loaders = Tables.OfUsage.ToDictionary(
            table => table, table => new UsageLoader(file => OpenFile(file, Tables.SchemaOf(table)), Tables.SchemaOf(table)), StringComparer.Ordinal);
    }

    /// <summary>Where things lie.</summary>
    public DataFolder Folder { get; }

    /// <summary>Organisations, people, projects, keys, models, prices and tokens.</summary>
    public DirectoryStore Directory { get; }

    /// <summary>What the prefix sums of all organisations share; set before <see cref="Load()"/>.</summary>
    public ProjectionMemory Projections { get; set; } = new(ProjectionMemory.DefaultBudgetBytes);

    /// <summary>The live files.</summary>
    public Manifest Manifest => manifest;

    /// <summary>Opens a data folder for this process alone; an absent or empty folder becomes a new, empty store.</summary>
    /// <param name="root">The data folder.</param>
    /// <param name="files">The disk.</param>
    /// <exception cref="DataFolderInUseException">Another process holds it.</exception>
    /// <exception cref="DataFolderException">The folder holds something else, or its manifest is gone.</exception>
    /// <exception cref="CorruptFileException">The manifest or the directory is damaged.</exception>
    public static UsageStore Open(string root, Files files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var folder = new DataFolder(Path.GetFullPath(root));
        if (File.Exists(folder.Root))
        {
            throw new DataFolderException($"'{folder.Root}' is a file, expected a folder. Check --data.");
        }

        files.CreateFolder(folder.Root);
        var folderLock = files.TryLock(folder.Lock) ?? throw new DataFolderInUseException(folder.Root, files.LockOwner(folder.Lock));
        DirectoryStore? directory = null;
        try
        {
            var manifest = OpenManifest(folder, files);
            DeleteLeftovers(folder, files, manifest);
            if (manifest.Sequence > 0 && !File.Exists(folder.Directory))
            {
                throw LostDirectory(folder, "no directory.sqlite");
            }

            directory = DirectoryStore.Open(folder.Directory);
            if (Math.Max(0, directory.LastSequence) < manifest.Sequence - 1)
            {
                // A crash can leave the directory one commit behind, and the next lines mend that. More is another file.
                throw LostDirectory(folder, $"a directory.sqlite that has seen {directory.LastSequence} commits");
            }

            if (manifest.Registrations is { } registrations)
            {
                directory.Register(manifest.Sequence, registrations);
            }

            return new UsageStore(folder, files, folderLock, manifest, directory);
        }
        catch
        {
            directory?.Dispose();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Starts an append.</summary>
    /// <param name="organization">Organisation id; registered on commit if it is unknown.</param>
    /// <param name="grain">Length of the rollup intervals.</param>
    public UsageAppend Append(string organization, Duration grain) => new(this, organization, grain);

    /// <summary>Whether the organisation has imported this content before.</summary>
    /// <param name="organization">Organisation id.</param>
    /// <param name="sha256">64 hex digits.</param>
    public ImportedFile? FindImport(string organization, string sha256) =>
        manifest.Imports.FirstOrDefault(import => import.Organization == organization && import.Sha256 == sha256);

    /// <summary>Reads all usage rows into memory, several files at a time. Tables are not there before.</summary>
    /// <exception cref="CorruptFileException">A file is damaged, gone, or not what the manifest says.</exception>
    public void Load()
    {
        BeginLoad();
        ContinueLoad();
    }

    /// <summary>Notes what <see cref="ContinueLoad"/> is to load: from now on who asks for an organisation waits for it.</summary>
    public void BeginLoad()
    {
        lock (commitLock)
        {
            queue = QueueOf([Tables.Requests]);
            detailQueue = QueueOf([Tables.Items, Tables.Conversations]);
        }
    }

    private LoadQueue QueueOf(string[] tables) => new(manifest.Files
        .Where(file => tables.Contains(file.Table))
        .GroupBy(file => file.Organization, StringComparer.Ordinal)
        .Select(files => (files.Key, files.Sum(file => file.Rows))));

    /// <summary>Loads organisations until none is left; those that somebody waits for come first. Questions are answered meanwhile.</summary>
    /// <param name="cancellation">Ends it between two batches.</param>
    /// <exception cref="CorruptFileException">A file is damaged, gone, or not what the manifest says. Whoever waits gets it too.</exception>
    public void ContinueLoad(CancellationToken cancellation = default)
    {
        foreach (var (next, tables) in (ReadOnlySpan<(LoadQueue, string[])>)[(queue!, [Tables.Requests]), (detailQueue!, [Tables.Items, Tables.Conversations])])
        {
            try
            {
                for (var batch = next.Take(); batch.Count > 0 && !cancellation.IsCancellationRequested; batch = next.Take())
                {
                    Load(batch.ToHashSet(StringComparer.Ordinal), tables);
                }
            }
            catch (Exception error)
            {
                queue!.Fail(error);
                detailQueue!.Fail(error);
                throw;
            }
        }
    }

    /// <summary>Rows of requests, items and conversations that are loaded, and of all.</summary>
    public (long Loaded, long Total) LoadProgress => queue is null || detailQueue is null
        ? (0, 0)
        : (queue.LoadedRows + detailQueue.LoadedRows, queue.TotalRows + detailQueue.TotalRows);

    /// <summary>An organisation's current snapshot, waited for where it is being loaded.</summary>
    /// <param name="organization">Organisation id.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="hasDetails">Whether <see cref="UsageSnapshot.Items"/> and <see cref="UsageSnapshot.Conversations"/> are waited for too; without them they may be empty yet.</param>
    /// <exception cref="CorruptFileException">Loading came upon a file that is damaged, gone, or not what the manifest says.</exception>
    public async ValueTask<UsageSnapshot> SnapshotAsync(string organization, CancellationToken cancellation, bool hasDetails = false)
    {
        if (queue?.WaitFor(organization) is { IsCompletedSuccessfully: false } loading)
        {
            await loading.WaitAsync(cancellation).ConfigureAwait(false);
        }

        if (hasDetails && detailQueue?.WaitFor(organization) is { IsCompletedSuccessfully: false } loadingDetails)
        {
            await loadingDetails.WaitAsync(cancellation).ConfigureAwait(false);
        }

        return Snapshot(organization);
    }

    /// <summary>
    /// An organisation's snapshot as far as it is loaded. Names follow the directory; an organisation without usage has an
    /// empty table.
    /// </summary>
    /// <param name="organization">Organisation id.</param>
    public UsageSnapshot Snapshot(string organization)
    {
        lock (snapshotLock)
        {
            var known = snapshots.GetValueOrDefault(organization);
            if (known is null || known.Directory.Version != Directory.Version)
            {
                var directory = Directory.Read(organization);

                // The same content under another version: something changed elsewhere, another organisation's or a token.
                known = known?.Directory.Fingerprint == directory.Fingerprint
                    ? known.With(directory)
                    : new UsageSnapshot(loaded.GetValueOrDefault(organization) ?? new LoadedTables(), directory, known?.DataVersion ?? ++dataVersions);
                snapshots[organization] = known;
            }

            return known;
        }
    }

    /// <summary>The rows of a file as they are on disk now, not as they were loaded. Footers are checked, not every page: who reads adds up what it reads.</summary>
    /// <param name="file">A file of a snapshot.</param>
    /// <param name="columns">Columns of its table.</param>
    /// <returns>Row group by row group.</returns>
    /// <exception cref="CorruptFileException">The file is damaged, gone, or not what the manifest says.</exception>
    public IEnumerable<RecordBatch> ReadRows(DataFile file, IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(file);
        var (content, reader) = OpenFile(file, Tables.SchemaOf(file.Table));
        using (content)
        {
            for (var group = 0; group < reader.RowGroups.Count; group++)
            {
                yield return reader.ReadRowGroup(group, columns);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Directory.Dispose();
        folderLock?.Dispose();
    }

    internal void Commit(
        string organization,
        IReadOnlyList<(string Table, YearMonth Month, RecordBatch Rows, Duration? Grain)> partitions,
        ImportedFile? source,
        Registrations registrations)
    {
        // Loading takes both locks in this order too.
        lock (loadLock)
        {
            CommitAlone(organization, partitions, source, registrations);
            if (queue is not null)
            {
                Load([organization], Tables.OfUsage);
            }
        }
    }

    private void CommitAlone(
        string organization,
        IReadOnlyList<(string Table, YearMonth Month, RecordBatch Rows, Duration? Grain)> partitions,
        ImportedFile? source,
        Registrations registrations)
    {
        lock (commitLock)
        {
            var sequence = manifest.Sequence + 1;
            var added = WriteFiles(organization, partitions, sequence);
            var next = manifest with
            {
                Sequence = sequence,
                Files = [.. manifest.Files, .. added],
                Imports = source is null ? manifest.Imports : [.. manifest.Imports, source with { Sequence = sequence }],
                Registrations = registrations,
            };
            next.Write(files, Folder.Manifest);
            manifest = next;
            Directory.Register(sequence, registrations);
        }
    }

    private List<DataFile> WriteFiles(
        string organization, IReadOnlyList<(string Table, YearMonth Month, RecordBatch Rows, Duration? Grain)> partitions, long sequence)
    {
        List<DataFile> added = [];
        var path = string.Empty;
        try
        {
            foreach (var (table, month, rows, grain) in partitions)
            {
                path = PartitionPath.For(table, organization, month, sequence, added.Count + 1);
                added.Add(WriteFile(path, table, organization, month, rows, grain));
            }

            return added;
        }
        catch (IOException)
        {
            // A full disk, most likely: what no manifest names goes at once, not with the next start.
            foreach (var written in added.Select(file => file.Path).Append(path))
            {
                try
                {
                    files.Delete(Folder.File(written));
                }
                catch (IOException)
                {
                    // The next start removes it.
                }
            }

            throw;
        }
    }

    internal EventIds ReadEventIds(string organization, YearMonth month)
    {
        var ids = new EventIds();
        var name = PartitionPath.Text(month);
        foreach (var file in manifest.Files.Where(file => file.Table == Tables.EventIds && file.Organization == organization && file.Month == name))
        {
            foreach (var batch in ReadFile(file, EventIds.Schema))
            {
                ids.Load(batch);
            }
        }

        return ids;
    }

    private static DataFolderException LostDirectory(DataFolder folder, string found) =>
        new($"Found {found} in '{folder.Root}'; expected the one that goes with manifest.json. It was removed or replaced; restore it from a backup.");

    private static Manifest OpenManifest(DataFolder folder, Files files)
    {
        if (files.Exists(folder.Manifest))
        {
            return Manifest.Read(files, folder.Manifest);
        }

        // A manifest is there before any data file is, so data without one has lost it. Starting empty would hide that.
        var data = Tables.All.SelectMany(table => files.List(folder.File(table))).FirstOrDefault();
        if (data is not null)
        {
            throw new DataFolderException($"Data folder '{folder.Root}' has data files ('{Path.GetRelativePath(folder.Root, data)}') but no manifest.json, expected both. Restore manifest.json from a backup, or choose another folder.");
        }

        var empty = new Manifest();
        empty.Write(files, folder.Manifest);
        return empty;
    }

    /// <summary>Removes files of commits that never came to be: those whose number is above the manifest's.</summary>
    private static void DeleteLeftovers(DataFolder folder, Files files, Manifest manifest)
    {
        foreach (var path in Tables.All.SelectMany(table => files.List(folder.File(table))))
        {
            if (PartitionPath.SequenceOf(path) > manifest.Sequence)
            {
                files.Delete(path);
            }
        }
    }

    private DataFile WriteFile(string path, string table, string organization, YearMonth month, RecordBatch rows, Duration? grain)
    {
        var full = Folder.File(path);
        var parent = Path.GetDirectoryName(full)!;
        files.CreateFolder(parent);
        ParquetFileSummary summary;
        using (var file = files.Create(full))
        {
            var writer = new ParquetWriter(file, rows.Schema, Metadata(table, organization, grain));
            foreach (var group in RowGroups(rows))
            {
                writer.WriteRowGroup(group);
            }

            summary = writer.Finish();
            file.Sync();
        }

        files.SyncFolder(parent);
        return new DataFile(
            table,
            organization,
            PartitionPath.Text(month),
            path,
            summary.SizeBytes,
            summary.RowCount,
            Hex(summary.Crc32),
            Hex(summary.FooterCrc32))
        {
            Usage = grain is { } length ? FactsOf(rows, length) : null,
        };
    }

    private static Dictionary<string, string> Metadata(string table, string organization, Duration? grain)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["analytics.format"] = "1",
            ["analytics.table"] = table,
            ["analytics.organization"] = organization,
        };
        if (grain is { } length)
        {
            metadata["analytics.grain_minutes"] = ((int)length.TotalMinutes).ToString(CultureInfo.InvariantCulture);
        }

        return metadata;
    }

    private static UsageFileFacts FactsOf(RecordBatch rows, Duration grain)
    {
        var starts = rows.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values;
        Dictionary<string, string> totals = new(StringComparer.Ordinal);
        foreach (var measure in UsageSchema.MeasuresOf(rows.Schema))
        {
            totals[measure.ColumnName()] = TotalOf(rows, measure).ToString(CultureInfo.InvariantCulture);
        }

        var facts = new UsageFileFacts((int)grain.TotalMinutes, starts[0], starts[^1], totals);
        GC.KeepAlive(rows);
        return facts;
    }

    internal static Int128 TotalOf(RecordBatch rows, Measure measure)
    {
        var total = ColumnSum.Int64(UsageSchema.Values(rows, measure)!.Values);
        GC.KeepAlive(rows);
        return total;
    }

    private static IEnumerable<RecordBatch> RowGroups(RecordBatch rows)
    {
        for (var first = 0; first < rows.RowCount; first += RowGroupRows)
        {
            yield return rows.Slice(first, Math.Min(RowGroupRows, rows.RowCount - first));
        }
    }

    private static string Hex(uint value) => value.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>Loads tables of organisations, and shows all of them at once.</summary>
    private void Load(HashSet<string> organizations, IReadOnlyList<string> tables)
    {
        List<(string Table, LoadedUsage Usage)> all = [];
        lock (loadLock)
        {
            foreach (var table in tables)
            {
                all.AddRange(loaders[table]
                    .Load(manifest.Files.Where(file => file.Table == table && organizations.Contains(file.Organization)), Projections)
                    .Select(usage => (table, usage)));
            }

            lock (snapshotLock)
            {
                foreach (var (table, usage) in all)
                {
                    loaded[usage.Organization] = (loaded.GetValueOrDefault(usage.Organization) ?? new LoadedTables()).With(table, usage);
                    snapshots.Remove(usage.Organization);
                }
            }
        }

        foreach (var organization in organizations)
        {
            if (tables.Contains(Tables.Requests))
            {
                queue?.Done(organization);
            }

            if (tables.Contains(Tables.Items))
            {
                detailQueue?.Done(organization);
            }
        }

        // Nobody waits for these: until they are there, rows are read. Cubes of items are built when somebody asks often.
        foreach (var (_, usage) in all.Where(one => one.Table == Tables.Requests))
        {
            usage.Projections.BuildAhead();
        }
    }

    /// <summary>The checksum of the footer and its length, where the length says that it is; else of the length alone.</summary>
    private static string FooterChecksum(ReadableFile content)
    {
        Span<byte> tail = stackalloc byte[8];
        if (content.Length < tail.Length)
        {
            return "none";
        }

        content.Read(content.Length - tail.Length, tail);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        var bytes = new byte[length <= content.Length - tail.Length ? length + 4 : 4];
        content.Read(content.Length - 4 - bytes.Length, bytes);
        return Hex(Crc32.Of(bytes));
    }

    private List<RecordBatch> ReadFile(DataFile file, Schema schema)
    {
        var (content, reader) = OpenFile(file, schema);
        using (content)
        {
            string[] columns = [.. schema.Fields.Select(field => field.Name)];
            return [.. Enumerable.Range(0, reader.RowGroups.Count).Select(group => reader.ReadRowGroup(group, columns))];
        }
    }

    /// <summary>Opens a file that is what the manifest says, as far as its footer tells.</summary>
    private (ReadableFile Content, ParquetReader Reader) OpenFile(DataFile file, Schema schema)
    {
        var full = Folder.File(file.Path);
        if (!files.Exists(full))
        {
            throw new CorruptFileException(full, null, null, "no file", $"a file of {file.SizeBytes} bytes", "It was removed; restore it from a backup.");
        }

        var content = files.OpenRead(full);
        try
        {
            return (content, Check(content, file, full, schema));
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    private static ParquetReader Check(ReadableFile content, DataFile file, string full, Schema schema)
    {
        if (content.Length != file.SizeBytes)
        {
            throw new CorruptFileException(full, null, null, $"{content.Length} bytes", $"{file.SizeBytes} by the manifest", "The file was truncated or replaced; restore it from a backup.");
        }

        var footer = FooterChecksum(content);
        if (footer != file.FooterCrc32)
        {
            throw new CorruptFileException(full, null, null, $"a footer with the checksum {footer}", $"{file.FooterCrc32} by the manifest", "The file was changed or damaged; restore it from a backup.");
        }

        var reader = ParquetReader.Open(content, file.Path);
        foreach (var field in schema.Fields)
        {
            var found = reader.Schema.IndexOf(field.Name) is >= 0 and var index ? reader.Schema.Fields[index] : null;
            if (found != field)
            {
                throw new CorruptFileException(full, null, field.Name, found is null ? "no such column" : $"values of type {found.Type}", $"{field.Type}", "The file was replaced; restore it from a backup.");
            }
        }

        return reader;
    }
}

/// <summary>One organisation at one moment: its three tables, all of the same commit, and what its things are called.</summary>
public sealed class UsageSnapshot
{
    private readonly LoadedTables tables;
    private readonly Lazy<UsageTable> items;
    private readonly Lazy<UsageTable> conversations;

    internal UsageSnapshot(LoadedTables tables, OrganizationDirectory directory, long dataVersion)
    {
        var names = new DirectoryNames(directory);
        Usage = Named(tables.Requests);
        (items, conversations) = (new(() => Named(tables.Items)), new(() => Named(tables.Conversations)));
        (Directory, DataVersion, this.tables) = (directory, dataVersion, tables);

        UsageTable Named(LoadedUsage? usage) => usage?.Named(names) ?? new UsageTableBuilder().Build(names);
    }

    private UsageSnapshot(UsageSnapshot other, OrganizationDirectory directory)
    {
        (Usage, items, conversations, tables) = (other.Usage, other.items, other.conversations, other.tables);
        (Directory, DataVersion) = (directory, other.DataVersion);
    }

    /// <summary>Another number for other rows, in this process; the same for the same rows under other names.</summary>
    public long DataVersion { get; }

    /// <summary>Requests, and the names of their codes.</summary>
    public UsageTable Usage { get; }

    /// <summary>Priced items: their costs sum to the requests' costs.</summary>
    public UsageTable Items => items.Value;

    /// <summary>Conversations with agents.</summary>
    public UsageTable Conversations => conversations.Value;

    /// <summary>Projects, keys, people, models and prices.</summary>
    public OrganizationDirectory Directory { get; }

    /// <summary>The files that a table's rows came from, in the order of their months.</summary>
    /// <param name="table">One of <see cref="Tables.OfUsage"/>.</param>
    public IReadOnlyList<DataFile> FilesOf(string table) => (table switch
    {
        Tables.Requests => tables.Requests,
        Tables.Items => tables.Items,
        _ => tables.Conversations,
    })?.Files ?? [];

    /// <summary>The same at another version of the directory, which has the same content.</summary>
    internal UsageSnapshot With(OrganizationDirectory directory) => new(this, directory);
}

/// <summary>What is loaded of one organisation; null for a table that is not, or that has no rows.</summary>
internal sealed record LoadedTables(LoadedUsage? Requests = null, LoadedUsage? Items = null, LoadedUsage? Conversations = null)
{
    public LoadedTables With(string table, LoadedUsage usage) => table switch
    {
        Tables.Requests => this with { Requests = usage },
        Tables.Items => this with { Items = usage },
        _ => this with { Conversations = usage },
    };
}
