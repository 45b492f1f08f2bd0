namespace Analytics.Engine.Projections;

/// <summary>The memory that all cubes of all organisations share, and the rule by which they make room for one another.</summary>
/// <remarks>
/// Greedy-dual by size (Cao and Irani, 1997): a cube is worth the rows that one use saves reading, a byte of it. Each use
/// lifts it to that worth above a floor, the lowest leaves first, and the floor rises to what left. So a cube that is
/// large for what it saves, or that nobody has asked for since many others were, goes first; no clock is needed. A query
/// that runs keeps its cube to the end. Safe for several threads at once.
/// </remarks>
/// <param name="budgetBytes">What all cubes together may take; 0 for none.</param>
public sealed class ProjectionMemory(long budgetBytes)
{
    /// <summary>The budget if nothing else is said.</summary>
    public const long DefaultBudgetBytes = 1L << 30;

    private readonly Lock gate = new();
    private readonly HashSet<CubeEntry> entries = [];
    private double floor;

    /// <summary>What all cubes together may take.</summary>
    public long BudgetBytes { get; } = budgetBytes;

    /// <summary>What they take now.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Cubes that are kept now.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return entries.Count;
            }
        }
    }

    /// <summary>Lets cubes go, the least worthwhile first, until no more than some bytes are left: when the machine is short of memory.</summary>
    /// <param name="bytes">What may stay.</param>
    /// <returns>Bytes that are let go; they are freed when the last query that uses them has ended.</returns>
    public long Shrink(long bytes)
    {
        lock (gate)
        {
            var before = UsedBytes;
            Evict(bytes);
            return before - UsedBytes;
        }
    }

    /// <summary>Keeps a cube, at the expense of others if need be.</summary>
    internal void Add(CubeEntry entry)
    {
        lock (gate)
        {
            Evict(BudgetBytes - entry.SizeBytes);
            entry.Worth = floor + entry.WorthOfAUse;
            UsedBytes += entry.SizeBytes;
            entries.Add(entry);
        }
    }

    /// <summary>Notes a use.</summary>
    internal void Use(CubeEntry entry)
    {
        lock (gate)
        {
            entry.Worth = floor + entry.WorthOfAUse;
        }
    }

    /// <summary>Forgets a cube that another one takes the place of.</summary>
    internal void Remove(CubeEntry entry)
    {
        lock (gate)
        {
            if (entries.Remove(entry))
            {
                UsedBytes -= entry.SizeBytes;
            }
        }
    }

    private void Evict(long bytes)
    {
        while (UsedBytes > bytes && entries.MinBy(entry => entry.Worth) is { } least)
        {
            floor = Math.Max(floor, least.Worth);
            entries.Remove(least);
            UsedBytes -= least.SizeBytes;
            least.Cube = null;
        }
    }
}

/// <summary>One cube as the memory sees it.</summary>
/// <param name="cube">The cube.</param>
/// <param name="rows">Rows that a use saves reading, about.</param>
internal sealed class CubeEntry(PrefixSumCube cube, long rows)
{
    private volatile PrefixSumCube? cube = cube;

    /// <summary>The cube; null after it had to go.</summary>
    public PrefixSumCube? Cube
    {
        get => cube;
        set => cube = value;
    }

    public long SizeBytes { get; } = cube.SizeBytes;

    public double WorthOfAUse { get; } = rows / (double)Math.Max(1, cube.SizeBytes);

    /// <summary>Guarded by the memory.</summary>
    public double Worth { get; set; }
}
