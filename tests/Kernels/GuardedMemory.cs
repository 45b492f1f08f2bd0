using System.Runtime.InteropServices;
using Xunit;

namespace Analytics.Tests.Kernels;

/// <summary>Values whose last byte is the last one before a page that nobody may touch: reading on ends the process.</summary>
internal sealed unsafe class GuardedMemory<T> : IDisposable
    where T : unmanaged
{
    private readonly nint pages;
    private readonly nuint mapped;
    private readonly int length;

    public GuardedMemory(ReadOnlySpan<T> values)
    {
        var page = (nuint)Environment.SystemPageSize;
        var used = (((nuint)(values.Length * sizeof(T)) + page - 1) / page) * page;
        mapped = used + page;
        length = values.Length;
        pages = GuardedPages.Map(mapped);
        GuardedPages.Forbid(pages + (nint)used, page);
        First = pages + (nint)used - (values.Length * sizeof(T));
        values.CopyTo(Span);
    }

    public Span<T> Span => new((void*)First, length);

    private nint First { get; }

    public void Dispose() => GuardedPages.Unmap(pages, mapped);
}

internal static partial class GuardedPages
{
    private const int None = 0;
    private const int ReadWrite = 1 | 2;
    private const int Private = 2;

    private static readonly int Anonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;

    public static nint Map(nuint size)
    {
        var address = MemoryMap(0, size, ReadWrite, Private | Anonymous, -1, 0);
        Assert.NotEqual(-1, address);
        return address;
    }

    public static void Forbid(nint address, nuint size) => Assert.Equal(0, MemoryProtect(address, size, None));

    public static void Unmap(nint address, nuint size) => Assert.Equal(0, MemoryUnmap(address, size));

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MemoryMap(nint address, nuint size, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int MemoryProtect(nint address, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int MemoryUnmap(nint address, nuint size);
}
