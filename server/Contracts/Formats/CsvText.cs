using System.Buffers;
using System.Text;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Texts as cells of CSV: quoted as RFC 4180 says, and guarded against spreadsheets that take them for formulas.</summary>
/// <remarks>
/// A text that begins with one of <c>= + - @</c>, their full-width forms, TAB, CR, LF or NUL gets an apostrophe in front:
/// whoever can name a key could else have a formula run on the machine of whoever opens the file. So that nothing is lost,
/// a text that begins with apostrophes and then one of these gets one more; a reader that takes one apostrophe off such
/// cells has the text again. An empty text is <c>""</c>, and null is nothing at all.
/// </remarks>
internal static class CsvText
{
    private const char Guard = '\'';

    private static readonly SearchValues<char> Dangerous = SearchValues.Create("=+-@\t\r\n\0\uFF1D\uFF0B\uFF0D\uFF20");
    private static readonly SearchValues<char> Quoted = SearchValues.Create("\",\r\n");

    /// <summary>A text as a cell.</summary>
    public static byte[] Encode(string text)
    {
        var guarded = IsGuarded(text) ? Guard + text : text;
        return Encoding.UTF8.GetBytes(guarded.Length == 0 || guarded.AsSpan().ContainsAny(Quoted)
            ? $"\"{guarded.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : guarded);
    }

    /// <summary>Whether a text gets an apostrophe.</summary>
    public static bool IsGuarded(string text)
    {
        var rest = text.AsSpan().TrimStart(Guard);
        return rest.Length > 0 && Dangerous.Contains(rest[0]);
    }
}
