using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Analytics.Engine.Kernels;

/// <summary>Finds the rows that a predicate accepts.</summary>
public static class Filter
{
    /// <summary>Writes the positions of one code.</summary>
    /// <param name="codes">n codes.</param>
    /// <param name="code">The code that is looked for.</param>
    /// <param name="rows">Room for n positions; ascending positions in <paramref name="codes"/> are written.</param>
    /// <returns>Number of positions written.</returns>
    public static int Equal(ReadOnlySpan<int> codes, int code, Span<int> rows)
    {
        var wanted = Vector256.Create(code);
        var count = 0;
        var row = 0;
        for (; row + Vector256<int>.Count <= codes.Length; row += Vector256<int>.Count)
        {
            // A filter keeps few rows: most steps end with an empty mask.
            var mask = Vector256.Equals(Vector256.Create(codes[row..]), wanted).ExtractMostSignificantBits();
            for (; mask != 0; mask &= mask - 1)
            {
                rows[count++] = row + BitOperations.TrailingZeroCount(mask);
            }
        }

        for (; row < codes.Length; row++)
        {
            if (codes[row] == code)
            {
                rows[count++] = row;
            }
        }

        return count;
    }

    /// <summary>Writes the positions of accepted codes.</summary>
    /// <param name="codes">n codes, each below the length of <paramref name="accepted"/>.</param>
    /// <param name="accepted">Whether each code is accepted.</param>
    /// <param name="rows">Room for n positions; ascending positions in <paramref name="codes"/> are written.</param>
    /// <returns>Number of positions written.</returns>
    public static int Rows(ReadOnlySpan<int> codes, ReadOnlySpan<bool> accepted, Span<int> rows)
    {
        if (rows.Length < codes.Length)
        {
            throw new ArgumentException($"Found room for {rows.Length} positions, expected {codes.Length}.", nameof(rows));
        }

        // Always written, counted only if accepted: no branch to mispredict.
        ref var target = ref MemoryMarshal.GetReference(rows);
        var count = 0;
        for (var row = 0; row < codes.Length; row++)
        {
            Unsafe.Add(ref target, count) = row;
            count += accepted[codes[row]] ? 1 : 0;
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
            rows[count] = row;
            count += accepted[codes[row]] ? 1 : 0;
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
