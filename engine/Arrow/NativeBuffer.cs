using System.Runtime.InteropServices;

namespace Analytics.Engine.Arrow;

/// <summary>
/// Owns one block of native memory, aligned to 64 bytes and padded with zeros to a multiple of 64, as the
/// Arrow specification recommends.
/// </summary>
/// <remarks>
/// The block is freed by <see cref="Dispose"/> or, since snapshots are shared by requests that end in any order,
/// by the finalizer. A span over the block does not keep it alive: whoever works on spans holds the array, the
/// record batch or the table for as long (<see cref="GC.KeepAlive"/> where nothing else does).
/// </remarks>
public sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Alignment and padding of every block in bytes: one cache line, one AVX-512 register.</summary>
    public const int AlignmentBytes = 64;

    private readonly nuint capacityBytes;
    private readonly object? owner;
    private nint start;

    private NativeBuffer(int lengthBytes)
    {
        LengthBytes = lengthBytes;
        capacityBytes = (nuint)((((long)lengthBytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes) + (lengthBytes == 0 ? AlignmentBytes : 0));
        start = (nint)NativeMemory.AlignedAlloc(capacityBytes, AlignmentBytes);
        var padding = Math.Min(capacityBytes, (nuint)AlignmentBytes);
        NativeMemory.Clear((byte*)start + capacityBytes - padding, padding);
        GC.AddMemoryPressure((long)capacityBytes);
    }

    private NativeBuffer(nint address, int lengthBytes, object owner)
    {
        LengthBytes = lengthBytes;
        this.owner = owner;
        start = address;
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the block if nobody has.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Bytes in use, without the padding.</summary>
    public int LengthBytes { get; }

    /// <summary>The block's address, a multiple of <see cref="AlignmentBytes"/> but for borrowed memory.</summary>
    /// <exception cref="ObjectDisposedException">The block was freed.</exception>
    public nint Address => Checked();

    /// <summary>Allocates a block and lets <paramref name="fill"/> write it once.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TState">What <paramref name="fill"/> needs.</typeparam>
    /// <param name="length">Elements, 0 or more.</param>
    /// <param name="state">Handed to <paramref name="fill"/>.</param>
    /// <param name="fill">Writes all elements; the memory holds garbage before.</param>
    /// <param name="arena">Gives the memory, if it has room; else the block has memory of its own.</param>
    /// <returns>A block that nobody else can write.</returns>
    /// <exception cref="OverflowException">The block would pass 2 GiB, the reach of a span of bytes.</exception>
    public static NativeBuffer Create<T, TState>(int length, TState state, SpanWriter<T, TState> fill, NativeArena? arena = null)
        where T : unmanaged
        where TState : allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(fill);
        var bytes = checked(length * sizeof(T));
        var buffer = arena is not null && arena.TryTake(bytes, out var address) ? new NativeBuffer(address, bytes, arena) : new NativeBuffer(bytes);
        fill(new Span<T>((void*)buffer.start, length), state);
        GC.KeepAlive(buffer);
        return buffer;
    }

    /// <summary>Copies <paramref name="values"/> into a new block.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">Copied; may be empty.</param>
    public static NativeBuffer Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged =>
        Create<T, ReadOnlySpan<T>>(values.Length, values, static (target, source) => source.CopyTo(target));

    /// <summary>Borrows memory of somebody else; nothing is copied and nothing freed.</summary>
    /// <param name="address">Where it starts; of any alignment. 0 only where there are no bytes.</param>
    /// <param name="lengthBytes">Bytes, 0 or more; without padding.</param>
    /// <param name="owner">Kept alive as long as the buffer: it frees the memory when it dies.</param>
    public static NativeBuffer Borrow(nint address, int lengthBytes, object owner)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentNullException.ThrowIfNull(owner);
        return address == 0 ? Copy<byte>([]) : new NativeBuffer(address, lengthBytes, owner);
    }

    /// <summary>A part of the block, which stays alive as long as the part.</summary>
    /// <param name="firstByte">0 or more.</param>
    /// <param name="lengthBytes">Bytes, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside of the block.</exception>
    public NativeBuffer Slice(int firstByte, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstByte);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstByte, LengthBytes - lengthBytes);
        return new NativeBuffer(Checked() + firstByte, lengthBytes, this);
    }

    /// <summary>The block as elements.</summary>
    /// <typeparam name="T">The element type that it was filled with.</typeparam>
    /// <exception cref="ObjectDisposedException">The block was freed.</exception>
    public ReadOnlySpan<T> Span<T>()
        where T : unmanaged =>
        new((void*)Checked(), LengthBytes / sizeof(T));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        var block = Interlocked.Exchange(ref start, 0);
        if (block != 0 && owner is null)
        {
            NativeMemory.AlignedFree((void*)block);
            GC.RemoveMemoryPressure((long)capacityBytes);
        }
    }

    private nint Checked()
    {
        ObjectDisposedException.ThrowIf(start == 0, this);
        return start;
    }
}

/// <summary>Writes a span once.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="TState">What the writer needs.</typeparam>
/// <param name="target">To be written completely.</param>
/// <param name="state">What the caller passed.</param>
public delegate void SpanWriter<T, in TState>(Span<T> target, TState state)
    where TState : allows ref struct;
