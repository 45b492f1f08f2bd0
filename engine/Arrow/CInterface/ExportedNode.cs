using System.Runtime.InteropServices;
using System.Text;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>What one exported structure owns: native memory, and a managed object that is kept alive.</summary>
/// <remarks>Each structure has its own, children too: a consumer may move a child away and release the parent.</remarks>
internal sealed unsafe class ExportedNode(object? kept)
{
    private static long live;

    private readonly List<nint> blocks = [];
    private readonly List<object?> alive = [kept];

    /// <summary>Structures that were exported and not released yet, in this process.</summary>
    public static long LiveCount => Interlocked.Read(ref live);

    /// <summary>A number for the consumer to carry.</summary>
    public void* ToPrivateData()
    {
        Interlocked.Increment(ref live);
        return (void*)GCHandle.ToIntPtr(GCHandle.Alloc(this));
    }

    /// <summary>Frees what the structure with this number owns.</summary>
    public static void Free(void* privateData)
    {
        var handle = GCHandle.FromIntPtr((nint)privateData);
        var node = (ExportedNode)handle.Target!;
        handle.Free();
        node.blocks.ForEach(block => NativeMemory.Free((void*)block));
        Interlocked.Decrement(ref live);
    }

    /// <summary>The object that the structure with this number keeps alive.</summary>
    public static T Kept<T>(void* privateData)
        where T : class => (T)((ExportedNode)GCHandle.FromIntPtr((nint)privateData).Target!).alive[0]!;

    /// <summary>Zeros that live as long as the structure.</summary>
    public T* Allocate<T>(int count)
        where T : unmanaged => (T*)Bytes((nuint)count * (nuint)sizeof(T));

    /// <summary>Pointers that live as long as the structure.</summary>
    public void** Pointers(int count) => (void**)Allocate<nint>(count);

    /// <summary>A text closed by a zero.</summary>
    /// <exception cref="ArgumentException">The text has a zero inside.</exception>
    public byte* Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The name '{text.Replace("\0", "\\0", StringComparison.Ordinal)}' has a zero, which ends a name in C.", nameof(text));
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        return Copy([.. bytes, 0]);
    }

    /// <summary>A copy of bytes.</summary>
    public byte* Copy(ReadOnlySpan<byte> bytes)
    {
        var block = Allocate<byte>(bytes.Length);
        bytes.CopyTo(new Span<byte>(block, bytes.Length));
        return block;
    }

    /// <summary>Keeps a further object alive.</summary>
    public void Keep(object further) => alive.Add(further);

    private void* Bytes(nuint length)
    {
        var block = NativeMemory.AllocZeroed(Math.Max(1, length));
        blocks.Add((nint)block);
        return block;
    }
}
