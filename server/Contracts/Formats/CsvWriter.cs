using System.Text;
using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Writes batches as CSV (RFC 4180): a header, lines that end in CR LF, numbers digit by digit as JSON has them.</summary>
internal sealed class CsvWriter
{
    private static readonly LocalDate Epoch = new(1970, 1, 1);

    private readonly AnswerStream stream;
    private readonly Cells[] columns;

    /// <summary>Writes the header.</summary>
    /// <param name="stream">Gets the text.</param>
    /// <param name="schema">The columns.</param>
    public CsvWriter(AnswerStream stream, Schema schema)
    {
        this.stream = stream;
        columns = [.. schema.Fields.Select(field => Cells.Of(field.Type))];
        stream.Write(Encoding.UTF8.GetBytes(string.Join(',', schema.Fields.Select(field => field.Name)) + "\r\n"));
    }

    /// <summary>Goes to a batch.</summary>
    public void Open(RecordBatch batch)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i].Open(batch.Columns[i]);
        }
    }

    /// <summary>Writes rows until there is a piece to send.</summary>
    /// <param name="batch">The batch that is open.</param>
    /// <param name="next">The row to begin with.</param>
    /// <returns>The next row.</returns>
    public int Write(RecordBatch batch, int next)
    {
        for (; next < batch.RowCount && !stream.HasPiece; next++)
        {
            for (var i = 0; i < columns.Length; i++)
            {
                if (i > 0)
                {
                    stream.Write(","u8);
                }

                if (batch.Columns[i].IsValid(next))
                {
                    columns[i].Write(next, stream);
                }
            }

            stream.Write("\r\n"u8);
        }

        return next;
    }

    /// <summary>Writes the cells of one column.</summary>
    private abstract class Cells
    {
        public static Cells Of(ArrowType type) => type switch
        {
            ArrowType.DictionaryType => new CodedCells(),
            ArrowType.Utf8Type => new TextCells(),
            ArrowType.BoolType => new FlagCells(),
            ArrowType.DateType => new DateCells(),
            ArrowType.TimestampType => new InstantCells(),
            ArrowType.DecimalType(128, _, PicoDollars.Decimals) => new MoneyCells(),
            ArrowType.DecimalType(64, _, var scale) => new DecimalCells(scale),
            _ => new IntegerCells(),
        };

        public abstract void Open(ArrowArray column);

        public abstract void Write(int row, AnswerStream stream);
    }

    private abstract class Cells<TArray> : Cells
        where TArray : ArrowArray
    {
        protected TArray Column { get; private set; } = null!;

        public override void Open(ArrowArray column) => Column = (TArray)column;
    }

    private sealed class IntegerCells : Cells<PrimitiveArray<long>>
    {
        public override void Write(int row, AnswerStream stream) =>
            stream.Advance(DecimalText.Integer(Column.Values[row], stream.GetSpan(DecimalText.MaxIntegerLength)));
    }

    private sealed class MoneyCells : Cells<PrimitiveArray<Int128>>
    {
        public override void Write(int row, AnswerStream stream) =>
            stream.Advance(DecimalText.Write(Column.Values[row], stream.GetSpan(DecimalText.MaxLength)));
    }

    private sealed class DecimalCells(int scale) : Cells<PrimitiveArray<long>>
    {
        private readonly Int128 factor = (Int128)Math.Pow(10, PicoDollars.Decimals - scale);

        public override void Write(int row, AnswerStream stream) =>
            stream.Advance(DecimalText.Write(Column.Values[row] * factor, stream.GetSpan(DecimalText.MaxLength)));
    }

    private sealed class FlagCells : Cells<BooleanArray>
    {
        public override void Write(int row, AnswerStream stream) => stream.Write(Column[row] ? "true"u8 : "false"u8);
    }

    private sealed class DateCells : Cells<PrimitiveArray<int>>
    {
        private const int Length = 10;

        public override void Write(int row, AnswerStream stream)
        {
            var date = Epoch.PlusDays(Column.Values[row]);
            DateText.Date(date.Year, date.Month, date.Day, stream.GetSpan(Length));
            stream.Advance(Length);
        }
    }

    private sealed class InstantCells : Cells<PrimitiveArray<long>>
    {
        public override void Write(int row, AnswerStream stream) =>
            stream.Advance(DateText.Instant(Instants.FromUnixMicroseconds(Column.Values[row]), stream.GetSpan(DateText.MaxLength)));
    }

    private sealed class TextCells : Cells<StringArray>
    {
        public override void Write(int row, AnswerStream stream) => stream.Write(CsvText.Encode(Column[row]));
    }

    /// <summary>Texts that many rows have: encoded once.</summary>
    private sealed class CodedCells : Cells<DictionaryArray>
    {
        private StringArray? texts;
        private byte[]?[] encoded = [];

        public override void Open(ArrowArray column)
        {
            base.Open(column);
            if (!ReferenceEquals(texts, Column.Dictionary))
            {
                texts = Column.Dictionary;
                encoded = new byte[texts.Length][];
            }
        }

        public override void Write(int row, AnswerStream stream)
        {
            var code = Column.Codes[row];
            stream.Write(encoded[code] ??= CsvText.Encode(texts![code]));
        }
    }
}
