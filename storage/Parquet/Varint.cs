using System.Buffers;

namespace Analytics.Storage.Parquet;

/// <summary>Unsigned integers of 7 bits a byte, lowest first; the top bit says that more follow.</summary>
internal static class Varint
{
    private const int MaxBytes = 10;

    public static void Write(ArrayBufferWriter<byte> target, ulong value)
    {
        var bytes = target.GetSpan(MaxBytes);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[length++] = (byte)(value | 0x80);
        }

        bytes[length++] = (byte)value;
        target.Advance(length);
    }

    public static void WriteZigZag(ArrayBufferWriter<byte> target, long value) => Write(target, (ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Takes one integer from the front.</summary>
    /// <param name="source">Shortened by the integer's bytes.</param>
    /// <exception cref="MalformedDataException">The bytes end within the integer, or it has more than ten.</exception>
    public static ulong Read(ref ReadOnlySpan<byte> source)
    {
        var value = 0ul;
        for (var i = 0; i < MaxBytes; i++)
        {
            if (i == source.Length)
            {
                throw new MalformedDataException("the end of the page in an integer", "a whole integer");
            }

            value |= (ulong)(source[i] & 0x7F) << (7 * i);
            if (source[i] < 0x80)
            {
                source = source[(i + 1)..];
                return value;
            }
        }

        throw new MalformedDataException($"an integer of more than {MaxBytes} bytes", $"at most {MaxBytes}");
    }

    public static long ReadZigZag(ref ReadOnlySpan<byte> source)
    {
        var value = Read(ref source);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}
