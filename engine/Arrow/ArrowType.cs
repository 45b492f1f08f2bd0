namespace Analytics.Engine.Arrow;

/// <summary>The logical type of a column, named as in the Arrow specification.</summary>
public abstract record ArrowType
{
    private ArrowType()
    {
    }

    /// <summary>True or false, one bit each.</summary>
    public static readonly ArrowType Bool = new BoolType();

    /// <summary>Signed 32-bit integers.</summary>
    public static readonly ArrowType Int32 = new IntType(32, IsSigned: true);

    /// <summary>Signed 64-bit integers.</summary>
    public static readonly ArrowType Int64 = new IntType(64, IsSigned: true);

    /// <summary>IEEE 754 numbers of 64 bits.</summary>
    public static readonly ArrowType Float64 = new FloatType(64);

    /// <summary>Text, UTF-8, with 32-bit offsets.</summary>
    public static readonly ArrowType Utf8 = new Utf8Type();

    /// <summary>Bytes of any length, with 32-bit offsets.</summary>
    public static readonly ArrowType Binary = new BinaryType();

    /// <summary>Calendar days: days since 1970-01-01 in 32 bits.</summary>
    public static readonly ArrowType Date = new DateType();

    /// <summary>Instants: microseconds since 1970-01-01T00:00:00Z in 64 bits.</summary>
    public static readonly ArrowType TimestampMicrosUtc = new TimestampType(TimeUnit.Microsecond, "UTC");

    /// <summary>Money: US dollars with 12 decimals in 64 bits, so the stored integer is pico-dollars.</summary>
    public static readonly ArrowType PicoDollars = new DecimalType(64, 18, 12);

    /// <summary>Quantities: 6 decimals in 64 bits, so the stored integer is millionths of the unit.</summary>
    public static readonly ArrowType Micros = new DecimalType(64, 18, 6);

    /// <summary>Sums of money: US dollars with 12 decimals in 128 bits.</summary>
    public static readonly ArrowType PicoDollars128 = new DecimalType(128, 38, 12);

    /// <summary>Text by 32-bit index into a dictionary of distinct texts.</summary>
    public static readonly ArrowType DictionaryUtf8 = new DictionaryType(Utf8);

    /// <summary>True or false, one bit each.</summary>
    public sealed record BoolType : ArrowType;

    /// <summary>Integers.</summary>
    /// <param name="BitWidth">8, 16, 32 or 64.</param>
    /// <param name="IsSigned">Whether they may be negative.</param>
    public sealed record IntType(int BitWidth, bool IsSigned) : ArrowType;

    /// <summary>IEEE 754 numbers.</summary>
    /// <param name="BitWidth">16, 32 or 64.</param>
    public sealed record FloatType(int BitWidth) : ArrowType;

    /// <summary>Decimal numbers, stored as the unscaled integer.</summary>
    /// <param name="BitWidth">64 or 128 bits for the unscaled integer.</param>
    /// <param name="Precision">Decimal digits in all, 1 to 18 or 38.</param>
    /// <param name="Scale">Decimal digits after the point, 0 to <paramref name="Precision"/>.</param>
    public sealed record DecimalType(int BitWidth, int Precision, int Scale) : ArrowType;

    /// <summary>Days since 1970-01-01, 32 bits.</summary>
    public sealed record DateType : ArrowType;

    /// <summary>Time of day since midnight: 32 bits for seconds and milliseconds, else 64.</summary>
    /// <param name="Unit">The unit that is counted.</param>
    public sealed record TimeType(TimeUnit Unit) : ArrowType;

    /// <summary>Time since the Unix epoch, 64 bits.</summary>
    /// <param name="Unit">The unit that is counted.</param>
    /// <param name="Zone">The zone for display: the values are UTC instants whatever it says. Null for local times of an unknown zone.</param>
    public sealed record TimestampType(TimeUnit Unit, string? Zone) : ArrowType;

    /// <summary>Text, UTF-8, with 32-bit offsets.</summary>
    public sealed record Utf8Type : ArrowType;

    /// <summary>Bytes of any length, with 32-bit offsets.</summary>
    public sealed record BinaryType : ArrowType;

    /// <summary>Bytes of one length.</summary>
    /// <param name="Width">Bytes of each value, 0 or more.</param>
    /// <param name="IsUuid">Whether each value is a UUID of 16 bytes, the first digit first: Arrow's canonical extension arrow.uuid.</param>
    public sealed record FixedSizeBinaryType(int Width, bool IsUuid = false) : ArrowType;

    /// <summary>32-bit indices into a dictionary.</summary>
    /// <param name="Value">The type of the dictionary's values.</param>
    public sealed record DictionaryType(ArrowType Value) : ArrowType;
}

/// <summary>What a timestamp or a time of day counts. The numbers are those of Arrow's TimeUnit.</summary>
public enum TimeUnit
{
    /// <summary>Seconds.</summary>
    Second = 0,

    /// <summary>Thousandths of a second.</summary>
    Millisecond = 1,

    /// <summary>Millionths of a second.</summary>
    Microsecond = 2,

    /// <summary>Billionths of a second.</summary>
    Nanosecond = 3,
}
