using System.Text;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Storage.Import;

/// <summary>Reads rollup rows from CSV records by a column mapping. What is not mapped is none or 0.</summary>
public sealed class RollupCsvParser : IRollupCells
{
    private readonly RollupMapping mapping;
    private readonly Dictionary<string, int> positions;
    private readonly string project;
    private readonly PriceTable prices;
    private readonly int columnCount;
    private List<string> cells = [];

    private RollupCsvParser(RollupMapping mapping, Dictionary<string, int> positions, int columnCount, string project, PriceTable prices)
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
    public static bool TryCreate(ReadOnlySpan<byte> header, RollupMapping mapping, string project, PriceTable prices, out RollupCsvParser? parser, out string? problem)
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

        return RollupRules.TryRead(this, mapping, project, prices, number, out row, out rejection);
    }

    bool IRollupCells.Has(string field) => positions.ContainsKey(field);

    Instant IRollupCells.Time() => RollupRules.ParseTime(Cell(RollupMapping.BucketStart));

    long IRollupCells.Count(string field) => RollupRules.ParseCount(field, Cell(field));

    string IRollupCells.Text(string field) => RollupRules.CheckText(field, Cell(field));

    (long? PicoUsd, bool IsRounded) IRollupCells.Cost() => RollupRules.ParseCost(Encoding.UTF8.GetBytes(Cell(RollupMapping.Cost)));

    private string Cell(string field) => positions.TryGetValue(field, out var position) ? cells[position] : string.Empty;
}
