namespace Analytics.Server.Contracts;

/// <summary>Finds the word that was probably meant.</summary>
internal static class DidYouMean
{
    /// <summary>The closest word: the same but for case, or at most two edits away; null where none is.</summary>
    public static string? Closest(string word, IEnumerable<string> words)
    {
        // Longer texts are no misspelling, and would take long to compare.
        if (word.Length > 64)
        {
            return null;
        }

        var ranked = words
            .Select(candidate => (Word: candidate, Distance: candidate.Equals(word, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, candidate)))
            .OrderBy(candidate => candidate.Distance)
            .FirstOrDefault();
        return ranked.Word is not null && ranked.Distance <= Math.Min(2, (word.Length - 1) / 2) ? ranked.Word : null;
    }

    /// <summary>The accepted words as the end of a sentence, the probable one first.</summary>
    public static string Suggest(string word, IReadOnlyList<string> words) => words.Count == 1 ? words[0] :
        (Closest(word, words) is { } closest ? $"'{closest}', or another of " : "one of ") + string.Join(", ", words);

    /// <summary>Edits between two words: insert, delete, replace, swap neighbours (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
        {
            return int.MaxValue;
        }

        var distances = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            distances[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            distances[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = distances[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                distances[i, j] = Math.Min(replace, Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    distances[i, j] = Math.Min(distances[i, j], distances[i - 2, j - 2] + 1);
                }
            }
        }

        return distances[a.Length, b.Length];
    }
}
