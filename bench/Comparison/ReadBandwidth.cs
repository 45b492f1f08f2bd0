using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Analytics.Engine.Arrow;

namespace Analytics.Bench.Comparison;

/// <summary>How fast this machine reads memory: the roof over every scan.</summary>
/// <remarks>
/// A plain sum over a buffer that no cache holds, on as many threads as the queries have. It moves with what else the machine
/// does, so that it is only good beside what was measured in the same moment.
/// </remarks>
internal sealed unsafe class ReadBandwidth
{
    /// <summary>Usual size of the buffer: 20 times a large third-level cache.</summary>
    public const int DefaultBytes = 640 << 20;

    // A share of work; larger than what the threads' start costs, small enough that both end together.
    private const int BlockBytes = 8 << 20;

    private readonly NativeArena arena;
    private readonly nint address;
    private readonly ParallelOptions options;

    /// <summary>Takes the buffer and fills it, so that its pages are there.</summary>
    /// <param name="threads">Threads to read with.</param>
    /// <param name="lengthBytes">A multiple of 8 MiB; less than <see cref="DefaultBytes"/> may lie in caches.</param>
    public ReadBandwidth(int threads, int lengthBytes = DefaultBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(lengthBytes % BlockBytes, 0, nameof(lengthBytes));
        LengthBytes = lengthBytes;
        arena = new NativeArena(lengthBytes);
        options = new ParallelOptions { MaxDegreeOfParallelism = threads };
        if (!arena.TryTake(lengthBytes, out address))
        {
            throw new InvalidOperationException("The arena is smaller than it was asked to be.");
        }

        for (var offset = 0L; offset < lengthBytes; offset += BlockBytes)
        {
            new Span<byte>((byte*)address + offset, BlockBytes).Fill(1);
        }
    }

    /// <summary>Bytes of the buffer.</summary>
    public int LengthBytes { get; }

    /// <summary>Reads the buffer once.</summary>
    /// <returns>Bytes a second.</returns>
    public double Measure()
    {
        var start = Stopwatch.GetTimestamp();
        var total = 0L;
        Parallel.For(0, LengthBytes / BlockBytes, options, () => 0L, (block, _, sum) => sum + Sum((byte*)address + ((long)block * BlockBytes)), sum => Interlocked.Add(ref total, sum));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.KeepAlive(arena);
        return total == unchecked((long)LengthBytes / sizeof(long) * 0x0101_0101_0101_0101)
            ? LengthBytes / seconds
            : throw new InvalidOperationException("The buffer's sum is another one.");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Sum(byte* block)
    {
        // Eight sums, so that no addition waits for the one before it.
        var (a, b, c, d) = (Vector512<long>.Zero, Vector512<long>.Zero, Vector512<long>.Zero, Vector512<long>.Zero);
        var (e, f, g, h) = (a, b, c, d);
        var width = Vector512<byte>.Count;
        for (var next = block; next < block + BlockBytes; next += 8 * width)
        {
            a += Vector512.Load((long*)next);
            b += Vector512.Load((long*)(next + width));
            c += Vector512.Load((long*)(next + (2 * width)));
            d += Vector512.Load((long*)(next + (3 * width)));
            e += Vector512.Load((long*)(next + (4 * width)));
            f += Vector512.Load((long*)(next + (5 * width)));
            g += Vector512.Load((long*)(next + (6 * width)));
            h += Vector512.Load((long*)(next + (7 * width)));
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h);
    }
}
