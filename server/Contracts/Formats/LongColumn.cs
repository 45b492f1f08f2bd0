using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Server.Contracts.Formats;

/// <summary>A column of a long form: a name, a type, and how its value is read from a row.</summary>
/// <typeparam name="TRow">A row.</typeparam>
/// <param name="field">Name and type.</param>
internal abstract class LongColumn<TRow>(Field field)
{
    private static readonly LocalDate Epoch = new(1970, 1, 1);

    /// <summary>Name and type.</summary>
    public Field Field { get; } = field;

    /// <summary>Bytes of the memory that batches are gathered in.</summary>
    public abstract long HeldBytes { get; }

    /// <summary>Appends a row's value.</summary>
    public abstract void Append(TRow row);

    /// <summary>The values since the last call, right until the next value is appended.</summary>
    public abstract ArrowArray Take();

    /// <summary>A text that is there.</summary>
    public static LongColumn<TRow> Text(string name, Func<TRow, string> read) => new TextColumn(new Field(name, ArrowType.Utf8), read);

    /// <summary>A text that may be null.</summary>
    public static LongColumn<TRow> OptionalText(string name, Func<TRow, string?> read) => new TextColumn(new Field(name, ArrowType.Utf8, IsNullable: true), read);

    /// <summary>A text that many rows have, by its code in a dictionary.</summary>
    /// <param name="name">The column.</param>
    /// <param name="texts">What the codes stand for, complete before the first row.</param>
    /// <param name="read">The code.</param>
    public static LongColumn<TRow> Coded(string name, StringArray texts, Func<TRow, int> read) =>
        new CodedColumn(new Field(name, ArrowType.DictionaryUtf8), texts, row => read(row));

    /// <summary>The same with nulls.</summary>
    public static LongColumn<TRow> OptionalCoded(string name, StringArray texts, Func<TRow, int?> read) =>
        new CodedColumn(new Field(name, ArrowType.DictionaryUtf8, IsNullable: true), texts, read);

    /// <summary>A count. Sums beyond 64 bits are refused before anything is written; see <see cref="LongForm.FirstBeyond64Bits"/>.</summary>
    public static LongColumn<TRow> Count(string name, Func<TRow, Int128> read) =>
        new ValueColumn<long>(new Field(name, ArrowType.Int64), row => checked((long)read(row)));

    /// <summary>US dollars, read as pico-dollars.</summary>
    public static LongColumn<TRow> Money(string name, Func<TRow, Int128> read) =>
        new ValueColumn<Int128>(new Field(name, ArrowType.PicoDollars128), row => read(row));

    /// <summary>US dollars that may be null, or another exact number of 12 decimals.</summary>
    public static LongColumn<TRow> OptionalMoney(string name, Func<TRow, Int128?> read) =>
        new OptionalColumn<Int128>(new Field(name, ArrowType.PicoDollars128, IsNullable: true), read);

    /// <summary>A count that may be null.</summary>
    public static LongColumn<TRow> OptionalCount(string name, Func<TRow, Int128?> read) =>
        new OptionalColumn<long>(new Field(name, ArrowType.Int64, IsNullable: true), row => checked((long?)read(row)));

    /// <summary>A ratio or a quantity with 6 decimals, read in millionths.</summary>
    public static LongColumn<TRow> Millionths(string name, Func<TRow, Int128> read) =>
        new ValueColumn<long>(new Field(name, ArrowType.Micros), row => checked((long)read(row)));

    /// <summary>True or false.</summary>
    public static LongColumn<TRow> Flag(string name, Func<TRow, bool> read) => new FlagColumn(new Field(name, ArrowType.Bool), read);

    /// <summary>A calendar day.</summary>
    public static LongColumn<TRow> Date(string name, Func<TRow, LocalDate> read) =>
        new ValueColumn<int>(new Field(name, ArrowType.Date), row => Period.DaysBetween(Epoch, read(row)));

    /// <summary>An instant.</summary>
    public static LongColumn<TRow> Instant(string name, Func<TRow, Instant> read) =>
        new ValueColumn<long>(new Field(name, ArrowType.TimestampMicrosUtc), row => read(row).ToUnixMicroseconds());

