using System.Buffers;
using System.IO.Pipelines;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Gathers what is written and sends it to the client at the client's pace.</summary>
/// <param name="body">What the client reads.</param>
internal sealed class AnswerStream(PipeWriter body) : Stream
{
    /// <summary>What is gathered before it is worth sending, and what is sent at a time.</summary>
    public const int PieceBytes = 1 << 16;

    // Grows where a writer cannot stop to send: to a batch of Arrow, or a row group of Parquet.
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * PieceBytes);
    private int length;

    /// <summary>Whether enough is gathered to be sent.</summary>
    public bool HasPiece => length >= PieceBytes;

    /// <summary>Bytes of the memory.</summary>
    public long HeldBytes => buffer.Length;

    /// <summary>Room to write into; <see cref="Advance"/> says how much was written.</summary>
    /// <param name="count">Bytes at least.</param>
    public Span<byte> GetSpan(int count)
    {
        if (buffer.Length - length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(length + count), 2 * buffer.Length));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return buffer.AsSpan(length);
    }

    /// <summary>Keeps what was written into <see cref="GetSpan"/>.</summary>
    public void Advance(int count) => length += count;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        length += bytes.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Sends what was gathered, and waits until the client has taken most of it.</summary>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask SendAsync(CancellationToken cancellation)
    {
        // Piece by piece: the server would copy a whole batch to memory of its own.
        for (var sent = 0; sent < length; sent += PieceBytes)
        {
            var result = await body.WriteAsync(buffer.AsMemory(sent, Math.Min(PieceBytes, length - sent)), cancellation);
            if (result.IsCompleted)
            {
                // Nobody reads any more. Kestrel takes and drops what is written then, as fast as it comes.
                throw new OperationCanceledException(cancellation);
            }
        }

        length = 0;
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Nothing: sending waits, and is done by <see cref="SendAsync"/>.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
            length = 0;
        }

        base.Dispose(disposing);
    }
}
