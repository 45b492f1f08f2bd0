using Analytics.Engine.Chunks;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Projections;

/// <summary>What one table keeps beside its rows, so that common questions need not read them.</summary>
/// <remarks>
/// <para>
/// Cubes by interval that take no more memory than the rows they stand for, and a sixteenth of the budget at most, are
/// built at load, or when they are first asked for. All others (by days of a zone, of pairs, of a dimension with many codes) are built when the scans that they would
/// have saved have read as many rows as building them will: at worst the work is doubled, and what nobody asks for twice
/// costs nothing.
/// </para>
/// <para>Safe for several threads at once; who comes while a cube is being built reads rows instead. Answers are the same with and without.</para>
/// </remarks>
public sealed class UsageProjections
{
    // A scan of fewer rows takes less than a millisecond, and a cube would be larger than they are.
    private const long MinRows = 100_000;

    // What a row takes in a chunk, about.
    private const long BytesPerRow = 32;
    private const int PartOfBudget = 16;

    private readonly IReadOnlyList<UsageChunk> chunks;
    private readonly int[] counts;
    private readonly ProjectionMemory memory;
    private readonly bool buildsAtOnce;
    private readonly long rows;
    private readonly bool isWorthwhile;
    private readonly Dictionary<CubeKey, State> states = [];
    private readonly Lock gate = new();
    private readonly Lazy<long[]> intervals;

    /// <summary>Prepares for a table; nothing is built yet.</summary>
    /// <param name="chunks">Rows in time order.</param>
    /// <param name="counts">For each stored dimension, in order, the number of its codes.</param>
    /// <param name="memory">Shared by all organisations; null for one with the default budget.</param>
    /// <param name="previous">Of the table before this one, which had some of the same chunks and codes: its cubes are brought up to date when they are asked for.</param>
    public UsageProjections(IReadOnlyList<UsageChunk> chunks, IEnumerable<int> counts, ProjectionMemory? memory = null, UsageProjections? previous = null)
        : this(chunks, counts, memory ?? new ProjectionMemory(ProjectionMemory.DefaultBudgetBytes), buildsAtOnce: false, previous)
    {
    }

    /// <summary>The same; tests have every cube built at once, however small the table.</summary>
    internal UsageProjections(IReadOnlyList<UsageChunk> chunks, IEnumerable<int> counts, ProjectionMemory memory, bool buildsAtOnce, UsageProjections? previous = null)
    {
        this.chunks = chunks;
        this.counts = [.. counts];
        this.memory = memory;
        this.buildsAtOnce = buildsAtOnce;
        rows = chunks.Sum(chunk => (long)chunk.RowCount);
        intervals = new Lazy<long[]>(() => PrefixSumCube.StepsOf(chunks));
        isWorthwhile = rows > 0 && (buildsAtOnce || rows >= MinRows);
        TakeOver(previous);
    }

    /// <summary>Bytes of all cubes that are kept for this table.</summary>
    public long UsedBytes
    {
        get
        {
            lock (gate)
            {
                return states.Values.Sum(state => state.Entry?.Cube?.SizeBytes ?? 0);
            }
        }
    }

    /// <summary>The cubes that are kept, in no order.</summary>
    public IReadOnlyList<PrefixSumCube> Cubes
    {
        get
        {
            lock (gate)
            {
                return [.. states.Values.Select(state => state.Entry?.Cube).OfType<PrefixSumCube>()];
            }
        }
    }

    /// <summary>Builds the cubes that pay for every organisation: those of dimensions with few codes, by interval.</summary>
    public void BuildAhead()
    {
        if (!isWorthwhile)
        {
            return;
        }

        foreach (var dimension in Dimensions.Stored)
        {
            var key = new CubeKey(dimension, null, null, IsHeadline: false);

            // Of what no row has there is nothing to ask, but for dimensions that every table has.
            var isAsked = counts[(int)dimension] > 1 || Dimensions.OfRequests.Contains(dimension);
            if (isAsked && IsSmall(key) && PrefixSumCube.SizeOf(key, intervals.Value.Length, counts[(int)dimension]) <= memory.BudgetBytes - memory.UsedBytes)
            {
                CubeFor(key, 0);
            }
        }
    }

