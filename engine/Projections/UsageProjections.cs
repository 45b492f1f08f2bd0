using Analytics.Engine.Chunks;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Projections;

/// <summary>What one table keeps beside its rows, so that common questions need not read them. Built when first asked for.</summary>
/// <remarks>Safe for several threads at once. Answers are the same with and without.</remarks>
public sealed class UsageProjections
{
    /// <summary>What the projections of one table may take if nothing else is said.</summary>
    public const long DefaultBudgetBytes = 256L << 20;

    // A scan of fewer rows takes less than a millisecond, and a cube would be larger than they are.
    private const long MinRows = 100_000;

    private readonly IReadOnlyList<UsageChunk> chunks;
    private readonly int[] groups;
    private readonly long budgetBytes;
    private readonly bool isWorthwhile;
    private readonly Lazy<long[]> steps;
    private readonly Dictionary<Dimension, PrefixSumCube?> cubes = [];
    private readonly Lock buildLock = new();
    private long usedBytes;

    /// <summary>Prepares for a table; nothing is built yet.</summary>
    /// <param name="chunks">Rows in time order.</param>
    /// <param name="groups">For each stored dimension, in order, the number of its codes.</param>
    /// <param name="budgetBytes">What all cubes together may take; 0 for none.</param>
    /// <param name="minRows">Fewer rows are scanned.</param>
    public UsageProjections(IReadOnlyList<UsageChunk> chunks, IEnumerable<int> groups, long budgetBytes = DefaultBudgetBytes, long minRows = MinRows)
    {
        this.chunks = chunks;
        this.groups = [.. groups];
        this.budgetBytes = budgetBytes;
        steps = new Lazy<long[]>(() => PrefixSumCube.StepsOf(chunks));
        isWorthwhile = chunks.Count > 0 && chunks.Sum(chunk => (long)chunk.RowCount) >= minRows && FitsIn64Bits(chunks);
    }

    /// <summary>Bytes of all cubes that are built.</summary>
    public long UsedBytes => Interlocked.Read(ref usedBytes);

    /// <summary>The cube of a dimension, built now if it was not before.</summary>
    /// <param name="dimension">A stored dimension.</param>
    /// <returns>Null where a scan does: the table is small, its sums pass 64 bits, or the cube is beyond the budget.</returns>
    public PrefixSumCube? CubeFor(Dimension dimension)
    {
        if (!isWorthwhile)
        {
            return null;
        }

        lock (buildLock)
        {
            if (!cubes.TryGetValue(dimension, out var cube))
            {
                var size = PrefixSumCube.SizeOf(steps.Value.Length, groups[(int)dimension]);
                cube = size <= budgetBytes - usedBytes && size <= Array.MaxLength
                    ? PrefixSumCube.Build(dimension, groups[(int)dimension], steps.Value, chunks)
                    : null;
                usedBytes += cube?.SizeBytes ?? 0;
                cubes.Add(dimension, cube);
            }

            return cube;
        }
    }

    private static bool FitsIn64Bits(IReadOnlyList<UsageChunk> chunks) =>
        Measures.All.All(measure => chunks.Aggregate((Int128)0, (sum, chunk) => sum + chunk.Total(measure)) <= long.MaxValue);
}
