using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Analytics.Storage;

/// <summary>
/// The CRC-32 of gzip, PNG and Parquet pages: polynomial 0x04C11DB7, reflected, start and end inverted.
/// The default value is the checksum of no bytes.
/// </summary>
public struct Crc32
{
    private const uint ReflectedPolynomial = 0xEDB88320;
    private const int Slices = 16;

    // Tables[s * 256 + b]: what byte b does to the checksum when s more bytes follow it in the same step.
    private static readonly uint[] Tables = BuildTables();

    private uint value;

    /// <summary>The checksum of all bytes so far.</summary>
    public readonly uint Value => value;

    /// <summary>The checksum of one block.</summary>
    /// <param name="bytes">May be empty.</param>
    /// <returns>0 for no bytes; 0xCBF43926 for the ASCII text "123456789".</returns>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = default(Crc32);
        crc.Append(bytes);
        return crc.Value;
    }

    /// <summary>Continues the checksum, as if all blocks were one.</summary>
    /// <param name="bytes">May be empty.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables.AsSpan(0, Slices * 256);
        var crc = ~value;
        if (Pclmulqdq.IsSupported && bytes.Length >= 4 * Vector128<byte>.Count)
        {
            var whole = bytes.Length / Vector128<byte>.Count * Vector128<byte>.Count;
            crc = Fold(bytes[..whole], crc);
            bytes = bytes[whole..];
        }

        while (bytes.Length >= Slices)
        {
            var a = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            var c = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            var d = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            crc = Step(tables[(12 * 256)..], a) ^ Step(tables[(8 * 256)..], b) ^ Step(tables[(4 * 256)..], c) ^ Step(tables, d);
            bytes = bytes[Slices..];
        }

        foreach (var next in bytes)
        {
            crc = tables[(byte)crc ^ next] ^ (crc >> 8);
        }

        value = ~crc;
    }

    /// <summary>Goes over whole vectors by carry-less multiplication.</summary>
    /// <remarks>
    /// After Gopal and others, "Fast CRC computation for generic polynomials using PCLMULQDQ" (Intel, 2009): what 16 bytes
    /// do to the checksum many bytes later is a product with a constant, x to the power of the distance modulo the
    /// polynomial. Four vectors are folded at once, then one, then the rest is reduced by Barrett's method. The constants are
    /// those of the paper for this polynomial, reflected.
    /// </remarks>
    private static uint Fold(ReadOnlySpan<byte> bytes, uint crc)
    {
        var far = Vector128.Create(0x0154442BD4, 0x01C6E41596);
        var near = Vector128.Create(0x01751997D0, 0x00CCAA009E);
        var last = Vector128.Create(0x0163CD6124, 0L);
        var barrett = Vector128.Create(0x01DB710641, 0x01F7011641);
        var lowHalves = Vector128.Create(0x0000_0000_FFFF_FFFF, 0x0000_0000_FFFF_FFFF);
        var vectors = MemoryMarshal.Cast<byte, Vector128<long>>(bytes);
        var a = vectors[0] ^ Vector128.CreateScalar(crc).AsInt64();
        var (b, c, d) = (vectors[1], vectors[2], vectors[3]);
        vectors = vectors[4..];
        for (; vectors.Length >= 4; vectors = vectors[4..])
        {
            a = Product(a, far) ^ vectors[0];
            b = Product(b, far) ^ vectors[1];
            c = Product(c, far) ^ vectors[2];
            d = Product(d, far) ^ vectors[3];
        }

        a = Product(a, near) ^ b;
        a = Product(a, near) ^ c;
        a = Product(a, near) ^ d;
        foreach (var next in vectors)
        {
            a = Product(a, near) ^ next;
        }

        // 128 bits to 64, and these to 32.
        a = Sse2.ShiftRightLogical128BitLane(a, 8) ^ Pclmulqdq.CarrylessMultiply(a, near, 0x10);
        a = Sse2.ShiftRightLogical128BitLane(a, 4) ^ Pclmulqdq.CarrylessMultiply(a & lowHalves, last, 0x00);
        var quotient = Pclmulqdq.CarrylessMultiply(a & lowHalves, barrett, 0x10) & lowHalves;
        return (a ^ Pclmulqdq.CarrylessMultiply(quotient, barrett, 0x00)).AsUInt32()[1];
    }

    private static Vector128<long> Product(Vector128<long> value, Vector128<long> constants) =>
        Pclmulqdq.CarrylessMultiply(value, constants, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, constants, 0x11);

    private static uint Step(ReadOnlySpan<uint> tables, uint word) =>
        tables[(3 * 256) + (byte)word]
        ^ tables[(2 * 256) + (byte)(word >> 8)]
        ^ tables[256 + (byte)(word >> 16)]
        ^ tables[(int)(word >> 24)];

    private static uint[] BuildTables()
    {
        var tables = new uint[Slices * 256];
        for (var entry = 0u; entry < 256; entry++)
        {
            var crc = entry;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * ReflectedPolynomial);
            }

            tables[entry] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            var shorter = tables[i - 256];
            tables[i] = tables[(byte)shorter] ^ (shorter >> 8);
        }

        return tables;
    }
}
