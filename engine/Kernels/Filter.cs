namespace Analytics.Engine.Kernels;

/// <summary>Finds the rows that a predicate accepts.</summary>
public static class Filter
{
    /// <summary>Writes the positions of accepted codes.</summary>
    /// <param name="codes">n codes, each below the length of <paramref name="accepted"/>.</param>
    /// <param name="accepted">Whether each code is accepted.</param>
    /// <param name="rows">Room for n positions; ascending positions in <paramref name="codes"/> are written.</param>
    /// <returns>Number of positions written.</returns>
    public static int Rows(ReadOnlySpan<int> codes, ReadOnlySpan<bool> accepted, Span<int> rows)
    {
        var count = 0;
        for (var row = 0; row < codes.Length; row++)
        {
            if (accepted[codes[row]])
            {
                rows[count++] = row;
            }
        }

        return count;
    }

    /// <summary>Keeps those positions whose codes are accepted.</summary>
    /// <param name="codes">n codes, each below the length of <paramref name="accepted"/>.</param>
    /// <param name="accepted">Whether each code is accepted.</param>
    /// <param name="rows">Positions in <paramref name="codes"/>; those kept are moved to the front, in order.</param>
    /// <returns>Number of positions kept.</returns>
    public static int Narrow(ReadOnlySpan<int> codes, ReadOnlySpan<bool> accepted, Span<int> rows)
    {
        var count = 0;
        foreach (var row in rows)
        {
            if (accepted[codes[row]])
            {
                rows[count++] = row;
            }
        }

        return count;
    }

    /// <summary>Copies the values at some positions.</summary>
    /// <typeparam name="T">The column's type.</typeparam>
    /// <param name="values">A column.</param>
    /// <param name="rows">m positions in it.</param>
    /// <param name="target">Room for m values.</param>
    public static void Take<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> rows, Span<T> target)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            target[i] = values[rows[i]];
        }
    }
}
