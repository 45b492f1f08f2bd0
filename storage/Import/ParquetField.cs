using System.Globalization;
using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using Analytics.Storage.Catalog;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Storage.Import;

/// <summary>The values of one mapped field in the rows of a Parquet file.</summary>
/// <remarks>A null is as an empty CSV cell. Of the four readings only the one that suits the field is used.</remarks>
internal abstract class ParquetField
{
    /// <summary>The time of a row.</summary>
    /// <param name="row">0 to the number of rows of the row group - 1.</param>
    /// <exception cref="FieldException">It breaks a rule.</exception>
    public abstract Instant Time(int row);

    /// <summary>The count of a row; 0 for a null.</summary>
    /// <inheritdoc cref="Time"/>
    public abstract long Count(int row);

    /// <summary>The text of a row; empty for a null.</summary>
    /// <inheritdoc cref="Time"/>
    public abstract string Text(int row);

    /// <summary>The cost of a row, and whether it was rounded; null for a null.</summary>
    /// <inheritdoc cref="Time"/>
    public abstract (long? PicoUsd, bool IsRounded) Cost(int row);

    /// <summary>The value of a row as it is in the file, for people, of a long text the start; null for a null.</summary>
    /// <inheritdoc cref="Time"/>
    public abstract string? Shown(int row);
}

/// <summary>A field that a column of the file fills.</summary>
/// <param name="field">The field.</param>
/// <param name="type">The column's type, one that <see cref="Expected"/> names.</param>
internal sealed class ParquetColumnField(string field, ArrowType type) : ParquetField
{
    private const long SecondsPerDay = 86_400;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int ShortestRoundTripBytes = 32;

    // A text of a small file may stand in millions of rows and be of any length, so no row looks at all of a long one.
    private const int MaxShownBytes = 1_000;
    private const int MaxTimeBytes = 64;
    private const int MaxTextBytes = 3 * RollupRules.MaxTextLength;

    private static readonly long FirstSecond = Instant.FromUtc(1, 1, 1, 0, 0).ToUnixTimeSeconds();
    private static readonly long LastSecond = Instant.FromUtc(9999, 12, 31, 23, 59, 59).ToUnixTimeSeconds();

    private readonly long unitsPerSecond = type is ArrowType.TimestampType(var unit, _) ? (long)PowerOf10(3 * (int)unit) : 1;

    // value = unscaled / 10^scale dollars = unscaled * 10^shift pico-dollars.
    private readonly int shift = PicoDollars.Decimals - ScaleOf(type);
    private readonly Int128 factor = PowerOf10(Math.Abs(PicoDollars.Decimals - ScaleOf(type)));
    private ArrowArray values = null!;
    private string?[] texts = [];

    /// <summary>What a column should be that is of a type its field does not take, and what to cast it to; null where it fits.</summary>
    /// <param name="field">The field.</param>
    /// <param name="type">The column's type.</param>
    public static (string Types, string Cast)? Expected(string field, ArrowType type) => field switch
    {
        RollupMapping.BucketStart => type is ArrowType.TimestampType or ArrowType.DateType or ArrowType.DictionaryType
            ? null
            : ("a timestamp, a date or text", "TIMESTAMP"),

        // NaN, half a token and 2^53 + 1 are nobody's counts. Who knows that the floats are whole numbers says so by a cast.
        _ when RollupMapping.Counts.ContainsKey(field) => type is ArrowType.IntType or ArrowType.DecimalType(_, _, 0)
            ? null
            : ("integers, or decimals of scale 0", "BIGINT"),
        RollupMapping.Cost => type is ArrowType.DecimalType or ArrowType.IntType or ArrowType.DictionaryType or ArrowType.FloatType(32 or 64)
            ? null
            : ("decimals, integers, floats of 32 or 64 bits, or text", "DECIMAL(18, 12)"),
        _ => type is ArrowType.DictionaryType ? null : ("text", "VARCHAR"),
    };

    /// <summary>Moves to a row group.</summary>
    /// <param name="column">Its values.</param>
    public void Begin(ArrowArray column)
    {
        values = column;
        texts = column is DictionaryArray coded ? new string?[coded.Dictionary.Length] : [];
    }

