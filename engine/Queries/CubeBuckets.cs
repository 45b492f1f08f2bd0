using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    // The cube's groups that are accepted: of the pairs of two dimensions, mostly few.
    private readonly int[] accepted;
    private readonly int groups;
    private readonly LaneMask asked;
    private long[] sums = [];
    private CellBuffer? scratch;
    private (int Bucket, int From, int To) last = (-1, 0, 0);

    /// <summary>Prepares the differences.</summary>
    /// <param name="plan">A plan with a cube.</param>
    /// <param name="pairs">Numbers the pairs of an answer of two dimensions, those that come up here among them; else null.</param>
    public CubeBuckets(QueryPlan plan, PairDictionary? pairs)
    {
        (this.plan, cube) = (plan, plan.Cube!);
        asked = new LaneMask(cube.MeasureLanes, plan.Query.Measures);
        groupOf = GroupsOf(pairs);
        accepted = [.. Enumerable.Range(0, groupOf.Length).Where(group => groupOf[group] >= 0)];
        groups = pairs?.Count ?? plan.Table.Table(plan.Query.GroupBy).Count;
    }

    private CubeBuckets(CubeBuckets other) =>
        (plan, cube, asked, groupOf, accepted, groups) = (other.plan, other.cube, other.asked, other.groupOf, other.accepted, other.groups);

    /// <summary>The same for another reader.</summary>
    public CubeBuckets Copy() => new(this);

    // The headline quad is read alone where it is enough.
    public MeasureLanes LanesFor(IReadOnlyList<Measure> measures) =>
        measures.All(measure => MeasureLanes.Headline.Of(measure) >= 0) ? MeasureLanes.Headline : cube.MeasureLanes;

    public void Read(int bucket, CellBuffer cells, LaneMask wanted)
    {
        var (from, to) = Rows(bucket);
        Read(from, to, cells, wanted);
    }

    public UsageSums Totals(int bucket)
    {
        var (from, to) = Rows(bucket);
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

        var measures = cube.MeasureLanes.Measures;
        Span<long> sums = stackalloc long[Vector256<long>.Count];
        for (var row = from; row < to;)
        {
            var next = cube.Fits(row, to) ? to : Math.Min(to, cube.EndOfSegment(row));
            var (start, end) = (cube.Row(row), cube.Row(next));
            for (var quad = 0; quad < cube.MeasureLanes.Quads; quad++)
            {
                ((end.Total(quad) - start.Total(quad)) & asked[quad]).CopyTo(sums);
                for (var lane = 0; lane < sums.Length && (quad * sums.Length) + lane < measures.Length; lane++)
                {
                    totals[measures[(quad * sums.Length) + lane]] += sums[lane];
                }
            }

            row = next;
        }

        GC.KeepAlive(plan);
        return totals;
    }

    public long SizeBytes => 0;

    public void Return()
    {
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

    private (int From, int To) Rows(int bucket)
    {
        // A bucket's totals are asked for behind its groups, and buckets mostly one after the other: each starts where the
        // one before it ended.
        if (bucket != last.Bucket)
        {
            var from = bucket == last.Bucket + 1 && bucket > 0 ? last.To : cube.RowAt(plan.Buckets.EdgeMicros(bucket));
            last = (bucket, from, cube.RowAt(plan.Buckets.EdgeMicros(bucket + 1), from));
        }

        return (last.From, last.To);
    }

    private void Read(int from, int to, CellBuffer cells, LaneMask wanted)
    {
        cells.Clear();
        if (from == to)
        {
            return;
        }

        var (first, last) = (cube.Row(from), cube.Row(to));
        if (!cube.Fits(from, to))
        {
            ReadWide(from, to, cells, wanted);
        }
        else if (groupOf.Length == 0)
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
        var (quads, stride) = (cells.Lanes.Quads, cells.Lanes.Stride);
        var (groups, sums) = cells.Reserve(cube.GroupCount);
        var count = 0;
        if (quads == 1)
        {
            var mask = wanted[0];
            var span = new CubeSpan(first, last, 0);
            ref var row = ref MemoryMarshal.GetArrayDataReference(sums);
            ref var number = ref MemoryMarshal.GetArrayDataReference(groups);
            var (isPlain, groupCount) = (span.IsPlain(cube.GroupCount), cube.GroupCount);
            for (var group = 0; group < groupCount; group++)
            {
                // Always written, counted only if there is something: no branch to mispredict.
                var difference = (isPlain ? span.Plain(group) : span[group]) & mask;
                difference.StoreUnsafe(ref row);
                Unsafe.Add(ref number, count) = group;
                var step = difference == Vector256<long>.Zero ? 0 : 1;
                count += step;
                row = ref Unsafe.Add(ref row, step * Vector256<long>.Count);
            }

            cells.Truncate(count);
            return;
        }

        Span<CubeSpan> spans = stackalloc CubeSpan[quads];
        for (var quad = 0; quad < quads; quad++)
        {
            spans[quad] = new CubeSpan(first, last, quad);
        }

        for (var group = 0; group < cube.GroupCount; group++)
        {
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads; quad++)
            {
                var difference = spans[quad][group] & wanted[quad];
                difference.StoreUnsafe(ref sums[(count * stride) + (quad * Vector256<long>.Count)]);
                any |= difference;
            }

            groups[count] = group;
            count += any == Vector256<long>.Zero ? 0 : 1;
        }

        cells.Truncate(count);
    }

    private void ReadFolded(CubeRow first, CubeRow last, CellBuffer cells, LaneMask wanted)
    {
        var (quads, stride) = (cells.Lanes.Quads, cells.Lanes.Stride);
        if (sums.Length < groups * stride)
        {
            sums = new long[groups * stride];
        }

        sums.AsSpan(0, groups * stride).Clear();
        for (var quad = 0; quad < quads; quad++)
        {
            var span = new CubeSpan(first, last, quad);
            foreach (var group in accepted)
            {
                ref var target = ref sums[(groupOf[group] * stride) + (quad * Vector256<long>.Count)];
                (Vector256.LoadUnsafe(ref target) + span[group]).StoreUnsafe(ref target);
            }
        }

        var (found, kept) = cells.Reserve(groups);
        var count = 0;
        for (var group = 0; group < groups; group++)
        {
            var any = Vector256<long>.Zero;
            for (var quad = 0; quad < quads; quad++)
            {
                var sum = Vector256.LoadUnsafe(ref sums[(group * stride) + (quad * Vector256<long>.Count)]) & wanted[quad];
                sum.StoreUnsafe(ref kept[(count * stride) + (quad * Vector256<long>.Count)]);
                any |= sum;
            }

            found[count] = group;
            count += any == Vector256<long>.Zero ? 0 : 1;
        }

        cells.Truncate(count);
    }

    /// <summary>Sums that may pass 63 bits: those of each segment do not.</summary>
    private void ReadWide(int from, int to, CellBuffer cells, LaneMask wanted)
    {
        var (quads, stride) = (cells.Lanes.Quads, cells.Lanes.Stride);
        var wide = new Int128[groups * stride];
        for (var row = from; row < to;)
        {
            var next = Math.Min(to, cube.EndOfSegment(row));
            var (first, last) = (cube.Row(row), cube.Row(next));
            for (var group = 0; group < cube.GroupCount; group++)
            {
                var target = groupOf.Length == 0 ? group : groupOf[group];
                for (var quad = 0; quad < quads && target >= 0; quad++)
                {
                    var difference = new CubeSpan(first, last, quad)[group] & wanted[quad];
                    for (var lane = 0; lane < Vector256<long>.Count; lane++)
                    {
                        wide[(target * stride) + (quad * Vector256<long>.Count) + lane] += difference[lane];
                    }
                }
            }

            row = next;
        }

        cells.Widen();
        for (var group = 0; group < groups; group++)
        {
            var sumsOfGroup = wide.AsSpan(group * stride, stride);
            if (sumsOfGroup.ContainsAnyExcept((Int128)0))
            {
                sumsOfGroup.CopyTo(cells.WideRow(cells.Add(group)));
            }
        }
    }
}
