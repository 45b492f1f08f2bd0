using System.Buffers.Binary;
using System.Text;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>The bytes of one FlatBuffers message. Every position is checked before it is read.</summary>
/// <remarks>
/// Parts of a message may be shared, so a few bytes could stand for any number of tables. What is read is therefore
/// counted, and a message that reads as more than <see cref="MostReading"/> times its bytes is refused.
/// </remarks>
internal sealed class FlatBufferReader(byte[] bytes, ForeignPlace place)
{
    private const int MostReading = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private long unread = Math.Max(1024, (long)bytes.Length * MostReading);

    /// <summary>Where the message is.</summary>
    public ForeignPlace Place { get; } = place;

    /// <summary>Bytes of the message.</summary>
    public int Length => bytes.Length;

    /// <summary>The message's first table.</summary>
    public FlatBufferTable Root() => Table(0);

    // Table: i32 distance back to its vtable, then its fields.
    // Vtable: u16 bytes of the vtable, u16 bytes of the table, then one u16 for each field: its distance from the start
    // of the table, or 0 for a field that has its default. Fields of other length refer to them by an u32 distance.
    internal FlatBufferTable Table(long reference)
    {
        var start = Follow(reference);
        var vtable = start - Int32(start);
        var vtableBytes = UInt16(vtable);
        var tableBytes = UInt16(vtable + 2);
        Count(vtableBytes + tableBytes);
        if (vtableBytes < 4 || tableBytes < 4 || vtableBytes % 2 != 0)
        {
            throw Place.Refuse($"a table of {tableBytes} bytes with a description of {vtableBytes}", "4 or more each, in a FlatBuffers message");
        }

        Check(vtable, vtableBytes);
        Check(start, tableBytes);
        return new FlatBufferTable(this, start, vtable, vtableBytes, tableBytes);
    }

    internal FlatBufferVector Vector(long reference, int elementBytes)
    {
        var start = Follow(reference);
        var count = (uint)Int32(start);
        Check(start + 4, count * (long)elementBytes);
        Count(4 + (count * (long)elementBytes));
        return new FlatBufferVector(this, start + 4, (int)count, elementBytes);
    }

    internal string Text(long reference)
    {
        var text = Vector(reference, 1);
        try
        {
            return StrictUtf8.GetString(bytes, (int)text.Start, text.Count);
        }
        catch (DecoderFallbackException)
        {
            throw Place.Refuse("a name that is not UTF-8", "UTF-8");
        }
    }

    internal byte Byte(long position) => Part(position, 1)[0];

    internal ushort UInt16(long position) => BinaryPrimitives.ReadUInt16LittleEndian(Part(position, 2));

    internal int Int32(long position) => BinaryPrimitives.ReadInt32LittleEndian(Part(position, 4));

    internal long Int64(long position) => BinaryPrimitives.ReadInt64LittleEndian(Part(position, 8));

    private long Follow(long reference) => reference + (uint)Int32(reference);

    private ReadOnlySpan<byte> Part(long position, int length)
    {
        Check(position, length);
        return bytes.AsSpan((int)position, length);
    }

    private void Check(long position, long length)
    {
        if (position < 0 || length > bytes.Length - position)
        {
            throw Place.Refuse($"a reference to {length} bytes at {position} in a message of {bytes.Length}", "a reference inside of the message");
        }
    }

    private void Count(long read)
    {
        unread -= read;
        if (unread < 0)
        {
            throw Place.Refuse($"a message of {bytes.Length} bytes whose parts overlap", "parts of their own");
        }
    }
}

/// <summary>One table of a message: numbered fields, each of which may be absent.</summary>
internal readonly struct FlatBufferTable(FlatBufferReader reader, long start, long vtable, int vtableBytes, int tableBytes)
{
    /// <summary>Where the message is.</summary>
    public ForeignPlace Place => reader.Place;

    public bool Bool(int field, bool absent = false) => Find(field, 1) is { } at ? reader.Byte(at) != 0 : absent;

    public byte Byte(int field) => Find(field, 1) is { } at ? reader.Byte(at) : (byte)0;

    public short Int16(int field, short absent = 0) => Find(field, 2) is { } at ? (short)reader.UInt16(at) : absent;

    public int Int32(int field, int absent = 0) => Find(field, 4) is { } at ? reader.Int32(at) : absent;

    public long Int64(int field) => Find(field, 8) is { } at ? reader.Int64(at) : 0;

    public string? Text(int field) => Find(field, 4) is { } at ? reader.Text(at) : null;

    public FlatBufferTable? Table(int field) => Find(field, 4) is { } at ? reader.Table(at) : null;

    /// <summary>A vector; empty where it is absent.</summary>
    public FlatBufferVector Vector(int field, int elementBytes) => Find(field, 4) is { } at ? reader.Vector(at, elementBytes) : default;

    /// <summary>A table that must be there.</summary>
    public FlatBufferTable Required(int field, string what) =>
        Table(field) ?? throw Place.Refuse($"a message without {what}", "one with it");

    private long? Find(int field, int length)
    {
        var slot = 4 + (field * 2);
        var offset = slot + 2 <= vtableBytes ? reader.UInt16(vtable + slot) : 0;
        return offset == 0 ? null
            : offset >= 4 && offset + length <= tableBytes ? start + offset
            : throw Place.Refuse($"field {field} at byte {offset} of a table of {tableBytes} bytes", "a field inside of its table");
    }
}

/// <summary>Elements of one length in a message.</summary>
internal readonly struct FlatBufferVector(FlatBufferReader reader, long start, int count, int elementBytes)
{
    public int Count => count;

    public long Start => start;

    public FlatBufferTable Table(int index) => reader.Table(start + ((long)index * elementBytes));

    /// <summary>A 64-bit field of a structure.</summary>
    public long Int64(int index, int offset = 0) => reader.Int64(start + ((long)index * elementBytes) + offset);

    /// <summary>A 32-bit field of a structure.</summary>
    public int Int32(int index, int offset) => reader.Int32(start + ((long)index * elementBytes) + offset);
}
