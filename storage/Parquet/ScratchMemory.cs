using System.Runtime.InteropServices;

namespace Analytics.Storage.Parquet;

/// <summary>One block of native memory that is used again and again.</summary>
/// <remarks>
/// Its size may come from a file that lies. So the block is reserved, not touched: a large one costs addresses, and
/// memory only page by page as decoded bytes really arrive in it. A managed array would be the file's to order.
/// Not safe for use by several threads at once.
/// </remarks>
internal sealed unsafe class ScratchMemory : IDisposable
{
    private void* start;
    private int capacity;

    ~ScratchMemory() => Free();

    /// <summary>Bytes of any content; valid until the next call.</summary>
    /// <param name="size">0 or more.</param>
    /// <exception cref="MalformedDataException">The system has not so much memory.</exception>
    public Span<byte> Reserve(int size)
    {
        if (size > capacity)
        {
            Free();
            try
            {
                start = NativeMemory.Alloc((nuint)size);
            }
            catch (OutOfMemoryException)
            {
                throw new MalformedDataException($"{size} uncompressed bytes", "so many as there is memory for", "Write the file again with smaller row groups.");
            }

            capacity = size;
        }

        return new Span<byte>(start, size);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(start);
        start = null;
        capacity = 0;
    }
}
