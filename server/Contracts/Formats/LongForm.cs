using Analytics.Engine.Arrow;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts.Formats;

/// <summary>An answer as a table: named, typed columns and rows, which CSV, Arrow and Parquet are written from.</summary>
/// <remarks>
/// Counts are integers of 64 bits, money is a decimal of 38 digits with 12 decimals. A sum of counts beyond 64 bits is not
/// cut: the answer is refused as a whole, before its first byte, and JSON has it in full (<see cref="FirstBeyond64Bits"/>).
/// </remarks>
/// <param name="plan">What was asked: its range, zone and exactness stand in the metadata. Null for what is no usage.</param>
internal abstract class LongForm(QueryPlan? plan)
{
    /// <summary>Range, zone and exactness; null for what is no usage.</summary>
    public QueryPlan? Plan { get; } = plan;

    /// <summary>What else the metadata says.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>The columns.</summary>
    public abstract IReadOnlyList<Field> Fields { get; }

    /// <summary>Bytes of the memory that batches are gathered in.</summary>
    public abstract long HeldBytes { get; }

    /// <summary>The rows, once only.</summary>
    /// <param name="schema">The columns, with metadata.</param>
    /// <param name="maxRows">Rows of a batch at most.</param>
    /// <returns>Batches of one row or more, each right until the next one is asked for.</returns>
    public abstract IEnumerable<RecordBatch> Batches(Schema schema, int maxRows);

    /// <summary>Makes a long form.</summary>
    /// <typeparam name="TRow">A row; it may be one object that changes.</typeparam>
    /// <param name="plan">What was asked; null for what is no usage.</param>
    /// <param name="rows">The rows in their order.</param>
    /// <param name="columns">The columns in theirs; the zone of usage is added as the last.</param>
    public static LongForm<TRow> Of<TRow>(QueryPlan? plan, IEnumerable<TRow> rows, params IEnumerable<LongColumn<TRow>> columns) => new(plan, rows, columns);

    /// <summary>The first metric whose sum over the range a 64-bit integer does not hold, and the sum; null where all fit.</summary>
    /// <param name="totals">The sums of the range: no part of it has more, as nothing is negative.</param>
    public static (string Metric, Int128 Sum)? FirstBeyond64Bits(in UsageSums totals)
    {
        foreach (var metric in Metric.All)
        {
            var sum = metric.Form switch
            {
                MetricForm.Count => totals[metric.Measure],
                MetricForm.TotalTokens => totals.TotalTokens,
                _ => 0,
            };
            if (sum > long.MaxValue)
            {
                return (metric.Name, sum);
            }
        }

        return null;
    }
}

/// <inheritdoc/>
/// <typeparam name="TRow">A row.</typeparam>
internal sealed class LongForm<TRow> : LongForm
{
    private readonly IEnumerable<TRow> rows;
    private readonly LongColumn<TRow>[] columns;

    /// <summary>Makes a long form.</summary>
    /// <param name="plan">What was asked; null for what is no usage.</param>
    /// <param name="rows">The rows in their order.</param>
    /// <param name="columns">The columns in theirs; the zone of usage is added as the last.</param>
    /// <param name="zoneColumn">What the column of the zone is called.</param>
    public LongForm(QueryPlan? plan, IEnumerable<TRow> rows, IEnumerable<LongColumn<TRow>> columns, string zoneColumn = "timezone")
        : base(plan)
    {
        // A file that was passed on has no request beside it that says whose days it counts.
        this.columns = plan is null ? [.. columns] : [.. columns, LongColumn<TRow>.Coded(zoneColumn, StringArray.From([plan.Query.Zone.Id]), _ => 0)];
        this.rows = rows;
        Fields = [.. this.columns.Select(column => column.Field)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Field> Fields { get; }

    /// <inheritdoc/>
    public override long HeldBytes => columns.Sum(column => column.HeldBytes);

    /// <inheritdoc/>
    public override IEnumerable<RecordBatch> Batches(Schema schema, int maxRows)
    {
        var count = 0;
        foreach (var row in rows)
        {
            foreach (var column in columns)
            {
                column.Append(row);
            }

            if (++count == maxRows)
            {
                yield return Take(schema, count);
                count = 0;
            }
        }

        if (count > 0)
        {
            yield return Take(schema, count);
        }
    }

    private RecordBatch Take(Schema schema, int count) => new(schema, count, [.. columns.Select(column => column.Take())]);
}
