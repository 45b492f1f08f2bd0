using Analytics.Engine.Arrow;
using Analytics.Engine.Chunks;

namespace Analytics.Engine.Usage;

/// <summary>Makes one table of sorted runs that were written at different times with dictionaries of their own.</summary>
public sealed class UsageTableBuilder
{
    private readonly KeyDictionary[] keys = [.. Dimensions.Stored.Select(_ => new KeyDictionary())];
    private readonly List<UsageChunk> chunks = [];
    private readonly List<Coverage> coverage = [];
    private readonly UsageChunkBuilder builder = new();

    /// <summary>Adds all rows of one stretch of time. Stretches are added in ascending order and do not overlap.</summary>
    /// <param name="runs">Batches of <see cref="UsageSchema"/>, each sorted by time; they may overlap one another.</param>
    /// <param name="covered">Time and grain of the files that the runs came from.</param>
    /// <exception cref="ArgumentException">A run is not sorted by time, or a measure is negative.</exception>
    public void Add(IReadOnlyList<RecordBatch> runs, IEnumerable<Coverage> covered)
    {
        ArgumentNullException.ThrowIfNull(runs);
        coverage.AddRange(covered);
        var codes = runs.Select(CodesFor).ToArray();
        chunks.AddRange(builder.BuildAll(RunMerge.InTimeOrder(runs, codes)));
    }

    /// <summary>Makes the table.</summary>
    /// <param name="names">Labels and lookups.</param>
    public UsageTable Build(IUsageNames names) => new(chunks, coverage, [.. keys.Select(dictionary => dictionary.Keys)], names);

    private int[][] CodesFor(RecordBatch run) =>
        [.. Dimensions.Stored.Select(dimension => keys[(int)dimension].CodesFor(UsageSchema.Codes(run, dimension)?.Dictionary))];
}

/// <summary>Distinct keys in the order of their first appearance. Code 0 is the empty key, "none".</summary>
public sealed class KeyDictionary
{
    private readonly List<string> keys = [string.Empty];
    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal) { [string.Empty] = 0 };
    private StringArray? array;

    /// <summary>Keys by code. Codes never change; new keys come at the end.</summary>
    public IReadOnlyList<string> Keys => keys;

    /// <summary>The code of a key, given out now if it is new.</summary>
    /// <param name="key">Compared by ordinal.</param>
    public int CodeFor(string key)
    {
        if (!codes.TryGetValue(key, out var code))
        {
            code = keys.Count;
            keys.Add(key);
            codes.Add(key, code);
            array = null;
        }

        return code;
    }

    /// <summary>The code of each text of another dictionary, given out now where new.</summary>
    /// <param name="dictionary">Texts; null where a table has no such column, which reads as "none".</param>
    public int[] CodesFor(StringArray? dictionary)
    {
        if (dictionary is null)
        {
            return [0];
        }

        var result = new int[dictionary.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = CodeFor(dictionary[i]);
        }

        return result;
    }

    /// <summary>The keys so far as an Arrow array.</summary>
    public StringArray ToArray() => array ??= StringArray.From(keys);
}
