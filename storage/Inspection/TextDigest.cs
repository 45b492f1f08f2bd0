using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Analytics.Storage.Inspection;

/// <summary>The MD5 of a column's values as text, and the first of them.</summary>
/// <remarks>
/// Hashed is the UTF-8 of all values in the order of the rows, each followed by a line feed; <c>\N</c> stands for a null.
/// MD5 is no protection here: it says whether two programs read the same values.
/// </remarks>
internal sealed class TextDigest : IDisposable
{
    /// <summary>How many of the first values are kept.</summary>
    public const int FirstCount = 5;

    // The longest number: an Int128 has 40 characters, a double 24.
    private const int MaxNumberBytes = 64;

    private readonly IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private readonly byte[] buffer = new byte[1 << 14];
    private readonly List<string?> first = new(FirstCount);
    private int used;

    /// <summary>The first values as text; null for a null.</summary>
    public IReadOnlyList<string?> First => first;

    /// <summary>Adds a null.</summary>
    public void AddNull()
    {
        if (first.Count < FirstCount)
        {
            first.Add(null);
        }

        Append("\\N\n"u8);
    }

    /// <summary>Adds a number: an integer in decimal digits, a double in the fewest that give it back.</summary>
    public void Add<T>(T value)
        where T : INumberBase<T>
    {
        Reserve(MaxNumberBytes);
        value.TryFormat(buffer.AsSpan(used), out var length, default, CultureInfo.InvariantCulture);
        if (first.Count < FirstCount)
        {
            first.Add(Encoding.UTF8.GetString(buffer, used, length));
        }

        used += length;
        buffer[used++] = (byte)'\n';
    }

    /// <summary>Adds a text.</summary>
    /// <param name="utf8">UTF-8.</param>
    public void Add(ReadOnlySpan<byte> utf8)
    {
        if (first.Count < FirstCount)
        {
            first.Add(Encoding.UTF8.GetString(utf8));
        }

        Append(utf8);
        Append("\n"u8);
    }

    /// <summary>Adds bytes as hexadecimal digits.</summary>
    public void AddHex(ReadOnlySpan<byte> value)
    {
        if (first.Count < FirstCount)
        {
            first.Add(Convert.ToHexStringLower(value));
        }

        while (!value.IsEmpty)
        {
            var part = value[..Math.Min(value.Length, buffer.Length / 2)];
            Reserve(2 * part.Length);
            Convert.TryToHexStringLower(part, buffer.AsSpan(used), out var length);
            used += length;
            value = value[part.Length..];
        }

        Append("\n"u8);
    }

    /// <summary>The MD5 of all that was added, 32 hexadecimal digits; starts anew.</summary>
    public string Finish()
    {
        Flush();
        return Convert.ToHexStringLower(md5.GetHashAndReset());
    }

    public void Dispose() => md5.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > buffer.Length)
        {
            Flush();
            md5.AppendData(bytes);
            return;
        }

        Reserve(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(used));
        used += bytes.Length;
    }

    private void Reserve(int count)
    {
        if (count > buffer.Length - used)
        {
            Flush();
        }
    }

    private void Flush()
    {
        md5.AppendData(buffer, 0, used);
        used = 0;
    }
}
