using System.Buffers;
using System.Runtime.Intrinsics;
using Analytics.Engine.Arrow;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Projections;

/// <summary>
/// Sums by the codes of one dimension, or by the pairs of two, from the first row on, behind every step of time that has
/// rows: the sums of any stretch of time are the difference of two of them.
/// </summary>
/// <remarks>
/// <para>
/// Row r holds the sums of all usage before step r, and the last row those of all usage. Steps are the rows' intervals,
/// so that every zone's days are served, or the local days of one zone, which are 24 times fewer.
/// </para>
/// <para>
/// A cube is cut into segments of about a month. A segment's rows count from its own start, and what came before is one
/// row per segment, its basis: so an append changes the segments that it touches and the bases behind, and shares the
/// rest with the cube before it. Within a row, quads of measures follow one another, and within a quad the groups and
/// then their total: a question about headline measures reads one stretch of memory.
/// </para>
/// <para>
/// Sums are of 64 bits and wrap: a difference is exact where the rows between could not pass 63 bits, which the segments'
/// exact totals tell (<see cref="Fits"/>); others are added up segment by segment in 128 bits. A table in which one segment
/// could pass that has no cube. The memory is native and freed with the last cube that shares it.
/// </para>
/// </remarks>
public sealed class PrefixSumCube
{
    private const int Lanes = GroupSum.Lanes;
    private const int BlockRows = 2_048;
    private const int MaxGroupsWithCopies = 256;
    private const long SegmentMicros = 32 * 86_400_000_000L;

    private readonly Segment[] segments;
    private readonly int[] firstSteps;
    private readonly long[] steps;
    private readonly NativeBuffer bases;
    private readonly bool isNarrow;

    private PrefixSumCube(CubeKey key, PairDictionary? pairs, int groups, Segment[] segments)
    {
        Key = key;
        Pairs = pairs;
        GroupCount = groups;
        MeasureLanes = LanesOf(key);
        this.segments = segments;
        firstSteps = new int[segments.Length];
        for (var i = 1; i < segments.Length; i++)
        {
            firstSteps[i] = firstSteps[i - 1] + segments[i - 1].Steps.Length;
        }

        steps = [.. segments.SelectMany(segment => segment.Steps)];
        bases = NativeBuffer.Create<long, PrefixSumCube>(segments.Length * RowLength(groups), this, static (target, cube) => cube.FillBases(target));
        isNarrow = Fits(0, StepCount);
        SizeBytes = bases.LengthBytes + segments.Sum(segment => (long)segment.Sums.LengthBytes);
    }

    /// <summary>What the cube is of.</summary>
    public CubeKey Key { get; }

    /// <summary>Codes of the dimension, or pairs of codes.</summary>
    public int GroupCount { get; }

    /// <summary>Steps of time that have rows.</summary>
    public int StepCount => steps.Length;

    /// <summary>Bytes of native memory, those that are shared with an older cube included.</summary>
    public long SizeBytes { get; }

    /// <summary>The pairs behind group numbers; null for one dimension.</summary>
    internal PairDictionary? Pairs { get; }

    /// <summary>The measures, by their place in a row.</summary>
    internal MeasureLanes MeasureLanes { get; }

