using System.Runtime.InteropServices;

namespace Analytics.Engine.Arrow;

/// <summary>One block of native memory that several buffers share. It is freed when the last of them is gone.</summary>
/// <remarks>
/// Measured: filling 1.2 GB of fresh memory in blocks of 1 MiB took longer for the page faults than for decoding the
/// values. One large block can have huge pages (2 MiB), which Linux gives where it is asked to (madvise). The block is
/// reserved, not touched: what is not used costs addresses only.
/// Taking buffers is not safe for several threads at once.
/// </remarks>
public sealed unsafe partial class NativeArena
{
    private const nuint HugePage = 2 << 20;
    private const int MadviseHugePage = 14;

    private readonly void* start;
    private readonly nuint capacity;
    private nuint used;

    /// <summary>Reserves a block.</summary>
    /// <param name="capacityBytes">What <see cref="TryTake"/> may give away in all, paddings included.</param>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public NativeArena(long capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacityBytes);
        var isHuge = (nuint)capacityBytes >= HugePage;
        capacity = isHuge ? ((nuint)capacityBytes + HugePage - 1) / HugePage * HugePage : (nuint)Math.Max(capacityBytes, 1);
        start = NativeMemory.AlignedAlloc(capacity, isHuge ? HugePage : NativeBuffer.AlignmentBytes);
        GC.AddMemoryPressure((long)capacity);
        if (isHuge && OperatingSystem.IsLinux())
        {
            // Only a wish: where it is refused, small pages do.
            _ = Advise(start, capacity, MadviseHugePage);
        }
    }

    /// <summary>Frees the block.</summary>
    ~NativeArena()
    {
        NativeMemory.AlignedFree(start);
        GC.RemoveMemoryPressure((long)capacity);
    }

    /// <summary>Bytes that a buffer takes of the block: its own, rounded up to whole cache lines.</summary>
    /// <param name="lengthBytes">0 or more.</param>
    public static long SizeOf(long lengthBytes) =>
        (lengthBytes + NativeBuffer.AlignmentBytes - 1) / NativeBuffer.AlignmentBytes * NativeBuffer.AlignmentBytes;

    /// <summary>Takes some bytes, which hold garbage.</summary>
    /// <param name="lengthBytes">0 or more.</param>
    /// <param name="address">A multiple of <see cref="NativeBuffer.AlignmentBytes"/>.</param>
    /// <returns>False where the block has no room for them.</returns>
    internal bool TryTake(int lengthBytes, out nint address)
    {
        var size = (nuint)SizeOf(lengthBytes);
        address = (nint)((byte*)start + used);
        if (size > capacity - used)
        {
            return false;
        }

        used += size;
        return true;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
