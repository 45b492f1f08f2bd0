using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>Translates between the columns of this product and the schema elements of the format.</summary>
internal static class ParquetSchema
{
    private const int PicoScale = 12;
    private const int MaxInt64Precision = 18;

    private const string TypeAdvice =
        "Write the file again with columns of int64, int32, timestamp (microseconds, UTC), decimal(18,12) or string.";

    public static IReadOnlyList<SchemaElement> ToElements(Schema schema) =>
    [
        new SchemaElement { Name = "schema", ChildCount = schema.Fields.Count },
        .. schema.Fields.Select(ToElement),
    ];

    /// <summary>The columns of a file.</summary>
    /// <exception cref="CorruptFileException">A column is of a form that is not supported, or the tree is broken.</exception>
    public static Schema FromElements(IReadOnlyList<SchemaElement> elements, ParquetLocation file)
    {
        if (elements.Count == 0 || elements[0].ChildCount is not { } childCount)
        {
            throw file.Corrupt($"a schema of {elements.Count} elements without a root", "a root with the number of columns");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var element in elements.Skip(1))
        {
            if (!names.Add(element.Name))
            {
                throw file.Corrupt($"two columns named '{element.Name}'", "distinct names", "Write the file again with distinct names.");
            }
        }

        var fields = elements.Skip(1).Select(element => new Field(element.Name, ToType(element, file with { Column = element.Name }))).ToList();
        return fields.Count == childCount
            ? new Schema(fields)
            : throw file.Corrupt($"{fields.Count} columns in the schema", $"{childCount}, as its root says");
    }

    public static PhysicalType PhysicalTypeOf(ArrowType type) => type switch
    {
        ArrowType.IntType(32, true) => PhysicalType.Int32,
        ArrowType.Utf8Type or ArrowType.DictionaryType => PhysicalType.ByteArray,
        _ => PhysicalType.Int64,
    };

    private static SchemaElement ToElement(Field field)
    {
        var element = new SchemaElement
        {
            Name = field.Name,
            Type = PhysicalTypeOf(field.Type),
            Repetition = Repetition.Required,
        };
        if (field.Type == ArrowType.Int32)
        {
            return element with { ConvertedType = ConvertedType.Int32, LogicalType = new LogicalType.Integer(32, IsSigned: true) };
        }

        if (field.Type == ArrowType.Int64)
        {
            return element with { ConvertedType = ConvertedType.Int64, LogicalType = new LogicalType.Integer(64, IsSigned: true) };
        }

        if (field.Type == ArrowType.TimestampMicrosUtc)
        {
            return element with
            {
                ConvertedType = ConvertedType.TimestampMicros,
                LogicalType = new LogicalType.Timestamp(IsUtc: true, TimeUnit.Micros),
            };
        }

        if (field.Type == ArrowType.PicoDollars)
        {
            return element with
            {
                ConvertedType = ConvertedType.Decimal,
                Scale = PicoScale,
                Precision = MaxInt64Precision,
                LogicalType = new LogicalType.Decimal(PicoScale, MaxInt64Precision),
            };
        }

        if (field.Type == ArrowType.Utf8 || field.Type == ArrowType.DictionaryUtf8)
        {
            return element with { ConvertedType = ConvertedType.Utf8, LogicalType = new LogicalType.Text() };
        }

        throw new ArgumentException(
            $"Column '{field.Name}' is {field.Type}, which is not written to Parquet. Use Int32, Int64, TimestampMicrosUtc, PicoDollars, Utf8 or DictionaryUtf8.");
    }

    private static ArrowType ToType(SchemaElement element, ParquetLocation column)
    {
        if (element.ChildCount > 0 || element.Type is not { } physical)
        {
            throw column.Corrupt("a nested column", "columns of single values", "Write the file again without structs, lists and maps.");
        }

        if (element.Repetition != Repetition.Required)
        {
            throw column.Corrupt(
                $"{(element.Repetition is { } found ? NameOf(found) : "no")} values",
                "REQUIRED values, which are never null",
                "Write the file again with required (NOT NULL) columns.");
        }

        var logical = MeaningOf(element);
        return (physical, logical) switch
        {
            (PhysicalType.Int64, null or LogicalType.Integer(64, true)) => ArrowType.Int64,
            (PhysicalType.Int64, LogicalType.Timestamp(true, TimeUnit.Micros)) => ArrowType.TimestampMicrosUtc,
            (PhysicalType.Int64, LogicalType.Decimal(PicoScale, >= PicoScale and <= MaxInt64Precision)) => ArrowType.PicoDollars,
            (PhysicalType.Int32, null or LogicalType.Integer(32, true)) => ArrowType.Int32,
            (PhysicalType.ByteArray, LogicalType.Text) => ArrowType.DictionaryUtf8,
            _ => throw column.Corrupt(
                $"values of type {physical} ({logical?.ToString() ?? "no logical type"})",
                "int64, int32, timestamp in microseconds UTC, decimal with 12 decimals in INT64, or string",
                TypeAdvice),
        };
    }

    // The newer annotation wins. One that no column of this product has is kept, and refused by its number.
    private static LogicalType? MeaningOf(SchemaElement element) => element switch
    {
        { LogicalType: not null } => element.LogicalType,
        { ConvertedType: null } => null,
        { ConvertedType: ConvertedType.Utf8 } => new LogicalType.Text(),
        { ConvertedType: ConvertedType.Decimal } => new LogicalType.Decimal(element.Scale ?? 0, element.Precision ?? 0),
        { ConvertedType: ConvertedType.TimestampMillis } => new LogicalType.Timestamp(IsUtc: true, TimeUnit.Millis),
        { ConvertedType: ConvertedType.TimestampMicros } => new LogicalType.Timestamp(IsUtc: true, TimeUnit.Micros),
        { ConvertedType: ConvertedType.Int32 } => new LogicalType.Integer(32, IsSigned: true),
        { ConvertedType: ConvertedType.Int64 } => new LogicalType.Integer(64, IsSigned: true),
        _ => new LogicalType.Other(-1),
    };

    private static string NameOf(Repetition repetition) => repetition switch
    {
        Repetition.Optional => "OPTIONAL",
        Repetition.Repeated => "REPEATED",
        _ => $"repetition {(int)repetition}",
    };
}
