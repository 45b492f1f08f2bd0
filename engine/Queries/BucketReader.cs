using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Reads an answer bucket by bucket, in memory that is used again. Not thread-safe; an answer can have many readers.</summary>
public sealed class BucketReader
{
    private readonly IBuckets buckets;
    private readonly CellBuffer cells;
    private readonly LaneMask wanted;
    private readonly GroupOrder order;
    private readonly bool[]? kept;
    private int[] positions = new int[16];
    private bool hasPositions;
    private int[] others = [];
    private ulong[] scratch = [];

    internal BucketReader(IBuckets buckets, GroupOrder order, bool[]? kept, IReadOnlyList<Measure> measures)
    {
        (this.buckets, this.order, this.kept) = (buckets, order, kept);
        cells = new CellBuffer(buckets.LanesFor(measures));
        wanted = new LaneMask(cells.Lanes, measures);
    }

    /// <summary>Groups of the bucket, with the one of all others where there is one.</summary>
    public int Count { get; private set; }

    /// <summary>Goes to a bucket.</summary>
    /// <param name="bucket">Its position.</param>
    /// <param name="isOrdered">Whether groups are put in <see cref="GroupOrder"/>'s order; else they come in any, but for others, which are last.</param>
    public void MoveTo(int bucket, bool isOrdered = true)
    {
        buckets.Read(bucket, cells, wanted);
        hasPositions = isOrdered || kept is not null;
        if (!hasPositions)
        {
            Count = cells.Count;
            return;
        }

        if (positions.Length <= cells.Count)
        {
            Array.Resize(ref positions, 2 * (cells.Count + 1));
        }

        var (own, cut) = (0, 0);
        var groups = cells.Groups;
        for (var i = 0; i < groups.Length; i++)
        {
            if (kept is null || kept[groups[i]])
            {
                positions[own++] = i;
                continue;
            }

            if (cut == others.Length)
            {
                Array.Resize(ref others, Math.Max(16, 2 * cut));
            }

            others[cut++] = i;
        }

        if (isOrdered)
        {
            order.Sort(cells, positions.AsSpan(0, own), ref scratch);
        }

        if (cut > 0)
        {
            positions[own++] = cells.AddSum(others.AsSpan(0, cut), GroupTable.Others);
        }

        Count = own;
    }

    /// <summary>A group's number, or <see cref="GroupTable.Others"/>.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int Group(int index) => cells.Groups[Position(index)];

    /// <summary>One sum of a group; 0 of a measure that is not read.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="measure">Any measure.</param>
    public Int128 Value(int index, Measure measure) => cells.Value(Position(index), measure);

    /// <summary>What the sums of <see cref="Row"/> are of; others may follow, which are 0.</summary>
    public IReadOnlyList<Measure> Measures => cells.Lanes.Measures;

    /// <summary>The sums of a group in the order of <see cref="Measures"/>, valid until the reader moves on; empty where they need 128 bits.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<long> Row(int index) => cells.IsWide ? default : cells.Row(Position(index));

    /// <summary>The sums of all rows of a bucket, of all measures that were asked for.</summary>
    /// <param name="bucket">Its position.</param>
    public UsageSums Totals(int bucket) => buckets.Totals(bucket);

    private int Position(int index) => hasPositions ? positions[index] : index;

    /// <summary>The groups of a bucket that was put in order, as a table of their own.</summary>
    internal GroupTable ToTable() => cells.ToTable(positions.AsSpan(0, Count));
}
