using System.Security.Cryptography;

namespace Analytics.Storage.Import;

/// <summary>A file to import: its lines, decompressed where it is gzip, and the SHA-256 of what was read.</summary>
internal sealed class UsageInput : IAsyncDisposable
{
    private readonly HashingStream content;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isQuoted">Whether quotes protect line breaks.</param>
    /// <param name="progress">Told how far reading has come.</param>
    public UsageInput(string path, bool isQuoted, ImportProgress progress)
    {
        var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, BufferSize = 1 << 16 });
        progress.Start(file.Length, "line");
        content = new HashingStream(IsGzip(file) ? new GzipInput(file) : file);
        Lines = new LineReader(content, isQuoted, lines => progress.Read(file.Position, lines));
    }

    /// <summary>The lines.</summary>
    public LineReader Lines { get; }

    /// <summary>SHA-256 of the content read so far, 64 hex digits; of all of it once the lines have ended.</summary>
    public string Sha256() => content.Sha256();

    public ValueTask DisposeAsync() => content.DisposeAsync();

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return read == 2 && magic is [0x1f, 0x8b];
    }

    private sealed class HashingStream(Stream inner) : ForwardStream
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public string Sha256() => Convert.ToHexStringLower(hash.GetCurrentHash());

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            hash.AppendData(buffer[..read]);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                hash.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
