using Analytics.Engine.Kernels;
using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>Exact sums of all measures by group, dense over the codes of a stored column.</summary>
/// <remarks>
/// 64-bit totals are used as long as the largest values seen prove that no total can pass 63 bits; the first batch
/// that could break that moves them to 128 bits.
/// </remarks>
/// <param name="groups">Number of groups.</param>
internal sealed class GroupAccumulator(int groups)
{
    private readonly long[] rows = new long[groups];
    private readonly long[][] narrow = [.. Measures.All.Select(_ => new long[groups])];
    private readonly Int128[]?[] wide = new Int128[]?[Measures.Count];
    private readonly Int128[] bounds = new Int128[Measures.Count];

    public delegate ReadOnlySpan<long> ValuesOf(Measure measure);

    /// <summary>The sums of one group.</summary>
    public UsageSums this[int group]
    {
        get
        {
            UsageSums sums = default;
            foreach (var measure in Measures.All)
            {
                sums[measure] = wide[(int)measure] is { } totals ? totals[group] : narrow[(int)measure][group];
            }

            return sums;
        }
    }

    /// <summary>Starts over with all sums 0.</summary>
    public void Clear()
    {
        Array.Clear(rows);
        Array.Clear(wide);
        Array.Clear(bounds);
        foreach (var totals in narrow)
        {
            Array.Clear(totals);
        }
    }

    /// <summary>Adds rows.</summary>
    /// <param name="batch">Where the rows come from: its largest values bound the sums.</param>
    /// <param name="codes">One group for each row.</param>
    /// <param name="valuesOf">The rows' values of a measure.</param>
    public void Add(UsageBatch batch, ReadOnlySpan<int> codes, ValuesOf valuesOf)
    {
        GroupSum.Count(codes, rows);
        foreach (var measure in Measures.All)
        {
            var index = (int)measure;
            if (batch.MaxValue(measure) == 0)
            {
                continue;
            }

            bounds[index] += (Int128)batch.MaxValue(measure) * codes.Length;
            if (bounds[index] > long.MaxValue && wide[index] is null)
            {
                wide[index] = [.. narrow[index].Select(total => (Int128)total)];
            }

            if (wide[index] is { } totals)
            {
                GroupSum.Int64(valuesOf(measure), codes, totals);
            }
            else
            {
                GroupSum.Int64(valuesOf(measure), codes, narrow[index]);
            }
        }
    }

    /// <summary>Groups that have rows, ascending.</summary>
    public IEnumerable<int> Touched()
    {
        for (var group = 0; group < rows.Length; group++)
        {
            if (rows[group] > 0)
            {
                yield return group;
            }
        }
    }
}
