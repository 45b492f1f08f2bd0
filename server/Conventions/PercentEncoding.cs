using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Analytics.Server.Conventions;

/// <summary>Finds percent-encoding that is broken or not UTF-8, which would otherwise be taken for some other text.</summary>
internal static class PercentEncoding
{
    /// <summary>What is wrong with a path or a query as it was sent; null where nothing is.</summary>
    public static string? Fault(ReadOnlySpan<char> text)
    {
        if (!text.Contains('%'))
        {
            return null;
        }

        List<byte> bytes = [];
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                bytes.AddRange(utf8[..Encoding.UTF8.GetBytes(text.Slice(i, length), utf8)]);
                i += length - 1;
            }
            else if (i + 2 < text.Length && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                return $"found '{text.Slice(i, Math.Min(3, text.Length - i))}', expected % and two hex digits.";
            }
        }

        return Utf8.IsValid(CollectionsMarshal.AsSpan(bytes)) ? null : "found percent-encoded bytes that are not UTF-8, expected UTF-8.";
    }
}
