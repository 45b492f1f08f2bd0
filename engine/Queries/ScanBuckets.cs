using System.Numerics;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The buckets that a scan summed up.</summary>
/// <param name="lanes">What was summed.</param>
/// <param name="tables">By position the groups of each bucket that has usage, in no order.</param>
internal sealed class ScanBuckets(MeasureLanes lanes, Dictionary<int, GroupTable> tables) : IBuckets
{
    public MeasureLanes LanesFor(IReadOnlyList<Measure> measures) => lanes;

    public void Read(int bucket, CellBuffer cells, LaneMask wanted)
    {
        cells.Clear();
        if (!tables.TryGetValue(bucket, out var table))
        {
            return;
        }

        for (var i = 0; i < table.Count; i++)
        {
            if (table.Row(i) is { IsEmpty: false } sums)
            {
                Add(cells, cells.Row(cells.Add(table.Code(i))), sums, wanted);
            }
            else
            {
                cells.Widen();
                Add(cells, cells.WideRow(cells.Add(table.Code(i))), table.WideRow(i), wanted);
            }
        }
    }

    public UsageSums Totals(int bucket) => tables.TryGetValue(bucket, out var table) ? table.Totals() : default;

    public long SizeBytes => tables.Values.Sum(table => table.SizeBytes);

    public void Return()
    {
        foreach (var table in tables.Values)
        {
            table.Return();
        }

        tables.Clear();
    }

    private static void Add<T>(CellBuffer cells, Span<T> row, ReadOnlySpan<T> sums, LaneMask wanted)
        where T : unmanaged, IBinaryInteger<T>
    {
        var any = T.Zero;
        for (var lane = 0; lane < sums.Length; lane++)
        {
            any |= row[lane] = wanted.Has(lane) ? sums[lane] : T.Zero;
        }

        if (any == T.Zero)
        {
            cells.RemoveLast();
        }
    }
}
