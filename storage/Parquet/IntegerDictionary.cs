using System.Numerics;

namespace Analytics.Storage.Parquet;

/// <summary>Distinct integers of a column in the order of their first use.</summary>
internal static class IntegerDictionary
{
    /// <summary>Replaces values by codes, unless the dictionary passes its limit.</summary>
    /// <typeparam name="T"><see cref="int"/> or <see cref="long"/>.</typeparam>
    /// <param name="values">n values, 1 or more.</param>
    /// <param name="limitBytes">The most bytes of the values that the codes stand for.</param>
    /// <param name="codes">Receives n codes.</param>
    /// <returns>The values that the codes stand for; null past the limit.</returns>
    public static unsafe T[]? TryEncode<T>(ReadOnlySpan<T> values, long limitBytes, Span<int> codes)
        where T : unmanaged, IBinaryInteger<T>
    {
        var distinct = new T[16];
        var slots = NewSlots(32);
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            if (i > 0 && value == values[i - 1])
            {
                codes[i] = codes[i - 1];
                continue;
            }

            var slot = Hash(value) & (slots.Length - 1);
            while (slots[slot] >= 0 && distinct[slots[slot]] != value)
            {
                slot = (slot + 1) & (slots.Length - 1);
            }

            if (slots[slot] < 0)
            {
                if (count == distinct.Length)
                {
                    Array.Resize(ref distinct, 2 * count);
                }

                distinct[count] = value;
                slots[slot] = count++;
                codes[i] = count - 1;
                if ((long)count * sizeof(T) > limitBytes)
                {
                    return null;
                }

                slots = 2 * count > slots.Length ? Rehash(distinct.AsSpan(0, count), 2 * slots.Length) : slots;
            }
            else
            {
                codes[i] = slots[slot];
            }
        }

        return distinct[..count];
    }

    private static int[] Rehash<T>(ReadOnlySpan<T> distinct, int size)
        where T : unmanaged, IBinaryInteger<T>
    {
        var slots = NewSlots(size);
        for (var code = 0; code < distinct.Length; code++)
        {
            var slot = Hash(distinct[code]) & (size - 1);
            while (slots[slot] >= 0)
            {
                slot = (slot + 1) & (size - 1);
            }

            slots[slot] = code;
        }

        return slots;
    }

    // Fibonacci hashing; the upper half of the product is the well mixed one.
    private static int Hash<T>(T value)
        where T : unmanaged, IBinaryInteger<T> => (int)((ulong.CreateTruncating(value) * 0x9E3779B97F4A7C15) >> 32);

    private static int[] NewSlots(int count)
    {
        var slots = new int[count];
        Array.Fill(slots, -1);
        return slots;
    }
}
