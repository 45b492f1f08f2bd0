using System.Buffers.Binary;

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
