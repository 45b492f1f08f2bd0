using Analytics.Engine.Kernels;

namespace Analytics.Engine.Usage;

/// <summary>The place of each measure among the sums of a group: cost first, then the other headline measures.</summary>
internal sealed class MeasureLanes
{
    /// <summary>All measures.</summary>
    public static readonly MeasureLanes All = new(Usage.Measures.All);

    /// <summary>The headline measures: the first quad of all.</summary>
    public static readonly MeasureLanes Headline = new(Usage.Measures.Headline);

    private readonly int[] laneOf = new int[Usage.Measures.Count];

    public MeasureLanes(IEnumerable<Measure> measures)
    {
        Measures = ColumnQuad.Order(measures);
        Quads = (Measures.Length + GroupSum.Lanes - 1) / GroupSum.Lanes;
        Stride = Quads * GroupSum.Lanes;
        Array.Fill(laneOf, -1);
        for (var i = 0; i < Measures.Length; i++)
        {
            laneOf[(int)Measures[i]] = i;
        }
    }

    /// <summary>Measures by lane.</summary>
    public Measure[] Measures { get; }

    /// <summary>Quads of lanes; the lanes of the last one that have no measure hold zeros.</summary>
    public int Quads { get; }

    /// <summary>Lanes of a group, those without a measure included.</summary>
    public int Stride { get; }

    /// <summary>The lane of a measure; -1 where it is not summed.</summary>
    public int Of(Measure measure) => laneOf[(int)measure];
}
