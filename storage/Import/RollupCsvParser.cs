using System.Globalization;
using System.Text;
using Analytics.Engine.Usage;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>One row that another system added up.</summary>
/// <param name="Time">Start of its interval.</param>
/// <param name="Keys">What it belongs to.</param>
/// <param name="Measures">What it adds.</param>
/// <param name="Labels">Names and owners that came with it.</param>
/// <param name="IsRounded">Whether its cost was rounded to 12 decimals.</param>
public readonly record struct RollupRow(Instant Time, UsageKeys Keys, UsageMeasures Measures, UsageLabels Labels, bool IsRounded);

/// <summary>Reads rollup rows from CSV records by a column mapping. What is not mapped is none or 0.</summary>
public sealed class RollupCsvParser
{
    private readonly CsvMapping mapping;
    private readonly Dictionary<string, int> positions;
    private readonly string project;
    private readonly PriceTable prices;
    private readonly int columnCount;
    private List<string> cells = [];

    private RollupCsvParser(CsvMapping mapping, Dictionary<string, int> positions, int columnCount, string project, PriceTable prices)
    {
        this.mapping = mapping;
        this.positions = positions;
        this.columnCount = columnCount;
        this.project = project;
        this.prices = prices;
    }

    /// <summary>Finds the mapped columns in a header.</summary>
    /// <param name="header">The first record.</param>
    /// <param name="mapping">Column by field.</param>
    /// <param name="project">Project of all rows where none is mapped; empty for none.</param>
    /// <param name="prices">Prices of rows without a cost.</param>
    /// <param name="parser">The parser.</param>
    /// <param name="problem">What is wrong with the header.</param>
    public static bool TryCreate(ReadOnlySpan<byte> header, CsvMapping mapping, string project, PriceTable prices, out RollupCsvParser? parser, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        parser = null;
        if (!CsvRecord.TrySplit(header, out var names, out problem))
        {
            return false;
        }

        Dictionary<string, int> positions = new(StringComparer.Ordinal);
        foreach (var (field, column) in mapping.Columns)
        {
            positions[field] = names.IndexOf(column);
            if (positions[field] < 0)
            {
                problem = $"column '{column}' (for {field}) is not in the header, which has {string.Join(", ", names)}.";
                return false;
            }

            if (names.LastIndexOf(column) != positions[field])
            {
                problem = $"column '{column}' (for {field}) is in the header twice, expected once.";
                return false;
            }
        }

        parser = new RollupCsvParser(mapping, positions, names.Count, project, prices);
        return true;
    }

    /// <summary>Reads one record.</summary>
    /// <param name="line">The record.</param>
    /// <param name="number">Its line number, for the rejection.</param>
    /// <param name="row">The row.</param>
    /// <param name="rejection">Why there is none.</param>
    public bool TryParse(ReadOnlySpan<byte> line, long number, out RollupRow row, out Rejection? rejection)
    {
        (row, rejection) = (default, null);
        if (!CsvRecord.TrySplit(line, out cells, out var problem))
        {
            rejection = new Rejection(number, "invalid-csv", null, problem!);
            return false;
        }

        if (cells.Count != columnCount)
        {
            rejection = new Rejection(number, "invalid-csv", null, $"found {cells.Count} cells, expected {columnCount} as in the header.");
            return false;
        }

        try
        {
            row = Read();
            return true;
        }
        catch (FieldException exception)
        {
            var column = mapping.Columns.TryGetValue(exception.Field, out var name) ? $"column '{name}': " : string.Empty;
            rejection = new Rejection(number, exception.Code, exception.Field, column + exception.Message);
            return false;
        }
    }

    private RollupRow Read()
    {
        var bucketStart = Cell(CsvMapping.BucketStart);
        if (!UsageTime.TryParse(bucketStart, out var time) || time < Instant.FromUtc(1970, 1, 1, 0, 0))
        {
            throw new FieldException("invalid-timestamp", CsvMapping.BucketStart, $"found '{bucketStart}', expected {UsageTime.Expected}, from 1970 on.");
        }

        UsageMeasures measures = default;
        foreach (var (field, measure) in CsvMapping.Counts)
        {
            measures[measure] = Count(field);
        }

        UsageRules.CheckParts(measures);
        foreach (var part in (Measure[])[Measure.ErrorCount, Measure.ClientErrorCount, Measure.CacheHitCount])
        {
            if (measures[part] > measures[Measure.RequestCount])
            {
                throw new FieldException("part-exceeds-whole", "requestCount", $"found {measures[Measure.RequestCount]} with {measures[part]} in {part.ColumnName()}, expected at least that many.");
            }
        }

        var keys = new UsageKeys(
            positions.ContainsKey("projectId") ? Text("projectId") : project,
            Text("apiKeyId"),
            Text("mapping"),
            Text("app"),
            Text("serviceType"),
            Text("agentId"));
        var (cost, isRounded) = Cost();
        isRounded |= UsageRules.Price(ref measures, cost, keys.Mapping, IsAllCacheHits(measures), prices);
        var labels = new UsageLabels(
            NullIfEmpty("projectName"),
            NullIfEmpty("apiKeyDescription"),
            NullIfEmpty("memberId"),
            NullIfEmpty("memberName"),
            NullIfEmpty("model"),
            NullIfEmpty("provider"));
        return new RollupRow(time, keys, measures, labels, isRounded);
    }

    // The tokens of a row cannot be split between hits and others, so only a row of nothing but hits costs nothing.
    private static bool IsAllCacheHits(UsageMeasures measures) =>
        measures[Measure.RequestCount] > 0 && measures[Measure.CacheHitCount] == measures[Measure.RequestCount];

    private string Cell(string field) => positions.TryGetValue(field, out var position) ? cells[position] : string.Empty;

    private string Text(string field)
    {
        var text = Cell(field);
        if (text.Length > 128 || text.Any(char.IsControl))
        {
            throw new FieldException("invalid-text", field, $"found {text.Length} characters or a control character, expected plain text of at most 128.");
        }

        return text;
    }

    private string? NullIfEmpty(string field) => Text(field) is { Length: > 0 } text ? text : null;

    private long Count(string field)
    {
        var text = Cell(field);
        if (text.Length == 0)
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new FieldException("invalid-value", field, $"found '{(text.Length > 40 ? text[..40] : text)}', expected an integer, 0 or more, of at most 64 bits.");
    }

    private (long? PicoUsd, bool IsRounded) Cost()
    {
        var text = Cell(CsvMapping.Cost);
        if (text.Length == 0)
        {
            return (null, false);
        }

        return PicoDollars.TryParse(Encoding.UTF8.GetBytes(text), out var pico, out var rounded) switch
        {
            PicoDollarsResult.Ok => (pico, rounded),
            PicoDollarsResult.TooLarge => throw new FieldException("too-large", CsvMapping.Cost, $"found '{text}', expected at most 9223372.036854775807."),
            _ => throw new FieldException("invalid-value", CsvMapping.Cost, $"found '{(text.Length > 40 ? text[..40] : text)}', expected {UsageRules.ExpectedCost}."),
        };
    }
}
