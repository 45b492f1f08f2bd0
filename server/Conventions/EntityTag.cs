using Microsoft.Extensions.Primitives;

namespace Analytics.Server.Conventions;

/// <summary>Compares entity tags as RFC 9110 (8.8.3, 13.1) has it.</summary>
internal static class EntityTag
{
    /// <summary>Whether <c>If-None-Match</c> names a tag: in a list, weak or strong.</summary>
    /// <param name="header">The header, any number of lines.</param>
    /// <param name="tag">The current tag, with its quotes.</param>
    public static bool Matches(StringValues header, string tag)
    {
        foreach (var line in header)
        {
            if (MatchesLine(line.AsSpan(), Opaque(tag)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the header is <c>*</c>: any current answer.</summary>
    public static bool IsAny(StringValues header) => header is [{ } value] && value.AsSpan().Trim() is "*";

    // A comma may stand inside a tag, so the quotes are what counts.
    private static bool MatchesLine(ReadOnlySpan<char> line, ReadOnlySpan<char> opaque)
    {
        while (line.IndexOf('"') is >= 0 and var start && line[(start + 1)..].IndexOf('"') is >= 0 and var length)
        {
            if (line.Slice(start, length + 2).SequenceEqual(opaque))
            {
                return true;
            }

            line = line[(start + length + 2)..];
        }

        return false;
    }

    private static ReadOnlySpan<char> Opaque(string tag) => tag.StartsWith("W/", StringComparison.Ordinal) ? tag.AsSpan(2) : tag;
}
