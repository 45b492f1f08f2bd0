using Analytics.Engine.Arrow;

namespace Analytics.Storage.Inspection;

/// <summary>Short names of column types.</summary>
public static class TypeName
{
    /// <summary>A name such as <c>int64</c>, <c>decimal(18, 9)</c> or <c>timestamp[us, UTC]</c>; a dictionary is named as its values.</summary>
    /// <param name="type">Any type.</param>
    public static string Of(ArrowType type) => type switch
    {
        ArrowType.BoolType => "bool",
        ArrowType.IntType(var width, var isSigned) => $"{(isSigned ? "int" : "uint")}{width}",
        ArrowType.FloatType(var width) => $"float{width}",
        ArrowType.DecimalType(_, var precision, var scale) => $"decimal({precision}, {scale})",
        ArrowType.DateType => "date",
        ArrowType.TimeType(var unit) => $"time[{Of(unit)}]",
        ArrowType.TimestampType(var unit, null) => $"timestamp[{Of(unit)}]",
        ArrowType.TimestampType(var unit, var zone) => $"timestamp[{Of(unit)}, {zone}]",
        ArrowType.Utf8Type => "utf8",
        ArrowType.BinaryType => "binary",
        ArrowType.FixedSizeBinaryType(_, true) => "uuid",
        ArrowType.FixedSizeBinaryType(var width, _) => $"binary[{width}]",
        ArrowType.DictionaryType(var value) => Of(value),
        _ => $"{type}",
    };

    private static string Of(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => "s",
        TimeUnit.Millisecond => "ms",
        TimeUnit.Microsecond => "us",
        _ => "ns",
    };
}
