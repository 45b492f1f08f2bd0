using Analytics.Engine.Arrow;

namespace Analytics.Server.Contracts.Formats;

/// <summary>Distinct texts by code: the dictionary of a column. Readers such as pandas refuse one that names a text twice.</summary>
internal sealed class CodedTexts
{
    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal);
    private readonly List<string> texts = [];

    /// <summary>The code of a text, which is added if it is new.</summary>
    public int Add(string text)
    {
        if (!codes.TryGetValue(text, out var code))
        {
            code = texts.Count;
            codes.Add(text, code);
            texts.Add(text);
        }

        return code;
    }

    /// <summary>The texts in the order of their codes. Never empty: readers look the code in the place of a null up too.</summary>
    public StringArray ToArray() => StringArray.From(texts.Count == 0 ? [string.Empty] : texts);
}
