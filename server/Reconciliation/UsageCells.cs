using System.Globalization;
using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;
using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;
using NodaTime.Text;

namespace Analytics.Server.Reconciliation;

/// <summary>
/// Cost and requests by interval and the dimensions that all tables have: so that two sources of the same usage can be laid
/// side by side, and what differs can be named. Only made where sums differ, as it holds a cell for each row.
/// </summary>
internal sealed class UsageCells
{
    private static readonly Dimension[] Columns = [.. Dimensions.OfRequests];

    private readonly Dictionary<Cell, (Int128 Cost, Int128 Requests)> cells = [];

    /// <summary>Adds rows in memory.</summary>
    /// <param name="table">Gives codes their meaning.</param>
    /// <param name="chunk">The rows.</param>
    /// <param name="row">Which.</param>
    /// <param name="sign">1 or -1.</param>
    public void Add(UsageTable table, UsageChunk chunk, int row, int sign) => Add(
        new Cell(chunk.RunStarts[chunk.RunOf(row)], string.Join('\0', Columns.Select(dimension => table.Table(dimension).Key((int)chunk.Codes(dimension)[row])))),
        sign * (Int128)chunk.Values(Measure.Cost)[row],
        sign * (Int128)chunk.Values(Measure.RequestCount)[row]);

    /// <summary>Adds a row of a file.</summary>
    /// <param name="rows">A batch of all columns of its table.</param>
    /// <param name="row">Which.</param>
    /// <param name="sign">1 or -1.</param>
    public void Add(RecordBatch rows, int row, int sign) => Add(
        new Cell(
            rows.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values[row],
            string.Join('\0', Columns.Select(dimension => UsageSchema.Codes(rows, dimension) is { } column ? column.Dictionary[column.Codes[row]] : string.Empty))),
        sign * (Int128)UsageSchema.Values(rows, Measure.Cost)!.Values[row],
        sign * (Int128)(UsageSchema.Values(rows, Measure.RequestCount)?.Values[row] ?? 0));

    /// <summary>Cells where the two sources do not cancel out, in the order of time.</summary>
    /// <param name="hasRequests">Whether requests are compared too, or cost alone.</param>
    /// <param name="most">How many are named.</param>
    /// <returns>Text for people: where, and by how much the first source is above the second.</returns>
    public string Differences(bool hasRequests, int most = 3)
    {
        var differing = cells
            .Where(cell => cell.Value.Cost != 0 || (hasRequests && cell.Value.Requests != 0))
            .OrderBy(cell => cell.Key.Start)
            .ThenBy(cell => cell.Key.Keys, StringComparer.Ordinal)
            .ToArray();
        var named = differing.Take(most).Select(cell =>
        {
            var where = Columns.Zip(cell.Key.Keys.Split('\0')).Where(key => key.Second.Length > 0).Select(key => $"{key.First.ColumnName()} '{key.Second}'");
            var requests = hasRequests && cell.Value.Requests != 0 ? string.Create(CultureInfo.InvariantCulture, $" and requests by {cell.Value.Requests}") : string.Empty;
            return $"{InstantPattern.General.Format(Instants.FromUnixMicroseconds(cell.Key.Start))} {string.Join(", ", where)}: cost differs by {PicoDollars.Format(cell.Value.Cost)}{requests}";
        });
        return string.Join("; ", named) + (differing.Length > most ? string.Create(CultureInfo.InvariantCulture, $"; and {differing.Length - most} more") : string.Empty);
    }

    private void Add(Cell key, Int128 cost, Int128 requests)
    {
        ref var cell = ref CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out _);
        cell = (cell.Cost + cost, cell.Requests + requests);
    }

    private readonly record struct Cell(long Start, string Keys);
}
