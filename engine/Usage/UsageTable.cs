using Analytics.Engine.Chunks;
using Analytics.Engine.Projections;
using NodaTime;

namespace Analytics.Engine.Usage;

/// <summary>
/// One organisation's usage: an immutable snapshot of rows in time order, and the tables that give codes their
/// meaning. A request takes one snapshot and keeps it to its end.
/// </summary>
public sealed class UsageTable
{
    private readonly UsageChunk[] chunks;
    private readonly IReadOnlyList<IReadOnlyList<string>> storedKeys;
    private readonly DimensionTable[] tables;
    private readonly Dictionary<Dimension, int[]> lookups = [];

    /// <summary>Makes a snapshot.</summary>
    /// <param name="chunks">Rows in time order: no chunk starts before the one before it ends.</param>
    /// <param name="coverage">Time and grain of the files that the rows came from.</param>
    /// <param name="storedKeys">For each stored dimension, in order, its keys by code; code 0 is the empty key.</param>
    /// <param name="names">Labels and lookups.</param>
    /// <param name="projections">Of these chunks and keys; null for new ones.</param>
    /// <exception cref="ArgumentException">The chunks are not in time order, or a code has no key.</exception>
    public UsageTable(
        IReadOnlyList<UsageChunk> chunks,
        IReadOnlyList<Coverage> coverage,
        IReadOnlyList<IReadOnlyList<string>> storedKeys,
        IUsageNames names,
        UsageProjections? projections = null)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        ArgumentNullException.ThrowIfNull(coverage);
        ArgumentNullException.ThrowIfNull(storedKeys);
        ArgumentNullException.ThrowIfNull(names);
        for (var i = 0; i < chunks.Count; i++)
        {
            if (i > 0 && chunks[i].RunStarts[0] < chunks[i - 1].RunStarts[^1])
            {
                throw new ArgumentException($"Chunk {i} starts at {chunks[i].FirstBucket}, before the last row of chunk {i - 1}.", nameof(chunks));
            }

            foreach (var dimension in Dimensions.Stored)
            {
                if (chunks[i].MaxCode(dimension) >= storedKeys[(int)dimension].Count)
                {
                    throw new ArgumentException($"Chunk {i} has code {chunks[i].MaxCode(dimension)} of {dimension}, which has {storedKeys[(int)dimension].Count} keys.", nameof(chunks));
                }
            }
        }

        this.chunks = [.. chunks];
        Projections = projections ?? new UsageProjections(this.chunks, storedKeys.Select(keys => keys.Count));

        // Copies: a builder goes on filling its lists after it has made a snapshot of them.
        this.storedKeys = [.. storedKeys.Select(keys => (IReadOnlyList<string>)[.. keys])];
        Coverage = [.. coverage];
        DataThrough = coverage.Count == 0 ? null : coverage.Max(part => part.End);
        tables = new DimensionTable[Dimensions.All.Count];
        foreach (var dimension in Dimensions.Stored)
        {
            tables[(int)dimension] = new DimensionTable(storedKeys[(int)dimension], key => names.NameOf(dimension, key));
        }

        foreach (var dimension in Dimensions.Derived)
        {
            (lookups[dimension], tables[(int)dimension]) = Derive(dimension, storedKeys[(int)dimension.StoredSource()], names);
        }
    }

    /// <summary>Rows in time order.</summary>
    public IReadOnlyList<UsageChunk> Chunks => chunks;

    /// <summary>What is kept beside the rows, so that common questions need not read them.</summary>
    public UsageProjections Projections { get; }

    /// <summary>Rows in all.</summary>
    public long RowCount => chunks.Sum(chunk => (long)chunk.RowCount);

    /// <summary>Time and grain of the files that the rows came from, in no order.</summary>
    public IReadOnlyList<Coverage> Coverage { get; }

    /// <summary>The end of the last interval that has data; null where there is none.</summary>
    public Instant? DataThrough { get; }

    /// <summary>Keys and labels of a dimension by code.</summary>
    /// <param name="dimension">Any dimension.</param>
    public DimensionTable Table(Dimension dimension) => tables[(int)dimension];

    /// <summary>For a derived dimension: its code for each code of its stored source.</summary>
    /// <param name="dimension">A derived dimension.</param>
    public ReadOnlySpan<int> Lookup(Dimension dimension) => lookups[dimension];

    /// <summary>The same rows under other names: what a change of the directory needs.</summary>
    /// <param name="names">Labels and lookups.</param>
    public UsageTable WithNames(IUsageNames names) => new(chunks, Coverage, storedKeys, names, Projections);

    private static (int[] Lookup, DimensionTable Table) Derive(Dimension dimension, IReadOnlyList<string> sourceKeys, IUsageNames names)
    {
        List<string> keys = [string.Empty];
        Dictionary<string, int> codes = new(StringComparer.Ordinal) { [string.Empty] = 0 };
        var lookup = new int[sourceKeys.Count];
        for (var source = 0; source < lookup.Length; source++)
        {
            var key = names.Derive(dimension, sourceKeys[source]);
            if (!codes.TryGetValue(key, out lookup[source]))
            {
                lookup[source] = keys.Count;
                codes.Add(key, keys.Count);
                keys.Add(key);
            }
        }

        return (lookup, new DimensionTable(keys, key => names.NameOf(dimension, key)));
    }
}

/// <summary>What one file covers: rows from <paramref name="Start"/> up to, not including, <paramref name="End"/>.</summary>
/// <param name="Start">Start of the first interval.</param>
/// <param name="End">End of the last interval.</param>
/// <param name="Grain">Length of each interval. Every interval starts at a multiple of it since the Unix epoch.</param>
public readonly record struct Coverage(Instant Start, Instant End, Duration Grain)
{
    /// <summary>Whether an edge between two buckets falls inside one of the intervals, so that the split is not exact.</summary>
    /// <param name="edge">A bucket edge.</param>
    public bool IsCutInexactlyBy(Instant edge) =>
        Start < edge && edge < End && edge.ToUnixTimeTicks() % Grain.BclCompatibleTicks != 0;
}

/// <summary>Instants as the microseconds that columns hold.</summary>
public static class Instants
{
    /// <summary>Microseconds since the Unix epoch, rounded towards the past.</summary>
    /// <param name="instant">Any instant of NodaTime's range.</param>
    public static long ToUnixMicroseconds(this Instant instant)
    {
        // Ticks (100 ns) fit: NodaTime spans about 6.3e18 of them.
        var ticks = instant.ToUnixTimeTicks();
        var micros = ticks / 10;
        return ticks % 10 < 0 ? micros - 1 : micros;
    }

    /// <summary>The instant of a number of microseconds since the Unix epoch.</summary>
    /// <param name="micros">Microseconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside of the years -9998 to 9999.</exception>
    public static Instant FromUnixMicroseconds(long micros)
    {
        if (micros is < -377_673_580_800_000_000 or > 253_402_300_799_999_999)
        {
            throw new ArgumentOutOfRangeException(nameof(micros), micros, "Outside of the years -9998 to 9999.");
        }

        return Instant.FromUnixTimeTicks(micros * 10);
    }
}
