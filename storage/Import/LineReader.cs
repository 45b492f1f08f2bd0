namespace Analytics.Storage.Import;

/// <summary>Cuts a stream of bytes into lines, at LF or CR LF, without holding more than one line of bounded length.</summary>
/// <param name="stream">The bytes; not closed here.</param>
/// <param name="isQuoted">Whether a line break between double quotes belongs to the line, as in CSV.</param>
/// <param name="onRead">Told the number of lines so far whenever bytes were read.</param>
internal sealed class LineReader(Stream stream, bool isQuoted, Action<long>? onRead = null)
{
    /// <summary>Bytes of the longest line that is read.</summary>
    public const int MaxLineBytes = 1 << 20;

    private const int ReadBytes = 1 << 16;

    // buffer[start..end] is what was read and not yet passed on; buffer[start..scanned] has no end of a line in it.
    private byte[] buffer = new byte[ReadBytes];
    private int start;
    private int scanned;
    private int end;
    private int length;
    private bool isTooLong;
    private bool isInQuotes;
    private bool isFirst = true;
    private bool isComplete;
    private long nextNumber = 1;

    /// <summary>Number of the line that <see cref="Line"/> started on, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The line without its end; valid until the next call.</summary>
    public ReadOnlySpan<byte> Line => buffer.AsSpan(start, length);

    /// <summary>Whether the line was longer than <see cref="MaxLineBytes"/>. It was skipped, and <see cref="Line"/> holds its start.</summary>
    public bool IsTooLong => isTooLong;

    /// <summary>Moves to the next line.</summary>
    /// <param name="cancellation">Ends the wait for bytes.</param>
    /// <returns>False at the end of the stream.</returns>
    public ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        start = scanned;
        (isTooLong, isInQuotes) = (false, false);
        Number = nextNumber;

        // Nearly always the next line is in the buffer, and no task is needed.
        return TryFindEnd() ? new ValueTask<bool>(true) : ReadOnAsync(cancellation);
    }

    private async ValueTask<bool> ReadOnAsync(CancellationToken cancellation)
    {
        while (!isComplete)
        {
            MakeRoom();
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellation).ConfigureAwait(false);
            end += read;
            isComplete = read == 0;
            onRead?.Invoke(nextNumber - 1);
            if (TryFindEnd())
            {
                return true;
            }
        }

        // A file need not end with a line break.
        var hasLast = end > start || isTooLong;
        nextNumber += hasLast ? 1 : 0;
        Finish(end);
        return hasLast;
    }

    private bool TryFindEnd()
    {
        while (scanned < end)
        {
            var rest = buffer.AsSpan(scanned, end - scanned);
            var stop = isQuoted ? rest.IndexOfAny((byte)'\n', (byte)'"') : rest.IndexOf((byte)'\n');
            if (stop < 0)
            {
                scanned = end;
                return false;
            }

            scanned += stop + 1;
            if (rest[stop] == '"')
            {
                isInQuotes = !isInQuotes;
                continue;
            }

            nextNumber++;
            if (!isInQuotes)
            {
                Finish(scanned - 1);
                return true;
            }
        }

        return false;
    }

    private void MakeRoom()
    {
        // Of a line that is too long only the start is kept.
        if (end - start > MaxLineBytes)
        {
            isTooLong = true;
            end = start + MaxLineBytes;
        }

        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        scanned = end;
        if (buffer.Length - end < ReadBytes / 2)
        {
            Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MaxLineBytes + ReadBytes));
        }
    }

    private void Finish(int lineEnd)
    {
        length = lineEnd - start;
        if (length > MaxLineBytes)
        {
            (isTooLong, length) = (true, MaxLineBytes);
        }

        if (length > 0 && buffer[start + length - 1] == '\r')
        {
            length--;
        }

        // Spreadsheets put a byte order mark before the first line.
        if (isFirst && Line.StartsWith("\uFEFF"u8))
        {
            start += 3;
            length -= 3;
        }

        isFirst = false;
    }
}
