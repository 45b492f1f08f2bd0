using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>The columns of a file.</summary>
/// <param name="Columns">Those of single values, which are read.</param>
/// <param name="NestedColumns">Names of structs, lists and maps, which are passed over.</param>
/// <param name="LeafPaths">The leaves in their order.</param>
internal sealed record ParquetSchema(
    IReadOnlyList<ParquetColumn> Columns, IReadOnlyList<string> NestedColumns, IReadOnlyList<LeafPath> LeafPaths)
{
    // INT64 would be allowed, but ClickHouse 26.7 takes these decimals for 32 bits whatever lies in the file.
    /// <summary>Precision of a decimal that always fits in 32 bits.</summary>
    private const int MaxInt32Precision = 9;

    /// <summary>Precision of a decimal that always fits in 64 bits.</summary>
    private const int MaxInt64Precision = 18;

    /// <summary>Precision of a decimal that always fits in 128 bits.</summary>
    private const int MaxInt128Precision = 38;

    /// <summary>Bytes of the decimals that are written as FIXED_LEN_BYTE_ARRAY: what 38 digits need.</summary>
    public const int Decimal128Bytes = 16;

    private const int MaxDepth = 64;
    private const int UuidBytes = 16;
    private const int Float16Bytes = 2;

    /// <summary>The tree of schema elements for columns that are written.</summary>
    /// <exception cref="ArgumentException">A column's type is not written.</exception>
    public static IReadOnlyList<SchemaElement> ToElements(Schema schema) =>
    [
        new SchemaElement { Name = "schema", ChildCount = schema.Fields.Count },
        .. schema.Fields.Select(ToElement),
    ];

    /// <summary>Finds the columns in a tree of schema elements, which lie in the order of a walk from the root.</summary>
    /// <exception cref="CorruptFileException">The tree is broken, or a column's type is none of the format.</exception>
    public static ParquetSchema FromElements(IReadOnlyList<SchemaElement> elements, ParquetLocation file)
    {
        if (elements.Count == 0 || elements[0].ChildCount is not >= 0)
        {
            throw file.Corrupt($"a schema of {elements.Count} elements without a root", "a root with the number of columns");
        }

        List<ParquetColumn> columns = [];
        List<string> nested = [];
        List<LeafPath> leaves = [];
        var names = new HashSet<string>(StringComparer.Ordinal);
        var next = 1;
        for (var i = 0; i < elements[0].ChildCount; i++)
        {
            var element = ElementAt(elements, next, file);
            if (!names.Add(element.Name))
            {
                throw file.Corrupt($"two columns named '{ParquetLocation.Short(element.Name)}'", "distinct names", "Write the file again with distinct names.");
            }

            if (element.Type is not null && element.Repetition != Repetition.Repeated)
            {
                columns.Add(ToColumn(element, leaves.Count, file with { Column = element.Name }));
            }
            else
            {
                nested.Add(element.Name);
            }

            next = AddLeaves(elements, next, parent: null, depth: 0, leaves, file);
        }

        return next == elements.Count
            ? new ParquetSchema(columns, nested, leaves)
            : throw file.Corrupt($"{elements.Count} elements in the schema", $"{next}, as their numbers of children say");
    }

    /// <summary>Goes over one element and all that are inside of it.</summary>
    /// <returns>Position of the element after them.</returns>
    private static int AddLeaves(IReadOnlyList<SchemaElement> elements, int index, LeafPath? parent, int depth, List<LeafPath> leaves, ParquetLocation file)
    {
        var element = ElementAt(elements, index, file);
        if (depth > MaxDepth)
        {
            throw file.Corrupt($"columns nested more than {MaxDepth} deep", $"at most {MaxDepth}");
        }

        var path = new LeafPath(parent, element.Name);
        if (element.Type is not null)
        {
            leaves.Add(path);
            return index + 1;
        }

        var next = index + 1;
        for (var left = element.ChildCount ?? 0; left > 0; left--)
        {
            next = AddLeaves(elements, next, path, depth + 1, leaves, file);
        }

        return next;
    }

    private static SchemaElement ElementAt(IReadOnlyList<SchemaElement> elements, int index, ParquetLocation file) => index < elements.Count
        ? elements[index]
        : throw file.Corrupt($"a schema of {elements.Count} elements", "more, as their numbers of children say");

    private static ParquetColumn ToColumn(SchemaElement element, int leaf, ParquetLocation where)
    {
        var physical = element.Type!.Value;
        var length = physical == PhysicalType.FixedLengthByteArray ? element.TypeLength ?? 0 : 0;
        if (physical is < PhysicalType.Boolean or > PhysicalType.FixedLengthByteArray)
        {
            throw where.Corrupt($"physical type {(int)physical}", "0 (BOOLEAN) to 7 (FIXED_LEN_BYTE_ARRAY)");
        }

        if (physical == PhysicalType.FixedLengthByteArray && length is <= 0 or > ParquetLayout.MaxChunkBytes)
        {
            throw where.Corrupt($"values of {length} bytes", $"1 to {ParquetLayout.MaxChunkBytes}");
        }

        if (element.Repetition is not (Repetition.Required or Repetition.Optional))
        {
            throw where.Corrupt(
                element.Repetition is { } found ? $"repetition {(int)found}" : "no repetition", "REQUIRED, OPTIONAL or REPEATED");
        }

        var logical = MeaningOf(element);
        return new ParquetColumn(element.Name, TypeOf(physical, length, logical), element.Repetition == Repetition.Optional)
        {
            Leaf = leaf,
            Physical = physical,
            TypeLength = length,
            LogicalType = logical,
        };
    }

    // An annotation that does not fit the physical type, or is unknown, is as none: the values are read as they lie.
    private static ArrowType TypeOf(PhysicalType physical, int length, LogicalType? logical) => (physical, logical) switch
    {
        (PhysicalType.Boolean, _) => ArrowType.Bool,
        (PhysicalType.Float, _) => new ArrowType.FloatType(32),
        (PhysicalType.Double, _) => ArrowType.Float64,
        (PhysicalType.Int96, _) => new ArrowType.TimestampType(TimeUnit.Microsecond, Zone: null),
        (PhysicalType.Int32, LogicalType.Integer(8 or 16 or 32, _) integer) => new ArrowType.IntType(integer.BitWidth, integer.IsSigned),
        (PhysicalType.Int32, LogicalType.Date) => ArrowType.Date,
        (PhysicalType.Int32, LogicalType.Time(_, TimeUnit.Millisecond) time) => new ArrowType.TimeType(time.Unit),
        (PhysicalType.Int64, LogicalType.Integer(64, false)) => new ArrowType.IntType(64, IsSigned: false),
        (PhysicalType.Int64, LogicalType.Time(_, TimeUnit.Microsecond or TimeUnit.Nanosecond) time) => new ArrowType.TimeType(time.Unit),
        (PhysicalType.Int64, LogicalType.Timestamp(_, TimeUnit.Millisecond or TimeUnit.Microsecond or TimeUnit.Nanosecond) timestamp) =>
            new ArrowType.TimestampType(timestamp.Unit, timestamp.IsUtc ? "UTC" : null),
        (PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLengthByteArray, LogicalType.Decimal number)
            when IsDecimal(number) => DecimalType(number),
        (PhysicalType.Int32, _) => ArrowType.Int32,
        (PhysicalType.Int64, _) => ArrowType.Int64,
        (PhysicalType.ByteArray, LogicalType.Text) => ArrowType.DictionaryUtf8,
        (PhysicalType.ByteArray, _) => ArrowType.Binary,
        (_, LogicalType.Float16) when length == Float16Bytes => new ArrowType.FloatType(16),
        (_, LogicalType.Uuid) when length == UuidBytes => new ArrowType.FixedSizeBinaryType(length, IsUuid: true),
        _ => new ArrowType.FixedSizeBinaryType(length),
    };

    private static bool IsDecimal(LogicalType.Decimal number) =>
        number.Precision is > 0 and <= MaxInt128Precision && number.Scale >= 0 && number.Scale <= number.Precision;

    private static ArrowType.DecimalType DecimalType(LogicalType.Decimal number) =>
        new(number.Precision <= MaxInt64Precision ? 64 : 128, number.Precision, number.Scale);

    // The newer annotation wins; one that is unknown leaves the word to the older one.
    private static LogicalType? MeaningOf(SchemaElement element) => element switch
    {
        { LogicalType: not (null or Parquet.LogicalType.Other) } => element.LogicalType,
        _ => element.ConvertedType switch
        {
            ConvertedType.Utf8 or ConvertedType.Enum or ConvertedType.Json => new LogicalType.Text(),
            ConvertedType.Decimal => new LogicalType.Decimal(element.Scale ?? 0, element.Precision ?? 0),
            ConvertedType.Date => new LogicalType.Date(),
            ConvertedType.TimeMillis => new LogicalType.Time(IsUtc: true, TimeUnit.Millisecond),
            ConvertedType.TimeMicros => new LogicalType.Time(IsUtc: true, TimeUnit.Microsecond),
            ConvertedType.TimestampMillis => new LogicalType.Timestamp(IsUtc: true, TimeUnit.Millisecond),
            ConvertedType.TimestampMicros => new LogicalType.Timestamp(IsUtc: true, TimeUnit.Microsecond),
            ConvertedType.UInt8 => new LogicalType.Integer(8, IsSigned: false),
            ConvertedType.UInt16 => new LogicalType.Integer(16, IsSigned: false),
            ConvertedType.UInt32 => new LogicalType.Integer(32, IsSigned: false),
            ConvertedType.UInt64 => new LogicalType.Integer(64, IsSigned: false),
            ConvertedType.Int8 => new LogicalType.Integer(8, IsSigned: true),
            ConvertedType.Int16 => new LogicalType.Integer(16, IsSigned: true),
            ConvertedType.Int32 => new LogicalType.Integer(32, IsSigned: true),
            ConvertedType.Int64 => new LogicalType.Integer(64, IsSigned: true),
            _ => element.LogicalType,
        },
    };

    private static SchemaElement ToElement(Field field)
    {
        var element = new SchemaElement
        {
            Name = field.Name,
            Type = PhysicalTypeOf(field.Type),
            Repetition = field.IsNullable ? Repetition.Optional : Repetition.Required,
        };
        return field.Type switch
        {
            ArrowType.IntType(32, true) => element with { ConvertedType = ConvertedType.Int32, LogicalType = new LogicalType.Integer(32, IsSigned: true) },
            ArrowType.IntType(64, true) => element with { ConvertedType = ConvertedType.Int64, LogicalType = new LogicalType.Integer(64, IsSigned: true) },
            ArrowType.TimestampType(TimeUnit.Microsecond, "UTC") => element with
            {
                ConvertedType = ConvertedType.TimestampMicros,
                LogicalType = new LogicalType.Timestamp(IsUtc: true, TimeUnit.Microsecond),
            },
            ArrowType.BoolType => element,
            ArrowType.DateType => element with { ConvertedType = ConvertedType.Date, LogicalType = new LogicalType.Date() },
            ArrowType.DecimalType(var width, var precision, var scale) => element with
            {
                TypeLength = width == 128 ? Decimal128Bytes : null,
                ConvertedType = ConvertedType.Decimal,
                Scale = scale,
                Precision = precision,
                LogicalType = new LogicalType.Decimal(scale, precision),
            },
            ArrowType.Utf8Type or ArrowType.DictionaryType => element with { ConvertedType = ConvertedType.Utf8, LogicalType = new LogicalType.Text() },
            _ => throw new ArgumentException(
                $"Column '{field.Name}' is {field.Type}, which is not written to Parquet. Use Bool, Int32, Int64, Date, TimestampMicrosUtc, decimals, Utf8 or DictionaryUtf8."),
        };
    }

    internal static PhysicalType PhysicalTypeOf(ArrowType type) => type switch
    {
        ArrowType.BoolType => PhysicalType.Boolean,
        ArrowType.IntType(32, true) or ArrowType.DateType or ArrowType.DecimalType(64, <= MaxInt32Precision, _) => PhysicalType.Int32,
        ArrowType.DecimalType(128, _, _) => PhysicalType.FixedLengthByteArray,
        ArrowType.Utf8Type or ArrowType.DictionaryType => PhysicalType.ByteArray,
        _ => PhysicalType.Int64,
    };
}
