using System.Buffers.Binary;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Reads record batches in Arrow's file format, in any order.</summary>
/// <remarks>The promises and limits are those of <see cref="ArrowStreamReader"/>. For one thread at a time.</remarks>
public sealed class ArrowFileReader
{
    // ARROW1 and two zeros; messages as in a stream; footer; i32 length of the footer; ARROW1.
    private const int HeadBytes = 8;
    private const int TailBytes = 10;

    private readonly IpcInput input;
    private readonly IpcReader reader;
    private readonly IReadOnlyList<Block> dictionaries;
    private readonly IReadOnlyList<Block> batches;
    private bool hasDictionaries;

    private ArrowFileReader(IpcInput input, IpcReader reader, IReadOnlyList<Block> dictionaries, IReadOnlyList<Block> batches)
    {
        this.input = input;
        this.reader = reader;
        this.dictionaries = dictionaries;
        this.batches = batches;
    }

    /// <summary>The columns, without the skipped ones.</summary>
    public Schema Schema => reader.Schema.Schema;

    /// <summary>The columns that are left out.</summary>
    public IReadOnlyList<SkippedColumn> Skipped => reader.Schema.Skipped;

    /// <summary>Number of batches.</summary>
    public int BatchCount => batches.Count;

    /// <summary>Reads and checks the footer.</summary>
    /// <param name="stream">One that can seek, at the start of the file, which reaches to its end; not disposed.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    /// <exception cref="ArrowFormatException">The data are damaged, or of a form that is not supported.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public static ArrowFileReader Open(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
        {
            throw new ArgumentException("The stream cannot seek. Read it as a stream, or copy it first.", nameof(stream));
        }

        var length = stream.Length - stream.Position;
        var input = new IpcInput(stream, name);
        var place = input.Place;
        if (length < HeadBytes + TailBytes)
        {
            throw place.Refuse($"{length} bytes", $"an Arrow file, which has {HeadBytes + TailBytes} at least");
        }

        if (!input.Bytes(IpcFormat.Magic.Length, place).AsSpan().SequenceEqual(IpcFormat.Magic))
        {
            throw place.Refuse($"{length} bytes that do not start with ARROW1", "an Arrow file", "If it is an Arrow stream, it has to be read as one.");
        }

        input.Seek(length - TailBytes);
        place = input.Place;
        var tail = input.Bytes(TailBytes, place);
        var footerLength = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (!tail.AsSpan(4).SequenceEqual(IpcFormat.Magic) || footerLength <= 0 || footerLength > length - HeadBytes - TailBytes)
        {
            throw place.Refuse($"a footer of {footerLength} bytes, not followed by ARROW1 at the end", "the end of an Arrow file");
        }

        var footerStart = length - TailBytes - footerLength;
        input.Seek(footerStart);
        place = input.Place;

        // Footer: 0 version, 1 schema, 2 dictionaries, 3 recordBatches.
        var footer = new FlatBufferReader(input.Bytes(footerLength, place), place).Root();
        var version = footer.Int16(0);
        var schema = IpcSchema.Read(footer.Required(1, "a schema"), version);
        var dictionaries = Blocks(footer.Vector(2, 24), footerStart, place);
        var batches = Blocks(footer.Vector(3, 24), footerStart, place);
        CheckApart([.. dictionaries, .. batches], place);
        return new ArrowFileReader(input, new IpcReader(schema, place), dictionaries, batches);
    }

    /// <summary>Reads one batch.</summary>
    /// <param name="index">0 to <see cref="BatchCount"/> - 1.</param>
    /// <exception cref="ArrowFormatException">The data are damaged, or of a form that is not supported.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public RecordBatch Batch(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)batches.Count);
        if (!hasDictionaries)
        {
            HashSet<long> seen = [];
            foreach (var block in dictionaries)
            {
                reader.Dictionary(Message(block, IpcMessageKind.DictionaryBatch), seen);
            }

            hasDictionaries = true;
        }

        return reader.Batch(Message(batches[index], IpcMessageKind.RecordBatch));
    }

    private IpcMessage Message(Block block, IpcMessageKind kind)
    {
        input.Seek(block.Offset);
        var place = input.Place;
        var message = input.Next();
        return message is not null && message.Kind == kind && message.SizeBytes <= block.MetadataBytes && message.Body.LengthBytes <= block.BodyBytes
            ? message
            : throw place.Refuse(
                message is null ? "the end" : $"a {message.Kind} of {message.SizeBytes} and {message.Body.LengthBytes} bytes",
                $"a {kind} of {block.MetadataBytes} and {block.BodyBytes} bytes, as the footer says");
    }

    // Block: i64 offset, i32 bytes of the message, 4 unused, i64 bytes of the body.
    private static List<Block> Blocks(FlatBufferVector vector, long end, ForeignPlace place)
    {
        List<Block> blocks = [];
        for (var i = 0; i < vector.Count; i++)
        {
            var block = new Block(vector.Int64(i), vector.Int32(i, 8), vector.Int64(i, 16));
            if (block.Offset < HeadBytes || block.MetadataBytes <= 0 || block.BodyBytes < 0
                || block.Offset > end || block.BodyBytes > end || block.End > end)
            {
                throw place.Refuse($"a block of {block.MetadataBytes} and {block.BodyBytes} bytes at {block.Offset}", $"one between {HeadBytes} and {end}, where the footer starts");
            }

            blocks.Add(block);
        }

        return blocks;
    }

    // A small file whose footer names one dictionary over and over would else take any amount of memory.
    private static void CheckApart(List<Block> blocks, ForeignPlace place)
    {
        blocks.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        for (var i = 1; i < blocks.Count; i++)
        {
            if (blocks[i].Offset < blocks[i - 1].End)
            {
                throw place.Refuse($"a block at {blocks[i].Offset} inside of another that ends at {blocks[i - 1].End}", "blocks apart");
            }
        }
    }

    private readonly record struct Block(long Offset, int MetadataBytes, long BodyBytes)
    {
        public long End => Offset + MetadataBytes + BodyBytes;
    }
}
