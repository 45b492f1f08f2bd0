using System.Globalization;
using System.Text;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Engine.Projections;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Queries;

/// <summary>What will be done to answer a query on one snapshot: pure data, made once, printed by <see cref="ToString"/>.</summary>
public sealed class QueryPlan
{
    private static readonly IReadOnlyList<Selection> NoSelections = [];

    private QueryPlan(UsageQuery query, UsageTable table, TimeBuckets buckets, bool usesProjections)
    {
        Query = query;
        Table = table;
        Buckets = buckets;
        Grouping = new Grouping(table, query.GroupBy, query.ThenBy);
        Selections = SelectionsOf(query, table);

        // A predicate that no code meets needs no rows at all.
        if (Selections.Any(selection => !selection.Accepted.Span.Contains(true)))
        {
            (Scans, FitsIn64Bits) = ([], true);
            return;
        }

        Cube = usesProjections ? CubeFor(this) : null;
        Scans = Cube is null ? ScansOf(buckets, table, Selections) : [];
        RowCount = Scans.Sum(scan => (long)scan.RowCount);
        FitsIn64Bits = query.Measures.All(measure => Scans.Aggregate((Int128)0, (sum, scan) => sum + scan.Chunk.Bound(measure, scan.RowCount)) <= long.MaxValue);
    }

    /// <summary>What was asked.</summary>
    public UsageQuery Query { get; }

    /// <summary>The snapshot that the plan is for.</summary>
    public UsageTable Table { get; }

    /// <summary>The range's buckets as instants.</summary>
    public TimeBuckets Buckets { get; }

    /// <summary>Predicates as accepted codes of stored columns, one for each column at most.</summary>
    public IReadOnlyList<Selection> Selections { get; }

    /// <summary>Prefix sums to subtract from one another; null where rows are read.</summary>
    public PrefixSumCube? Cube { get; }

    /// <summary>Row ranges to add up, in bucket order. A bucket without rows has none, and so has a plan with a cube.</summary>
    public IReadOnlyList<Scan> Scans { get; }

    /// <summary>Rows in all row ranges.</summary>
    public long RowCount { get; }

    /// <summary>False where a bucket edge cuts through an interval of some file, so that the interval counts whole to one side.</summary>
    public bool IsExact { get; private init; }

    /// <summary>Whether the rows' bounds prove that no sum over the range passes 63 bits.</summary>
    public bool FitsIn64Bits { get; }

    /// <summary>The earlier range that is compared with; null where none was asked for, or it lies before the first date.</summary>
    public ComparisonRange? Comparison { get; private init; }

    /// <summary>The plan for the earlier range: one bucket.</summary>
    public QueryPlan? Previous { get; private init; }

    /// <summary>How rows get their group.</summary>
    internal Grouping Grouping { get; }

    /// <summary>Plans a query.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="table">The snapshot to ask.</param>
    /// <param name="usesProjections">False to read rows in any case. The answer is the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or outside of the dates that can be asked for, or the top is below 1.</exception>
    /// <exception cref="ArgumentException">Both dimensions are the same.</exception>
    public static QueryPlan For(UsageQuery query, UsageTable table, bool usesProjections = true)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(table);
        if (query.ThenBy == query.GroupBy)
        {
            throw new ArgumentException($"Found {query.GroupBy} twice, expected two dimensions.", nameof(query));
        }

