using System.Numerics;
using System.Runtime.CompilerServices;

namespace Analytics.Storage.Compression;

/// <summary>
/// Reads a bit stream of Zstandard, which begins at its end: below the highest bit of the last byte that is set. Reading
/// on at the start gives bits without a meaning and leaves <see cref="Remaining"/> negative, so that one look at the end
/// is enough.
/// </summary>
internal unsafe ref struct BackwardBits
{
    /// <summary>Bits that can be read behind a <see cref="Refill"/>, as long as the stream has them.</summary>
    public const int RefilledBits = 57;

    private const int WordBits = 64;

    private readonly byte* start;
    private byte* at;
    private ulong word;
    private int used;

    /// <param name="start">The stream's first byte.</param>
    /// <param name="length">Bytes of the stream.</param>
    /// <exception cref="MalformedDataException">The stream is empty or its last byte is 0.</exception>
    public BackwardBits(byte* start, int length)
    {
        this.start = start;
        used = UnusedBits(start, length);
        if (length >= sizeof(ulong))
        {
            at = start + length - sizeof(ulong);
            word = Unsafe.ReadUnaligned<ulong>(at);
            return;
        }

        at = start;
        for (var i = 0; i < length; i++)
        {
            word |= (ulong)start[i] << (8 * i);
        }

        used += WordBits - (8 * length);
    }

    /// <summary>Reads on in the middle of a stream of 8 bytes or more.</summary>
    /// <param name="start">The stream's first byte.</param>
    /// <param name="at">8 bytes of it.</param>
    /// <param name="used">Bits of those that are read, from the highest.</param>
    public BackwardBits(byte* start, byte* at, int used)
    {
        this.start = start;
        this.at = at;
        this.used = used;
        word = Unsafe.ReadUnaligned<ulong>(at);
    }

    /// <summary>Bits that are left; negative where more were read than there are.</summary>
    public readonly long Remaining => ((at - start) * 8) + WordBits - used;

    /// <summary>Returns how many of the last byte's bits are not the stream's, from the highest.</summary>
    /// <exception cref="MalformedDataException">The stream is empty or its last byte is 0.</exception>
    public static int UnusedBits(byte* start, int length) => length > 0 && start[length - 1] != 0
        ? 8 - BitOperations.Log2(start[length - 1])
        : throw new MalformedDataException("a Zstandard bit stream without a bit that marks its end", "one");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Peek(int bits) => (uint)(word << used >> 1 >> (WordBits - 1 - bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bits) => used += bits;

    /// <summary>Reads 0 to 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Read(int bits)
    {
        var value = Peek(bits);
        used += bits;
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Refill()
    {
        if (at - start >= sizeof(ulong) && used <= WordBits)
        {
            at -= used >> 3;
            used &= 7;
            word = Unsafe.ReadUnaligned<ulong>(at);
        }
        else
        {
            RefillAtStart();
        }
    }

    private void RefillAtStart()
    {
        if (at > start && used <= WordBits)
        {
            var bytes = (int)Math.Min(used >> 3, at - start);
            at -= bytes;
            used -= 8 * bytes;
            word = Unsafe.ReadUnaligned<ulong>(at);
        }
    }
}