    /// <inheritdoc/>
    public override Instant Time(int row)
    {
        if (!values.IsValid(row))
        {
            throw new FieldException("invalid-timestamp", field, $"found nothing, expected a time {RollupRules.ExpectedYears}.");
        }

        if (values is DictionaryArray coded)
        {
            var utf8 = Utf8(coded, row);
            return utf8.Length <= MaxTimeBytes && UsageTime.TryParse(utf8, out var said) && RollupRules.IsTimely(said)
                ? said
                : throw RollupRules.NoTime(Shown(row)!);
        }

        return TryInstant(row, out var time) && RollupRules.IsTimely(time)
            ? time
            : throw new FieldException("invalid-timestamp", field, $"found {Shown(row)}, expected a time {RollupRules.ExpectedYears}.");
    }

    /// <inheritdoc/>
    public override long Count(int row)
    {
        if (!values.IsValid(row))
        {
            return 0;
        }

        // Nearly all counts are INT64, and all others fit in 128 bits.
        var count = values is PrimitiveArray<long> longs ? longs.Values[row] : Integer(row);
        return count >= 0 && count <= long.MaxValue
            ? (long)count
            : throw new FieldException("invalid-value", field, $"found {Shown(row)}, expected an integer from 0 to {long.MaxValue}.");
    }

    /// <inheritdoc/>
    public override string Text(int row)
    {
        if (!values.IsValid(row))
        {
            return string.Empty;
        }

        // Each text is made and checked once for all of its rows.
        var coded = (DictionaryArray)values;
        var code = coded.Codes[row];
        if (coded.Dictionary.Utf8(code).Length is > MaxTextBytes and var length)
        {
            throw new FieldException("invalid-text", field, $"found {length} bytes, expected plain text of at most {RollupRules.MaxTextLength} characters.");
        }

        return texts[code] ??= RollupRules.CheckText(field, coded.Dictionary[code]);
    }

    /// <inheritdoc/>
    public override (long? PicoUsd, bool IsRounded) Cost(int row)
    {
        if (!values.IsValid(row))
        {
            return (null, false);
        }

        return values switch
        {
            DictionaryArray coded => RollupRules.ParseCost(Utf8(coded, row)),
            PrimitiveArray<double> doubles => Cost(doubles.Values[row]),
            PrimitiveArray<float> floats => Cost(floats.Values[row]),
            _ => Cost(Integer(row), row),
        };
    }

    /// <inheritdoc/>
    public override string? Shown(int row) => !values.IsValid(row) ? null : values switch
    {
        DictionaryArray coded => Start(Utf8(coded, row)),
        PrimitiveArray<double> doubles => doubles.Values[row].ToString(CultureInfo.InvariantCulture),
        PrimitiveArray<float> floats => floats.Values[row].ToString(CultureInfo.InvariantCulture),
        _ => (type, Integer(row)) switch
        {
            (ArrowType.DecimalType(_, _, var scale), var unscaled) => DecimalText(unscaled, scale),
            (ArrowType.DateType or ArrowType.TimestampType, _) when TryInstant(row, out var instant) => InstantPattern.ExtendedIso.Format(instant),
            (ArrowType.TimestampType(var unit, _), var value) => $"{value} {unit}s since 1970".ToLowerInvariant(),
            (ArrowType.DateType, var value) => $"{value} days since 1970",
            (_, var value) => value.ToString(CultureInfo.InvariantCulture),
        },
    };

    private static ReadOnlySpan<byte> Utf8(DictionaryArray coded, int row) => coded.Dictionary.Utf8(coded.Codes[row]);

    private static string Start(ReadOnlySpan<byte> utf8) => utf8.Length <= MaxShownBytes
        ? Encoding.UTF8.GetString(utf8)
        : $"{Encoding.UTF8.GetString(utf8[..MaxShownBytes]).TrimEnd('\uFFFD')}…";

    // The file has lost what the amount was: 0.1 dollars are 0.1000000000000000055… in it. Its shortest text that reads
    // back as the same float is what the writer printed or was given, nearly always, and what it would have put into a
    // CSV file. To refuse floats would be to refuse most files of data frames, for a cast that knows no more than this.
    private static (long? PicoUsd, bool IsRounded) Cost<T>(T dollars)
        where T : struct, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        if (dollars == T.Zero)
        {
            // Not text: -0 would be a negative number.
            return (0, false);
        }

