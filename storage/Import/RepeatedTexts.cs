namespace Analytics.Storage.Import;

/// <summary>Texts that come again and again, such as ids of keys: each is made once.</summary>
internal sealed class RepeatedTexts
{
    // A file of ever new texts would fill memory to no use: then it starts over.
    private const int MaxTexts = 100_000;

    private readonly HashSet<string> texts = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public RepeatedTexts() => lookup = texts.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>A text as a string; the same one for equal texts, mostly.</summary>
    public string Of(ReadOnlySpan<char> text)
    {
        if (!lookup.TryGetValue(text, out var known))
        {
            if (texts.Count == MaxTexts)
            {
                texts.Clear();
            }

            texts.Add(known = text.ToString());
        }

        return known;
    }
}
