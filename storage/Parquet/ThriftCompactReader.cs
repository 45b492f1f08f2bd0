using System.Text;

namespace Analytics.Storage.Parquet;

/// <summary>Reads Thrift's compact protocol from bytes that may be hostile.</summary>
/// <remarks>
/// A struct is read as <c>for (var id = reader.BeginStruct(); reader.NextField(ref id, out var type);)</c>, and each
/// field either by the method of its type or by <see cref="Skip"/>. No size is believed before the bytes for it are
/// there: an element takes at least one byte. Every error is a <see cref="MalformedDataException"/>.
/// </remarks>
internal ref struct ThriftCompactReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 32;
    private const int MaxVarintBytes = 10;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int depth;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => bytes.Length - Position;

    /// <summary>Enters a struct.</summary>
    /// <returns>The field id to start from.</returns>
    public short BeginStruct()
    {
        Descend();
        return 0;
    }

    /// <summary>Reads the next field's header; leaves the struct at its end.</summary>
    /// <param name="id">In: the field before. Out: this field.</param>
    /// <param name="type">Type of the value, which comes next.</param>
    /// <returns>False at the end of the struct.</returns>
    public bool NextField(ref short id, out ThriftType type)
    {
        var header = Byte();
        type = (ThriftType)(header & 0x0F);
        if (header == 0)
        {
            depth--;
            return false;
        }

        var delta = header >> 4;
        var next = delta == 0 ? ZigZag() : id + delta;
        if (next is < short.MinValue or > short.MaxValue)
        {
            throw new MalformedDataException($"Thrift field id {next}", "a 16-bit id");
        }

        id = (short)next;
        return true;
    }

    public static bool Bool(ThriftType type) => type switch
    {
        ThriftType.True => true,
        ThriftType.False => false,
        _ => throw Mismatch(type, "a boolean"),
    };

    public sbyte Int8(ThriftType type)
    {
        Expect(type, ThriftType.Int8);
        return (sbyte)Byte();
    }

    public int Int32(ThriftType type)
    {
        Expect(type, ThriftType.Int32);
        var value = ZigZag();
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new MalformedDataException($"Thrift value {value}", "a 32-bit integer");
    }

    public long Int64(ThriftType type)
    {
        Expect(type, ThriftType.Int64);
        return ZigZag();
    }

    public ReadOnlySpan<byte> Binary(ThriftType type)
    {
        Expect(type, ThriftType.Binary);
        return Take(Size(elementBytes: 1));
    }

    public string Text(ThriftType type) => Text(Binary(type));

    public static string Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedDataException("a text that is not UTF-8", "UTF-8");
        }
    }

    /// <summary>Reads a list's header.</summary>
    /// <returns>Number of elements, which come next; never more than there are bytes.</returns>
    public int List(ThriftType type, ThriftType expectedElement)
    {
        Expect(type, ThriftType.List);
        var count = ListHeader(out var element);
        if (count > 0)
        {
            Expect(element, expectedElement);
        }

        return count;
    }

    /// <summary>Passes over a field's value, whatever its type.</summary>
    public void Skip(ThriftType type)
    {
        if (type is not (ThriftType.True or ThriftType.False))
        {
            SkipElement(type);
        }
    }

    private void SkipElement(ThriftType type)
    {
        switch (type)
        {
            // Inside of lists and maps a boolean takes a byte.
            case ThriftType.True or ThriftType.False or ThriftType.Int8:
                _ = Take(1);
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                _ = Varint();
                break;
            case ThriftType.Double:
                _ = Take(8);
                break;
            case ThriftType.Uuid:
                _ = Take(16);
                break;
            case ThriftType.Binary:
                _ = Take(Size(elementBytes: 1));
                break;
            case ThriftType.List or ThriftType.Set:
                SkipList();
                break;
            case ThriftType.Map:
                SkipMap();
                break;
            case ThriftType.Struct:
                for (var id = BeginStruct(); NextField(ref id, out var field);)
                {
                    Skip(field);
                }

                break;
            default:
                throw Mismatch(type, "a known type");
        }
    }

    private void SkipList()
    {
        Descend();
        var count = ListHeader(out var element);
        for (var i = 0; i < count; i++)
        {
            SkipElement(element);
        }

        depth--;
    }

    private void SkipMap()
    {
        Descend();
        var count = Size(elementBytes: 2);
        var types = count == 0 ? 0 : Byte();
        for (var i = 0; i < count; i++)
        {
            SkipElement((ThriftType)(types >> 4));
            SkipElement((ThriftType)(types & 0x0F));
        }

        depth--;
    }

    private int ListHeader(out ThriftType element)
    {
        var header = Byte();
        element = (ThriftType)(header & 0x0F);
        var count = header >> 4;
        if (count == 15)
        {
            return Size(elementBytes: 1);
        }

        return count <= Remaining ? count : throw TooLarge((ulong)count);
    }

    private int Size(int elementBytes)
    {
        var size = Varint();
        return size <= (ulong)(Remaining / elementBytes) ? (int)size : throw TooLarge(size);
    }

    private long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong Varint()
    {
        var value = 0ul;
        for (var i = 0; i < MaxVarintBytes; i++)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new MalformedDataException($"a Thrift varint of more than {MaxVarintBytes} bytes", $"at most {MaxVarintBytes}");
    }

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw new MalformedDataException("the end of the Thrift data", $"{count} bytes more");
        }

        var taken = bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private void Descend()
    {
        if (++depth > MaxDepth)
        {
            throw new MalformedDataException($"Thrift data nested more than {MaxDepth} deep", $"at most {MaxDepth}");
        }
    }

    private static void Expect(ThriftType type, ThriftType expected)
    {
        if (type != expected)
        {
            throw Mismatch(type, expected.ToString());
        }
    }

    private static MalformedDataException Mismatch(ThriftType type, string expected) =>
        new($"Thrift type {type}", expected);

    private readonly MalformedDataException TooLarge(ulong size) =>
        new($"a Thrift size of {size}", $"at most the {Remaining} bytes that are left");
}
