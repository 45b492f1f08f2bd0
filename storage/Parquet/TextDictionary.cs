using System.Buffers;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>Distinct texts in the order of their first use, as UTF-8 back to back.</summary>
internal sealed class TextDictionary
{
    private readonly ArrayBufferWriter<byte> data = new();
    private int[] ends = new int[16];
    private int[] slots = NewSlots(32);
    private int[] hashes = new int[16];

    /// <summary>Distinct texts so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all distinct texts.</summary>
    public int LengthBytes => data.WrittenCount;

    /// <summary>One text; valid until the next <see cref="Code"/>.</summary>
    public ReadOnlySpan<byte> this[int code] => data.WrittenSpan[Start(code)..ends[code]];

    /// <summary>The code of a text, which is added if it is new.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="isNew">Whether it was added.</param>
    public int Code(ReadOnlySpan<byte> text, out bool isNew)
    {
        // Seeded anew in each process: nobody can prepare texts that collide. Codes do not depend on it.
        var hash = default(HashCode);
        hash.AddBytes(text);
        var hashed = hash.ToHashCode();
        var slot = hashed & (slots.Length - 1);
        for (; slots[slot] >= 0; slot = (slot + 1) & (slots.Length - 1))
        {
            var code = slots[slot];
            if (hashes[code] == hashed && this[code].SequenceEqual(text))
            {
                isNew = false;
                return code;
            }
        }

        slots[slot] = Count;
        isNew = true;
        return Add(text, hashed);
    }

    /// <summary>Copies the texts into an array.</summary>
    public StringArray ToArray() => new(
        NativeBuffer.Create<int, ReadOnlySpan<int>>(Count + 1, ends.AsSpan(0, Count), static (target, source) =>
        {
            target[0] = 0;
            source.CopyTo(target[1..]);
        }),
        NativeBuffer.Copy(data.WrittenSpan));

    private int Add(ReadOnlySpan<byte> text, int hash)
    {
        if (Count == ends.Length)
        {
            Array.Resize(ref ends, 2 * Count);
            Array.Resize(ref hashes, 2 * Count);
        }

        data.Write(text);
        ends[Count] = data.WrittenCount;
        hashes[Count] = hash;
        Count++;
        if (2 * Count > slots.Length)
        {
            slots = NewSlots(2 * slots.Length);
            for (var code = 0; code < Count; code++)
            {
                var slot = hashes[code] & (slots.Length - 1);
                while (slots[slot] >= 0)
                {
                    slot = (slot + 1) & (slots.Length - 1);
                }

                slots[slot] = code;
            }
        }

        return Count - 1;
    }

    private int Start(int code) => code == 0 ? 0 : ends[code - 1];

    private static int[] NewSlots(int count)
    {
        var slots = new int[count];
        Array.Fill(slots, -1);
        return slots;
    }
}
