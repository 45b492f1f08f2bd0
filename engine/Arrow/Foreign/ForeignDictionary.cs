namespace Analytics.Engine.Arrow.Foreign;

/// <summary>The texts of coded columns from outside, as they arrive: replaced or extended. Arrays made before keep the texts they had.</summary>
internal sealed class ForeignDictionary
{
    private StringArray? texts = StringArray.From([]);
    private GrowingTexts? growing;
    private HashSet<int>? nulls;

    /// <summary>Number of texts.</summary>
    public int Count { get; private set; }

    /// <summary>Whether some code stands for a null.</summary>
    public bool HasNulls => nulls is not null;

    /// <summary>The texts; empty for a null.</summary>
    public StringArray Texts => texts ??= growing!.Snapshot();

    /// <summary>Whether a code stands for a null.</summary>
    /// <param name="code">Any number.</param>
    public bool IsNull(int code) => nulls?.Contains(code) ?? false;

    /// <summary>Takes other texts instead.</summary>
    public void Replace(StringArray values, ForeignPlace place)
    {
        (texts, growing, nulls, Count) = (StringArray.From([]), null, null, 0);
        if (values.NullCount == 0)
        {
            (texts, Count) = (values, values.Length);
        }
        else
        {
            Append(values, place);
        }
    }

    /// <summary>Takes further texts.</summary>
    public void Append(StringArray values, ForeignPlace place)
    {
        if (values.Length == 0)
        {
            return;
        }

        if (growing is null)
        {
            growing = new GrowingTexts();
            growing.TryAppend(texts!);
        }

        if (!growing.TryAppend(values))
        {
            throw place.Refuse($"a dictionary that {values.Length} further texts would extend beyond 2 GiB", "at most 2 GiB", "Replace the dictionary, or send the column as plain text.");
        }

        for (var i = 0; i < values.Length && values.NullCount > 0; i++)
        {
            if (!values.IsValid(i))
            {
                (nulls ??= []).Add(Count + i);
            }
        }

        (texts, Count) = (null, growing.Count);
    }
}
