using System.Globalization;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Storage.Import;

/// <summary>Reads Azure's LLM inference traces: CSV with a time and two token counts, each record one request.</summary>
/// <param name="mapping">Route of all requests: the trace names no model.</param>
/// <param name="project">Project of all requests; empty for none.</param>
/// <param name="prices">What tokens cost.</param>
/// <param name="now">The present: requests may lie one hour in its future.</param>
public sealed class AzureTraceParser(string mapping, string project, PriceTable prices, Instant now)
{
    /// <summary>
    /// The route where none is given. The trace does not say which model served it, and a guess would put a price on
    /// it: so the route is one that says so, and its requests count as unpriced until the price table has it.
    /// </summary>
    public const string DefaultMapping = "azure/unknown";

    /// <summary>The first record.</summary>
    public const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    private static readonly string[] Columns = Header.Split(',');
    private static readonly LocalDateTimePattern WithoutZone = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss.FFFFFFFFF");
    private static readonly OffsetDateTimePattern WithZone = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss.FFFFFFFFFo<Z+HH:mm>");
    private readonly UsageKeys keys = new(project, string.Empty, mapping, string.Empty, EventParser.DefaultServiceType, string.Empty);
    private readonly UsageLabels labels = new();

    /// <summary>Reads one record.</summary>
    /// <param name="line">The record.</param>
    /// <param name="number">Its line number, for the rejection.</param>
    /// <param name="row">The request.</param>
    /// <param name="rejection">Why there is none.</param>
    public bool TryParse(ReadOnlySpan<byte> line, long number, out RollupRow row, out Rejection? rejection)
    {
        (row, rejection) = (default, null);
        if (!CsvRecord.TrySplit(line, out var cells, out var problem))
        {
            rejection = new Rejection(number, "invalid-csv", null, problem!);
            return false;
        }

        if (cells.Count != Columns.Length)
        {
            rejection = new Rejection(number, "invalid-csv", null, $"found {cells.Count} cells, expected {Columns.Length} as in the header.");
            return false;
        }

        try
        {
            row = Read(cells);
            return true;
        }
        catch (FieldException exception)
        {
            rejection = new Rejection(number, exception.Code, exception.Field, $"column '{exception.Field}': {exception.Message}");
            return false;
        }
    }

    private RollupRow Read(List<string> cells)
    {
        UsageMeasures measures = default;
        measures[Measure.RequestCount] = 1;
        measures[Measure.InputTokens] = Count(cells, 1);
        measures[Measure.OutputTokens] = Count(cells, 2);
        var time = Time(cells[0]);
        var isRounded = UsageRules.Price(ref measures, costPicoUsd: null, mapping, isCacheHit: false, prices, out var items);
        return new RollupRow(time, keys, measures, labels, isRounded, items);
    }

    private Instant Time(string text)
    {
        if (WithoutZone.Parse(text).TryGetValue(default, out var local))
        {
            return UsageRules.CheckTime(local.InUtc().ToInstant(), now, Columns[0], text);
        }

        return WithZone.Parse(text).TryGetValue(default, out var time)
            ? UsageRules.CheckTime(time.ToInstant(), now, Columns[0], text)
            : throw new FieldException("invalid-timestamp", Columns[0], $"found '{text}', expected a time in UTC such as 2023-11-16 18:17:03.9799600.");
    }

    private static long Count(List<string> cells, int column) =>
        long.TryParse(cells[column], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new FieldException("invalid-value", Columns[column], $"found '{(cells[column].Length > 40 ? cells[column][..40] : cells[column])}', expected an integer, 0 or more, of at most 64 bits.");
}
