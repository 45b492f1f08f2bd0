using Analytics.Engine.Usage;

namespace Analytics.Engine.Queries;

/// <summary>How rows get their group: from the codes of one stored column, or from those of two.</summary>
/// <remarks>
/// One dimension's groups are its codes; a derived one is looked up from its source's codes, once a bucket and not once a
/// row. The groups of two dimensions are the pairs that occur, numbered as they are met.
/// </remarks>
internal sealed class Grouping
{
    private readonly UsageTable table;

    public Grouping(UsageTable table, Dimension first, Dimension? second)
    {
        this.table = table;
        (First, Second) = (first, second);
    }

    /// <summary>The dimension, or the first of two.</summary>
    public Dimension First { get; }

    /// <summary>The second dimension; null where there is one.</summary>
    public Dimension? Second { get; }

    /// <summary>The stored columns that are read; one where both dimensions are functions of it.</summary>
    public IReadOnlyList<Dimension> Sources =>
        Second is { } second && second.StoredSource() != First.StoredSource() ? [First.StoredSource(), second.StoredSource()] : [First.StoredSource()];

    /// <summary>An empty dictionary for the pairs; null for one dimension.</summary>
    public PairDictionary? NewPairs() => Second is { } second ? new PairDictionary(table.Table(First).Count, table.Table(second).Count) : null;

    /// <summary>The group's side for each code of a dimension's stored source; empty where it is the code itself.</summary>
    /// <param name="dimension">One of the dimensions.</param>
    public int[] Map(Dimension dimension) => dimension.IsStored() ? [] : table.Lookup(dimension).ToArray();

    /// <summary>Names of the groups.</summary>
    /// <param name="pairs">Of two dimensions; else null.</param>
    public GroupNames Names(PairDictionary? pairs) =>
        Second is { } second ? new GroupNames(table.Table(First), table.Table(second), pairs!) : new GroupNames(table.Table(First));
}
