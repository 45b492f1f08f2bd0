using System.Runtime.Intrinsics;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Where the cells of an answer come from: sums of a scan, or differences of a cube's rows.</summary>
internal interface IBuckets
{
    /// <summary>The lanes of the cells that are read.</summary>
    /// <param name="measures">What is wanted of them.</param>
    MeasureLanes LanesFor(IReadOnlyList<Measure> measures);

    /// <summary>Reads the groups of a bucket, in no order. A group is left out where all wanted sums are 0.</summary>
    /// <param name="bucket">Position of the bucket.</param>
    /// <param name="cells">Cleared and filled.</param>
    /// <param name="wanted">The wanted lanes; others are 0 in the cells.</param>
    void Read(int bucket, CellBuffer cells, LaneMask wanted);

    /// <summary>The sums of all of a bucket's rows.</summary>
    /// <param name="bucket">Position of the bucket.</param>
    UsageSums Totals(int bucket);

    /// <summary>Memory of the cells.</summary>
    long SizeBytes { get; }

    /// <summary>Gives memory back that other answers can use. The buckets must not be looked at any more.</summary>
    void Return();
}

/// <summary>All bits for lanes that are wanted, none for others.</summary>
internal sealed class LaneMask
{
    private readonly Vector256<long>[] quads;
    private readonly long[] lanes;

    public LaneMask(MeasureLanes lanes, IEnumerable<Measure> wanted)
    {
        this.lanes = new long[lanes.Stride];
        foreach (var measure in wanted)
        {
            if (lanes.Of(measure) is var lane and >= 0)
            {
                this.lanes[lane] = -1;
            }
        }

        quads = new Vector256<long>[lanes.Quads];
        for (var quad = 0; quad < quads.Length; quad++)
        {
            quads[quad] = Vector256.Create<long>(this.lanes.AsSpan(quad * Vector256<long>.Count));
        }
    }

    /// <summary>The mask of four lanes.</summary>
    public Vector256<long> this[int quad] => quads[quad];

    /// <summary>Whether a lane is wanted.</summary>
    public bool Has(int lane) => lanes[lane] != 0;
}
