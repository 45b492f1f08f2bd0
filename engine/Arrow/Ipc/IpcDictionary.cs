using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>The texts of one coded column, as far as they have been written.</summary>
/// <param name="number">The dictionary's number in the schema.</param>
/// <param name="isFile">Whether texts can only be added. A stream may replace them.</param>
internal sealed class IpcDictionary(long number, bool isFile)
{
    private StringArray? written;

    // Only where a file's batches bring dictionaries that do not extend each other.
    private GrowingTexts? joined;
    private Dictionary<string, int>? codes;

    public long Number => number;

    /// <summary>Finds what has to be written before a column.</summary>
    /// <param name="column">The column.</param>
    /// <param name="news">Texts to be written; null where there are none.</param>
    /// <param name="isDelta">Whether they come behind those written before, not in their place.</param>
    /// <returns>The column, with the codes of the texts as they are written.</returns>
    public DictionaryArray Add(DictionaryArray column, out StringArray? news, out bool isDelta)
    {
        var texts = column.Dictionary;
        (news, isDelta) = (null, false);
        if (written is null)
        {
            news = written = texts;
        }
        else if (StartsWith(written, texts))
        {
            // The codes mean the same in the longer dictionary.
        }
        else if (StartsWith(texts, written))
        {
            (news, isDelta) = (texts.Slice(written.Length, texts.Length - written.Length), true);
            (written, joined, codes) = (texts, null, null);
        }
        else if (isFile)
        {
            return Join(column, out news, out isDelta);
        }
        else
        {
            news = written = texts;
        }

        return column;
    }

    private static bool StartsWith(StringArray texts, StringArray start)
    {
        if (ReferenceEquals(texts, start))
        {
            return true;
        }

        for (var i = 0; i < start.Length; i++)
        {
            if (i >= texts.Length || !texts.Utf8(i).SequenceEqual(start.Utf8(i)))
            {
                return false;
            }
        }

        GC.KeepAlive(texts);
        GC.KeepAlive(start);
        return true;
    }

    private DictionaryArray Join(DictionaryArray column, out StringArray? news, out bool isDelta)
    {
        if (joined is null || codes is null)
        {
            (joined, codes) = (new GrowingTexts(), new Dictionary<string, int>(StringComparer.Ordinal));
            Add(written!);
            for (var i = 0; i < written!.Length; i++)
            {
                codes.TryAdd(written[i], i);
            }
        }

        var known = joined.Count;
        var texts = column.Dictionary;
        var translated = new int[texts.Length];
        List<string?> added = [];
        for (var i = 0; i < translated.Length; i++)
        {
            if (!codes.TryGetValue(texts[i], out translated[i]))
            {
                codes.Add(texts[i], translated[i] = known + added.Count);
                added.Add(texts[i]);
            }
        }

        isDelta = added.Count > 0;
        news = isDelta ? StringArray.From(added) : null;
        if (news is not null)
        {
            Add(news);
            written = joined.Snapshot();
        }

        var values = column.Codes;
        var rows = new int[values.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = column.IsValid(row) ? translated[values[row]] : 0;
        }

        GC.KeepAlive(column);
        return new DictionaryArray(new PrimitiveArray<int>(ArrowType.Int32, rows, column.Validity), written!);
    }

    private void Add(StringArray texts)
    {
        if (!joined!.TryAppend(texts))
        {
            throw new OverflowException($"The texts of dictionary {number} take more than 2 GiB.");
        }
    }
}
