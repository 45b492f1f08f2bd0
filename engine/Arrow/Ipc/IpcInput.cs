using System.Buffers.Binary;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>One message with its body.</summary>
/// <param name="Kind">What it holds; other numbers than those of the enumeration have been refused.</param>
/// <param name="Header">The table of that kind.</param>
/// <param name="Version">The version of the metadata.</param>
/// <param name="Body">The buffers.</param>
/// <param name="SizeBytes">Bytes of the message before its body.</param>
/// <param name="Place">Where it is.</param>
internal sealed record IpcMessage(IpcMessageKind Kind, FlatBufferTable Header, short Version, NativeBuffer Body, long SizeBytes, ForeignPlace Place);

/// <summary>Reads messages off a stream.</summary>
/// <remarks>A length that the stream claims is believed step by step, as the bytes arrive, or where the stream knows its own length.</remarks>
internal sealed class IpcInput(Stream stream, string name)
{
    private const int FirstStepBytes = 64 * 1024;

    private readonly long origin = stream.CanSeek ? stream.Position : 0;

    /// <summary>Bytes since the stream was handed over.</summary>
    public long Position { get; private set; }

    /// <summary>Whether the mark that ends a stream was read.</summary>
    public bool HasEndMarker { get; private set; }

    /// <summary>Where the next bytes are.</summary>
    public ForeignPlace Place => new(name, Position);

    /// <summary>Goes to a position; of a stream that can.</summary>
    public void Seek(long position)
    {
        stream.Position = origin + position;
        Position = position;
    }

    /// <summary>The next message, or null after the last.</summary>
    // i32 -1, i32 bytes of the metadata (0 at the end), metadata padded to that, body. Before Arrow 0.15 without the -1.
    public IpcMessage? Next()
    {
        var place = Place;
        var word = new byte[4];
        var got = stream.ReadAtLeast(word, 4, throwOnEndOfStream: false);
        Position += got;
        if (got == 0)
        {
            return null;
        }

        if (got < 4)
        {
            throw Ended(place, 4, got);
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(word);
        if (length == IpcFormat.Continuation)
        {
            length = BinaryPrimitives.ReadInt32LittleEndian(Bytes(4, place));
        }
        else if (word.AsSpan().SequenceEqual(IpcFormat.Magic[..4]))
        {
            throw place.Refuse("the start of an Arrow file", "an Arrow stream", $"Read it with {nameof(ArrowFileReader)}.");
        }

        if (length == 0)
        {
            HasEndMarker = true;
            return null;
        }

        if (length < 0)
        {
            throw place.Refuse($"a message of {length} bytes", "a positive size");
        }

        var root = new FlatBufferReader(Bytes(length, place), place).Root();
        var version = root.Int16(0);
        if (version is not (IpcFormat.Version or IpcFormat.Version4))
        {
            throw place.Refuse($"metadata of version V{version + 1}", "V4 or V5", "Write it with Arrow 0.8 or later.");
        }

        var kind = (IpcMessageKind)root.Byte(1);
        if (kind is not (IpcMessageKind.Schema or IpcMessageKind.DictionaryBatch or IpcMessageKind.RecordBatch))
        {
            throw place.Refuse($"a message of kind {(byte)kind}", "a schema, dictionary batch or record batch");
        }

        var header = root.Required(2, "a header");
        var bodyLength = place.Size(root.Int64(3), "a body of length");
        var size = Position - place.Offset!.Value;
        return new IpcMessage(kind, header, version, Block(bodyLength, place), size, place);
    }

    /// <summary>Some bytes.</summary>
    public byte[] Bytes(int length, ForeignPlace place)
    {
        var bytes = new byte[FirstStep(length, place)];
        Fill(bytes, length, place);
        while (bytes.Length < length)
        {
            var had = bytes.Length;
            Array.Resize(ref bytes, NextStep(had, length));
            Fill(bytes.AsSpan(had), length, place);
        }

        return bytes;
    }

    private NativeBuffer Block(int length, ForeignPlace place)
    {
        var block = NativeBuffer.Create<byte, int>(FirstStep(length, place), length, (target, all) => Fill(target, all, place));
        while (block.LengthBytes < length)
        {
            var shorter = block;
            block = NativeBuffer.Create<byte, NativeBuffer>(NextStep(shorter.LengthBytes, length), shorter, (target, had) =>
            {
                had.Span<byte>().CopyTo(target);
                Fill(target[had.LengthBytes..], length, place);
            });
            shorter.Dispose();
        }

        return block;
    }

    private int FirstStep(int length, ForeignPlace place)
    {
        if (!stream.CanSeek)
        {
            return Math.Min(length, FirstStepBytes);
        }

        var rest = stream.Length - stream.Position;
        return length <= rest ? length : throw Ended(place, length, rest);
    }

    private static int NextStep(int had, int length) => (int)Math.Min(length, had * 2L);

    private void Fill(Span<byte> target, int all, ForeignPlace place)
    {
        var got = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        Position += got;
        if (got < target.Length)
        {
            throw Ended(place, all, got);
        }
    }

    private static ArrowFormatException Ended(ForeignPlace place, long length, long got) =>
        place.Refuse($"the end after {got} of {length} bytes of a part", "the rest of the message");
}
