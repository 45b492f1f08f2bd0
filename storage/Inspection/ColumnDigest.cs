using Analytics.Engine.Arrow;

namespace Analytics.Storage.Inspection;

/// <summary>Adds up one column, array by array.</summary>
/// <remarks>Takes memory for a few values, however many there are. Not safe for use by several threads at once.</remarks>
internal abstract class ColumnDigest : IDisposable
{
    private long rowCount;
    private long nullCount;

    /// <summary>Text and MD5 of the values.</summary>
    protected TextDigest Text { get; } = new();

    /// <summary>Begins a column.</summary>
    /// <param name="type">The type of all its arrays.</param>
    public static ColumnDigest For(ArrowType type) => type switch
    {
        ArrowType.BoolType => new FlagDigest(),
        ArrowType.FloatType => new FloatDigest(),
        ArrowType.IntType or ArrowType.DecimalType or ArrowType.DateType or ArrowType.TimeType => new IntegerDigest(KindOf(type), 1, 1),

        // An instant is counted in microseconds, as everywhere in this product and in DuckDB, whatever unit the file has;
        // a local time keeps its nanoseconds.
        ArrowType.TimestampType(TimeUnit.Second, _) => new IntegerDigest(KindOf(type), 1_000_000, 1),
        ArrowType.TimestampType(TimeUnit.Millisecond, _) => new IntegerDigest(KindOf(type), 1000, 1),
        ArrowType.TimestampType(TimeUnit.Nanosecond, not null) => new IntegerDigest(KindOf(type), 1, 1000),
        ArrowType.TimestampType => new IntegerDigest(KindOf(type), 1, 1),
        _ => new BytesDigest(KindOf(type)),
    };

    /// <summary>Adds the next rows.</summary>
    /// <param name="array">Of the column's type.</param>
    public void Add(ArrowArray array)
    {
        rowCount += array.Length;
        nullCount += array.NullCount;
        AddValues(array);
    }

    /// <summary>What all rows came to.</summary>
    public ColumnContent Finish()
    {
        var content = new ColumnContent
        {
            Kind = Kind,
            RowCount = rowCount,
            NullCount = nullCount,
            First = Text.First,
            Md5 = rowCount == 0 ? null : Text.Finish(),
        };
        return nullCount == rowCount ? content : WithBounds(content);
    }

    /// <inheritdoc/>
    public void Dispose() => Text.Dispose();

    /// <summary>What the text of a value is.</summary>
    protected abstract string Kind { get; }

    /// <summary>Adds values and nulls.</summary>
    protected abstract void AddValues(ArrowArray array);

    /// <summary>Adds sum, minimum and maximum; there is at least one value.</summary>
    protected abstract ColumnContent WithBounds(ColumnContent content);

    private static string KindOf(ArrowType type) => type switch
    {
        ArrowType.IntType => "int",
        ArrowType.DecimalType => "decimal_unscaled",
        ArrowType.DateType => "epoch_days",
        ArrowType.TimeType(var unit) => unit switch
        {
            TimeUnit.Second => "time_s",
            TimeUnit.Millisecond => "time_ms",
            TimeUnit.Microsecond => "time_us",
            _ => "time_ns",
        },
        ArrowType.TimestampType(TimeUnit.Nanosecond, null) => "epoch_ns",
        ArrowType.TimestampType => "epoch_us",
        ArrowType.Utf8Type or ArrowType.DictionaryType => "utf8",
        ArrowType.FixedSizeBinaryType(_, true) => "uuid",
        _ => "hex",
    };
}
