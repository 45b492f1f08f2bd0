using System.IO.Compression;

namespace Analytics.Storage.Import;

/// <summary>Decompresses gzip and notices a file that ends too early, which .NET's stream takes for a complete one.</summary>
/// <remarks>
/// A gzip file may be several members, one after the other. So one more member, of known content, is put behind the
/// file: it comes out at the end only if the file ended where a member ends. A file that breaks off inside of a member
/// swallows it, and either its checksum is wrong or the known content does not come out.
/// </remarks>
internal sealed class GzipInput : ForwardStream
{
    private static readonly byte[] Mark = [.. "end of gzip file\0"u8];
    private static readonly byte[] MarkMember = Compress(Mark);

    private readonly GZipStream gzip;

    // Always the last bytes that came out: the mark, once all has come.
    private readonly byte[] held = new byte[Mark.Length];
    private int heldLength;
    private readonly byte[] work = new byte[1 << 16];

    /// <summary>Decompresses a file.</summary>
    /// <param name="file">Closed with this stream.</param>
    public GzipInput(Stream file) => gzip = new GZipStream(new Followed(file, MarkMember), CompressionMode.Decompress);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The file is damaged, breaks off, or something follows its last member.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            // What is held goes before what comes; the last bytes of both are held again.
            held.AsSpan(0, heldLength).CopyTo(work);
            var read = gzip.Read(work.AsSpan(heldLength, Math.Min(buffer.Length, work.Length - heldLength)));
            if (read == 0)
            {
                return heldLength == held.Length && held.AsSpan().SequenceEqual(Mark)
                    ? 0
                    : throw new InvalidDataException("it breaks off before its end, or something follows its end");
            }

            var all = heldLength + read;
            heldLength = Math.Min(all, held.Length);
            work.AsSpan(all - heldLength, heldLength).CopyTo(held);
            if (all > heldLength)
            {
                work.AsSpan(0, all - heldLength).CopyTo(buffer);
                return all - heldLength;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            gzip.Dispose();
        }

        base.Dispose(disposing);
    }

    private static byte[] Compress(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }

    /// <summary>A stream and then some bytes.</summary>
    private sealed class Followed(Stream first, byte[] then) : ForwardStream
    {
        private int position;

        public override int Read(Span<byte> buffer)
        {
            var read = position == 0 ? first.Read(buffer) : 0;
            if (read == 0)
            {
                read = Math.Min(buffer.Length, then.Length - position);
                then.AsSpan(position, read).CopyTo(buffer);
                position += read;
            }

            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                first.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
