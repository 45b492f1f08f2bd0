using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts.Formats;

namespace Analytics.Server.Contracts;

/// <summary>A number of a usage row: what rows are sorted by, and a column of theirs.</summary>
/// <param name="Name">Its name in parameters and answers.</param>
/// <param name="Form">How it is written.</param>
/// <param name="Value">Its value in a chunk's row, in the unit of its form; null where the row has none.</param>
internal sealed record RowMetric(string Name, RowMetricForm Form, Func<UsageChunk, int, Int128?> Value)
{
    /// <summary>What requests have: all metrics.</summary>
    public static IReadOnlyList<RowMetric> OfRequests { get; } = [.. Metric.All.Select(Of)];

    /// <summary>What priced items have.</summary>
    public static IReadOnlyList<RowMetric> OfItems { get; } =
    [
        new("quantity", RowMetricForm.Millionths, (chunk, row) => chunk.Values(Measure.Quantity)[row]),
        new("unitPrice", RowMetricForm.OptionalMoney, UnitPrice),
        new("cost", RowMetricForm.Money, (chunk, row) => chunk.Values(Measure.Cost)[row]),
    ];

    /// <summary>Writes it as a property.</summary>
    public void Write(UsageJson json, UsageRow row)
    {
        switch (Form, row[this])
        {
            case (_, null):
                json.Text.Text(Name, null);
                break;
            case (RowMetricForm.Money or RowMetricForm.OptionalMoney, { } pico):
                json.Money(Name, pico);
                break;
            case (RowMetricForm.Millionths, { } millionths):
                json.Text.Decimal(Name, millionths * 1_000_000);
                break;
            case (_, { } count):
                json.Text.Integer(Name, count);
                break;
        }
    }

    /// <summary>It as a column.</summary>
    public LongColumn<UsageRow> ToColumn() => Form switch
    {
        RowMetricForm.Money => LongColumn<UsageRow>.Money(Name, row => row[this]!.Value),
        RowMetricForm.OptionalMoney => LongColumn<UsageRow>.OptionalMoney(Name, row => row[this]),
        RowMetricForm.Millionths => LongColumn<UsageRow>.Millionths(Name, row => row[this]!.Value),
        _ => LongColumn<UsageRow>.Count(Name, row => row[this]!.Value),
    };

    private static RowMetric Of(Metric metric) => metric.Form switch
    {
        MetricForm.Money => new(metric.Name, RowMetricForm.Money, (chunk, row) => chunk.Values(metric.Measure)[row]),
        MetricForm.TotalTokens => new(metric.Name, RowMetricForm.Count, (chunk, row) => (Int128)chunk.Values(Measure.InputTokens)[row] + chunk.Values(Measure.OutputTokens)[row]),
        MetricForm.ErrorRate => new(
            metric.Name,
            RowMetricForm.Millionths,
            (chunk, row) => chunk.Values(Measure.ErrorCount)[row] is > 0 and var errors ? Ratio.Millionths(errors, chunk.Values(Measure.RequestCount)[row]) : 0),
        _ => new(metric.Name, RowMetricForm.Count, (chunk, row) => chunk.Values(metric.Measure)[row]),
    };

    /// <summary>What one unit cost, in pico-dollars, rounded half to even; null where nothing was counted.</summary>
    /// <remarks>A row holds all items of an interval: where they had several prices this is their mean.</remarks>
    private static Int128? UnitPrice(UsageChunk chunk, int row) => chunk.Values(Measure.Quantity)[row] is > 0 and var micros
        ? Ratio.Millionths(chunk.Values(Measure.Cost)[row], micros)
        : null;
}

/// <summary>How a row's number is written.</summary>
internal enum RowMetricForm
{
    /// <summary>An integer.</summary>
    Count,

    /// <summary>Pico-dollars, as dollars.</summary>
    Money,

    /// <summary>The same, or null.</summary>
    OptionalMoney,

    /// <summary>Millionths, as a number with up to 6 decimals.</summary>
    Millionths,
}
