using Analytics.Engine.Arrow;
using NodaTime;

namespace Analytics.Engine.Usage;

/// <summary>
/// One organisation's usage: an immutable snapshot of rows in time order, and the tables that give codes their
/// meaning. A request takes one snapshot and keeps it to its end.
/// </summary>
public sealed class UsageTable
{
    private readonly UsageBatch[] batches;
    private readonly IReadOnlyList<IReadOnlyList<string>> storedKeys;
    private readonly DimensionTable[] tables;
    private readonly Dictionary<Dimension, int[]> lookups = [];

    /// <summary>Makes a snapshot.</summary>
    /// <param name="batches">Rows in time order: no batch starts before the one before it ends.</param>
    /// <param name="coverage">Time and grain of the files that the rows came from.</param>
    /// <param name="storedKeys">For each stored dimension, in order, its keys by code; code 0 is the empty key.</param>
    /// <param name="names">Labels and lookups.</param>
    /// <exception cref="ArgumentException">The batches are not in time order, or a code has no key.</exception>
    public UsageTable(
        IReadOnlyList<UsageBatch> batches,
        IReadOnlyList<Coverage> coverage,
        IReadOnlyList<IReadOnlyList<string>> storedKeys,
        IUsageNames names)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(coverage);
        ArgumentNullException.ThrowIfNull(storedKeys);
        ArgumentNullException.ThrowIfNull(names);
        var filled = batches.Where(batch => batch.RowCount > 0).ToArray();
        for (var i = 0; i < filled.Length; i++)
        {
            if (i > 0 && filled[i].FirstBucket < filled[i - 1].LastBucket)
            {
                throw new ArgumentException($"Batch {i} starts at {filled[i].FirstBucket}, before the last row of batch {i - 1}.", nameof(batches));
            }

            foreach (var dimension in Dimensions.Stored)
            {
                if (filled[i].MaxCode(dimension) >= storedKeys[(int)dimension].Count)
                {
                    throw new ArgumentException($"Batch {i} has code {filled[i].MaxCode(dimension)} of {dimension}, which has {storedKeys[(int)dimension].Count} keys.", nameof(batches));
                }
            }
        }

        this.batches = filled;

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

    /// <summary>Rows in time order. No batch is empty.</summary>
    public IReadOnlyList<UsageBatch> Batches => batches;

    /// <summary>Rows in all.</summary>
    public long RowCount => batches.Sum(batch => (long)batch.RowCount);

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
    public UsageTable WithNames(IUsageNames names) => new(batches, Coverage, storedKeys, names);

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

/// <summary>Rows of <see cref="UsageSchema"/> sorted by time, with what the planner needs to know about them.</summary>
public sealed class UsageBatch
{
    private readonly int[] maxCodes = new int[Dimensions.Stored.Count];
    private readonly long[] maxValues = new long[Measures.Count];
    private readonly Int128[] totals = new Int128[Measures.Count];

    /// <summary>Checks and measures a batch.</summary>
    /// <param name="batch">Rows of <see cref="UsageSchema"/>; dimension codes are those of the table that it is for.</param>
    /// <exception cref="ArgumentException">The schema is another, the rows are not sorted by time, or a measure is negative.</exception>
    public UsageBatch(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!batch.Schema.Fields.SequenceEqual(UsageSchema.Schema.Fields))
        {
            throw new ArgumentException("The batch does not have the columns of UsageSchema.", nameof(batch));
        }

        Batch = batch;
        var starts = BucketStarts;
        for (var row = 1; row < starts.Length; row++)
        {
            if (starts[row] < starts[row - 1])
            {
                throw new ArgumentException($"Row {row} starts before row {row - 1}; rows must be sorted by bucket_start.", nameof(batch));
            }
        }

        foreach (var dimension in Dimensions.Stored)
        {
            foreach (var code in Codes(dimension))
            {
                maxCodes[(int)dimension] = Math.Max(maxCodes[(int)dimension], code);
            }
        }

        foreach (var measure in Measures.All)
        {
            long min = 0;
            foreach (var value in Values(measure))
            {
                min = Math.Min(min, value);
                maxValues[(int)measure] = Math.Max(maxValues[(int)measure], value);
                totals[(int)measure] += value;
            }

            if (min < 0)
            {
                throw new ArgumentException($"Column '{measure.ColumnName()}' holds {min}; usage is never negative.", nameof(batch));
            }
        }

        GC.KeepAlive(batch);
    }

    /// <summary>The rows.</summary>
    public RecordBatch Batch { get; }

    /// <summary>Rows, 0 or more.</summary>
    public int RowCount => Batch.RowCount;

    /// <summary>Start of the first row's interval.</summary>
    public Instant FirstBucket => FromMicros(BucketStarts[0]);

    /// <summary>Start of the last row's interval.</summary>
    public Instant LastBucket => FromMicros(BucketStarts[^1]);

    /// <summary>Interval starts in microseconds since the Unix epoch, ascending; valid while this batch is alive.</summary>
    public ReadOnlySpan<long> BucketStarts => Batch.Column<PrimitiveArray<long>>(UsageSchema.BucketStart).Values;

    /// <summary>Codes of a stored dimension by row; valid while this batch is alive.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public ReadOnlySpan<int> Codes(Dimension dimension) => Batch.Column<DictionaryArray>(UsageSchema.ColumnOf(dimension)).Codes;

    /// <summary>Values of a measure by row, 0 or more; valid while this batch is alive.</summary>
    /// <param name="measure">Any measure.</param>
    public ReadOnlySpan<long> Values(Measure measure) => Batch.Column<PrimitiveArray<long>>(UsageSchema.ColumnOf(measure)).Values;

    /// <summary>The largest code of a dimension.</summary>
    /// <param name="dimension">A stored dimension.</param>
    public int MaxCode(Dimension dimension) => maxCodes[(int)dimension];

    /// <summary>The largest value of a measure: what proves that a sum fits in 64 bits.</summary>
    /// <param name="measure">Any measure.</param>
    public long MaxValue(Measure measure) => maxValues[(int)measure];

    /// <summary>What no sum over some of the rows can pass: the smaller of the exact total and the largest value times the rows.</summary>
    /// <param name="measure">Any measure.</param>
    /// <param name="rows">Number of rows, 0 or more.</param>
    public Int128 Bound(Measure measure, int rows) => Int128.Min(totals[(int)measure], (Int128)maxValues[(int)measure] * rows);

    private static Instant FromMicros(long micros) => Instants.FromUnixMicroseconds(micros);
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
