using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Schemas as FlatBuffers tables: Schema.fbs.</summary>
/// <remarks>
/// Schema: 0 endianness, 1 fields, 2 custom_metadata. Field: 0 name, 1 nullable, 2 type_type, 3 type, 4 dictionary,
/// 5 children, 6 custom_metadata. DictionaryEncoding: 0 id, 1 indexType. KeyValue: 0 key, 1 value.
/// </remarks>
internal static class IpcSchema
{
    private const string ExtensionName = "ARROW:extension:name";
    private const string UuidExtension = "arrow.uuid";
    private const string ExtensionMetadata = "ARROW:extension:metadata";

    /// <summary>Writes a schema. Coded columns get the numbers 0, 1, ... for their dictionaries, in order.</summary>
    public static FlatBufferWriter Write(Schema schema)
    {
        var dictionaries = 0L;
        List<FlatBufferWriter> fields = [];
        foreach (var field in schema.Fields)
        {
            fields.Add(Write(field, ref dictionaries));
        }

        var written = new FlatBufferWriter().Int16(0, 0).Tables(1, fields);
        return schema.Metadata.Count == 0 ? written : written.Tables(2, Pairs(schema.Metadata));
    }

    /// <summary>Reads a schema.</summary>
    /// <param name="table">The table.</param>
    /// <param name="version">The version of the metadata.</param>
    public static ForeignSchema Read(FlatBufferTable table, short version)
    {
        if (table.Int16(0) != 0)
        {
            throw table.Place.Refuse("big-endian values", "little-endian ones", "Have the writer swap them: its options say how.");
        }

        var fields = table.Vector(1, 4);
        var read = new ForeignField[fields.Count];
        for (var i = 0; i < read.Length; i++)
        {
            read[i] = ReadField(fields.Table(i), version, depth: 0);
        }

        return new ForeignSchema(read, ReadPairs(table.Vector(2, 4)), table.Place);
    }

    private static FlatBufferWriter Write(Field field, ref long dictionaries)
    {
        var written = new FlatBufferWriter().Text(0, field.Name).Bool(1, field.IsNullable);
        var type = field.Type;
        if (type is ArrowType.DictionaryType dictionary)
        {
            type = dictionary.Value;
            written.Table(4, new FlatBufferWriter().Int64(0, dictionaries++).Table(1, new FlatBufferWriter().Int32(0, 32).Bool(1, true)));
        }

        var (kind, body) = Write(type);
        written.Byte(2, (byte)kind).Table(3, body).Tables(5, []);
        return type is ArrowType.FixedSizeBinaryType { IsUuid: true }
            ? written.Tables(6, Pairs(new Dictionary<string, string> { [ExtensionName] = UuidExtension, [ExtensionMetadata] = "" }))
            : written;
    }

    private static (IpcType Kind, FlatBufferWriter Body) Write(ArrowType type) => type switch
    {
        ArrowType.BoolType => (IpcType.Bool, new FlatBufferWriter()),
        ArrowType.IntType value => (IpcType.Int, new FlatBufferWriter().Int32(0, value.BitWidth).Bool(1, value.IsSigned)),
        ArrowType.FloatType value => (IpcType.FloatingPoint, new FlatBufferWriter().Int16(0, (short)(value.BitWidth / 32))),
        ArrowType.DecimalType value => (IpcType.Decimal, new FlatBufferWriter().Int32(0, value.Precision).Int32(1, value.Scale).Int32(2, value.BitWidth)),
        ArrowType.DateType => (IpcType.Date, new FlatBufferWriter().Int16(0, 0)),
        ArrowType.TimeType value => (IpcType.Time, new FlatBufferWriter().Int16(0, (short)value.Unit).Int32(1, value.Unit <= TimeUnit.Millisecond ? 32 : 64)),
        ArrowType.TimestampType { Zone: null } value => (IpcType.Timestamp, new FlatBufferWriter().Int16(0, (short)value.Unit)),
        ArrowType.TimestampType value => (IpcType.Timestamp, new FlatBufferWriter().Int16(0, (short)value.Unit).Text(1, value.Zone)),
        ArrowType.Utf8Type => (IpcType.Utf8, new FlatBufferWriter()),
        ArrowType.BinaryType => (IpcType.Binary, new FlatBufferWriter()),
        ArrowType.FixedSizeBinaryType value => (IpcType.FixedSizeBinary, new FlatBufferWriter().Int32(0, value.Width)),
        _ => throw new ArgumentException($"Type {type} has no form in IPC.", nameof(type)),
    };

    private static ForeignField ReadField(FlatBufferTable table, short version, int depth)
    {
        var name = table.Text(0) ?? "";
        var place = table.Place with { Column = name };
        if (depth > ForeignSchema.MaxDepth)
        {
            throw place.Refuse($"columns nested more than {ForeignSchema.MaxDepth} deep", "flatter ones", "Leave the column out.");
        }

        var children = table.Vector(5, 4);
        var parts = new ForeignField[children.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = ReadField(children.Table(i), version, depth + 1);
        }

        var isUuid = ReadPairs(table.Vector(6, 4)).GetValueOrDefault(ExtensionName) == UuidExtension;
        var kind = (IpcType)table.Byte(2);
        var type = ReadType(kind, table.Required(3, "a type"), version, isUuid, place);
        if (table.Table(4) is not { } dictionary)
        {
            return new ForeignField(name, table.Bool(1), type, parts);
        }

        // The type is that of the dictionary's values; without a type of the codes, they are signed integers of 32 bits.
        var code = dictionary.Table(1) is { } index ? ReadInt(index, place) : (ArrowType.IntType)ArrowType.Int32;
        ForeignType coded = type is ForeignType.Variable { IsText: true } texts
            ? new ForeignType.Coded(code, texts)
            : new ForeignType.Skipped($"dictionary of {Name(kind, type)}", 2);
        return new ForeignField(name, table.Bool(1), coded, [new ForeignField(name, true, type, parts)], dictionary.Int64(0));
    }

