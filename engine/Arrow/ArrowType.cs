namespace Analytics.Engine.Arrow;

/// <summary>The logical type of a column, named as in the Arrow specification.</summary>
public abstract record ArrowType
{
    private ArrowType()
    {
    }

    /// <summary>Signed 32-bit integers.</summary>
    public static readonly ArrowType Int32 = new Int32Type();

    /// <summary>Signed 64-bit integers.</summary>
    public static readonly ArrowType Int64 = new Int64Type();

    /// <summary>Text, UTF-8, with 32-bit offsets.</summary>
    public static readonly ArrowType Utf8 = new Utf8Type();

    /// <summary>Instants: microseconds since 1970-01-01T00:00:00Z in 64 bits.</summary>
    public static readonly ArrowType TimestampMicrosUtc = new TimestampType("UTC");

    /// <summary>Money: US dollars with 12 decimals in 64 bits, so the stored integer is pico-dollars.</summary>
    public static readonly ArrowType PicoDollars = new Decimal64Type(18, 12);

    /// <summary>Text by 32-bit index into a dictionary of distinct texts.</summary>
    public static readonly ArrowType DictionaryUtf8 = new DictionaryType(Utf8);

    /// <summary>Signed 32-bit integers.</summary>
    public sealed record Int32Type : ArrowType;

    /// <summary>Signed 64-bit integers.</summary>
    public sealed record Int64Type : ArrowType;

    /// <summary>Text, UTF-8, with 32-bit offsets.</summary>
    public sealed record Utf8Type : ArrowType;

    /// <summary>Microseconds since the Unix epoch, 64 bits.</summary>
    /// <param name="Zone">The zone for display. The values are UTC instants whatever it says.</param>
    public sealed record TimestampType(string Zone) : ArrowType;

    /// <summary>A decimal number whose unscaled value fits in 64 bits.</summary>
    /// <param name="Precision">Decimal digits in all, 1 to 18.</param>
    /// <param name="Scale">Decimal digits after the point, 0 to <paramref name="Precision"/>.</param>
    public sealed record Decimal64Type(int Precision, int Scale) : ArrowType;

    /// <summary>32-bit indices into a dictionary.</summary>
    /// <param name="Value">The type of the dictionary's values.</param>
    public sealed record DictionaryType(ArrowType Value) : ArrowType;
}
