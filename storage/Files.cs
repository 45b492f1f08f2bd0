namespace Analytics.Storage;

/// <summary>
/// The one seam between storage and the disk. Everything that storage reads, writes or syncs goes through here, so
/// that the same code runs on a simulated disk that loses what was not synced.
/// </summary>
/// <remarks>
/// Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>. A failed
/// <see cref="WritableFile.Sync"/> or <see cref="SyncFolder"/> is <see cref="SyncFailedException"/> and final: the
/// system may have dropped the pages, and a second sync that succeeds proves nothing.
/// </remarks>
public abstract class Files
{
    /// <summary>The real disk.</summary>
    public static Files Physical { get; } = new PhysicalFiles();

    /// <summary>Opens an existing file for reading at any position.</summary>
    /// <param name="path">An existing file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public abstract ReadableFile OpenRead(string path);

    /// <summary>Creates a file that must not exist yet, readable and writable by the owner only.</summary>
    /// <param name="path">A new file in an existing folder.</param>
    /// <exception cref="IOException">The file exists, or cannot be created.</exception>
    public abstract WritableFile Create(string path);

    /// <summary>Gives a file another name in one step; a file of that name is replaced.</summary>
    /// <param name="from">An existing file.</param>
    /// <param name="target">The new name on the same file system.</param>
    public abstract void Rename(string from, string target);

    /// <summary>Removes a file; nothing happens where there is none.</summary>
    /// <param name="path">A file.</param>
    public abstract void Delete(string path);

    /// <summary>Creates a folder with its parents, accessible to the owner only; nothing happens where it exists.</summary>
    /// <param name="path">A folder.</param>
    public abstract void CreateFolder(string path);

    /// <summary>Makes the names in a folder durable: files created in it, renamed into it or removed from it.</summary>
    /// <param name="path">An existing folder.</param>
    /// <exception cref="SyncFailedException">The disk did not take it.</exception>
    public abstract void SyncFolder(string path);

    /// <summary>Whether there is a file of that name.</summary>
    /// <param name="path">A file.</param>
    public abstract bool Exists(string path);

    /// <summary>All files in a folder and below, as full paths in ordinal order; none where there is no such folder.</summary>
    /// <param name="path">A folder.</param>
    public abstract IReadOnlyList<string> List(string path);

    /// <summary>Takes an exclusive lock that ends with the process at the latest.</summary>
    /// <param name="path">The lock file; created if need be, never removed.</param>
    /// <returns>The lock, or null where another process holds it.</returns>
    public abstract IDisposable? TryLock(string path);

    /// <summary>What the holder of a lock wrote about itself: its process id, or nothing where that cannot be read.</summary>
    /// <param name="path">The lock file.</param>
    public abstract string LockOwner(string path);

    /// <summary>Writes a small file so that after a crash either the old or the new content is there.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="content">All of it.</param>
    /// <exception cref="SyncFailedException">The disk did not take it; which content a crash would leave is unknown.</exception>
    public void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        Delete(temporary);
        using (var file = Create(temporary))
        {
            file.Write(content);
            file.Sync();
        }

        Rename(temporary, path);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">An existing file.</param>
    /// <param name="limitBytes">The most that is read.</param>
    /// <exception cref="IOException">The file is larger than <paramref name="limitBytes"/>.</exception>
    public byte[] ReadAll(string path, long limitBytes)
    {
        using var file = OpenRead(path);
        if (file.Length > limitBytes)
        {
            throw new IOException($"'{path}' has {file.Length} bytes, expected at most {limitBytes}.");
        }

        var content = new byte[file.Length];
        file.Read(0, content);
        return content;
    }
}

/// <summary>An open file that is read at any position.</summary>
public abstract class ReadableFile : IDisposable
{
    /// <summary>The file's size in bytes when it was opened.</summary>
    public abstract long Length { get; }

    /// <summary>Fills <paramref name="target"/> from <paramref name="offset"/> on.</summary>
    /// <param name="offset">Bytes from the start, 0 or more.</param>
    /// <param name="target">Filled completely.</param>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public abstract void Read(long offset, Span<byte> target);

    /// <summary>Closes the file.</summary>
    public abstract void Dispose();
}

/// <summary>A new file that is written from its start to its end.</summary>
public abstract class WritableFile : IDisposable
{
    /// <summary>Appends bytes. They are not durable before <see cref="Sync"/>.</summary>
    /// <param name="bytes">All written, or an exception.</param>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public abstract void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Makes all bytes written so far durable. The file's name needs <see cref="Files.SyncFolder"/> too.</summary>
    /// <exception cref="SyncFailedException">The disk did not take them.</exception>
    public abstract void Sync();

    /// <summary>Closes the file without syncing.</summary>
    public abstract void Dispose();
}

/// <summary>The disk refused to make data durable. Final: what was written since the last success may be lost.</summary>
public sealed class SyncFailedException : IOException
{
    /// <summary>Reports a failed sync.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="errorNumber">The system's error number.</param>
    /// <param name="reason">The system's words.</param>
    public SyncFailedException(string path, int errorNumber, string reason)
        : base($"The disk did not confirm '{path}' ({reason}). What was written last may be lost; check the disk, then repeat the command.")
    {
        FilePath = path;
        ErrorNumber = errorNumber;
    }

    /// <summary>The file or folder.</summary>
    public string FilePath { get; }

    /// <summary>The system's error number (errno).</summary>
    public int ErrorNumber { get; }
}