        if (query.Top < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(query), $"Found the top {query.Top} groups, expected 1 or more, or null for all.");
        }

        var buckets = TimeBuckets.Of(query.Bucket, query.From, query.To, query.Zone);
        ComparisonRange? comparison = query.CompareFrom is { } first
            ? ComparisonRange.Between(first, first.PlusDays(Period.DaysBetween(query.From, query.To)), query.From, query.To, query.Zone, table.DataThrough)
            : query.Compare == Time.Comparison.None ? null
            : ComparisonRange.Of(query.Compare, query.From, query.To, query.Zone, table.DataThrough);
        return new QueryPlan(query, table, buckets, usesProjections)
        {
            IsExact = !HasInexactEdge(buckets, table.Coverage),
            Comparison = comparison,
            Previous = comparison is { } range
                ? new QueryPlan(query, table, TimeBuckets.Between(range.From, range.To, query.Zone, range.Start, range.End), usesProjections)
                : null,
        };
    }

    /// <summary>Plans to read the rows of an earlier range alone.</summary>
    internal static QueryPlan ForEarlier(UsageQuery query, UsageTable table, ComparisonRange range) =>
        new(query, table, TimeBuckets.Between(range.From, range.To, query.Zone, range.Start, range.End), usesProjections: false);

    /// <summary>The plan as text for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("group by ").Append(Describe(Query.GroupBy));
        if (Query.ThenBy is { } second)
        {
            text.Append(" and ").Append(Describe(second));
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"sums     {Query.Measures.Count} measures{(Query.Top is { } top ? $", top {top} by {Query.RankBy} and others" : string.Empty)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"buckets  {Buckets.Count} x {Buckets.Size} in {Buckets.Zone.Id}, {Buckets.Start} to {Buckets.End}, {(IsExact ? "exact" : "not exact: an edge cuts an interval")}");
        foreach (var selection in Selections)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"filter   {selection.Dimension}: {selection.Accepted.Span.Count(true)} of {selection.Accepted.Length} codes");
        }

        text.Append(Access());
        if (Previous is not null)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"compare  {(Query.CompareFrom is null ? Query.Compare : "Range")}: {Previous.Buckets.Start} to {Previous.Buckets.End}");
            text.Append(Previous.Access());
        }

        return text.ToString();
    }

    /// <summary>How the rows' sums are come by, in a line or two.</summary>
    private string Access()
    {
        if (Cube is not null)
        {
            return string.Create(CultureInfo.InvariantCulture, $"cube     {Cube.Key}: differences of prefix sums, {Cube.StepCount} steps x {Cube.GroupCount} groups");
        }

        var chunks = Scans.Select(scan => scan.Chunk).Distinct().Count();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"scan     {RowCount} of {Table.RowCount} rows in {Scans.Count} row ranges of {chunks} chunks ({Table.Chunks.Count - chunks} pruned), sums in {(FitsIn64Bits ? "64" : "64 or 128")} bits");
    }

    private static string Describe(Dimension dimension) =>
        dimension.IsStored() ? $"{dimension}" : $"{dimension} (looked up from {dimension.StoredSource()})";

    private static Selection[] SelectionsOf(UsageQuery query, UsageTable table) =>
    [
        .. query.Predicates
            .GroupBy(predicate => predicate.Dimension.StoredSource())
            .Select(group => new Selection(group.Key, Accepted(group, table)))

            // A column that few codes are accepted of leaves few rows to the others.
            .OrderBy(selection => (double)selection.Accepted.Span.Count(true) / selection.Accepted.Length),
    ];

    /// <summary>The codes of one stored column that meet all predicates on it and on what is derived from it.</summary>
    private static bool[] Accepted(IEnumerable<Predicate> predicates, UsageTable table)
    {
        var all = predicates.ToArray();
        var accepted = new bool[table.Table(all[0].Dimension.StoredSource()).Count];
        Array.Fill(accepted, true);
        foreach (var predicate in all)
        {
            var target = table.Table(predicate.Dimension);
            var wanted = predicate.Keys.Select(target.CodeOf).Where(code => code >= 0).ToHashSet();
            var lookup = predicate.Dimension.IsStored() ? default : table.Lookup(predicate.Dimension);
            for (var code = 0; code < accepted.Length; code++)
            {
                accepted[code] &= wanted.Contains(lookup.IsEmpty ? code : lookup[code]);
            }
        }

        return accepted;
    }

    /// <summary>A cube that knows all that the query asks of rows: the columns it groups and filters by, at edges it can tell.</summary>
    private static PrefixSumCube? CubeFor(QueryPlan plan)
    {
        Dimension[] columns = [.. plan.Grouping.Sources.Union(plan.Selections.Select(selection => selection.Dimension)).Order()];
        if (columns.Length > 2)
        {
            return null;
        }

        var isHeadline = !plan.Query.Measures.Except(Measures.Headline).Any();
        var byInterval = new CubeKey(columns[0], columns.Length == 2 ? columns[1] : null, null, isHeadline);
        var rows = RowsBetween(plan.Table, plan.Buckets.EdgeMicros(0), plan.Buckets.EdgeMicros(plan.Buckets.Count));
        if (columns.Length == 1 && plan.Table.Projections.CubeFor(byInterval, rows) is { } cube)
        {
            return cube;
        }

        return IsByDays(plan.Buckets) ? plan.Table.Projections.CubeFor(byInterval with { DaysOf = plan.Query.Zone }, rows) : null;
    }

    // Days, weeks and months end where days do; an earlier range that has elapsed in part need not.
    private static bool IsByDays(TimeBuckets buckets) =>
        buckets.Size != BucketSize.Hour && (buckets.Size != BucketSize.Range || (IsDayStart(buckets.Start, buckets.Zone) && IsDayStart(buckets.End, buckets.Zone)));

    private static bool IsDayStart(Instant instant, DateTimeZone zone) => TimeBuckets.StartOf(instant.InZone(zone).Date, zone) == instant;

    private static long RowsBetween(UsageTable table, long start, long end)
    {
        long rows = 0;
        foreach (var chunk in table.Chunks)
        {
            if (chunk.RunStarts[^1] >= start && chunk.RunStarts[0] < end)
            {
                rows += chunk.FirstRowFrom(end) - chunk.FirstRowFrom(start);
            }
        }

        return rows;
    }

    private static List<Scan> ScansOf(TimeBuckets buckets, UsageTable table, IReadOnlyList<Selection> selections)
    {
        List<Scan> scans = [];
        var (start, end) = (buckets.EdgeMicros(0), buckets.EdgeMicros(buckets.Count));
        foreach (var chunk in table.Chunks)
        {
            if (chunk.RunStarts[^1] < start || chunk.RunStarts[0] >= end || selections.Any(selection => !selection.MayHold(chunk)))
            {
                continue;
            }

            // A column whose codes are all accepted need not be looked at.
            var needed = selections.Any(selection => selection.HoldsAll(chunk)) ? [.. selections.Where(selection => !selection.HoldsAll(chunk))] : selections;
            for (var row = chunk.FirstRowFrom(start); row < chunk.RowCount;)
            {
                // Buckets without rows are jumped over: there may be millions of them.
                var bucket = buckets.IndexOf(Instants.FromUnixMicroseconds(chunk.RunStarts[chunk.RunOf(row)]));
                if (bucket < 0)
                {
                    break;
                }

                var last = chunk.FirstRowFrom(buckets.EdgeMicros(bucket + 1));
                scans.Add(new Scan(bucket, chunk, row, last - row, needed.Count == 0 ? NoSelections : needed));
                row = last;
            }
        }

        return scans;
    }

    private static bool HasInexactEdge(TimeBuckets buckets, IReadOnlyList<Coverage> coverage)
    {
        foreach (var part in coverage)
        {
            if (part.IsCutInexactlyBy(buckets.End))
            {
                return true;
            }

            // Only edges inside of the file matter, and edges ascend.
            for (var i = Math.Max(0, buckets.IndexOf(part.Start)); i < buckets.Count && buckets[i].Start < part.End; i++)
            {
                if (part.IsCutInexactlyBy(buckets[i].Start))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>The codes of a stored column that are accepted.</summary>
/// <param name="Dimension">A stored dimension.</param>
/// <param name="Accepted">One entry for each code.</param>
public sealed record Selection(Dimension Dimension, ReadOnlyMemory<bool> Accepted)
{
    private readonly ulong[] bitmap = BitmapOf(Accepted.Span);

    /// <summary>Whether a chunk has an accepted code.</summary>
    /// <param name="chunk">The chunk.</param>
    public bool MayHold(UsageChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var present = chunk.CodesPresent(Dimension);
        for (var i = 0; i < present.Length; i++)
        {
            if ((present[i] & bitmap[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether all codes of a chunk are accepted.</summary>
    /// <param name="chunk">The chunk.</param>
    public bool HoldsAll(UsageChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var present = chunk.CodesPresent(Dimension);
        for (var i = 0; i < present.Length; i++)
        {
            if ((present[i] & ~bitmap[i]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The rows that all of some selections accept.</summary>
    /// <param name="selections">One or more, those that accept few first.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="rows">Room for as many positions, relative to the first row, ascending.</param>
    /// <returns>Number of positions.</returns>
    internal static int Select(IReadOnlyList<Selection> selections, UsageChunk chunk, int first, int count, Span<int> rows)
    {
        var selected = NarrowFilter.Select(chunk.Codes(selections[0].Dimension), first, count, selections[0].Accepted.Span, rows);
        for (var i = 1; i < selections.Count && selected > 0; i++)
        {
            selected = NarrowFilter.Narrow(chunk.Codes(selections[i].Dimension), first, selections[i].Accepted.Span, rows[..selected]);
        }

        return selected;
    }

    private static ulong[] BitmapOf(ReadOnlySpan<bool> accepted)
    {
        var words = new ulong[(accepted.Length + 63) / 64];
        for (var code = 0; code < accepted.Length; code++)
        {
            words[code / 64] |= accepted[code] ? 1ul << (code % 64) : 0;
        }

        return words;
    }
}

/// <summary>A range of rows that belongs to one bucket.</summary>
/// <param name="Bucket">Position of the bucket.</param>
/// <param name="Chunk">The rows' chunk.</param>
/// <param name="FirstRow">First row.</param>
/// <param name="RowCount">Rows, 1 or more.</param>
/// <param name="Selections">What the rows have to meet; those that all of the chunk's rows meet are left out.</param>
public readonly record struct Scan(int Bucket, UsageChunk Chunk, int FirstRow, int RowCount, IReadOnlyList<Selection> Selections)
{
    /// <summary>The rows that meet all selections.</summary>
    /// <param name="rows">Room for <see cref="RowCount"/> positions, relative to <see cref="FirstRow"/>, ascending.</param>
    /// <returns>Number of positions.</returns>
    public int Select(Span<int> rows)
    {
        if (Selections.Count > 0)
        {
            return Selection.Select(Selections, Chunk, FirstRow, RowCount, rows);
        }

        for (var i = 0; i < RowCount; i++)
        {
            rows[i] = i;
        }

        return RowCount;
    }
}
