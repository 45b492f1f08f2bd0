using System.Runtime.Intrinsics;
using Analytics.Engine.Projections;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Buckets as differences of a cube's rows, made when they are looked at. Not thread-safe: each reader has its own.</summary>
internal sealed class CubeBuckets : IBuckets
{
    private readonly QueryPlan plan;
    private readonly PrefixSumCube cube;

    // The group of each of the cube's groups, -1 where it is not accepted; empty where all are accepted and the same.
    private readonly int[] groupOf;
    private readonly int groups;
    private readonly LaneMask asked;
    private long[] sums = [];
    private CellBuffer? scratch;
    private (long Micros, int Row) lastEnd = (long.MinValue, 0);

    /// <summary>Prepares the differences.</summary>
    /// <param name="plan">A plan with a cube.</param>
    /// <param name="pairs">Numbers the pairs of an answer of two dimensions, those that come up here among them; else null.</param>
    public CubeBuckets(QueryPlan plan, PairDictionary? pairs)
    {
        (this.plan, cube) = (plan, plan.Cube!);
        asked = new LaneMask(cube.MeasureLanes, plan.Query.Measures);
        groupOf = GroupsOf(pairs);
        groups = pairs?.Count ?? plan.Table.Table(plan.Query.GroupBy).Count;
    }

    private CubeBuckets(CubeBuckets other) =>
        (plan, cube, asked, groupOf, groups) = (other.plan, other.cube, other.asked, other.groupOf, other.groups);

    /// <summary>The same for another reader.</summary>
    public CubeBuckets Copy() => new(this);

    // The headline quad is read alone where it is enough.
    public MeasureLanes LanesFor(IReadOnlyList<Measure> measures) =>
        measures.All(measure => MeasureLanes.Headline.Of(measure) >= 0) ? MeasureLanes.Headline : cube.MeasureLanes;

    public void Read(int bucket, CellBuffer cells, LaneMask wanted)
    {
        var (from, to) = Rows(plan.Buckets.EdgeMicros(bucket), plan.Buckets.EdgeMicros(bucket + 1));
        Read(from, to, cells, wanted);
    }

    public UsageSums Totals(int bucket)
    {
        var (from, to) = Rows(plan.Buckets.EdgeMicros(bucket), plan.Buckets.EdgeMicros(bucket + 1));
        UsageSums totals = default;
        if (from == to)
        {
            return totals;
        }

        if (plan.Selections.Count > 0)
        {
            scratch ??= new CellBuffer(LanesFor(plan.Query.Measures));
            Read(from, to, scratch, asked);
            return scratch.Totals();
        }

        var (first, last) = (cube.Row(from), cube.Row(to));
        for (var i = 0; i < plan.Query.Measures.Count; i++)
        {
            var measure = plan.Query.Measures[i];
            var lane = cube.MeasureLanes.Of(measure);
            var quad = lane / Vector256<long>.Count;
            totals[measure] = (last.Total(quad) - first.Total(quad))[lane % Vector256<long>.Count];
        }

        GC.KeepAlive(plan);
        return totals;
    }

    /// <summary>The groups of the whole range.</summary>
    public CellBuffer Range()
    {
        var cells = new CellBuffer(LanesFor(plan.Query.Measures));
        Read(cube.RowAt(plan.Buckets.EdgeMicros(0)), cube.RowAt(plan.Buckets.EdgeMicros(plan.Buckets.Count)), cells, asked);
        return cells;
    }

