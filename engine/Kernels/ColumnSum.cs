using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Analytics.Engine.Kernels;

/// <summary>Facts about a whole column.</summary>
public static class ColumnSum
{
    /// <summary>The exact sum.</summary>
    /// <param name="values">Any values. Measure columns hold no nulls.</param>
    public static Int128 Int64(ReadOnlySpan<long> values)
    {
        var (min, max) = Bounds(values);
        if (Int128.Max((Int128)max, -(Int128)min) * values.Length > long.MaxValue)
        {
            Int128 wide = 0;
            foreach (var value in values)
            {
                wide += value;
            }

            return wide;
        }

        var sums = Vector512<long>.Zero;
        var vectors = MemoryMarshal.Cast<long, Vector512<long>>(values);
        foreach (var next in vectors)
        {
            sums += next;
        }

        var sum = Vector512.Sum(sums);
        foreach (var value in values[(vectors.Length * Vector512<long>.Count)..])
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>The smallest and the largest value, with 0 among them.</summary>
    /// <param name="values">Any values.</param>
    public static (long Min, long Max) Bounds(ReadOnlySpan<long> values)
    {
        var (least, most) = (Vector512<long>.Zero, Vector512<long>.Zero);
        var vectors = MemoryMarshal.Cast<long, Vector512<long>>(values);
        foreach (var next in vectors)
        {
            least = Vector512.Min(least, next);
            most = Vector512.Max(most, next);
        }

        var (min, max) = (0L, 0L);
        for (var lane = 0; lane < Vector512<long>.Count; lane++)
        {
            (min, max) = (Math.Min(min, least[lane]), Math.Max(max, most[lane]));
        }

        foreach (var value in values[(vectors.Length * Vector512<long>.Count)..])
        {
            (min, max) = (Math.Min(min, value), Math.Max(max, value));
        }

        return (min, max);
    }
}
