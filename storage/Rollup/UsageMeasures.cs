using System.Runtime.CompilerServices;
using Analytics.Engine.Usage;

namespace Analytics.Storage.Rollup;

/// <summary>One value for each measure, in the measure's own unit, 0 or more, 64 bits.</summary>
public struct UsageMeasures : IEquatable<UsageMeasures>
{
    private Values values;

    /// <summary>The value of one measure.</summary>
    /// <param name="measure">Any measure.</param>
    public long this[Measure measure]
    {
        readonly get => values[(int)measure];
        set => values[(int)measure] = value;
    }

    /// <summary>Equality of all values.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(UsageMeasures left, UsageMeasures right) => left.Equals(right);

    /// <summary>Inequality of any value.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(UsageMeasures left, UsageMeasures right) => !left.Equals(right);

    /// <inheritdoc/>
    public readonly bool Equals(UsageMeasures other) => ((ReadOnlySpan<long>)values).SequenceEqual(other.values);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is UsageMeasures other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(values[0], values[(int)Measure.InputTokens], values[(int)Measure.Cost]);

    [InlineArray(Measures.Count)]
    private struct Values
    {
        private long first;
    }
}
