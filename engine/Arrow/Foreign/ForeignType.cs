namespace Analytics.Engine.Arrow.Foreign;

/// <summary>How the values of a column from outside are laid out, and as which type of ours they are read.</summary>
internal abstract record ForeignType
{
    private ForeignType()
    {
    }

    /// <summary>The type that they are read as; null where such columns are skipped.</summary>
    public abstract ArrowType? Type { get; }

    /// <summary>Buffers of one array in IPC, without the further ones of views.</summary>
    public abstract int BufferCount { get; }

    /// <summary>Values of one width, in our layout.</summary>
    /// <param name="Value">A type of a <see cref="PrimitiveArray{T}"/> or <see cref="FixedSizeBinaryArray"/>.</param>
    /// <param name="Width">Bytes of each.</param>
    public sealed record Fixed(ArrowType Value, int Width) : ForeignType
    {
        public override ArrowType Type => Value;

        public override int BufferCount => 2;
    }

    /// <summary>True and false.</summary>
    public sealed record Bits : ForeignType
    {
        public override ArrowType Type => ArrowType.Bool;

        public override int BufferCount => 2;
    }

    /// <summary>Days as milliseconds in 64 bits.</summary>
    public sealed record DateMilliseconds : ForeignType
    {
        public override ArrowType Type => ArrowType.Date;

        public override int BufferCount => 2;
    }

    /// <summary>Texts or bytes of any length.</summary>
    /// <param name="IsText">Whether they are UTF-8.</param>
    /// <param name="Layout">How they are found.</param>
    public sealed record Variable(bool IsText, VariableLayout Layout) : ForeignType
    {
        public override ArrowType Type => IsText ? ArrowType.Utf8 : ArrowType.Binary;

        public override int BufferCount => Layout == VariableLayout.Views ? 2 : 3;
    }

    /// <summary>Texts by code.</summary>
    /// <param name="Code">The integers that the codes are.</param>
    /// <param name="Texts">How the dictionary is laid out.</param>
    public sealed record Coded(ArrowType.IntType Code, Variable Texts) : ForeignType
    {
        public override ArrowType Type => ArrowType.DictionaryUtf8;

        public override int BufferCount => 2;
    }

    /// <summary>A type that has no array of ours: the column is skipped.</summary>
    /// <param name="Name">The type's name, for people.</param>
    /// <param name="Buffers">Buffers of one array.</param>
    public sealed record Skipped(string Name, int Buffers) : ForeignType
    {
        public override ArrowType? Type => null;

        public override int BufferCount => Buffers;
    }

    /// <summary>Values of one width as they come; null where the type's values have none.</summary>
    public static Fixed? OfWidth(ArrowType type) => type switch
    {
        ArrowType.IntType { BitWidth: 8 or 16 or 32 or 64 } value => new Fixed(type, value.BitWidth / 8),
        ArrowType.FloatType { BitWidth: 16 or 32 or 64 } value => new Fixed(type, value.BitWidth / 8),
        ArrowType.DecimalType value => new Fixed(type, value.BitWidth / 8),
        ArrowType.DateType or ArrowType.TimeType(TimeUnit.Second or TimeUnit.Millisecond) => new Fixed(type, 4),
        ArrowType.TimeType or ArrowType.TimestampType => new Fixed(type, 8),
        ArrowType.FixedSizeBinaryType value => new Fixed(type, value.Width),
        _ => null,
    };

    /// <summary>A decimal type, if it is one of ours.</summary>
    public static Fixed Decimal(int bits, int precision, int scale, ForeignPlace place)
    {
        if (bits is not (64 or 128))
        {
            throw place.Refuse($"decimals of {bits} bits", "decimals of 64 or 128 bits", "Convert the column before it is sent.");
        }

        var most = bits == 64 ? 18 : 38;
        return precision >= 1 && precision <= most && scale >= 0 && scale <= precision
            ? new Fixed(new ArrowType.DecimalType(bits, precision, scale), bits / 8)
            : throw place.Refuse($"decimals of precision {precision} and scale {scale}", $"a precision of 1 to {most} and a scale of 0 to the precision", "Convert the column before it is sent.");
    }
}

/// <summary>How values of any length are found.</summary>
internal enum VariableLayout
{
    /// <summary>By 32-bit offsets: our own.</summary>
    Offsets32,

    /// <summary>By 64-bit offsets.</summary>
    Offsets64,

    /// <summary>By views of 16 bytes, each with a short value in place or where to find a longer one.</summary>
    Views,
}

/// <summary>A column from outside.</summary>
/// <param name="Name">The name.</param>
/// <param name="IsNullable">Whether values may be null.</param>
/// <param name="Type">How it is laid out.</param>
/// <param name="Children">The parts of a nested column, all skipped.</param>
/// <param name="Dictionary">The dictionary's number in IPC, where the column is coded.</param>
internal sealed record ForeignField(string Name, bool IsNullable, ForeignType Type, IReadOnlyList<ForeignField> Children, long? Dictionary = null);

/// <summary>A column that is left out because its type has no array here.</summary>
/// <param name="Name">The column.</param>
/// <param name="Type">Its type, for people.</param>
public sealed record SkippedColumn(string Name, string Type);

/// <summary>The columns from outside, and those that are read of them.</summary>
internal sealed class ForeignSchema
{
    /// <summary>Levels of nesting that are walked through.</summary>
    public const int MaxDepth = 32;

    public ForeignSchema(IReadOnlyList<ForeignField> fields, IReadOnlyDictionary<string, string> metadata, ForeignPlace place)
    {
        Fields = fields;
        Skipped = [.. fields.Where(field => field.Type.Type is null).Select(field => new SkippedColumn(field.Name, ((ForeignType.Skipped)field.Type).Name))];
        var columns = fields.Where(field => field.Type.Type is not null).Select(field => new Field(field.Name, field.Type.Type!, field.IsNullable)).ToList();
        var twice = columns.GroupBy(column => column.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw place.Refuse($"{twice.Count()} columns named '{twice.Key}'", "different names", "Rename them before they are sent.");
        }

        Schema = new Schema(columns, metadata);
    }

    /// <summary>All columns, in order.</summary>
    public IReadOnlyList<ForeignField> Fields { get; }

    /// <summary>The columns that are read.</summary>
    public Schema Schema { get; }

    /// <summary>The columns that are not.</summary>
    public IReadOnlyList<SkippedColumn> Skipped { get; }

    /// <summary>Joins the columns that were read.</summary>
    public RecordBatch Batch(int rowCount, IReadOnlyList<ArrowArray> columns, ForeignPlace place)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            if (!Schema.Fields[i].IsNullable && columns[i].NullCount > 0)
            {
                throw (place with { Column = Schema.Fields[i].Name }).Refuse($"{columns[i].NullCount} nulls", "none, since the schema says that the column has no nulls", "Declare the column nullable.");
            }
        }

        return new RecordBatch(Schema, rowCount, columns);
    }
}
