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
        return Int64(values, min, max);
    }

    /// <summary>The exact sum of values whose bounds are known.</summary>
    /// <param name="values">Any values. Measure columns hold no nulls.</param>
    /// <param name="min">From <see cref="Bounds"/>.</param>
    /// <param name="max">From <see cref="Bounds"/>.</param>
    public static Int128 Int64(ReadOnlySpan<long> values, long min, long max)
    {
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

    /// <summary>The largest value; 0 of none. Codes are looked at as unsigned, so that a negative one is too large too.</summary>
    /// <param name="values">Any values.</param>
    public static uint Max(ReadOnlySpan<uint> values)
    {
        var largest = Vector256<uint>.Zero;
        var vectors = MemoryMarshal.Cast<uint, Vector256<uint>>(values);
        foreach (var next in vectors)
        {
            largest = Vector256.Max(largest, next);
        }

        var max = 0u;
        for (var lane = 0; lane < Vector256<uint>.Count; lane++)
        {
            max = Math.Max(max, largest[lane]);
        }

        foreach (var value in values[(vectors.Length * Vector256<uint>.Count)..])
        {
            max = Math.Max(max, value);
        }

        return max;
    }
}
