using Analytics.Storage.Parquet;

namespace Analytics.Tests.Storage.Parquet;

/// <summary>Any value of Thrift's compact protocol, to be changed and written again.</summary>
internal sealed class ThriftTree(ThriftType type)
{
    public ThriftType Type { get; set; } = type;

    /// <summary>The value of a boolean (0 or 1) or an integer.</summary>
    public long Number { get; set; }

    /// <summary>The value of a text, a double or a UUID.</summary>
    public byte[] Bytes { get; set; } = [];

    public List<(short Id, ThriftTree Value)> Fields { get; } = [];

    /// <summary>Elements of a list or a set; keys and values of a map by turns.</summary>
    public List<ThriftTree> Items { get; } = [];

    /// <summary>The type of the elements; of a map that of the keys times 16 and that of the values.</summary>
    public int ElementType { get; set; }

    public bool IsInteger => Type is ThriftType.Int8 or ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64;

    /// <summary>A field's value, or null.</summary>
    public ThriftTree? this[short id] => Fields.Find(field => field.Id == id).Value;

    /// <summary>Reads a struct.</summary>
    /// <param name="bytes">Holds it.</param>
    /// <param name="position">Where it begins, and afterwards ends.</param>
    /// <exception cref="InvalidDataException">The bytes are no struct.</exception>
    public static ThriftTree Read(ReadOnlySpan<byte> bytes, ref int position) => Read(bytes, ref position, ThriftType.Struct, depth: 0);

    public void Set(short id, ThriftType type, long number)
    {
        var field = this[id];
        if (field is null)
        {
            field = new ThriftTree(type);
            Fields.Add((id, field));
            Fields.Sort((a, b) => a.Id.CompareTo(b.Id));
        }

        (field.Type, field.Number) = (type, number);
    }

    public ThriftTree Clone()
    {
        var copy = new ThriftTree(Type) { Number = Number, Bytes = Bytes, ElementType = ElementType };
        copy.Fields.AddRange(Fields.Select(field => (field.Id, field.Value.Clone())));
        copy.Items.AddRange(Items.Select(item => item.Clone()));
        return copy;
    }

    /// <summary>This value and all inside of it.</summary>
    public IEnumerable<ThriftTree> All() => Fields.Select(field => field.Value).Concat(Items).SelectMany(child => child.All()).Prepend(this);

    public byte[] ToBytes()
    {
        List<byte> target = [];
        Write(target);
        return [.. target];
    }

    private static ThriftTree Read(ReadOnlySpan<byte> bytes, ref int position, ThriftType type, int depth, bool isElement = false)
    {
        var tree = new ThriftTree(type);
        switch (type)
        {
            case ThriftType.True or ThriftType.False when !isElement:
                tree.Number = type == ThriftType.True ? 1 : 0;
                break;
            case ThriftType.True or ThriftType.False or ThriftType.Int8:
                tree.Number = (sbyte)Take(bytes, ref position, 1)[0];
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                var value = Varint(bytes, ref position);
                tree.Number = (long)(value >> 1) ^ -(long)(value & 1);
                break;
            case ThriftType.Double:
                tree.Bytes = Take(bytes, ref position, 8).ToArray();
                break;
            case ThriftType.Uuid:
                tree.Bytes = Take(bytes, ref position, 16).ToArray();
                break;
            case ThriftType.Binary:
                tree.Bytes = Take(bytes, ref position, Varint(bytes, ref position)).ToArray();
                break;
            case ThriftType.List or ThriftType.Set or ThriftType.Map when depth < 32:
                tree.ReadItems(bytes, ref position, depth);
                break;
            case ThriftType.Struct when depth < 32:
                tree.ReadFields(bytes, ref position, depth);
                break;
            default:
                throw new InvalidDataException($"Thrift type {type}");
        }

        return tree;
    }

