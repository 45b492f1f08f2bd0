namespace Analytics.Storage.Import;

/// <summary>A store that starts as a data folder is and keeps every change to itself: what a dry run works on.</summary>
/// <remarks>
/// The same code runs as in an import, its commits included, so that a dry run of several files sees what the first ones
/// brought. What is written goes to a temporary folder; data files are read from where they are, and only the directory
/// (SQLite, which would write beside itself even to read) is copied. The data folder's lock is not taken: commits replace
/// the manifest in one step and never change a data file.
/// </remarks>
public sealed class DataFolderPreview : IDisposable
{
    private readonly string scratch;

    /// <summary>Opens a preview.</summary>
    /// <param name="root">The data folder, which may be absent.</param>
    /// <param name="files">The disk.</param>
    public DataFolderPreview(string root, Files files)
    {
        ArgumentNullException.ThrowIfNull(files);
        Root = Path.GetFullPath(root);
        if (File.Exists(Root))
        {
            throw new DataFolderException($"'{Root}' is a file, expected a folder. Check --data.");
        }

        scratch = System.IO.Directory.CreateTempSubdirectory("analytics-dry-run-").FullName;
        try
        {
            CopyDirectory(new DataFolder(Root).Directory, new DataFolder(scratch).Directory);
            Disk = new LayeredFiles(files, Root, scratch);
            Store = UsageStore.Open(scratch, Disk);
        }
        catch (Exception exception)
        {
            Dispose();
            if (exception is CorruptFileException or DataFolderException or Directory.DirectoryFileException)
            {
                throw Explain(exception);
            }

            throw;
        }
    }

    /// <summary>The data folder.</summary>
    public string Root { get; }

    /// <summary>The store.</summary>
    public UsageStore Store { get; } = null!;

    /// <summary>The disk that the store works on.</summary>
    public Files Disk { get; } = null!;

    /// <summary>The same error about the folder that the user knows.</summary>
    /// <param name="exception">What went wrong with the store.</param>
    public DataFolderException Explain(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new DataFolderException(exception.Message.Replace(scratch, Root, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Store?.Dispose();
        System.IO.Directory.Delete(scratch, recursive: true);
    }

    // A server may write to the directory meanwhile: the copy counts once both files stayed as they were.
    private static void CopyDirectory(string from, string target)
    {
        (string From, string Target)[] parts = [(from, target), (from + "-wal", target + "-wal")];
        var before = State();
        while (true)
        {
            foreach (var part in parts)
            {
                File.Delete(part.Target);
                if (File.Exists(part.From))
                {
                    File.Copy(part.From, part.Target);
                }
            }

            var after = State();
            if (before == after)
            {
                return;
            }

            before = after;
        }

        string State() => string.Join(' ', parts.Select(part => new FileInfo(part.From)).Select(file => file.Exists ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : "-"));
    }

    /// <summary>Two folders seen as one: reads fall through to the lower one, changes stay in the upper one.</summary>
    private sealed class LayeredFiles(Files disk, string lower, string upper) : Files
    {
        private readonly HashSet<string> removed = new(StringComparer.Ordinal);

        public override ReadableFile OpenRead(string path) => disk.OpenRead(Visible(path) ?? path);

        public override WritableFile Create(string path) => disk.Create(path);

        public override void Rename(string from, string target) => disk.Rename(from, target);

        public override void Delete(string path)
        {
            disk.Delete(path);
            removed.Add(path);
        }

        public override void CreateFolder(string path) => disk.CreateFolder(path);

        // What is written here is thrown away.
        public override void SyncFolder(string path)
        {
        }

        public override bool Exists(string path) => Visible(path) is not null;

        public override IReadOnlyList<string> List(string path) =>
        [
            .. disk.List(Below(path)).Select(file => Path.Combine(upper, Path.GetRelativePath(lower, file))).Where(file => !removed.Contains(file))
                .Union(disk.List(path), StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

        public override IDisposable? TryLock(string path) => disk.TryLock(path);

        public override string LockOwner(string path) => disk.LockOwner(path);

        private string? Visible(string path)
        {
            if (disk.Exists(path))
            {
                return path;
            }

            var below = Below(path);
            return !removed.Contains(path) && disk.Exists(below) ? below : null;
        }

        private string Below(string path) => Path.Combine(lower, Path.GetRelativePath(upper, path));
    }
}
