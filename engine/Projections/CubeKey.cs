using System.Globalization;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Engine.Projections;

/// <summary>What a cube is of.</summary>
/// <param name="First">A stored dimension.</param>
/// <param name="Second">Another stored dimension, after the first in the order of <see cref="Dimensions.Stored"/>: groups are then pairs. Null for one.</param>
/// <param name="DaysOf">The zone whose local days are the cube's steps; null for the rows' own intervals, which serve every zone.</param>
/// <param name="IsHeadline">Whether only the headline measures are kept.</param>
public sealed record CubeKey(Dimension First, Dimension? Second, DateTimeZone? DaysOf, bool IsHeadline)
{
    /// <summary>The cube as people read it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{First}{(Second is { } second ? $" x {second}" : string.Empty)} by {(DaysOf is null ? "interval" : $"day of {DaysOf.Id}")}, {(IsHeadline ? Measures.Headline.Count : Measures.Count)} measures");
}
