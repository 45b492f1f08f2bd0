using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Arrow;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Values that are gathered for a batch, in memory that the next batch uses again.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <remarks>The array is pinned, so that an Arrow buffer can be laid over it without a copy.</remarks>
internal sealed class PinnedValues<T>
    where T : unmanaged
{
    private T[] values = GC.AllocateUninitializedArray<T>(64, pinned: true);

    /// <summary>Values since the last <see cref="Take"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the memory.</summary>
    public long HeldBytes => (long)values.Length * Unsafe.SizeOf<T>();

    /// <summary>The value that was added last.</summary>
    public ref T Last => ref values[Count - 1];

    /// <summary>Appends one value.</summary>
    public void Add(T value) => Reserve(1)[0] = value;

    /// <summary>Appends values that the caller fills in.</summary>
    /// <param name="count">How many.</param>
    public Span<T> Reserve(int count)
    {
        if (values.Length - Count < count)
        {
            var larger = GC.AllocateUninitializedArray<T>(Math.Max(checked(Count + count), 2 * values.Length), pinned: true);
            values.AsSpan(0, Count).CopyTo(larger);
            values = larger;
        }

        var reserved = values.AsSpan(Count, count);
        Count += count;
        return reserved;
    }

    /// <summary>Takes back the last values.</summary>
    /// <param name="count">How many stay.</param>
    public void Shorten(int count) => Count = count;

    /// <summary>The values as a buffer that is right until the next value is added; then begins anew.</summary>
    public NativeBuffer Take()
    {
        var buffer = NativeBuffer.Borrow(Marshal.UnsafeAddrOfPinnedArrayElement(values, 0), checked(Count * Unsafe.SizeOf<T>()), values);
        Count = 0;
        return buffer;
    }
}

/// <summary>Bits that are gathered for a batch: which values are there, or flags.</summary>
internal sealed class PinnedBits
{
    private readonly PinnedValues<byte> bytes = new();

    /// <summary>Bits since the last <see cref="Take"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the memory.</summary>
    public long HeldBytes => bytes.HeldBytes;

    /// <summary>Appends one bit, from the lowest of each byte on.</summary>
    public void Add(bool bit)
    {
        if ((Count & 7) == 0)
        {
            bytes.Add(0);
        }

        bytes.Last |= (byte)(bit ? 1 << (Count & 7) : 0);
        Count++;
    }

    /// <summary>The bits as a buffer that is right until the next bit is added; then begins anew.</summary>
    public NativeBuffer Take()
    {
        Count = 0;
        return bytes.Take();
    }
}
