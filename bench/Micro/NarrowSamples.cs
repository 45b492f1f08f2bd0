using System.Runtime.InteropServices;
using Analytics.Engine.Chunks;

namespace Analytics.Bench.Micro;

/// <summary>Columns as chunks have them, of random values. They live as long as the process.</summary>
internal static unsafe class NarrowSamples
{
    /// <summary>A column without exceptions.</summary>
    /// <param name="values">Multiples of the scale.</param>
    /// <param name="width">Bytes of a quotient.</param>
    /// <param name="scale">What quotients are multiplied by.</param>
    public static NarrowColumn Column(long[] values, int width, ulong scale = 1)
    {
        var address = (byte*)NativeMemory.AlignedAlloc((nuint)((values.Length * width) + NarrowColumn.PaddingBytes), 64);
        for (var row = 0; row < values.Length; row++)
        {
            // Eight bytes whatever the width: the next value and the padding take the rest.
            *(ulong*)(address + (row * width)) = (ulong)values[row] / scale;
        }

        return new NarrowColumn((nint)address, width, scale, (ulong)values.Max());
    }

    /// <summary>Codes in runs, as rows sorted by them have them.</summary>
    /// <param name="random">Seeded.</param>
    /// <param name="rows">Codes.</param>
    /// <param name="codes">Distinct codes; low ones are frequent.</param>
    /// <param name="rowsPerRun">Length of a run on average.</param>
    public static int[] Codes(Random random, int rows, int codes, int rowsPerRun)
    {
        var target = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            target[row] = row > 0 && random.Next(rowsPerRun) > 0 ? target[row - 1] : random.Next(codes) * random.Next(codes) / codes;
        }

        return target;
    }
}
