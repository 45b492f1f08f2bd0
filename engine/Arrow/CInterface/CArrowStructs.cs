using System.Runtime.InteropServices;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>struct ArrowSchema of the Arrow C data interface: one column's name and type, 72 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CArrowSchema
{
    /// <summary>Bit of <see cref="Flags"/>: values may be null.</summary>
    public const long Nullable = 2;

    /// <summary>The type, such as <c>l</c> or <c>tsu:UTC</c>, closed by a zero; of a coded column that of the codes.</summary>
    public byte* Format;

    /// <summary>The name, UTF-8, closed by a zero; may be null.</summary>
    public byte* Name;

    /// <summary>i32 number of pairs; of each key and value i32 length and bytes. May be null.</summary>
    public byte* Metadata;

    /// <summary>1 for an ordered dictionary, 2 for nullable, 4 for a map with sorted keys.</summary>
    public long Flags;

    /// <summary>Number of children.</summary>
    public long ChildCount;

    /// <summary>The children; null where there are none.</summary>
    public CArrowSchema** Children;

    /// <summary>The values of a coded column; else null.</summary>
    public CArrowSchema* Dictionary;

    /// <summary>Frees what the producer allocated; null once that is done.</summary>
    public delegate* unmanaged[Cdecl]<CArrowSchema*, void> Release;

    /// <summary>The producer's own.</summary>
    public void* PrivateData;
}

/// <summary>struct ArrowArray of the Arrow C data interface: one array's memory, 80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CArrowArray
{
    /// <summary>Values.</summary>
    public long Length;

    /// <summary>Nulls; -1 where they were not counted.</summary>
    public long NullCount;

    /// <summary>Values in the buffers before the first of the array.</summary>
    public long Offset;

    /// <summary>Number of buffers.</summary>
    public long BufferCount;

    /// <summary>Number of children.</summary>
    public long ChildCount;

    /// <summary>The buffers: the validity bitmap, which may be null, then those of the type.</summary>
    public void** Buffers;

    /// <summary>The children; null where there are none.</summary>
    public CArrowArray** Children;

    /// <summary>The values of a coded array; else null.</summary>
    public CArrowArray* Dictionary;

    /// <summary>Frees what the producer allocated; null once that is done.</summary>
    public delegate* unmanaged[Cdecl]<CArrowArray*, void> Release;

    /// <summary>The producer's own.</summary>
    public void* PrivateData;
}

/// <summary>struct ArrowArrayStream of the Arrow C stream interface: batches one after another, 40 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CArrowArrayStream
{
    /// <summary>Fills in the schema; 0, or an errno code.</summary>
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, CArrowSchema*, int> GetSchema;

    /// <summary>Fills in the next batch, or one without a release function after the last; 0, or an errno code.</summary>
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, CArrowArray*, int> GetNext;

    /// <summary>What went wrong in the last call that did not give 0; may be null.</summary>
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, byte*> GetLastError;

    /// <summary>Frees what the producer allocated; null once that is done.</summary>
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, void> Release;

    /// <summary>The producer's own.</summary>
    public void* PrivateData;
}
