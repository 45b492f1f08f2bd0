using System.Buffers;
using System.IO.Pipelines;

namespace Analytics.Storage.Import;

/// <summary>Cuts a stream of bytes into lines, at LF or CR LF, without holding more than one line of bounded length.</summary>
/// <param name="reader">The bytes.</param>
/// <param name="isQuoted">Whether a line break between double quotes belongs to the line, as in CSV.</param>
internal sealed class LineReader(PipeReader reader, bool isQuoted)
{
    /// <summary>Bytes of the longest line that is read.</summary>
    public const int MaxLineBytes = 1 << 20;

    private byte[] line = new byte[4096];
    private int length;
    private bool isTooLong;
    private bool isInQuotes;
    private bool isFirst = true;
    private bool isComplete;
    private long nextNumber = 1;

    /// <summary>Number of the line that <see cref="Line"/> started on, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The line without its end; valid until the next call.</summary>
    public ReadOnlySpan<byte> Line => line.AsSpan(0, length);

    /// <summary>Whether the line was longer than <see cref="MaxLineBytes"/>. It was skipped, and <see cref="Line"/> holds its start.</summary>
    public bool IsTooLong => isTooLong;

    /// <summary>Moves to the next line.</summary>
    /// <param name="cancellation">Ends the wait for bytes.</param>
    /// <returns>False at the end of the stream.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        (length, isTooLong, isInQuotes) = (0, false, false);
        Number = nextNumber;
        while (!isComplete)
        {
            var result = await reader.ReadAsync(cancellation).ConfigureAwait(false);
            var isEnded = Take(result.Buffer, out var consumed);
            reader.AdvanceTo(consumed, isEnded ? consumed : result.Buffer.End);
            if (isEnded)
            {
                Trim();
                return true;
            }

            isComplete = result.IsCompleted;
        }

        // A file need not end with a line break.
        var hasLast = length > 0 || isTooLong;
        Trim();
        return hasLast;
    }

    /// <summary>Copies bytes up to a line's end; true if the end is there.</summary>
    private bool Take(ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        long taken = 0;
        foreach (var segment in buffer)
        {
            var span = segment.Span;
            while (!span.IsEmpty)
            {
                var stop = isQuoted ? span.IndexOfAny((byte)'\n', (byte)'"') : span.IndexOf((byte)'\n');
                if (stop < 0)
                {
                    Append(span);
                    taken += span.Length;
                    break;
                }

                Append(span[..stop]);
                taken += stop + 1;
                var isBreak = span[stop] == '\n';
                nextNumber += isBreak ? 1 : 0;
                if (isBreak && !isInQuotes)
                {
                    consumed = buffer.GetPosition(taken);
                    return true;
                }

                isInQuotes ^= !isBreak;
                Append(span.Slice(stop, 1));
                span = span[(stop + 1)..];
            }
        }

        consumed = buffer.End;
        return false;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var room = MaxLineBytes - length;
        if (bytes.Length > room)
        {
            isTooLong = true;
            bytes = bytes[..room];
        }

        if (line.Length < length + bytes.Length)
        {
            Array.Resize(ref line, Math.Max(line.Length * 2, length + bytes.Length));
        }

        bytes.CopyTo(line.AsSpan(length));
        length += bytes.Length;
    }

    private void Trim()
    {
        if (length > 0 && line[length - 1] == '\r')
        {
            length--;
        }

        // Spreadsheets put a byte order mark before the first line.
        if (isFirst && Line.StartsWith("\uFEFF"u8))
        {
            line.AsSpan(3, length - 3).CopyTo(line);
            length -= 3;
        }

        isFirst = false;
    }
}
