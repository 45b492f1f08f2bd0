using System.Buffers;
using System.Text;

namespace Analytics.Storage.Parquet;

/// <summary>Writes Thrift's compact protocol. Fields of a struct come in ascending order of their ids.</summary>
internal sealed class ThriftCompactWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Stack<short> outerFields = new();
    private short lastField;

    /// <summary>All bytes so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => buffer.WrittenSpan;

    /// <summary>Starts anew.</summary>
    public void Clear() => buffer.ResetWrittenCount();

    /// <summary>Enters the outermost struct or an element of a list.</summary>
    public void BeginStruct()
    {
        outerFields.Push(lastField);
        lastField = 0;
    }

    /// <summary>Enters a struct that is a field.</summary>
    public void BeginStruct(short id)
    {
        Header(id, ThriftType.Struct);
        BeginStruct();
    }

    public void EndStruct()
    {
        Byte(0);
        lastField = outerFields.Pop();
    }

    public void Bool(short id, bool value) => Header(id, value ? ThriftType.True : ThriftType.False);

    public void Int8(short id, sbyte value)
    {
        Header(id, ThriftType.Int8);
        Byte((byte)value);
    }

    public void Int32(short id, int value)
    {
        Header(id, ThriftType.Int32);
        ZigZag(value);
    }

    public void Int64(short id, long value)
    {
        Header(id, ThriftType.Int64);
        ZigZag(value);
    }

    public void Binary(short id, ReadOnlySpan<byte> value)
    {
        Header(id, ThriftType.Binary);
        BinaryElement(value);
    }

    public void Text(short id, string value) => Binary(id, Encoding.UTF8.GetBytes(value));

    /// <summary>Begins a list; exactly <paramref name="count"/> elements follow.</summary>
    public void List(short id, ThriftType element, int count)
    {
        Header(id, ThriftType.List);
        if (count < 15)
        {
            Byte((byte)((count << 4) | (int)element));
        }
        else
        {
            Byte((byte)(0xF0 | (int)element));
            Varint((ulong)count);
        }
    }

    public void Int32Element(int value) => ZigZag(value);

    public void Int64Element(long value) => ZigZag(value);

    public void BoolElement(bool value) => Byte((byte)(value ? ThriftType.True : ThriftType.False));

    public void TextElement(string value) => BinaryElement(Encoding.UTF8.GetBytes(value));

    public void BinaryElement(ReadOnlySpan<byte> value)
    {
        Varint((ulong)value.Length);
        buffer.Write(value);
    }

    private void Header(short id, ThriftType type)
    {
        var delta = id - lastField;
        if (delta is > 0 and <= 15)
        {
            Byte((byte)((delta << 4) | (int)type));
        }
        else
        {
            Byte((byte)type);
            ZigZag(id);
        }

        lastField = id;
    }

    private void ZigZag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }
}
