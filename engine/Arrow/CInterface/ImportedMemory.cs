using System.Runtime.InteropServices;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>An array that somebody else handed over: given back once, when nothing reads it any more.</summary>
internal sealed unsafe class ImportedMemory : IDisposable
{
    private static long live;

    private nint array;

    /// <summary>Moves the structure here; what it was in is empty from now on.</summary>
    public ImportedMemory(CArrowArray* source)
    {
        array = (nint)NativeMemory.Alloc((nuint)sizeof(CArrowArray));
        *Array = *source;
        source->Release = null;
        Interlocked.Increment(ref live);
    }

    /// <summary>Gives it back if nobody has.</summary>
    ~ImportedMemory() => Release();

    /// <summary>Arrays that were handed over and not given back yet, in this process.</summary>
    public static long LiveCount => Interlocked.Read(ref live);

    /// <summary>The structure.</summary>
    public CArrowArray* Array => (CArrowArray*)array;

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        var block = Interlocked.Exchange(ref array, 0);
        if (block != 0)
        {
            var moved = (CArrowArray*)block;
            if (moved->Release is not null)
            {
                moved->Release(moved);
            }

            NativeMemory.Free(moved);
            Interlocked.Decrement(ref live);
        }
    }
}
