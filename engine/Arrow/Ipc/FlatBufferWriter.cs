using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>A FlatBuffers table to be written: numbered fields, those that are not set have their defaults.</summary>
/// <remarks>Messages are small trees, so they are built as trees and laid out front to back, in the order of the fields.</remarks>
internal sealed class FlatBufferWriter
{
    private readonly SortedList<int, (byte[]? Value, Reference? Reference)> fields = [];

    private delegate int Reference(Output output);

    public FlatBufferWriter Bool(int field, bool value) => Byte(field, (byte)(value ? 1 : 0));

    public FlatBufferWriter Byte(int field, byte value) => Set(field, [value]);

    public FlatBufferWriter Int16(int field, short value) => Set(field, BitConverter.GetBytes(value));

    public FlatBufferWriter Int32(int field, int value) => Set(field, BitConverter.GetBytes(value));

    public FlatBufferWriter Int64(int field, long value) => Set(field, BitConverter.GetBytes(value));

    public FlatBufferWriter Text(int field, string value) => Set(field, output => output.Vector(Encoding.UTF8.GetBytes(value), 1, isText: true));

    public FlatBufferWriter Table(int field, FlatBufferWriter value) => Set(field, value.Write);

    public FlatBufferWriter Tables(int field, IReadOnlyList<FlatBufferWriter> values) => Set(field, output =>
    {
        var start = output.Vector(new byte[values.Count * 4], 4, elementBytes: 4);
        for (var i = 0; i < values.Count; i++)
        {
            output.Refer(start + 4 + (i * 4), values[i].Write(output));
        }

        return start;
    });

    /// <summary>Structures of 64-bit fields.</summary>
    public FlatBufferWriter Structs(int field, ReadOnlySpan<long> values, int perElement)
    {
        var bytes = new byte[values.Length * 8];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), values[i]);
        }

        return Set(field, output => output.Vector(bytes, 8, elementBytes: perElement * 8));
    }

    /// <summary>The message with this table as its first.</summary>
    public byte[] ToBytes()
    {
        var output = new Output();
        output.Add(new byte[4], 4);
        output.Refer(0, Write(output));
        return output.ToBytes();
    }

    private FlatBufferWriter Set(int field, byte[] value)
    {
        fields.Add(field, (value, null));
        return this;
    }

    private FlatBufferWriter Set(int field, Reference reference)
    {
        fields.Add(field, (null, reference));
        return this;
    }

    // See FlatBufferReader.Table for the layout. Tables start at a multiple of 8, so that their fields can be aligned.
    private int Write(Output output)
    {
        var vtable = new byte[4 + (fields.Count == 0 ? 0 : (fields.Keys[^1] + 1) * 2)];
        var size = 4;
        foreach (var (field, (value, _)) in fields)
        {
            var length = value?.Length ?? 4;
            size = (size + length - 1) / length * length;
            BinaryPrimitives.WriteUInt16LittleEndian(vtable.AsSpan(4 + (field * 2)), (ushort)size);
            size += length;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(vtable, (ushort)vtable.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(vtable.AsSpan(2), (ushort)size);
        var description = output.Add(vtable, 2);
        var start = output.Add(new byte[size], 8);
        output.Set(start, start - description);
        foreach (var (field, (value, reference)) in fields)
        {
            var at = start + BinaryPrimitives.ReadUInt16LittleEndian(vtable.AsSpan(4 + (field * 2)));
            if (value is not null)
            {
                output.Set(at, value);
            }
            else
            {
                output.Refer(at, reference!(output));
            }
        }

        return start;
    }

    private sealed class Output
    {
        private readonly List<byte> bytes = [];

        public int Add(byte[] value, int alignment)
        {
            while (bytes.Count % alignment != 0)
            {
                bytes.Add(0);
            }

            bytes.AddRange(value);
            return bytes.Count - value.Length;
        }

        // u32 count, then the elements, which are aligned; a text is closed by a zero.
        public int Vector(byte[] elements, int alignment, int elementBytes = 1, bool isText = false)
        {
            while ((bytes.Count + 4) % Math.Max(4, alignment) != 0)
            {
                bytes.Add(0);
            }

            var start = Add(BitConverter.GetBytes(elements.Length / elementBytes), 4);
            bytes.AddRange(elements);
            if (isText)
            {
                bytes.Add(0);
            }

            return start;
        }

        public void Refer(int at, int target) => Set(at, target - at);

        public void Set(int at, int value) => Set(at, BitConverter.GetBytes(value));

        public void Set(int at, byte[] value) => value.CopyTo(CollectionsMarshal.AsSpan(bytes)[at..]);

        public byte[] ToBytes() => [.. bytes];
    }
}
