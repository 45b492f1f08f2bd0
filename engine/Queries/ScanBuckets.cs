using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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

        if (table.IsNarrow)
        {
            ReadNarrow(table, cells, wanted);
            return;
        }

        cells.Widen();
        for (var i = 0; i < table.Count; i++)
        {
            var row = cells.WideRow(cells.Add(table.Code(i)));
            var sums = table.WideRow(i);
            Int128 any = 0;
            for (var lane = 0; lane < sums.Length; lane++)
            {
                any |= row[lane] = wanted.Has(lane) ? sums[lane] : 0;
            }

            if (any == 0)
            {
                cells.RemoveLast();
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

    private static void ReadNarrow(GroupTable table, CellBuffer cells, LaneMask wanted)
    {
        var (quads, stride) = (table.Lanes.Quads, (nuint)table.Lanes.Stride);
        var (groups, target) = cells.Reserve(table.Count);
        ref var from = ref MemoryMarshal.GetReference(table.Sums);
        ref var to = ref MemoryMarshal.GetArrayDataReference(target);
        var count = 0;
        for (var i = 0; i < table.Count; i++)
        {
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads; quad++)
            {
                // Always written, counted only if there is something: no branch to mispredict.
                var at = (nuint)(quad * Vector256<long>.Count);
                var sums = Vector256.LoadUnsafe(ref from, ((nuint)i * stride) + at) & wanted[quad];
                sums.StoreUnsafe(ref to, ((nuint)count * stride) + at);
                any |= sums;
            }

            groups[count] = table.Code(i);
            count += any == Vector256<long>.Zero ? 0 : 1;
        }

        cells.Truncate(count);
    }
}
