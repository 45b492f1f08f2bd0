using System.Globalization;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>Types as format strings of the Arrow C data interface.</summary>
internal static class CArrowFormat
{
    public const string Struct = "+s";

    /// <summary>The format string of a type; of a coded one that of its codes.</summary>
    public static string Of(ArrowType type) => type switch
    {
        ArrowType.BoolType => "b",
        ArrowType.IntType(8, true) => "c",
        ArrowType.IntType(8, false) => "C",
        ArrowType.IntType(16, true) => "s",
        ArrowType.IntType(16, false) => "S",
        ArrowType.IntType(32, true) or ArrowType.DictionaryType => "i",
        ArrowType.IntType(32, false) => "I",
        ArrowType.IntType(64, true) => "l",
        ArrowType.IntType(64, false) => "L",
        ArrowType.FloatType(16) => "e",
        ArrowType.FloatType(32) => "f",
        ArrowType.FloatType(64) => "g",
        ArrowType.DecimalType(128, var precision, var scale) => string.Create(CultureInfo.InvariantCulture, $"d:{precision},{scale}"),
        ArrowType.DecimalType(var bits, var precision, var scale) => string.Create(CultureInfo.InvariantCulture, $"d:{precision},{scale},{bits}"),
        ArrowType.DateType => "tdD",
        ArrowType.TimeType(var unit) => $"tt{Letter(unit)}",
        ArrowType.TimestampType(var unit, var zone) => $"ts{Letter(unit)}:{zone}",
        ArrowType.Utf8Type => "u",
        ArrowType.BinaryType => "z",
        ArrowType.FixedSizeBinaryType value => string.Create(CultureInfo.InvariantCulture, $"w:{value.Width}"),
        _ => throw new ArgumentException($"Type {type} has no form in the C data interface.", nameof(type)),
    };

    /// <summary>How the arrays of a format are laid out.</summary>
    /// <param name="format">The format string.</param>
    /// <param name="isUuid">Whether the column says that its values are UUIDs.</param>
    /// <param name="place">For messages.</param>
    public static ForeignType Read(string format, bool isUuid, ForeignPlace place)
    {
        if (Integers(format) is { } integers)
        {
            return ForeignType.OfWidth(integers)!;
        }

        return format switch
        {
            "b" => new ForeignType.Bits(),
            "e" => ForeignType.OfWidth(new ArrowType.FloatType(16))!,
            "f" => ForeignType.OfWidth(new ArrowType.FloatType(32))!,
            "g" => ForeignType.OfWidth(ArrowType.Float64)!,
            "u" => new ForeignType.Variable(IsText: true, VariableLayout.Offsets32),
            "U" => new ForeignType.Variable(IsText: true, VariableLayout.Offsets64),
            "vu" => new ForeignType.Variable(IsText: true, VariableLayout.Views),
            "z" => new ForeignType.Variable(IsText: false, VariableLayout.Offsets32),
            "Z" => new ForeignType.Variable(IsText: false, VariableLayout.Offsets64),
            "vz" => new ForeignType.Variable(IsText: false, VariableLayout.Views),
            "tdD" => ForeignType.OfWidth(ArrowType.Date)!,
            "tdm" => new ForeignType.DateMilliseconds(),
            ['t', 't', var unit] => ForeignType.OfWidth(new ArrowType.TimeType(Unit(unit, format, place)))!,
            ['t', 's', var unit, ':', .. var zone] => ForeignType.OfWidth(new ArrowType.TimestampType(Unit(unit, format, place), zone.Length == 0 ? null : zone))!,
            ['w', ':', .. var width] => Number(width, format, place) is var bytes && bytes >= 0
                ? ForeignType.OfWidth(new ArrowType.FixedSizeBinaryType(bytes, isUuid && bytes == 16))!
                : throw place.Refuse($"values of {bytes} bytes", "0 or more"),
            ['d', ':', .. var parts] => Decimal(parts.Split(','), format, place),
            ['+', ..] or "n" or ['t', 'D', ..] or ['t', 'i', ..] => new ForeignType.Skipped($"format {format}", 0),
            _ => throw place.Refuse($"format '{format}'", "one of the Arrow C data interface", "The producer uses a newer form: leave the column out."),
        };
    }

    /// <summary>The integers of a format; null where it is of another type.</summary>
    public static ArrowType.IntType? Integers(string format) => format switch
    {
        "c" => new ArrowType.IntType(8, true),
        "C" => new ArrowType.IntType(8, false),
        "s" => new ArrowType.IntType(16, true),
        "S" => new ArrowType.IntType(16, false),
        "i" => new ArrowType.IntType(32, true),
        "I" => new ArrowType.IntType(32, false),
        "l" => new ArrowType.IntType(64, true),
        "L" => new ArrowType.IntType(64, false),
        _ => null,
    };

    private static ForeignType.Fixed Decimal(string[] parts, string format, ForeignPlace place) => parts.Length is 2 or 3
        ? ForeignType.Decimal(
            parts.Length == 2 ? 128 : Number(parts[2], format, place), Number(parts[0], format, place), Number(parts[1], format, place), place)
        : throw place.Refuse($"format '{format}'", "d:precision,scale,bits");

    private static int Number(string digits, string format, ForeignPlace place) =>
        int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw place.Refuse($"format '{format}'", "whole numbers behind the colon");

    private static char Letter(TimeUnit unit) => "smun"[(int)unit];

    private static TimeUnit Unit(char letter, string format, ForeignPlace place) =>
        "smun".IndexOf(letter, StringComparison.Ordinal) is var unit && unit >= 0
            ? (TimeUnit)unit
            : throw place.Refuse($"format '{format}'", "a unit s, m, u or n");
}
