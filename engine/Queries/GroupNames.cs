using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>The names behind group numbers: a dimension's codes, or the pairs of two dimensions' codes.</summary>
public sealed class GroupNames
{
    private readonly DimensionTable[] tables;
    private readonly PairDictionary? pairs;

    internal GroupNames(DimensionTable table) => tables = [table];

    internal GroupNames(DimensionTable first, DimensionTable second, PairDictionary pairs) => (tables, this.pairs) = ([first, second], pairs);

    /// <summary>Dimensions of a group: 1 or 2.</summary>
    public int Dimensions => tables.Length;

    /// <summary>Group numbers, from 0; not all of them need have usage.</summary>
    public int Count => pairs?.Count ?? tables[0].Count;

    /// <summary>A group's code in one of its dimensions.</summary>
    /// <param name="group">0 to <see cref="Count"/> - 1.</param>
    /// <param name="dimension">0 or 1: the first or the second dimension.</param>
    public int Code(int group, int dimension = 0) => pairs is null ? group : dimension == 0 ? pairs[group].Left : pairs[group].Right;

    /// <summary>The table of one of the dimensions.</summary>
    /// <param name="dimension">0 or 1.</param>
    public DimensionTable Table(int dimension = 0) => tables[dimension];

    /// <summary>The key of a group.</summary>
    /// <param name="group">0 to <see cref="Count"/> - 1.</param>
    /// <param name="dimension">0 or 1.</param>
    public string Key(int group, int dimension = 0) => tables[dimension].Key(Code(group, dimension));

    /// <summary>The label of a group: what people read.</summary>
    /// <param name="group">0 to <see cref="Count"/> - 1.</param>
    /// <param name="dimension">0 or 1.</param>
    public string Label(int group, int dimension = 0) => tables[dimension].Label(Code(group, dimension));

    /// <summary>Whether the thing was deleted.</summary>
    /// <param name="group">0 to <see cref="Count"/> - 1.</param>
    /// <param name="dimension">0 or 1.</param>
    public bool IsDeleted(int group, int dimension = 0) => tables[dimension].IsDeleted(Code(group, dimension));

    /// <summary>Label by label, then key by key, by ordinal.</summary>
    internal int Compare(int left, int right)
    {
        var order = 0;
        for (var i = 0; order == 0 && i < tables.Length; i++)
        {
            order = string.CompareOrdinal(Label(left, i), Label(right, i));
        }

        for (var i = 0; order == 0 && i < tables.Length; i++)
        {
            order = string.CompareOrdinal(Key(left, i), Key(right, i));
        }

        return order;
    }
}
