using System.Globalization;

namespace Analytics.Bench.Comparison;

/// <summary>Numbers of rows as people write them: <c>1M</c>, <c>250k</c>, <c>1_000_000</c>.</summary>
internal static class RowCount
{
    /// <summary>Reads a number of rows.</summary>
    /// <param name="text">A whole number of 1 or more, with <c>_</c> anywhere between digits, and at most one of the letters k, M and G behind it.</param>
    /// <param name="rows">The number.</param>
    /// <returns>False where the text is none, or the number passes 64 bits.</returns>
    public static bool TryParse(string text, out long rows)
    {
        rows = 0;
        ArgumentNullException.ThrowIfNull(text);
        long factor = text.Length == 0 ? 0 : text[^1] switch { 'k' or 'K' => 1_000, 'm' or 'M' => 1_000_000, 'g' or 'G' => 1_000_000_000, _ => 1 };
        var digits = (factor > 1 ? text[..^1] : text).Replace("_", string.Empty, StringComparison.Ordinal);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0 || number > long.MaxValue / factor)
        {
            return false;
        }

        rows = number * factor;
        return true;
    }

    /// <summary>Reads several numbers, separated by commas.</summary>
    /// <param name="text">The numbers.</param>
    /// <returns>Null where one of them is none.</returns>
    public static long[]? ParseList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var numbers = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!TryParse(parts[i], out numbers[i]))
            {
                return null;
            }
        }

        return numbers;
    }

    /// <summary>A number of rows in the shortest of these forms that is exact: <c>10M</c>, <c>2,500k</c>, <c>1,234</c>.</summary>
    /// <param name="rows">0 or more.</param>
    public static string Format(long rows) => rows switch
    {
        > 0 when rows % 1_000_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{rows / 1_000_000:N0}M"),
        > 0 when rows % 1_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{rows / 1_000:N0}k"),
        _ => rows.ToString("N0", CultureInfo.InvariantCulture),
    };
}