    /// <summary>A cube that is kept, or is built now.</summary>
    /// <param name="key">What it is of.</param>
    /// <param name="rowsToRead">Rows that a scan reads instead.</param>
    /// <returns>Null where a scan does: the table is small, a month's sums pass 63 bits, the cube is beyond the budget, or has not been worth its building yet.</returns>
    public PrefixSumCube? CubeFor(CubeKey key, long rowsToRead)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!isWorthwhile)
        {
            return null;
        }

        if (key.IsHeadline && CubeFor(key with { IsHeadline = false }, 0, buildsNew: false) is { } larger)
        {
            return larger;
        }

        return CubeFor(key, rowsToRead, buildsNew: true);
    }

    private PrefixSumCube? CubeFor(CubeKey key, long rowsToRead, bool buildsNew)
    {
        State? state;
        lock (gate)
        {
            if (!states.TryGetValue(key, out state))
            {
                if (!buildsNew)
                {
                    return null;
                }

                states.Add(key, state = new State());
            }

            if (state.Entry is { } entry && entry.Cube is { } cube)
            {
                memory.Use(entry);
                return cube;
            }

            state.Wanted += rowsToRead;
            if (state.IsRefused || state.IsBuilding || (state.Stale is null && !IsDue(key, state, buildsNew)))
            {
                return null;
            }

            state.IsBuilding = true;
        }

        return Build(key, state);
    }

    private PrefixSumCube? Build(CubeKey key, State state)
    {
        PrefixSumCube? cube = null;
        try
        {
            if (key.DaysOf is null || HasDays())
            {
                var steps = key.DaysOf is null ? intervals.Value : PrefixSumCube.StepsOf(chunks, key.DaysOf);
                cube = PrefixSumCube.Build(key, counts, chunks, steps, MaxBytes(key), state.Stale);
            }
        }
        finally
        {
            lock (gate)
            {
                // A cube that had to go is built again when scans have read as much again.
                (state.IsBuilding, state.Stale, state.Wanted) = (false, null, 0);
                state.IsRefused = cube is null;
                state.Entry = cube is null ? null : new CubeEntry(cube, rows);
                if (state.Entry is not null)
                {
                    memory.Add(state.Entry);
                }
            }
        }

        return cube;
    }

    // A day more than any offset on either side.
    private bool HasDays() =>
        chunks[0].FirstBucket > TimeBuckets.MinDate.PlusDays(2).AtMidnight().InUtc().ToInstant()
        && chunks[^1].LastBucket < TimeBuckets.MaxDate.PlusDays(-2).AtMidnight().InUtc().ToInstant();

    private bool IsDue(CubeKey key, State state, bool buildsNew) =>
        buildsNew && (buildsAtOnce || (key.Second is null && key.DaysOf is null && IsSmall(key)) || state.Wanted >= rows);

    /// <summary>Whether a cube by interval takes no more than the rows, and leaves room for others.</summary>
    private bool IsSmall(CubeKey key) => PrefixSumCube.SizeOf(key, intervals.Value.Length, counts[(int)key.First]) <= MaxBytes(key);

    // A cube that is larger than the rows is read no faster than they are. One by interval takes a part of the budget at
    // most: with more codes, one by days is 24 times smaller and answers all but hours.
    private long MaxBytes(CubeKey key) => buildsAtOnce
        ? memory.BudgetBytes
        : Math.Min(key.DaysOf is null ? memory.BudgetBytes / PartOfBudget : memory.BudgetBytes, rows * BytesPerRow * (key.DaysOf is null ? 1 : 2));

    /// <summary>Takes the cubes of the table before: their memory is counted here from now on, once they are up to date.</summary>
    private void TakeOver(UsageProjections? previous)
    {
        if (previous is null)
        {
            return;
        }

        lock (previous.gate)
        {
            foreach (var (key, state) in previous.states)
            {
                if (state.Entry is { } entry)
                {
                    memory.Remove(entry);
                }

                if (isWorthwhile)
                {
                    states.Add(key, new State { Wanted = state.Wanted, Stale = state.Entry?.Cube ?? state.Stale });
                }
            }
        }
    }

    /// <summary>What is known about one cube; guarded by the gate.</summary>
    private sealed class State
    {
        public CubeEntry? Entry { get; set; }

        /// <summary>The cube of the table before; null when it has been brought up to date.</summary>
        public PrefixSumCube? Stale { get; set; }

        /// <summary>Rows that scans have read for want of the cube.</summary>
        public long Wanted { get; set; }

        public bool IsBuilding { get; set; }

        /// <summary>Whether it turned out too large.</summary>
        public bool IsRefused { get; set; }
    }
}
