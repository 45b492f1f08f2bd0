using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.Ipc;

/// <summary>Makes record batches of messages, with the dictionaries that came before.</summary>
internal sealed class IpcReader
{
    private readonly ForeignSchema schema;

    // By number: the column whose values they are, and the texts. Dictionaries of skipped columns have no texts.
    private readonly Dictionary<long, (ForeignField Values, ForeignDictionary? Texts)> dictionaries = [];

    public IpcReader(ForeignSchema schema, ForeignPlace place)
    {
        this.schema = schema;
        foreach (var field in schema.Fields)
        {
            AddDictionaries(field, isRead: field.Type is ForeignType.Coded, place);
        }
    }

    /// <summary>The columns.</summary>
    public ForeignSchema Schema => schema;

    /// <summary>Reads a record batch.</summary>
    public RecordBatch Batch(IpcMessage message)
    {
        var reader = new IpcBatchReader(message.Header, message);
        List<ArrowArray> columns = [];
        foreach (var field in schema.Fields)
        {
            if (field.Type.Type is null)
            {
                reader.Skip(field);
                continue;
            }

            var texts = field.Dictionary is { } number ? dictionaries[number].Texts : null;
            columns.Add(ForeignArrays.Make(field.Type, reader.Take(field), texts, message.Place with { Column = field.Name }));
        }

        reader.End();
        return schema.Batch(reader.RowCount, columns, message.Place);
    }

    /// <summary>Takes in a dictionary batch: 0 id, 1 data, 2 isDelta.</summary>
    /// <param name="message">The message.</param>
    /// <param name="replaced">Numbers that have come; null where a dictionary may come again and replace the one before.</param>
    public void Dictionary(IpcMessage message, HashSet<long>? replaced = null)
    {
        var number = message.Header.Int64(0);
        if (!dictionaries.TryGetValue(number, out var known))
        {
            throw message.Place.Refuse($"a batch of dictionary {number}", "a dictionary that the schema names");
        }

        var isDelta = message.Header.Bool(2);
        if (!isDelta && replaced?.Add(number) == false)
        {
            throw message.Place.Refuse($"dictionary {number} a second time", "additions to it only, in a file", "Write a stream instead.");
        }

        if (known.Texts is not { } texts)
        {
            return;
        }

        var reader = new IpcBatchReader(message.Header.Required(1, "data"), message);
        var place = message.Place with { Column = known.Values.Name };
        var values = (StringArray)ForeignArrays.Make(known.Values.Type, reader.Take(known.Values), dictionary: null, place);
        reader.End();
        if (isDelta)
        {
            texts.Append(values, place);
        }
        else
        {
            texts.Replace(values, place);
        }
    }

    private void AddDictionaries(ForeignField field, bool isRead, ForeignPlace place)
    {
        if (field.Dictionary is { } number && !dictionaries.TryAdd(number, (field.Children[0], isRead ? new ForeignDictionary() : null)))
        {
            var (values, texts) = dictionaries[number];
            if (values.Type != field.Children[0].Type)
            {
                throw (place with { Column = field.Name }).Refuse($"dictionary {number} of another type than for column '{values.Name}'", "one type for each dictionary");
            }

            dictionaries[number] = (values, texts ?? (isRead ? new ForeignDictionary() : null));
        }

        foreach (var child in field.Children)
        {
            AddDictionaries(child, isRead: false, place);
        }
    }
}
