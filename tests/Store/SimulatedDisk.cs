using Analytics.Storage;

namespace Analytics.Tests.Store;

/// <summary>
/// A disk in memory that forgets, at a crash, what was not made durable: bytes that no sync covered, and names that no
/// sync of their folder covered. It crashes at a chosen operation.
/// </summary>
public sealed class SimulatedDisk : Files
{
    private readonly Dictionary<string, Content> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Content> durableNames = new(StringComparer.Ordinal);

    /// <summary>Operations so far that change the disk.</summary>
    public int Operations { get; private set; }

    /// <summary>The operation that fails, and all after it; none if 0.</summary>
    public int CrashAt { get; set; }

    /// <summary>Starts the machine again: only what was durable is there.</summary>
    public SimulatedDisk Restart()
    {
        var next = new SimulatedDisk();
        foreach (var (name, content) in durableNames)
        {
            // A file whose name is durable may still have lost bytes.
            var kept = new Content { Bytes = [.. content.Bytes.Take(content.DurableLength)], DurableLength = content.DurableLength };
            next.names.Add(name, kept);
            next.durableNames.Add(name, kept);
        }

        return next;
    }

    public override ReadableFile OpenRead(string path) =>
        new Readable(names.TryGetValue(path, out var content) ? [.. content.Bytes] : throw new FileNotFoundException(path));

    public override WritableFile Create(string path)
    {
        Operate();
        if (names.ContainsKey(path))
        {
            throw new IOException($"'{path}' exists.");
        }

        return new Writable(this, names[path] = new Content());
    }

    public override void Rename(string from, string target)
    {
        Operate();
        names.Remove(from, out var content);
        names[target] = content ?? throw new FileNotFoundException(from);
    }

    public override void Delete(string path)
    {
        if (names.ContainsKey(path))
        {
            Operate();
            names.Remove(path);
        }
    }

    public override void CreateFolder(string path)
    {
    }

    public override void SyncFolder(string path)
    {
        Operate();
        foreach (var name in durableNames.Keys.Where(name => Path.GetDirectoryName(name) == path).ToArray())
        {
            durableNames.Remove(name);
        }

        foreach (var (name, content) in names.Where(name => Path.GetDirectoryName(name.Key) == path))
        {
            durableNames[name] = content;
        }
    }

    public override bool Exists(string path) => names.ContainsKey(path);

    public override IReadOnlyList<string> List(string path) =>
        [.. names.Keys.Where(name => name.StartsWith(path + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public override IDisposable? TryLock(string path) => new MemoryStream();

    public override string LockOwner(string path) => string.Empty;

    private void Operate()
    {
        Operations++;
        if (CrashAt > 0 && Operations >= CrashAt)
        {
            throw new CrashException();
        }
    }

    /// <summary>The machine is off.</summary>
    public sealed class CrashException : IOException;

    private sealed class Content
    {
        public List<byte> Bytes { get; init; } = [];

        public int DurableLength { get; set; }
    }

    private sealed class Readable(byte[] bytes) : ReadableFile
    {
        public override long Length => bytes.Length;

        public override void Read(long offset, Span<byte> target) => bytes.AsSpan((int)offset, target.Length).CopyTo(target);

        public override void Dispose()
        {
        }
    }

    private sealed class Writable(SimulatedDisk disk, Content content) : WritableFile
    {
        public override void Write(ReadOnlySpan<byte> bytes)
        {
            disk.Operate();
            content.Bytes.AddRange(bytes);
        }

        public override void Sync()
        {
            disk.Operate();
            content.DurableLength = content.Bytes.Count;
        }

        public override void Dispose()
        {
        }
    }
}
