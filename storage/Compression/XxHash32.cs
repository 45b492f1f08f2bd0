using System.Buffers.Binary;
using System.Numerics;

namespace Analytics.Storage.Compression;

/// <summary>xxHash with 32 bits and seed 0, the checksum of LZ4 frames.</summary>
internal static class XxHash32
{
    private const uint Prime1 = 0x9E3779B1;
    private const uint Prime2 = 0x85EBCA77;
    private const uint Prime3 = 0xC2B2AE3D;
    private const uint Prime4 = 0x27D4EB2F;
    private const uint Prime5 = 0x165667B1;
    private const int StripeBytes = 16;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var length = (uint)bytes.Length;
        var hash = bytes.Length >= StripeBytes ? OfStripes(ref bytes) : Prime5;
        hash += length;
        for (; bytes.Length >= sizeof(uint); bytes = bytes[sizeof(uint)..])
        {
            hash = BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(bytes) * Prime3), 17) * Prime4;
        }

        foreach (var value in bytes)
        {
            hash = BitOperations.RotateLeft(hash + (value * Prime5), 11) * Prime1;
        }

        hash = (hash ^ (hash >> 15)) * Prime2;
        hash = (hash ^ (hash >> 13)) * Prime3;
        return hash ^ (hash >> 16);
    }

    private static uint OfStripes(ref ReadOnlySpan<byte> bytes)
    {
        var (lane1, lane2, lane3, lane4) = (unchecked(Prime1 + Prime2), Prime2, 0u, unchecked(0u - Prime1));
        for (; bytes.Length >= StripeBytes; bytes = bytes[StripeBytes..])
        {
            lane1 = Round(lane1, bytes);
            lane2 = Round(lane2, bytes[4..]);
            lane3 = Round(lane3, bytes[8..]);
            lane4 = Round(lane4, bytes[12..]);
        }

        return BitOperations.RotateLeft(lane1, 1) + BitOperations.RotateLeft(lane2, 7) + BitOperations.RotateLeft(lane3, 12) + BitOperations.RotateLeft(lane4, 18);
    }

    private static uint Round(uint lane, ReadOnlySpan<byte> bytes) =>
        BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt32LittleEndian(bytes) * Prime2), 13) * Prime1;
}
