namespace Analytics.Storage.Import;

/// <summary>How far an import of several files has come. Written by the import, read by any thread.</summary>
/// <param name="fileCount">Files to import.</param>
public sealed class ImportProgress(int fileCount)
{
    private int file;
    private long bytes;
    private long size;
    private long lines;
    private long rejected;
    private bool isWriting;
    private string unit = "line";

    /// <summary>Files to import.</summary>
    public int FileCount { get; } = fileCount;

    /// <summary>The file that is read, from 1; 0 before the first.</summary>
    public int File => Volatile.Read(ref file);

    /// <summary>What the file consists of: "line", or "row".</summary>
    public string Unit => Volatile.Read(ref unit);

    /// <summary>Bytes read of the file as it is on disk, compressed or not; of a file of rows by their share.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Bytes of the file.</summary>
    public long Size => Volatile.Read(ref size);

    /// <summary>Lines read of the file, to the last block of bytes.</summary>
    public long Lines => Volatile.Read(ref lines);

    /// <summary>Lines rejected in the file.</summary>
    public long Rejected => Volatile.Read(ref rejected);

    /// <summary>Whether all lines are read, and the file is being made durable.</summary>
    public bool IsWriting => Volatile.Read(ref isWriting);

    internal void Start(long fileSize, string fileUnit)
    {
        Volatile.Write(ref unit, fileUnit);
        Volatile.Write(ref bytes, 0);
        Volatile.Write(ref lines, 0);
        Volatile.Write(ref rejected, 0);
        Volatile.Write(ref isWriting, false);
        Volatile.Write(ref size, fileSize);
        Volatile.Write(ref file, file + 1);
    }

    internal void Read(long bytesSoFar, long linesSoFar)
    {
        Volatile.Write(ref bytes, bytesSoFar);
        Volatile.Write(ref lines, linesSoFar);
    }

    internal void Reject() => Volatile.Write(ref rejected, rejected + 1);

    internal void Write() => Volatile.Write(ref isWriting, true);
}
