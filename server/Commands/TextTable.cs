using System.Text;

namespace Analytics.Server.Commands;

/// <summary>Rows for people: columns as wide as they need to be, two spaces between them.</summary>
internal static class TextTable
{
    /// <summary>Formats a table with its heads.</summary>
    /// <param name="heads">One for each column.</param>
    /// <param name="rows">As many cells as heads each. Control characters, which could move a terminal's cursor, become '?'.</param>
    public static string Format(string[] heads, IEnumerable<string[]> rows)
    {
        List<string[]> lines = [heads, .. rows.Select(row => Array.ConvertAll(row, Printable))];
        int[] widths = [.. heads.Select((_, column) => lines.Max(line => line[column].Length))];
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.AppendLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        return text.ToString();
    }

    private static string Printable(string cell) => string.Create(cell.Length, cell, (target, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            target[i] = char.IsControl(source[i]) ? '?' : source[i];
        }
    });
}
