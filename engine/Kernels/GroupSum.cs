using System.Diagnostics;

namespace Analytics.Engine.Kernels;

/// <summary>Adds up one column by group.</summary>
public static class GroupSum
{
    /// <summary>Adds each value to its group's total.</summary>
    /// <param name="values">n values in the column's own unit, 0 or more. Measure columns hold no nulls.</param>
    /// <param name="groups">n group numbers, each below the length of <paramref name="totals"/>.</param>
    /// <param name="totals">Added to, so that several batches can share it. The caller has proven that no total passes 64 bits.</param>
    public static void Int64(ReadOnlySpan<long> values, ReadOnlySpan<int> groups, Span<long> totals)
    {
        Debug.Assert(values.Length == groups.Length, "One group for each value.");
        for (var i = 0; i < values.Length; i++)
        {
            totals[groups[i]] += values[i];
        }
    }

    /// <summary>Adds each value to its group's total, exact beyond 64 bits.</summary>
    /// <param name="values">n values in the column's own unit, 0 or more. Measure columns hold no nulls.</param>
    /// <param name="groups">n group numbers, each below the length of <paramref name="totals"/>.</param>
    /// <param name="totals">Added to. 2^31 rows of 2^63 stay far below 2^127.</param>
    public static void Int64(ReadOnlySpan<long> values, ReadOnlySpan<int> groups, Span<Int128> totals)
    {
        Debug.Assert(values.Length == groups.Length, "One group for each value.");
        for (var i = 0; i < values.Length; i++)
        {
            totals[groups[i]] += values[i];
        }
    }

    /// <summary>Counts the rows of each group.</summary>
    /// <param name="groups">Group numbers, each below the length of <paramref name="counts"/>.</param>
    /// <param name="counts">Added to.</param>
    public static void Count(ReadOnlySpan<int> groups, Span<long> counts)
    {
        foreach (var group in groups)
        {
            counts[group]++;
        }
    }
}