    private void ReadFields(ReadOnlySpan<byte> bytes, ref int position, int depth)
    {
        short id = 0;
        for (var header = Take(bytes, ref position, 1)[0]; header != 0; header = Take(bytes, ref position, 1)[0])
        {
            if (header >> 4 == 0)
            {
                var zigZag = Varint(bytes, ref position);
                id = (short)((long)(zigZag >> 1) ^ -(long)(zigZag & 1));
            }
            else
            {
                id += (short)(header >> 4);
            }

            Fields.Add((id, Read(bytes, ref position, (ThriftType)(header & 15), depth + 1)));
        }
    }

    private void ReadItems(ReadOnlySpan<byte> bytes, ref int position, int depth)
    {
        ulong count;
        if (Type == ThriftType.Map)
        {
            count = 2 * Varint(bytes, ref position);
            ElementType = count == 0 ? 0 : Take(bytes, ref position, 1)[0];
        }
        else
        {
            var header = Take(bytes, ref position, 1)[0];
            ElementType = header & 15;
            count = header >> 4 == 15 ? Varint(bytes, ref position) : (ulong)(header >> 4);
        }

        if (count > (ulong)(bytes.Length - position))
        {
            throw new InvalidDataException($"{count} elements");
        }

        for (var i = 0; i < (int)count; i++)
        {
            var type = Type == ThriftType.Map && i % 2 == 0 ? ElementType >> 4 : ElementType & 15;
            Items.Add(Read(bytes, ref position, (ThriftType)type, depth + 1, isElement: true));
        }
    }

    private void Write(List<byte> target, bool isElement = false)
    {
        switch (Type)
        {
            case ThriftType.True or ThriftType.False when !isElement:
                break;
            case ThriftType.True or ThriftType.False or ThriftType.Int8:
                target.Add((byte)Number);
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                Varint(target, (ulong)((Number << 1) ^ (Number >> 63)));
                break;
            case ThriftType.Binary:
                Varint(target, (ulong)Bytes.Length);
                target.AddRange(Bytes);
                break;
            case ThriftType.Struct:
                WriteFields(target);
                break;
            case ThriftType.List or ThriftType.Set or ThriftType.Map:
                WriteItems(target);
                break;
            default:
                target.AddRange(Bytes);
                break;
        }
    }

    private void WriteFields(List<byte> target)
    {
        var last = 0;
        foreach (var (id, value) in Fields)
        {
            var type = value.Type is ThriftType.True or ThriftType.False ? value.Number == 0 ? ThriftType.False : ThriftType.True : value.Type;
            if (id - last is > 0 and < 16)
            {
                target.Add((byte)(((id - last) << 4) | (int)type));
            }
            else
            {
                target.Add((byte)type);
                Varint(target, (ulong)(((long)id << 1) ^ ((long)id >> 63)));
            }

            value.Write(target);
            last = id;
        }

        target.Add(0);
    }

    private void WriteItems(List<byte> target)
    {
        if (Type == ThriftType.Map)
        {
            Varint(target, (ulong)Items.Count / 2);
            if (Items.Count > 1)
            {
                target.Add((byte)ElementType);
            }
        }
        else
        {
            target.Add((byte)((Math.Min(Items.Count, 15) << 4) | ElementType));
            if (Items.Count >= 15)
            {
                Varint(target, (ulong)Items.Count);
            }
        }

        foreach (var item in Items)
        {
            item.Write(target, isElement: true);
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int position)
    {
        var value = 0ul;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Take(bytes, ref position, 1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a varint of more than ten bytes");
    }

    private static void Varint(List<byte> target, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            target.Add((byte)(value | 0x80));
        }

        target.Add((byte)value);
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes, ref int position, ulong count)
    {
        if (count > (ulong)(bytes.Length - position))
        {
            throw new InvalidDataException("the end");
        }

        var taken = bytes.Slice(position, (int)count);
        position += (int)count;
        return taken;
    }
}
