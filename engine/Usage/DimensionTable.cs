namespace Analytics.Engine.Usage;

/// <summary>One dimension's members by code: key, label and whether it was deleted.</summary>
public sealed class DimensionTable
{
    private readonly string[] keys;
    private readonly string[] labels;
    private readonly bool[] deleted;
    private readonly Dictionary<string, int> codes;

    /// <summary>Makes a table.</summary>
    /// <param name="keys">Distinct keys by code; code 0 is the empty key, "none".</param>
    /// <param name="names">Label and deletion of each key.</param>
    /// <exception cref="ArgumentException">The first key is not empty, or a key appears twice.</exception>
    public DimensionTable(IReadOnlyList<string> keys, Func<string, Name> names)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(names);
        if (keys.Count == 0 || keys[0].Length != 0)
        {
            throw new ArgumentException("Code 0 must be the empty key.", nameof(keys));
        }

        this.keys = [.. keys];
        labels = new string[keys.Count];
        deleted = new bool[keys.Count];
        codes = new Dictionary<string, int>(keys.Count, StringComparer.Ordinal);
        for (var code = 0; code < keys.Count; code++)
        {
            codes.Add(keys[code], code);
            (labels[code], deleted[code]) = names(keys[code]);
        }
    }

    /// <summary>Codes, 1 or more.</summary>
    public int Count => keys.Length;

    /// <summary>The key of a code.</summary>
    /// <param name="code">0 to <see cref="Count"/> - 1.</param>
    public string Key(int code) => keys[code];

    /// <summary>The label of a code: what people read.</summary>
    /// <param name="code">0 to <see cref="Count"/> - 1.</param>
    public string Label(int code) => labels[code];

    /// <summary>Whether the thing was deleted. It keeps its label and its history.</summary>
    /// <param name="code">0 to <see cref="Count"/> - 1.</param>
    public bool IsDeleted(int code) => deleted[code];

    /// <summary>The code of a key, or -1.</summary>
    /// <param name="key">Compared by ordinal.</param>
    public int CodeOf(string key) => codes.GetValueOrDefault(key, -1);
}

/// <summary>What people call a thing.</summary>
/// <param name="Label">The label.</param>
/// <param name="IsDeleted">Whether it was deleted.</param>
public readonly record struct Name(string Label, bool IsDeleted = false);

/// <summary>What the engine asks about keys: their names, and the functions that derive dimensions from stored ones.</summary>
/// <remarks>All answers are snapshots: the same question gets the same answer for the life of the object.</remarks>
public interface IUsageNames
{
    /// <summary>The label of a key; for the empty key, what "none" is called.</summary>
    /// <param name="dimension">Any dimension.</param>
    /// <param name="key">A key of it.</param>
    Name NameOf(Dimension dimension, string key);

    /// <summary>A derived dimension's key as a function of its stored source's key.</summary>
    /// <param name="derived">A derived dimension.</param>
    /// <param name="storedKey">A key of its <see cref="Dimensions.StoredSource"/>; may be empty.</param>
    /// <returns>The derived key; empty for none.</returns>
    string Derive(Dimension derived, string storedKey);
}