        Span<byte> text = stackalloc byte[ShortestRoundTripBytes];
        _ = dollars.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        return RollupRules.ParseCost(text[..length]);
    }

    private (long? PicoUsd, bool IsRounded) Cost(Int128 unscaled, int row)
    {
        if (unscaled < 0)
        {
            throw RollupRules.NoAmount(Shown(row)!);
        }

        if (shift >= 0)
        {
            return unscaled <= long.MaxValue / factor ? ((long)(unscaled * factor), false) : throw RollupRules.TooLarge(Shown(row)!);
        }

        var (pico, rest) = Int128.DivRem(unscaled, factor);

        // Half to even, as text is. The rest is below 10^26, so twice as much fits.
        var isUp = rest * 2 > factor || (rest * 2 == factor && Int128.IsOddInteger(pico));
        pico += isUp ? 1 : 0;
        return pico <= long.MaxValue ? ((long)pico, rest != 0) : throw RollupRules.TooLarge(Shown(row)!);
    }

    // Times without a zone are taken for UTC: nothing in the file says another one.
    private bool TryInstant(int row, out Instant instant)
    {
        var value = (long)Integer(row);
        var (seconds, rest) = type is ArrowType.DateType ? (value * SecondsPerDay, 0) : Math.DivRem(value, unitsPerSecond);
        if (rest < 0)
        {
            (seconds, rest) = (seconds - 1, rest + unitsPerSecond);
        }

        if (seconds < FirstSecond || seconds > LastSecond)
        {
            instant = default;
            return false;
        }

        instant = Instant.FromUnixTimeSeconds(seconds).PlusNanoseconds(rest * (NanosecondsPerSecond / unitsPerSecond));
        return true;
    }

    private Int128 Integer(int row) => values switch
    {
        PrimitiveArray<long> array => array.Values[row],
        PrimitiveArray<int> array => array.Values[row],
        PrimitiveArray<ulong> array => array.Values[row],
        PrimitiveArray<uint> array => array.Values[row],
        PrimitiveArray<short> array => array.Values[row],
        PrimitiveArray<ushort> array => array.Values[row],
        PrimitiveArray<sbyte> array => array.Values[row],
        PrimitiveArray<byte> array => array.Values[row],
        _ => ((PrimitiveArray<Int128>)values).Values[row],
    };

    private static string DecimalText(Int128 unscaled, int scale)
    {
        var digits = unscaled.ToString(CultureInfo.InvariantCulture).TrimStart('-').PadLeft(scale + 1, '0');
        return $"{(unscaled < 0 ? "-" : "")}{digits[..^scale]}{(scale > 0 ? "." : "")}{digits[^scale..]}";
    }

    // Integers are whole dollars.
    private static int ScaleOf(ArrowType type) => type is ArrowType.DecimalType(_, _, var scale) ? scale : 0;

    private static Int128 PowerOf10(int exponent)
    {
        Int128 power = 1;
        for (; exponent > 0; exponent--)
        {
            power *= 10;
        }

        return power;
    }
}

/// <summary>A field that a folder's name fills for all rows: text, read as CSV's or, for a time, also as a date.</summary>
internal sealed class ParquetFolderField : ParquetField
{
    private readonly string? value;
    private readonly Instant time;
    private readonly long count;
    private readonly string text = string.Empty;
    private readonly (long? PicoUsd, bool IsRounded) cost;

    /// <summary>Reads the value.</summary>
    /// <param name="field">The field.</param>
    /// <param name="folder">The folder's name.</param>
    /// <exception cref="FieldException">The value breaks a rule.</exception>
    public ParquetFolderField(string field, HivePartition folder)
    {
        value = folder.Value;
        var said = value ?? string.Empty;
        switch (field)
        {
            case RollupMapping.BucketStart:
                time = RollupRules.ParseTime(LocalDatePattern.Iso.Parse(said).Success ? $"{said}T00:00:00Z" : said);
                break;
            case RollupMapping.Cost:
                cost = RollupRules.ParseCost(Encoding.UTF8.GetBytes(said));
                break;
            case var _ when RollupMapping.Counts.ContainsKey(field):
                count = RollupRules.ParseCount(field, said);
                break;
            default:
                text = RollupRules.CheckText(field, said);
                break;
        }
    }

    /// <inheritdoc/>
    public override Instant Time(int row) => time;

    /// <inheritdoc/>
    public override long Count(int row) => count;

    /// <inheritdoc/>
    public override string Text(int row) => text;

    /// <inheritdoc/>
    public override (long? PicoUsd, bool IsRounded) Cost(int row) => cost;

    /// <inheritdoc/>
    public override string? Shown(int row) => value;
}
