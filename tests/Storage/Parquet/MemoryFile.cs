using Analytics.Storage;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>A file in memory that is written from start to end.</summary>
internal sealed class MemoryWritableFile : WritableFile
{
    private readonly MemoryStream stream = new();

    public byte[] ToArray() => stream.ToArray();

    public override void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

    public override void Sync()
    {
    }

    public override void Dispose() => stream.Dispose();
}

/// <summary>A file in memory that remembers which ranges were read.</summary>
internal sealed class MemoryReadableFile(byte[] bytes) : ReadableFile
{
    public List<(long Start, long End)> Reads { get; } = [];

    public override long Length => bytes.Length;

    public override void Read(long offset, Span<byte> target)
    {
        Reads.Add((offset, offset + target.Length));
        if (offset + target.Length > bytes.Length)
        {
            throw new EndOfStreamException();
        }

        bytes.AsSpan((int)offset, target.Length).CopyTo(target);
    }

    public override void Dispose()
    {
    }
}
