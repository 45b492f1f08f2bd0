namespace Analytics.Storage.Compression;

/// <summary>Decodes the literals section of a Zstandard block (RFC 8878, 3.1.1.3.1): the bytes that its sequences do not copy.</summary>
internal sealed unsafe class ZstdLiterals
{
    private const int Raw = 0;
    private const int RepeatedByte = 1;
    private const int Compressed = 2;
    private const int MinOfFourStreams = 6;

    // Never moved, so that Start may point into it.
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(Zstd.MaxBlockBytes + Copies.Slack, pinned: true);
    private readonly HuffmanTable table = new();
    private bool hasTable;

    /// <summary>The literals, with <see cref="Copies.Slack"/> bytes behind them that may be read. Valid until the next block.</summary>
    public byte* Start { get; private set; }

    /// <summary>Bytes from <see cref="Start"/>.</summary>
    public int Length { get; private set; }

    /// <summary>Forgets the table, as each frame begins without one.</summary>
    public void Reset() => hasTable = false;

    /// <summary>Decodes the section.</summary>
    /// <param name="source">The block, which the section begins. It is fixed.</param>
    /// <param name="behind">Bytes that may be read behind the block.</param>
    /// <param name="maxLength">No block of the frame is larger.</param>
    /// <returns>Bytes of the section.</returns>
    /// <exception cref="MalformedDataException">The section is damaged.</exception>
    public int Read(ReadOnlySpan<byte> source, int behind, int maxLength)
    {
        var type = source.IsEmpty ? throw CutOff() : source[0] & 3;
        return type is Raw or RepeatedByte ? ReadPlain(source, behind, maxLength, type) : ReadHuffman(source, maxLength, type);
    }

    private int ReadPlain(ReadOnlySpan<byte> source, int behind, int maxLength, int type)
    {
        var format = (source[0] >> 2) & 3;
        var header = format switch { 1 => 2, 3 => 3, _ => 1 };
        SetLength(Number(source, header) >> (header == 1 ? 3 : 4), maxLength);
        var bytes = type == Raw ? Length : 1;
        if (bytes > source.Length - header)
        {
            throw CutOff();
        }

        var body = source.Slice(header, bytes);
        if (type == RepeatedByte)
        {
            buffer.AsSpan(0, Length).Fill(body[0]);
        }
        else if (source.Length - header - bytes + behind >= Copies.Slack)
        {
            fixed (byte* start = source)
            {
                Start = start + header;
                return header + bytes;
            }
        }
        else
        {
            body.CopyTo(buffer);
        }

        return header + bytes;
    }

    private int ReadHuffman(ReadOnlySpan<byte> source, int maxLength, int type)
    {
        var format = (source[0] >> 2) & 3;
        var (header, bits) = format switch { 2 => (4, 14), 3 => (5, 18), _ => (3, 10) };
        var sizes = Number(source, header) >> 4;
        SetLength(sizes & ((1ul << bits) - 1), maxLength);
        var bytes = (int)(sizes >> bits);
        if (bytes > source.Length - header)
        {
            throw CutOff();
        }

        var body = source.Slice(header, bytes);
        if (type == Compressed)
        {
            hasTable = false;
            body = body[table.Read(body)..];
            hasTable = true;
        }
        else if (!hasTable)
        {
            throw new MalformedDataException("literals with the Huffman table of the block before", "a table, as no block before has one");
        }

        Decode(body, format == 0);
        return header + bytes;
    }

    private void Decode(ReadOnlySpan<byte> streams, bool single)
    {
        fixed (byte* input = streams)
        {
            if (single)
            {
                table.DecodeOne(input, streams.Length, Start, Length);
            }
            else if (Length < MinOfFourStreams)
            {
                throw new MalformedDataException($"{Length} literals in four streams", $"{MinOfFourStreams} or more");
            }
            else
            {
                table.DecodeFour(input, streams.Length, Start, Length);
            }
        }
    }

    private void SetLength(ulong length, int maxLength)
    {
        if (length > (ulong)maxLength)
        {
            throw new MalformedDataException($"{length} literals in a Zstandard block", $"at most {maxLength}");
        }

        fixed (byte* start = buffer)
        {
            Start = start;
        }

        Length = (int)length;
    }

    private static ulong Number(ReadOnlySpan<byte> source, int bytes)
    {
        if (bytes > source.Length)
        {
            throw CutOff();
        }

        var value = 0ul;
        for (var i = 0; i < bytes; i++)
        {
            value |= (ulong)source[i] << (8 * i);
        }

        return value;
    }

    private static MalformedDataException CutOff() => new("the end of a Zstandard block in its literals", "the rest of them");
}
