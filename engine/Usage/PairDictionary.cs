using System.Numerics;
using Analytics.Engine.Chunks;

namespace Analytics.Engine.Usage;

/// <summary>Distinct pairs of codes in the order of their first appearance: what two-dimensional groups are numbered by.</summary>
/// <remarks>
/// Numbers are dense, so sums need room for pairs that occur and not for all that could: a few thousand of the millions
/// that keys times models make. Where all that could occur are few, they are found in a table; else by hashing with
/// open addressing (a .NET dictionary of tuples took three times as long a row). Not safe for writers in parallel;
/// looking up pairs that are known is safe.
/// </remarks>
internal sealed class PairDictionary
{
    // 256 KiB: the table stays in the second-level cache, and costs little to make for each query.
    private const long MaxDirect = 1 << 16;
    private const int BlockRows = 1_024;

    private readonly int rightCount;
    private readonly int[]? direct;
    private int[] slots = [];
    private int[] lefts;
    private int[] rights;

    /// <summary>Makes an empty dictionary.</summary>
    /// <param name="leftCount">Codes of the left side.</param>
    /// <param name="rightCount">Codes of the right side.</param>
    public PairDictionary(int leftCount, int rightCount)
    {
        this.rightCount = rightCount;
        (lefts, rights) = (new int[64], new int[64]);
        if ((long)leftCount * rightCount <= MaxDirect)
        {
            direct = new int[leftCount * rightCount];
        }
        else
        {
            slots = new int[128];
        }
    }

    /// <summary>Pairs so far.</summary>
    public int Count { get; private set; }

    /// <summary>A pair by its number.</summary>
    /// <param name="number">0 to <see cref="Count"/> - 1.</param>
    public (int Left, int Right) this[int number] => (lefts[number], rights[number]);

    /// <summary>The same pairs with the same numbers, to be added to without touching these.</summary>
    /// <param name="leftCount">Codes of the left side by now.</param>
    /// <param name="newRightCount">Codes of the right side by now.</param>
    public PairDictionary Copy(int leftCount, int newRightCount)
    {
        var copy = new PairDictionary(leftCount, newRightCount);
        for (var number = 0; number < Count; number++)
        {
            copy.NumberOf(lefts[number], rights[number]);
        }

        return copy;
    }

    /// <summary>The number of a pair, given out now if it is new.</summary>
    /// <param name="left">Below the left side's count.</param>
    /// <param name="right">Below the right side's count.</param>
    public int NumberOf(int left, int right)
    {
        if (direct is not null)
        {
            // 0 is "none yet", so that a new table needs no filling.
            ref var place = ref direct[(left * rightCount) + right];
            if (place == 0)
            {
                Add(left, right);
                place = Count;
            }

            return place - 1;
        }

        return Hashed(left, right);
    }

    /// <summary>Numbers the pairs of consecutive rows.</summary>
    /// <param name="left">Codes.</param>
    /// <param name="leftMap">The left side of each code; empty where it is the code.</param>
    /// <param name="right">Codes, of the same chunk.</param>
    /// <param name="rightMap">The right side of each code; empty where it is the code.</param>
    /// <param name="first">First row.</param>
    /// <param name="target">One number for each row.</param>
    public void NumberRows(NarrowColumn left, ReadOnlySpan<int> leftMap, NarrowColumn right, ReadOnlySpan<int> rightMap, int first, Span<int> target)
    {
        Span<int> leftCodes = stackalloc int[BlockRows];
        Span<int> rightCodes = stackalloc int[BlockRows];
        for (var start = 0; start < target.Length; start += BlockRows)
        {
            var length = Math.Min(BlockRows, target.Length - start);
            left.CopyTo(first + start, leftCodes[..length]);
            right.CopyTo(first + start, rightCodes[..length]);
            for (var i = 0; i < length; i++)
            {
                target[start + i] = NumberOf(Mapped(leftMap, leftCodes[i]), Mapped(rightMap, rightCodes[i]));
            }
        }
    }

    /// <summary>Numbers the pairs of some rows.</summary>
    /// <param name="left">Codes.</param>
    /// <param name="leftMap">The left side of each code; empty where it is the code.</param>
    /// <param name="right">Codes, of the same chunk.</param>
    /// <param name="rightMap">The right side of each code; empty where it is the code.</param>
    /// <param name="first">Added to each position.</param>
    /// <param name="rows">Positions.</param>
    /// <param name="target">The number of row <c>first + rows[i]</c> is written at <c>rows[i]</c>; other places are left alone.</param>
    public void NumberRowsAt(
        NarrowColumn left, ReadOnlySpan<int> leftMap, NarrowColumn right, ReadOnlySpan<int> rightMap, int first, ReadOnlySpan<int> rows, Span<int> target)
    {
        foreach (var row in rows)
        {
            target[row] = NumberOf(Mapped(leftMap, (int)left[first + row]), Mapped(rightMap, (int)right[first + row]));
        }
    }

    private static int Mapped(ReadOnlySpan<int> map, int code) => map.IsEmpty ? code : map[code];

    private int Hashed(int left, int right)
    {
        var mask = slots.Length - 1;
        for (var slot = Hash(left, right) & mask; ; slot = (slot + 1) & mask)
        {
            var number = slots[slot] - 1;
            if (number < 0)
            {
                Add(left, right);
                slots[slot] = Count;
                if (Count * 2 > slots.Length)
                {
                    Rehash();
                }

                return Count - 1;
            }

            if (lefts[number] == left && rights[number] == right)
            {
                return number;
            }
        }
    }

    private void Add(int left, int right)
    {
        if (Count == lefts.Length)
        {
            Array.Resize(ref lefts, Count * 2);
            Array.Resize(ref rights, Count * 2);
        }

        (lefts[Count], rights[Count]) = (left, right);
        Count++;
    }

    private void Rehash()
    {
        slots = new int[slots.Length * 2];
        var mask = slots.Length - 1;
        for (var number = 0; number < Count; number++)
        {
            var slot = Hash(lefts[number], rights[number]) & mask;
            while (slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            slots[slot] = number + 1;
        }
    }

    // Fibonacci hashing: codes are small and dense, and the product's high bits mix both.
    private static int Hash(int left, int right) =>
        (int)BitOperations.RotateRight((((ulong)(uint)left << 32) | (uint)right) * 0x9E37_79B9_7F4A_7C15, 33) & int.MaxValue;
}
