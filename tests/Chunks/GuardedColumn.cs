using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Analytics.Engine.Chunks;
using Analytics.Engine.Kernels;
using Analytics.Tests.Kernels;
using Xunit;

namespace Analytics.Tests.Chunks;

/// <summary>A column whose padding is the last memory there is; the padding holds garbage.</summary>
internal sealed class GuardedColumn : IDisposable
{
    private static readonly Lock PathGate = new();
    private readonly GuardedMemory<byte> memory;

    public GuardedColumn(ulong[] values, int width, ulong scale = 1)
    {
        var bytes = new byte[(values.Length * width) + NarrowColumn.PaddingBytes];
        new Random(1).NextBytes(bytes);
        for (var i = 0; i < values.Length; i++)
        {
            BitConverter.GetBytes(values[i] / scale).AsSpan(0, width).CopyTo(bytes.AsSpan(i * width));
        }

        memory = new GuardedMemory<byte>(bytes);
        Narrow = new NarrowColumn(AddressOf(memory.Span), width, scale, values.Length == 0 || width == 0 ? 0 : values.Max());
    }

    public NarrowColumn Narrow { get; }

    /// <summary>The instruction paths of this machine.</summary>
    public static TheoryData<InstructionPath> Paths => [.. Enum.GetValues<InstructionPath>().Where(path => path <= InstructionPaths.Best)];

    /// <summary>Runs kernels on one path. Tests that choose a path take turns; to all others any path is right.</summary>
    public static void On(InstructionPath path, Action run)
    {
        lock (PathGate)
        {
            var before = InstructionPaths.Current;
            try
            {
                InstructionPaths.Current = path;
                run();
            }
            finally
            {
                InstructionPaths.Current = before;
            }
        }
    }

    public void Dispose() => memory.Dispose();

    private static unsafe nint AddressOf(Span<byte> span) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(span));
}
