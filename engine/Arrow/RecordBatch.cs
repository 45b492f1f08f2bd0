namespace Analytics.Engine.Arrow;

/// <summary>Columns of equal length under one schema. Checked once, here, and immutable from then on.</summary>
public sealed class RecordBatch
{
    private readonly ArrowArray[] columns;

    /// <summary>Joins schema and columns.</summary>
    /// <param name="schema">Names and types.</param>
    /// <param name="columns">One array for each field, in order, all of one length.</param>
    /// <exception cref="ArgumentException">The number, a type or a length of the columns does not fit, or a required column has nulls.</exception>
    public RecordBatch(Schema schema, params IReadOnlyList<ArrowArray> columns)
        : this(schema, columns is [var first, ..] ? first.Length : 0, columns)
    {
    }

    /// <summary>Joins schema and columns.</summary>
    /// <param name="schema">Names and types.</param>
    /// <param name="rowCount">Rows, 0 or more: a batch without columns has them too.</param>
    /// <param name="columns">One array for each field, in order, all of that length.</param>
    /// <exception cref="ArgumentException">The number, a type or a length of the columns does not fit, or a required column has nulls.</exception>
    public RecordBatch(Schema schema, int rowCount, IReadOnlyList<ArrowArray> columns)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        if (columns.Count != schema.Fields.Count)
        {
            throw new ArgumentException($"The schema has {schema.Fields.Count} fields; {columns.Count} columns were given.", nameof(columns));
        }

        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i].Type != schema.Fields[i].Type)
            {
                throw new ArgumentException($"Column '{schema.Fields[i].Name}' is {columns[i].Type}, expected {schema.Fields[i].Type}.", nameof(columns));
            }

            if (columns[i].Length != rowCount)
            {
                throw new ArgumentException(
                    $"Column '{schema.Fields[i].Name}' has {columns[i].Length} rows; {(i == 0 ? "the batch" : $"column '{schema.Fields[0].Name}'")} has {rowCount}.",
                    nameof(columns));
            }

            if (!schema.Fields[i].IsNullable && columns[i].NullCount > 0)
            {
                throw new ArgumentException($"Column '{schema.Fields[i].Name}' is required and has {columns[i].NullCount} nulls.", nameof(columns));
            }
        }

        Schema = schema;
        this.columns = [.. columns];
        RowCount = rowCount;
    }

    /// <summary>Names and types of the columns.</summary>
    public Schema Schema { get; }

    /// <summary>Rows, 0 or more.</summary>
    public int RowCount { get; }

    /// <summary>The columns, in the schema's order.</summary>
    public IReadOnlyList<ArrowArray> Columns => columns;

    /// <summary>Some consecutive rows, sharing this batch's memory.</summary>
    /// <param name="first">Position of the first row, 0 or more.</param>
    /// <param name="count">How many rows, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all inside of this batch.</exception>
    public RecordBatch Slice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, RowCount - first);
        return new RecordBatch(Schema, count, [.. columns.Select(column => column.Slice(first, count))]);
    }

    /// <summary>A column by position, as the array type that its field's type has.</summary>
    /// <typeparam name="T">The array type.</typeparam>
    /// <param name="index">0 to the number of fields - 1.</param>
    public T Column<T>(int index)
        where T : ArrowArray => (T)columns[index];
}