    /// <summary>The number of steps before an instant: the row that holds the sums up to it.</summary>
    /// <param name="micros">Microseconds since the Unix epoch; of a cube by days, the start of a day of its zone.</param>
    /// <param name="from">A row that is not behind it; the search is quick where it is near.</param>
    public int RowAt(long micros, int from = 0)
    {
        // Doubling steps: the end of a bucket is a few steps behind its start.
        var (low, step) = (from, 1);
        while (low + step <= steps.Length && steps[low + step - 1] < micros)
        {
            low += step;
            step *= 2;
        }

        var high = Math.Min(low + step, steps.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = steps[middle] < micros ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Whether no sum of rows between two rows of the cube passes 63 bits, so that their difference is exact.</summary>
    /// <param name="from">0 to <see cref="StepCount"/>.</param>
    /// <param name="to">The same or more.</param>
    public bool Fits(int from, int to)
    {
        if (isNarrow || from >= to)
        {
            return true;
        }

        var (first, last) = (SegmentOf(from), SegmentOf(to - 1));
        for (var lane = 0; lane < MeasureLanes.Measures.Length; lane++)
        {
            Int128 sum = 0;
            for (var segment = first; segment <= last; segment++)
            {
                sum += segments[segment].Totals[lane];
            }

            if (sum > long.MaxValue)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The next row at which a segment ends.</summary>
    /// <param name="row">0 to <see cref="StepCount"/> - 1.</param>
    internal int EndOfSegment(int row)
    {
        var segment = SegmentOf(row);
        return firstSteps[segment] + segments[segment].Steps.Length;
    }

    /// <summary>Where the sums of a row are; valid while the cube is alive.</summary>
    /// <param name="row">0 to <see cref="StepCount"/>.</param>
    internal unsafe CubeRow Row(int row)
    {
        if (row == 0)
        {
            return default;
        }

        var index = SegmentOf(row - 1);
        var segment = segments[index];
        var sums = (long*)segment.Sums.Address + ((long)(row - 1 - firstSteps[index]) * RowLength(segment.Groups));
        return new CubeRow(index, sums, segment.Groups, (long*)bases.Address + ((long)index * RowLength(GroupCount)), GroupCount);
    }

    /// <summary>What a cube takes, about: without what is shared, and without the bases.</summary>
    /// <param name="key">What it is of.</param>
    /// <param name="steps">Steps of time that have rows.</param>
    /// <param name="groups">Codes of the dimension, or pairs.</param>
    /// <returns>Bytes.</returns>
    public static long SizeOf(CubeKey key, int steps, long groups) => steps * (groups + 1) * LanesOf(key).Stride * sizeof(long);

    /// <summary>The steps of chunks in time order.</summary>
    /// <param name="chunks">The chunks.</param>
    /// <param name="daysOf">The zone whose days are the steps; null for the rows' intervals.</param>
    /// <returns>Starts of the steps in microseconds since the Unix epoch, ascending.</returns>
    /// <exception cref="ArgumentOutOfRangeException">With days: rows lie outside of the dates that can be asked for.</exception>
    public static long[] StepsOf(IReadOnlyList<UsageChunk> chunks, DateTimeZone? daysOf = null)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        List<long> steps = [];
        if (chunks.Count == 0)
        {
            return [];
        }

        var days = daysOf is null ? null : DaysOf(chunks, daysOf);
        var dayEnd = long.MinValue;
        foreach (var chunk in chunks)
        {
            foreach (var start in chunk.RunStarts)
            {
                if (days is null)
                {
                    if (steps.Count == 0 || steps[^1] < start)
                    {
                        steps.Add(start);
                    }
                }
                else if (start >= dayEnd)
                {
                    var day = days[days.IndexOf(Instants.FromUnixMicroseconds(start))];
                    steps.Add(day.Start.ToUnixMicroseconds());
                    dayEnd = day.End.ToUnixMicroseconds();
                }
            }
        }

        return [.. steps];
    }

    /// <summary>Adds everything up, on all cores.</summary>
    /// <param name="key">What the cube is of.</param>
    /// <param name="counts">For each stored dimension the number of its codes.</param>
    /// <param name="chunks">Rows in time order.</param>
    /// <param name="steps">From <see cref="StepsOf"/>.</param>
    /// <param name="maxBytes">More is not built.</param>
    /// <param name="previous">A cube of the same key over some of the same chunks: what is equal is shared.</param>
    /// <returns>Null where the cube would be larger, or the sums of a segment could pass 63 bits.</returns>
    public static PrefixSumCube? Build(
        CubeKey key, IReadOnlyList<int> counts, IReadOnlyList<UsageChunk> chunks, long[] steps, long maxBytes = long.MaxValue, PrefixSumCube? previous = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(chunks);
        ArgumentNullException.ThrowIfNull(steps);
        var plans = Cut(steps, chunks);
        if (plans.Any(plan => LanesOf(key).Measures.Any(measure => plan.Chunks.Aggregate((Int128)0, (sum, chunk) => sum + chunk.Total(measure)) > long.MaxValue)))
        {
            return null;
        }

        foreach (var plan in plans)
        {
            plan.Known = previous?.segments.FirstOrDefault(segment =>
                segment.Steps.AsSpan().SequenceEqual(plan.Steps) && segment.Chunks.AsSpan().SequenceEqual(plan.Chunks));
        }

        var pairs = key.Second is null ? null : Number(key, counts, plans, previous?.Pairs);
        var groups = pairs?.Count ?? counts[(int)key.First];
        if (SizeOf(key, steps.Length, groups) > maxBytes || plans.Any(plan => SizeOf(key, plan.Steps.Length, groups) > Array.MaxLength))
        {
            return null;
        }

        var segments = new Segment[plans.Count];
        Parallel.For(0, plans.Count, i => segments[i] = plans[i].Known ?? BuildSegment(key, pairs, groups, plans[i]));
        return new PrefixSumCube(key, pairs, groups, segments);
    }

    private static MeasureLanes LanesOf(CubeKey key) => key.IsHeadline ? MeasureLanes.Headline : MeasureLanes.All;

    private static TimeBuckets DaysOf(IReadOnlyList<UsageChunk> chunks, DateTimeZone zone) =>
        TimeBuckets.Of(BucketSize.Day, chunks[0].FirstBucket.InZone(zone).Date, chunks[^1].LastBucket.InZone(zone).Date, zone);

    /// <summary>Cuts steps into segments and finds the chunks of each.</summary>
    private static List<SegmentPlan> Cut(long[] steps, IReadOnlyList<UsageChunk> chunks)
    {
        List<SegmentPlan> plans = [];
        var chunk = 0;
        for (var first = 0; first < steps.Length;)
        {
            var window = Math.DivRem(steps[first], SegmentMicros) is var (quotient, remainder) && remainder < 0 ? quotient - 1 : quotient;
            var last = first + 1;
            while (last < steps.Length && steps[last] < (window + 1) * SegmentMicros)
            {
                last++;
            }

            var end = last < steps.Length ? steps[last] : long.MaxValue;
            while (chunks[chunk].RunStarts[^1] < steps[first])
            {
                chunk++;
            }

            List<UsageChunk> own = [];
            for (var i = chunk; i < chunks.Count && chunks[i].RunStarts[0] < end; i++)
            {
                own.Add(chunks[i]);
            }

            plans.Add(new SegmentPlan(steps[first..last], end, [.. own]));
            first = last;
        }

        return plans;
    }

    /// <summary>Numbers the pairs of all rows that have to be read.</summary>
    private static PairDictionary Number(CubeKey key, IReadOnlyList<int> counts, List<SegmentPlan> plans, PairDictionary? known)
    {
        var (left, right) = (key.First, key.Second!.Value);
        var pairs = known?.Copy(counts[(int)left], counts[(int)right]) ?? new PairDictionary(counts[(int)left], counts[(int)right]);
        var numbers = ArrayPool<int>.Shared.Rent(UsageChunk.MaxRows);
        foreach (var plan in plans.Where(plan => plan.Known is null))
        {
            foreach (var chunk in plan.Chunks)
            {
                var (first, end) = (chunk.FirstRowFrom(plan.Steps[0]), chunk.FirstRowFrom(plan.End));
                pairs.NumberRows(chunk.Codes(left), [], chunk.Codes(right), [], first, numbers.AsSpan(0, end - first));
                GC.KeepAlive(chunk);
            }
        }

        ArrayPool<int>.Shared.Return(numbers);
        return pairs;
    }

    private static Segment BuildSegment(CubeKey key, PairDictionary? pairs, int groups, SegmentPlan plan)
    {
        var length = plan.Steps.Length * LanesOf(key).Stride * (groups + 1);
        var sums = NativeBuffer.Create<long, (CubeKey Key, PairDictionary? Pairs, int Groups, SegmentPlan Plan)>(
            length, (key, pairs, groups, plan), static (target, state) => new SegmentSums(state.Key, state.Pairs, state.Groups).Fill(target, state.Plan));
        return new Segment(plan.Steps, plan.Chunks, groups, sums, TotalsOf(sums.Span<long>(), LanesOf(key), groups));
    }

    /// <summary>The sums of all of a segment's rows, by lane: those behind the groups of its last row.</summary>
    private static long[] TotalsOf(ReadOnlySpan<long> sums, MeasureLanes lanes, int groups)
    {
        var totals = new long[lanes.Stride];
        var last = sums[^(lanes.Stride * (groups + 1))..];
        for (var quad = 0; quad < lanes.Quads; quad++)
        {
            last.Slice(((quad * (groups + 1)) + groups) * Lanes, Lanes).CopyTo(totals.AsSpan(quad * Lanes));
        }

        return totals;
    }

    private int RowLength(int groups) => MeasureLanes.Stride * (groups + 1);

    private int SegmentOf(int step)
    {
        var index = firstSteps.AsSpan().BinarySearch(step);
        return index < 0 ? ~index - 1 : index;
    }

    /// <summary>A segment's basis is the one before it and that segment's last row.</summary>
    private void FillBases(Span<long> target)
    {
        target.Clear();
        for (var i = 1; i < segments.Length; i++)
        {
            var basis = target.Slice(i * RowLength(GroupCount), RowLength(GroupCount));
            target.Slice((i - 1) * RowLength(GroupCount), RowLength(GroupCount)).CopyTo(basis);
            var before = segments[i - 1];
            var last = before.Sums.Span<long>()[^RowLength(before.Groups)..];
            for (var quad = 0; quad < MeasureLanes.Quads; quad++)
            {
                var from = last.Slice(quad * (before.Groups + 1) * Lanes, (before.Groups + 1) * Lanes);
                var to = basis.Slice(quad * (GroupCount + 1) * Lanes, (GroupCount + 1) * Lanes);
                for (var lane = 0; lane < before.Groups * Lanes; lane++)
                {
                    to[lane] += from[lane];
                }

                for (var lane = 1; lane <= Lanes; lane++)
                {
                    to[^lane] += from[^lane];
                }
            }
        }
    }

    /// <summary>What a segment will be made of.</summary>
    private sealed record SegmentPlan(long[] Steps, long End, UsageChunk[] Chunks)
    {
        /// <summary>An equal segment of the cube before.</summary>
        public Segment? Known { get; set; }
    }

    /// <summary>Some consecutive steps and their rows, counted from the first of them.</summary>
    private sealed record Segment(long[] Steps, UsageChunk[] Chunks, int Groups, NativeBuffer Sums, long[] Totals);

    /// <summary>The running sums of one segment while it is filled.</summary>
    private sealed class SegmentSums
    {
        private readonly CubeKey key;
        private readonly PairDictionary? pairs;
        private readonly int groups;
        private readonly Measure[] measures;
        private readonly int copyStride;
        private readonly long[][] quads;
        private readonly int[] numbers;

        public SegmentSums(CubeKey key, PairDictionary? pairs, int groups)
        {
            (this.key, this.pairs, this.groups) = (key, pairs, groups);
            measures = LanesOf(key).Measures;

            // With few groups, rows in turn go to four copies of the totals: see GroupSum.Four.
            copyStride = groups <= MaxGroupsWithCopies ? groups * Lanes : 0;
            quads = new long[LanesOf(key).Quads][];
            for (var quad = 0; quad < quads.Length; quad++)
            {
                quads[quad] = new long[Math.Max(1, groups) * Lanes * (copyStride == 0 ? 1 : 4)];
            }

            numbers = pairs is null ? [] : new int[BlockRows];
        }

        public void Fill(Span<long> target, SegmentPlan plan)
        {
            var (step, row) = (0, target.Length / plan.Steps.Length);
            foreach (var chunk in plan.Chunks)
            {
                var end = chunk.FirstRowFrom(plan.End);
                for (var first = chunk.FirstRowFrom(plan.Steps[0]); first < end;)
                {
                    while (step + 1 < plan.Steps.Length && chunk.RunStarts[chunk.RunOf(first)] >= plan.Steps[step + 1])
                    {
                        Write(target.Slice(step++ * row, row));
                    }

                    var last = step + 1 < plan.Steps.Length ? Math.Min(end, chunk.FirstRowFrom(plan.Steps[step + 1])) : end;
                    Add(chunk, first, last - first);
                    first = last;
                }

                GC.KeepAlive(chunk);
            }

            Write(target.Slice(step * row, row));
        }

        private void Add(UsageChunk chunk, int first, int count)
        {
            if (pairs is null)
            {
                Add(chunk.Codes(key.First), chunk, first, count);
                return;
            }

            for (var row = first; row < first + count; row += BlockRows)
            {
                var block = numbers.AsSpan(0, Math.Min(BlockRows, first + count - row));
                pairs.NumberRows(chunk.Codes(key.First), [], chunk.Codes(key.Second!.Value), [], row, block);
                for (var quad = 0; quad < quads.Length; quad++)
                {
                    NarrowGroupSum.Four(block, groups - 1, ColumnQuad.Of(chunk, measures, quad), row, quads[quad], copyStride);
                }
            }
        }

        private void Add(NarrowColumn codes, UsageChunk chunk, int first, int count)
        {
            for (var quad = 0; quad < quads.Length; quad++)
            {
                NarrowGroupSum.Four(codes, ColumnQuad.Of(chunk, measures, quad), first, count, quads[quad], copyStride);
            }
        }

        /// <summary>Copies the sums so far, and their total behind them.</summary>
        private void Write(Span<long> row)
        {
            for (var quad = 0; quad < quads.Length; quad++)
            {
                var target = row.Slice(quad * (groups + 1) * Lanes, (groups + 1) * Lanes);
                var total = Vector256<long>.Zero;
                for (var at = 0; at < groups * Lanes; at += Lanes)
                {
                    var sums = Vector256.Create<long>(quads[quad].AsSpan(at));
                    if (copyStride > 0)
                    {
                        sums += Vector256.Create<long>(quads[quad].AsSpan(at + copyStride))
                            + Vector256.Create<long>(quads[quad].AsSpan(at + (2 * copyStride)))
                            + Vector256.Create<long>(quads[quad].AsSpan(at + (3 * copyStride)));
                    }

                    sums.CopyTo(target[at..]);
                    total += sums;
                }

                total.CopyTo(target[^Lanes..]);
            }
        }
    }
}

/// <summary>Where the sums of one row of a cube are; all of it is 0 for the row before the first step.</summary>
/// <param name="segment">The row's segment: rows of one segment have the same basis.</param>
/// <param name="sums">Sums since the segment's start; quad q of group g is at <c>(q * (groups + 1) + g) * 4</c>, the total at g = groups.</param>
/// <param name="groups">Groups of the segment; later ones have no usage in it.</param>
/// <param name="basis">Sums before the segment, in the same layout with the cube's groups.</param>
/// <param name="baseGroups">Groups of the cube.</param>
internal readonly unsafe struct CubeRow(int segment, long* sums, int groups, long* basis, int baseGroups)
{
    /// <summary>The row's segment.</summary>
    public int Segment { get; } = segment;

    /// <summary>Whether this is the row before the first step.</summary>
    public bool IsZero => sums == null;

    /// <summary>Groups of the segment; later ones have no usage in it.</summary>
    public int Groups { get; } = groups;

    /// <summary>Where a quad's sums since the segment's start begin: four for each group, then those of all.</summary>
    public long* Sums(int quad) => sums == null ? null : sums + ((long)quad * (Groups + 1) * GroupSum.Lanes);

    /// <summary>Where a quad's sums before the segment begin; null for the row before the first step.</summary>
    public long* Basis(int quad) => basis == null ? null : basis + ((long)quad * (baseGroups + 1) * GroupSum.Lanes);

    /// <summary>Four sums of all groups, from the first row on.</summary>
    public Vector256<long> Total(int quad) => IsZero
        ? default
        : Vector256.Load(Sums(quad) + ((long)Groups * GroupSum.Lanes)) + Vector256.Load(Basis(quad) + ((long)baseGroups * GroupSum.Lanes));
}

/// <summary>What lies between two rows of a cube: one quad of measures of each group.</summary>
internal readonly unsafe struct CubeSpan
{
    private readonly long* to;
    private readonly long* from;
    private readonly long* toBasis;
    private readonly long* fromBasis;
    private readonly int toGroups;
    private readonly int fromGroups;

    /// <summary>Prepares the differences.</summary>
    /// <param name="first">The earlier row.</param>
    /// <param name="last">The later row, not the one before the first step.</param>
    /// <param name="quad">The quad.</param>
    public CubeSpan(CubeRow first, CubeRow last, int quad)
    {
        to = last.Sums(quad);
        from = first.Sums(quad);
        (toGroups, fromGroups) = (last.Groups, from == null ? 0 : first.Groups);
        if (first.Segment != last.Segment)
        {
            toBasis = last.Basis(quad);
            fromBasis = first.Basis(quad);
        }
    }

    /// <summary>Whether both rows are of one segment that has all of some groups: then a difference is one subtraction.</summary>
    /// <param name="groups">Groups.</param>
    public bool IsPlain(int groups) => toBasis == null && toGroups >= groups && fromGroups >= groups;

    /// <summary>Four sums of a group, where the span is plain.</summary>
    public Vector256<long> Plain(int group)
    {
        var at = (nint)group * GroupSum.Lanes;
        return Vector256.Load(to + at) - Vector256.Load(from + at);
    }

    /// <summary>Four sums of a group, modulo 2^64.</summary>
    public Vector256<long> this[int group]
    {
        get
        {
            var at = (nint)group * GroupSum.Lanes;
            var sums = group < toGroups ? Vector256.Load(to + at) : default;
            sums -= group < fromGroups ? Vector256.Load(from + at) : default;
            if (toBasis != null)
            {
                sums += Vector256.Load(toBasis + at);
                sums -= fromBasis != null ? Vector256.Load(fromBasis + at) : default;
            }

            return sums;
        }
    }
}