    /// <summary>Metrics, each as a column of its own.</summary>
    /// <param name="metrics">Which.</param>
    /// <param name="sum">A row's sum of a measure.</param>
    public static IEnumerable<LongColumn<TRow>> Metrics(IEnumerable<Metric> metrics, Func<TRow, Measure, Int128> sum) => metrics.Select(metric => metric.Form switch
    {
        MetricForm.Money => Money(metric.Name, row => sum(row, metric.Measure)),
        MetricForm.TotalTokens => Count(metric.Name, row => checked(sum(row, Measure.InputTokens) + sum(row, Measure.OutputTokens))),
        MetricForm.ErrorRate => Millionths(metric.Name, row => Ratio.Millionths(sum(row, Measure.ErrorCount), sum(row, Measure.RequestCount))),
        _ => Count(metric.Name, row => sum(row, metric.Measure)),
    });

    private sealed class ValueColumn<T>(Field field, Func<TRow, T> read) : LongColumn<TRow>(field)
        where T : unmanaged
    {
        private readonly PinnedValues<T> values = new();

        public override long HeldBytes => values.HeldBytes;

        public override void Append(TRow row) => values.Add(read(row));

        public override ArrowArray Take() => new PrimitiveArray<T>(Field.Type, values.Take());
    }

    private sealed class OptionalColumn<T>(Field field, Func<TRow, T?> read) : LongColumn<TRow>(field)
        where T : unmanaged
    {
        private readonly PinnedValues<T> values = new();
        private readonly PinnedBits validity = new();

        public override long HeldBytes => values.HeldBytes + validity.HeldBytes;

        public override void Append(TRow row)
        {
            var value = read(row);
            values.Add(value.GetValueOrDefault());
            validity.Add(value is not null);
        }

        public override ArrowArray Take()
        {
            var bits = new ValidityBitmap(validity.Take(), 0, values.Count);
            return new PrimitiveArray<T>(Field.Type, values.Take(), bits);
        }
    }

    private sealed class FlagColumn(Field field, Func<TRow, bool> read) : LongColumn<TRow>(field)
    {
        private readonly PinnedBits bits = new();

        public override long HeldBytes => bits.HeldBytes;

        public override void Append(TRow row) => bits.Add(read(row));

        public override ArrowArray Take()
        {
            var count = bits.Count;
            return new BooleanArray(bits.Take(), 0, count);
        }
    }

    private sealed class CodedColumn(Field field, StringArray texts, Func<TRow, int?> read) : LongColumn<TRow>(field)
    {
        private readonly PinnedValues<int> codes = new();
        private readonly PinnedBits validity = new();

        public override long HeldBytes => codes.HeldBytes + validity.HeldBytes;

        public override void Append(TRow row)
        {
            var code = read(row);
            codes.Add(code ?? 0);
            validity.Add(code is not null);
        }

        public override ArrowArray Take()
        {
            var bits = new ValidityBitmap(validity.Take(), 0, codes.Count);
            return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, codes.Take(), bits), texts);
        }
    }

    private sealed class TextColumn(Field field, Func<TRow, string?> read) : LongColumn<TRow>(field)
    {
        private readonly PinnedValues<int> offsets = new();
        private readonly PinnedValues<byte> bytes = new();
        private readonly PinnedBits validity = new();

        public override long HeldBytes => offsets.HeldBytes + bytes.HeldBytes + validity.HeldBytes;

        public override void Append(TRow row)
        {
            if (offsets.Count == 0)
            {
                offsets.Add(0);
            }

            var text = read(row);
            var start = bytes.Count;
            var written = Encoding.UTF8.GetBytes(text, bytes.Reserve(Encoding.UTF8.GetMaxByteCount(text?.Length ?? 0)));
            bytes.Shorten(start + written);
            offsets.Add(bytes.Count);
            validity.Add(text is not null);
        }

        public override ArrowArray Take()
        {
            var count = validity.Count;
            return new StringArray(offsets.Take(), bytes.Take(), new ValidityBitmap(validity.Take(), 0, count));
        }
    }
}
