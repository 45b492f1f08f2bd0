using System.Globalization;
using System.Text;
using Analytics.Engine.Chunks;
using Analytics.Engine.Projections;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Queries;

/// <summary>What will be done to answer a query on one snapshot: pure data, made once, printed by <see cref="ToString"/>.</summary>
public sealed class QueryPlan
{
    private QueryPlan(
        UsageQuery query, UsageTable table, TimeBuckets buckets, IReadOnlyList<Selection> selections, IReadOnlyList<Scan> scans, PrefixSumCube? cube)
    {
        Query = query;
        Table = table;
        Buckets = buckets;
        Selections = selections;
        Scans = scans;
        Cube = cube;
        IsExact = !HasInexactEdge(buckets, table.Coverage);
        FitsIn64Bits = query.Measures.All(measure => scans.Aggregate((Int128)0, (sum, scan) => sum + scan.Chunk.Bound(measure, scan.RowCount)) <= long.MaxValue);
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

    /// <summary>False where a bucket edge cuts through an interval of some file, so that the interval counts whole to one side.</summary>
    public bool IsExact { get; }

    /// <summary>Whether the rows' bounds prove that no sum over the range passes 63 bits.</summary>
    public bool FitsIn64Bits { get; }

    /// <summary>Rows in all row ranges.</summary>
    public long RowCount => Scans.Sum(scan => (long)scan.RowCount);

    /// <summary>Plans a query.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="table">The snapshot to ask.</param>
    /// <param name="usesProjections">False to read rows in any case. The answer is the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or outside of the dates that can be asked for.</exception>
    public static QueryPlan For(UsageQuery query, UsageTable table, bool usesProjections = true)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(table);
        var buckets = TimeBuckets.Of(query.Bucket, query.From, query.To, query.Zone);
        var selections = query.Predicates
            .GroupBy(predicate => predicate.Dimension.StoredSource())
            .Select(group => new Selection(group.Key, Accepted(group, table)))
            .ToArray();

        // A predicate that no code meets needs no rows at all.
        var isEmpty = selections.Any(selection => !selection.Accepted.Span.Contains(true));

        // A cube knows the codes of one dimension: what is filtered by another one is not in it.
        var source = query.GroupBy.StoredSource();
        var cube = usesProjections && !isEmpty && Array.TrueForAll(selections, selection => selection.Dimension == source)
            ? table.Projections.CubeFor(source)
            : null;
        return new QueryPlan(query, table, buckets, selections, isEmpty || cube is not null ? [] : ScansOf(buckets, table, selections), cube);
    }

    /// <summary>The plan as text for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"group by {Query.GroupBy}{(Query.GroupBy.IsStored() ? string.Empty : $" (looked up from {Query.GroupBy.StoredSource()} after the sum)")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"buckets  {Buckets.Count} x {Buckets.Size} in {Buckets.Zone.Id}, {Buckets.Start} to {Buckets.End}, {(IsExact ? "exact" : "not exact: an edge cuts an interval")}");
        foreach (var selection in Selections)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"filter   {selection.Dimension}: {selection.Accepted.Span.Count(true)} of {selection.Accepted.Length} codes");
        }

        if (Cube is not null)
        {
            return text.Append(CultureInfo.InvariantCulture, $"cube     {Cube.Dimension}: differences of prefix sums, {Cube.Steps.Length} steps x {Cube.GroupCount} codes").ToString();
        }

        text.Append(CultureInfo.InvariantCulture, $"scan     {RowCount} of {Table.RowCount} rows in {Scans.Count} row ranges of {Table.Chunks.Count} chunks");
        return text.ToString();
    }

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

    private static List<Scan> ScansOf(TimeBuckets buckets, UsageTable table, Selection[] selections)
    {
        List<Scan> scans = [];
        var (start, end) = (MicrosFrom(buckets.Start), MicrosFrom(buckets.End));
        foreach (var chunk in table.Chunks)
        {
            if (chunk.RunStarts[^1] < start || chunk.RunStarts[0] >= end || !Array.TrueForAll(selections, selection => selection.MayHold(chunk)))
            {
                continue;
            }

            for (var row = chunk.FirstRowFrom(start); row < chunk.RowCount;)
            {
                // Buckets without rows are jumped over: there may be millions of them.
                var bucket = buckets.IndexOf(Instants.FromUnixMicroseconds(chunk.RunStarts[chunk.RunOf(row)]));
                if (bucket < 0)
                {
                    break;
                }

                var last = chunk.FirstRowFrom(MicrosFrom(buckets[bucket].End));
                scans.Add(new Scan(bucket, chunk, row, last - row));
                row = last;
            }
        }

        return scans;
    }

    /// <summary>The first microsecond that is not before an instant.</summary>
    internal static long MicrosFrom(Instant instant)
    {
        // An edge between two microseconds (a historic offset has whole seconds, so none is known) rounds to the later one.
        var micros = instant.ToUnixMicroseconds();
        return Instants.FromUnixMicroseconds(micros) < instant ? micros + 1 : micros;
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
    /// <summary>The accepted code, where there is just one.</summary>
    public int? OnlyCode { get; } = Accepted.Span.Count(true) == 1 ? Accepted.Span.IndexOf(true) : null;

    /// <summary>Whether a chunk may have an accepted code, by the bounds of its codes.</summary>
    /// <param name="chunk">The chunk.</param>
    public bool MayHold(UsageChunk chunk)
    {
        var min = chunk.MinCode(Dimension);
        return Accepted.Span[min..(chunk.MaxCode(Dimension) + 1)].Contains(true);
    }
}

/// <summary>A range of rows that belongs to one bucket.</summary>
/// <param name="Bucket">Position of the bucket.</param>
/// <param name="Chunk">The rows' chunk.</param>
/// <param name="FirstRow">First row.</param>
/// <param name="RowCount">Rows, 1 or more.</param>
public readonly record struct Scan(int Bucket, UsageChunk Chunk, int FirstRow, int RowCount);