    private int[] GroupsOf(PairDictionary? pairs)
    {
        var grouping = plan.Grouping;
        var left = grouping.First.StoredSource();
        var right = grouping.Second?.StoredSource();
        var leftMap = grouping.Map(grouping.First);
        if (plan.Selections.Count == 0 && pairs is null && leftMap.Length == 0 && cube.Pairs is null)
        {
            return [];
        }

        var rightMap = grouping.Second is { } second ? grouping.Map(second) : [];
        var result = new int[cube.GroupCount];
        for (var group = 0; group < result.Length; group++)
        {
            result[group] = !IsAccepted(group)
                ? -1
                : pairs is null
                    ? Mapped(leftMap, Code(group, left))
                    : pairs.NumberOf(Mapped(leftMap, Code(group, left)), Mapped(rightMap, Code(group, right!.Value)));
        }

        return result;

        static int Mapped(int[] map, int code) => map.Length == 0 ? code : map[code];
    }

    private bool IsAccepted(int group)
    {
        foreach (var selection in plan.Selections)
        {
            if (!selection.Accepted.Span[Code(group, selection.Dimension)])
            {
                return false;
            }
        }

        return true;
    }

    private int Code(int group, Dimension dimension) =>
        cube.Pairs is null ? group : dimension == cube.Key.First ? cube.Pairs[group].Left : cube.Pairs[group].Right;

    private (int From, int To) Rows(long start, long end)
    {
        // Buckets are mostly read one after the other, and each starts where the one before it ended.
        var from = lastEnd.Micros == start ? lastEnd.Row : cube.RowAt(start);
        lastEnd = (end, cube.RowAt(end));
        return (from, lastEnd.Row);
    }

    private void Read(int from, int to, CellBuffer cells, LaneMask wanted)
    {
        cells.Clear();
        if (from == to)
        {
            return;
        }

        var (first, last) = (cube.Row(from), cube.Row(to));
        if (groupOf.Length == 0)
        {
            ReadSame(first, last, cells, wanted);
        }
        else
        {
            ReadFolded(first, last, cells, wanted);
        }

        // The rows lie in native memory that the cube owns.
        GC.KeepAlive(plan);
    }

    private void ReadSame(CubeRow first, CubeRow last, CellBuffer cells, LaneMask wanted)
    {
        var quads = cells.Lanes.Quads;
        for (var group = 0; group < cube.GroupCount; group++)
        {
            var position = cells.Add(group);
            var row = cells.Row(position);
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads; quad++)
            {
                var difference = Difference(first, last, quad, group) & wanted[quad];
                difference.CopyTo(row[(quad * Vector256<long>.Count)..]);
                any |= difference;
            }

            if (any == Vector256<long>.Zero)
            {
                cells.RemoveLast();
            }
        }
    }

    private void ReadFolded(CubeRow first, CubeRow last, CellBuffer cells, LaneMask wanted)
    {
        var (quads, stride) = (cells.Lanes.Quads, cells.Lanes.Stride);
        if (sums.Length < groups * stride)
        {
            sums = new long[groups * stride];
        }

        sums.AsSpan(0, groups * stride).Clear();
        for (var group = 0; group < groupOf.Length; group++)
        {
            if (groupOf[group] < 0)
            {
                continue;
            }

            for (var quad = 0; quad < quads; quad++)
            {
                var target = sums.AsSpan((groupOf[group] * stride) + (quad * Vector256<long>.Count), Vector256<long>.Count);
                (Vector256.Create<long>(target) + Difference(first, last, quad, group)).CopyTo(target);
            }
        }

        for (var group = 0; group < groups; group++)
        {
            var row = cells.Row(cells.Add(group));
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads; quad++)
            {
                var sum = Vector256.Create<long>(sums.AsSpan((group * stride) + (quad * Vector256<long>.Count))) & wanted[quad];
                sum.CopyTo(row[(quad * Vector256<long>.Count)..]);
                any |= sum;
            }

            if (any == Vector256<long>.Zero)
            {
                cells.RemoveLast();
            }
        }
    }

    private static Vector256<long> Difference(CubeRow first, CubeRow last, int quad, int group)
    {
        var difference = last.Sums(quad, group) - first.Sums(quad, group);
        return first.Segment == last.Segment ? difference : difference + last.Basis(quad, group) - first.Basis(quad, group);
    }
}