    private static ForeignType ReadType(IpcType kind, FlatBufferTable body, short version, bool isUuid, ForeignPlace place) => kind switch
    {
        IpcType.Int => ForeignType.OfWidth(ReadInt(body, place))!,
        IpcType.FloatingPoint => body.Int16(0) is var precision && precision is >= 0 and <= 2
            ? ForeignType.OfWidth(new ArrowType.FloatType(16 << precision))!
            : throw place.Refuse($"floats of precision {precision}", "half, single or double"),
        IpcType.Bool => new ForeignType.Bits(),
        IpcType.Decimal => ForeignType.Decimal(body.Int32(2, 128), body.Int32(0), body.Int32(1), place),
        IpcType.Date => body.Int16(0, 1) switch
        {
            0 => ForeignType.OfWidth(ArrowType.Date)!,
            1 => new ForeignType.DateMilliseconds(),
            var unit => throw place.Refuse($"dates of unit {unit}", "days or milliseconds"),
        },
        IpcType.Time => ReadTime(Unit(body.Int16(0, (short)TimeUnit.Millisecond), place), body.Int32(1, 32), place),
        IpcType.Timestamp => ForeignType.OfWidth(new ArrowType.TimestampType(Unit(body.Int16(0), place), body.Text(1) is { Length: > 0 } zone ? zone : null))!,
        IpcType.FixedSizeBinary => body.Int32(0) is var width && width >= 0
            ? ForeignType.OfWidth(new ArrowType.FixedSizeBinaryType(width, isUuid && width == 16))!
            : throw place.Refuse($"values of {width} bytes", "0 or more"),
        IpcType.Utf8 => new ForeignType.Variable(IsText: true, VariableLayout.Offsets32),
        IpcType.Binary => new ForeignType.Variable(IsText: false, VariableLayout.Offsets32),
        IpcType.LargeUtf8 => new ForeignType.Variable(IsText: true, VariableLayout.Offsets64),
        IpcType.LargeBinary => new ForeignType.Variable(IsText: false, VariableLayout.Offsets64),
        IpcType.Utf8View => new ForeignType.Variable(IsText: true, VariableLayout.Views),
        IpcType.BinaryView => new ForeignType.Variable(IsText: false, VariableLayout.Views),

        // Their arrays are walked over.
        IpcType.Null or IpcType.RunEndEncoded => new ForeignType.Skipped(kind.ToString(), 0),
        IpcType.Struct or IpcType.FixedSizeList => new ForeignType.Skipped(kind.ToString(), 1),
        IpcType.Interval or IpcType.Duration or IpcType.List or IpcType.LargeList or IpcType.Map => new ForeignType.Skipped(kind.ToString(), 2),
        IpcType.ListView or IpcType.LargeListView => new ForeignType.Skipped(kind.ToString(), 3),
        IpcType.Union => new ForeignType.Skipped(kind.ToString(), (body.Int16(0) == 0 ? 1 : 2) + (version == IpcFormat.Version4 ? 1 : 0)),
        _ => throw place.Refuse($"type number {(byte)kind}", $"1 to {(byte)IpcType.LargeListView}", "The writer uses a newer format: leave the column out."),
    };

    private static ArrowType.IntType ReadInt(FlatBufferTable body, ForeignPlace place) => body.Int32(0) is var bits && bits is 8 or 16 or 32 or 64
        ? new ArrowType.IntType(bits, body.Bool(1))
        : throw place.Refuse($"integers of {bits} bits", "8, 16, 32 or 64 bits");

    private static ForeignType.Fixed ReadTime(TimeUnit unit, int bits, ForeignPlace place)
    {
        var type = ForeignType.OfWidth(new ArrowType.TimeType(unit))!;
        return type.Width * 8 == bits ? type : throw place.Refuse($"times of {bits} bits that count {unit}s", $"{type.Width * 8} bits");
    }

    private static TimeUnit Unit(short unit, ForeignPlace place) => unit is >= 0 and <= 3
        ? (TimeUnit)unit
        : throw place.Refuse($"time unit {unit}", "0 to 3");

    private static string Name(IpcType kind, ForeignType type) => type is ForeignType.Skipped skipped ? skipped.Name : kind.ToString();

    private static List<FlatBufferWriter> Pairs(IReadOnlyDictionary<string, string> metadata) =>
        [.. metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new FlatBufferWriter().Text(0, pair.Key).Text(1, pair.Value))];

    // Of a key that appears twice, the last.
    private static Dictionary<string, string> ReadPairs(FlatBufferVector pairs)
    {
        Dictionary<string, string> read = new(StringComparer.Ordinal);
        for (var i = 0; i < pairs.Count; i++)
        {
            var pair = pairs.Table(i);
            read[pair.Text(0) ?? ""] = pair.Text(1) ?? "";
        }

        return read;
    }
}
