using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Analytics.Engine.Chunks;

namespace Analytics.Engine.Kernels;

/// <summary>Which codes of one column are accepted, in the form in which 64 of them are tested at once.</summary>
/// <remarks>
/// Tables are fields, not locals: a step loads them from the first-level cache, which costs little beside 64 codes, and
/// one method serves all kinds.
/// </remarks>
internal readonly unsafe ref struct CodePredicate
{
    /// <summary>Codes of one step.</summary>
    public const int CodesPerStep = 64;

    private readonly ReadOnlySpan<bool> accepted;
    private readonly InstructionPath path;
    private readonly bool isSmall;
    private readonly uint code;

    // Of one-byte codes: whether each is accepted, 64 codes a vector; or, where bytes can be looked up in 16 only, the
    // low half of a code chooses a byte, whose bits are the high half.
    private readonly Vector512<byte> codes0;
    private readonly Vector512<byte> codes64;
    private readonly Vector512<byte> codes128;
    private readonly Vector512<byte> codes192;
    private readonly Vector128<byte> bitsBelow128;
    private readonly Vector128<byte> bitsFrom128;

    /// <summary>Prepares a predicate.</summary>
    /// <param name="codes">Any column of the chunk: width and largest code count.</param>
    /// <param name="accepted">Whether each code is accepted.</param>
    /// <exception cref="ArgumentException">A code may have no entry, or the column holds no codes.</exception>
    public CodePredicate(NarrowColumn codes, ReadOnlySpan<bool> accepted)
    {
        if (codes.Max >= (ulong)accepted.Length)
        {
            throw new ArgumentException($"Found {accepted.Length} entries, expected one for each code up to {codes.Max}.", nameof(accepted));
        }

        if (codes.Width is not (1 or 2 or 4))
        {
            throw new ArgumentException($"Found codes of {codes.Width} bytes, expected 1, 2 or 4.", nameof(codes));
        }

        this.accepted = accepted[..((int)codes.Max + 1)];
        path = InstructionPaths.Current;
        Width = codes.Width;
        var count = this.accepted.Count(true);
        Kind = count == 0 ? PredicateKind.None
            : count == this.accepted.Length ? PredicateKind.All
            : count == 1 ? PredicateKind.One
            : PredicateKind.Set;
        code = (uint)this.accepted.IndexOf(true);
        isSmall = this.accepted.Length <= 2 * Vector512<byte>.Count;
        if (Kind != PredicateKind.Set || Width != 1)
        {
            return;
        }

        var table = stackalloc byte[byte.MaxValue + 1];
        var target = new Span<byte>(table, byte.MaxValue + 1);
        target.Clear();
        MemoryMarshal.AsBytes(this.accepted).CopyTo(target);
        if (path == InstructionPath.Avx512)
        {
            (codes0, codes64) = (Vector512.Load(table), Vector512.Load(table + 64));
            (codes128, codes192) = (Vector512.Load(table + 128), Vector512.Load(table + 192));
            return;
        }

        var bits = stackalloc byte[2 * Vector128<byte>.Count];
        for (var low = 0; low < 16; low++)
        {
            for (var high = 0; high < 8; high++)
            {
                bits[low] |= (byte)(table[(high << 4) | low] << high);
                bits[16 + low] |= (byte)(table[((high + 8) << 4) | low] << high);
            }
        }

        (bitsBelow128, bitsFrom128) = (Vector128.Load(bits), Vector128.Load(bits + 16));
    }

    /// <summary>How many codes are accepted.</summary>
    public PredicateKind Kind { get; }

    /// <summary>Bytes of a code: 1, 2 or 4.</summary>
    public int Width { get; }

    /// <summary>Whether one code is accepted.</summary>
    /// <param name="code">A code of the column.</param>
    public bool Accepts(uint code) => accepted[(int)code];

    /// <summary>Which of the next codes are accepted: bit i for code i.</summary>
    /// <param name="codes">The first of them.</param>
    /// <param name="count">How many of them matter, 1 to 64; bits of others are 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Mask(byte* codes, int count)
    {
        // Two cache lines behind the column may be read, so 64 codes of up to 2 bytes may always be loaded.
        var wanted = ulong.MaxValue >> (CodesPerStep - count);
        return Kind switch
        {
            PredicateKind.None => 0,
            PredicateKind.All => wanted,
            PredicateKind.One when Width <= 2 || count == CodesPerStep => MaskOfOne(codes) & wanted,
            PredicateKind.Set when Width == 1 => MaskOfSet(codes) & wanted,
            _ => MaskOfAny(codes, count),
        };
    }

    private ulong MaskOfOne(byte* codes) => path switch
    {
        InstructionPath.Avx512 => Width switch
        {
            1 => Equal512(codes, (byte)code, 0),
            2 => Equal512((ushort*)codes, (ushort)code, 0) | Equal512((ushort*)codes, (ushort)code, 1),
            _ => Equal512((uint*)codes, code, 0) | Equal512((uint*)codes, code, 1) | Equal512((uint*)codes, code, 2) | Equal512((uint*)codes, code, 3),
        },
        InstructionPath.Avx2 => Width switch
        {
            1 => Equal256(codes, (byte)code),
            2 => Equal256((ushort*)codes, (ushort)code),
            _ => Equal256((uint*)codes, code),
        },
        _ => Width switch
        {
            1 => Equal128(codes, (byte)code),
            2 => Equal128((ushort*)codes, (ushort)code),
            _ => Equal128((uint*)codes, code),
        },
    };

    private ulong MaskOfSet(byte* codes)
    {
        if (path == InstructionPath.Avx512)
        {
            // Two tables of 64 entries at once, by the low seven bits; the eighth bit chooses between halves.
            var places = Vector512.Load(codes);
            var isAccepted = Avx512Vbmi.PermuteVar64x8x2(codes0, places, codes64);
            if (!isSmall)
            {
                var upper = Avx512Vbmi.PermuteVar64x8x2(codes128, places, codes192);
                isAccepted = Vector512.ConditionalSelect(Vector512.LessThan(places.AsSByte(), Vector512<sbyte>.Zero).AsByte(), upper, isAccepted);
            }

            return ~Vector512.Equals(isAccepted, Vector512<byte>.Zero).ExtractMostSignificantBits();
        }

        var bitOf = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        var mask = 0ul;
        for (var i = 0; i < CodesPerStep; i += Vector128<byte>.Count)
        {
            var places = Vector128.Load(codes + i);
            var low = places & Vector128.Create((byte)0x0f);
            var high = Vector128.ShiftRightLogical(places.AsUInt16(), 4).AsByte() & Vector128.Create((byte)0x0f);
            var isUpper = Vector128.LessThan(places.AsSByte(), Vector128<sbyte>.Zero).AsByte();
            var bits = Vector128.ConditionalSelect(
                isUpper, Vector128.ShuffleNative(bitsFrom128, low), Vector128.ShuffleNative(bitsBelow128, low));
            var isRejected = Vector128.Equals(bits & Vector128.ShuffleNative(bitOf, high), Vector128<byte>.Zero);
            mask |= (ulong)(~isRejected.ExtractMostSignificantBits() & 0xffff) << i;
        }

        return mask;
    }

    private ulong MaskOfAny(byte* codes, int count)
    {
        ref var entry = ref Unsafe.As<bool, byte>(ref MemoryMarshal.GetReference(accepted));
        var mask = 0ul;
        if (Width == 2)
        {
            for (var i = 0; i < count; i++)
            {
                mask |= (ulong)Unsafe.Add(ref entry, (nuint)((ushort*)codes)[i]) << i;
            }

            return mask;
        }

        for (var i = 0; i < count; i++)
        {
            mask |= (Accepts(Width == 1 ? codes[i] : ((uint*)codes)[i]) ? 1ul : 0) << i;
        }

        return mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Equal512<T>(T* codes, T code, int part)
        where T : unmanaged =>
        Vector512.Equals(Vector512.Load(codes + (part * Vector512<T>.Count)), Vector512.Create(code)).ExtractMostSignificantBits() << (part * Vector512<T>.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Equal256<T>(T* codes, T code)
        where T : unmanaged
    {
        var mask = 0ul;
        for (var i = 0; i < CodesPerStep; i += Vector256<T>.Count)
        {
            mask |= (ulong)Vector256.Equals(Vector256.Load(codes + i), Vector256.Create(code)).ExtractMostSignificantBits() << i;
        }

        return mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Equal128<T>(T* codes, T code)
        where T : unmanaged
    {
        var mask = 0ul;
        for (var i = 0; i < CodesPerStep; i += Vector128<T>.Count)
        {
            mask |= (ulong)Vector128.Equals(Vector128.Load(codes + i), Vector128.Create(code)).ExtractMostSignificantBits() << i;
        }

        return mask;
    }
}

/// <summary>How much a predicate accepts.</summary>
internal enum PredicateKind
{
    /// <summary>No code.</summary>
    None,

    /// <summary>One code of several.</summary>
    One,

    /// <summary>Two codes or more, but not all.</summary>
    Set,

    /// <summary>All codes.</summary>
    All,
}
