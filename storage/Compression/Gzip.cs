using System.IO.Compression;

namespace Analytics.Storage.Compression;

/// <summary>Decodes gzip: one member or several, one behind the other.</summary>
internal static class Gzip
{
    /// <summary>No page is larger than this times its bytes: deflate copies 258 bytes with 2 bits at least.</summary>
    public const int MaxRatio = 1032;

    /// <summary>Decodes all members. The checksum and the length of each are verified, by zlib.</summary>
    /// <param name="source">Exactly the members.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">A member is damaged or cut off, something else follows, or the length is another.</exception>
    public static unsafe void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* bytes = source)
        {
            using var members = new MemberStream(bytes, source.Length);
            using var gzip = new GZipStream(members, CompressionMode.Decompress);
            try
            {
                var written = gzip.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);

                // The read that finds no further byte is also the one that verifies the last member's end.
                Span<byte> further = stackalloc byte[1];
                if (written != target.Length || gzip.Read(further) != 0)
                {
                    throw new MalformedDataException(
                        $"gzip data of {(written < target.Length ? $"{written} bytes" : "more bytes")}", $"{target.Length}, as the page header says");
                }
            }
            catch (Exception exception) when (exception is InvalidDataException or IOException)
            {
                throw new MalformedDataException("damaged gzip data", "members as RFC 1952 says");
            }

            members.ThrowUnlessAtEnd();
        }
    }

    /// <summary>
    /// The members, and behind them bytes that start no member. GZipStream takes data that is cut off for its end, and
    /// ignores what follows the last member. But it asks for more behind a whole member only: so it comes for the first
    /// of those bytes only if nothing else follows, and for the second only if a member took the first for its own.
    /// </summary>
    private sealed unsafe class MemberStream(byte* bytes, int length) : Stream
    {
        private const byte NoMember = 0;

        private int position;
        private int beyond;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void ThrowUnlessAtEnd()
        {
            if (beyond == 0)
            {
                throw new MalformedDataException("something else behind gzip data", "the end of the page");
            }

            if (beyond > 1)
            {
                throw new MalformedDataException("the end of the page in gzip data", "the rest of it");
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (position == length)
            {
                // Only so many, for a stream that never ends would be read forever.
                if (buffer.IsEmpty || ++beyond > 2)
                {
                    return 0;
                }

                buffer[0] = NoMember;
                return 1;
            }

            var count = Math.Min(buffer.Length, length - position);
            new ReadOnlySpan<byte>(bytes + position, count).CopyTo(buffer);
            position += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
