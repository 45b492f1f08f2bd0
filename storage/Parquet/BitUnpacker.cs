using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Analytics.Storage.Parquet;

/// <summary>Unpacks numbers of 0 to 32 bits that lie one after the other, from the lowest bit of the first byte on.</summary>
/// <remarks>
/// Eight numbers of w bits take w bytes, so every eighth begins on a byte. With AVX2 eight are unpacked at once: a
/// shuffle brings the four bytes that hold a number into its lane, a shift by lane and a mask do the rest. A number that
/// begins in the middle of a byte fits its four bytes up to 25 bits; wider ones take the path of one at a time.
/// </remarks>
internal static class BitUnpacker
{
    private const int MaxVectorWidth = 25;
    private const int GroupSize = 8;

    private static readonly Lanes[] LanesOf = [.. Enumerable.Range(0, MaxVectorWidth + 1).Select(width => new Lanes(width))];

    /// <summary>Unpacks.</summary>
    /// <param name="packed">At least as many bits as there are numbers; what follows is not looked at.</param>
    /// <param name="width">Bits of each number, 0 to 32.</param>
    /// <param name="target">Filled completely.</param>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, Span<uint> target)
    {
        var done = 0;
        if (Avx2.IsSupported && width is > 0 and <= MaxVectorWidth)
        {
            done = UnpackGroups(packed, width, target);
        }

        UnpackOneByOne(packed[(int)((long)done * width / 8)..], width, target[done..]);
    }

    internal static void UnpackOneByOne(ReadOnlySpan<byte> packed, int width, Span<uint> target)
    {
        // Each number lies within the 8 bytes from its first byte on (7 + 32 bits at most). Near the end these 8
        // bytes would reach past the source, so the rest goes through a padded copy.
        var mask = (1ul << width) - 1;
        var whole = packed.Length < sizeof(ulong) || width == 0 ? 0 : (int)Math.Min(target.Length, ((packed.Length - sizeof(ulong)) * 8L / width) + 1);
        ref var source = ref MemoryMarshal.GetReference(packed);
        for (var i = 0; i < whole; i++)
        {
            var bit = (ulong)i * (uint)width;
            target[i] = (uint)((Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, (nint)(bit >> 3))) >> (int)(bit & 7)) & mask);
        }

        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        for (var i = whole; i < target.Length; i++)
        {
            var bit = (ulong)i * (uint)width;
            padded.Clear();
            var rest = packed[(int)(bit >> 3)..];
            rest[..Math.Min(rest.Length, sizeof(ulong))].CopyTo(padded);
            target[i] = (uint)((BinaryPrimitives.ReadUInt64LittleEndian(padded) >> (int)(bit & 7)) & mask);
        }
    }

    /// <returns>How many numbers were unpacked: whole groups of eight, as long as the loads stay inside of the source.</returns>
    private static int UnpackGroups(ReadOnlySpan<byte> packed, int width, Span<uint> target)
    {
        // The upper half is loaded from the byte in which the fifth number begins.
        var upper = width / 2;
        var loaded = upper + Vector128<byte>.Count;
        if (packed.Length < loaded)
        {
            return 0;
        }

        var groups = Math.Min(target.Length / GroupSize, ((packed.Length - loaded) / width) + 1);
        var (shuffle, shift) = (LanesOf[width].Shuffle, LanesOf[width].Shift);
        var mask = Vector256.Create((1u << width) - 1);
        ref var source = ref MemoryMarshal.GetReference(packed);
        ref var destination = ref MemoryMarshal.GetReference(target);
        for (var group = 0; group < groups; group++)
        {
            var bytes = Vector256.Create(Vector128.LoadUnsafe(ref source), Vector128.LoadUnsafe(ref source, (nuint)upper));
            var numbers = Avx2.ShiftRightLogicalVariable(Avx2.Shuffle(bytes, shuffle).AsUInt32(), shift) & mask;
            numbers.StoreUnsafe(ref destination);
            source = ref Unsafe.Add(ref source, width);
            destination = ref Unsafe.Add(ref destination, GroupSize);
        }

        return groups * GroupSize;
    }

    /// <summary>Where the eight numbers of a group lie.</summary>
    private readonly struct Lanes
    {
        public Lanes(int width)
        {
            Span<byte> shuffle = stackalloc byte[Vector256<byte>.Count];
            Span<uint> shift = stackalloc uint[GroupSize];
            for (var i = 0; i < GroupSize; i++)
            {
                // The fifth number begins in the first byte of the upper half, at bit 4 where the width is odd.
                var bit = i < GroupSize / 2 ? i * width : (4 * width % 8) + ((i - (GroupSize / 2)) * width);
                shift[i] = (uint)bit % 8;
                for (var part = 0; part < sizeof(uint); part++)
                {
                    shuffle[(i * sizeof(uint)) + part] = (byte)((bit / 8) + part);
                }
            }

            Shuffle = Vector256.Create<byte>(shuffle);
            Shift = Vector256.Create<uint>(shift);
        }

        public Vector256<byte> Shuffle { get; }

        public Vector256<uint> Shift { get; }
    }
}
