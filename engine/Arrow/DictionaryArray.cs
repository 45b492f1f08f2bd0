using System.Runtime.InteropServices;
using Analytics.Engine.Kernels;

namespace Analytics.Engine.Arrow;

/// <summary>Texts by code: each value is an index into a dictionary.</summary>
public sealed class DictionaryArray : ArrowArray
{
    private readonly PrimitiveArray<int> codes;

    /// <summary>Joins codes and dictionary.</summary>
    /// <param name="codes">One code for each row; null for a null.</param>
    /// <param name="dictionary">The texts that the codes stand for, none of them null.</param>
    /// <exception cref="ArgumentException">A code lies outside of the dictionary, or the dictionary has nulls.</exception>
    public DictionaryArray(PrimitiveArray<int> codes, StringArray dictionary)
        : base(ArrowType.DictionaryUtf8, (codes ?? throw new ArgumentNullException(nameof(codes))).Length, codes.Validity)
    {
        ArgumentNullException.ThrowIfNull(dictionary);
        if (dictionary.NullCount > 0)
        {
            throw new ArgumentException($"The dictionary has {dictionary.NullCount} nulls; nulls are in the codes.", nameof(dictionary));
        }

        var values = codes.Values;
        for (var row = ColumnSum.Max(MemoryMarshal.Cast<int, uint>(values)) < (uint)dictionary.Length ? values.Length : 0; row < values.Length; row++)
        {
            if ((uint)values[row] >= (uint)dictionary.Length && codes.IsValid(row))
            {
                throw new ArgumentException($"Code {values[row]} in row {row} is outside of the dictionary of {dictionary.Length} texts.", nameof(codes));
            }
        }

        this.codes = codes;
        Dictionary = dictionary;
    }

    private DictionaryArray(DictionaryArray whole, int first, int count)
        : base(whole.Type, count, whole.Validity?.Slice(first, count))
    {
        codes = whole.codes.Slice(first, count);
        Dictionary = whole.Dictionary;
    }

    /// <summary>The texts.</summary>
    public StringArray Dictionary { get; }

    /// <summary>One code for each row, of a null without meaning; valid while this array is alive.</summary>
    public ReadOnlySpan<int> Codes => codes.Values;

    /// <summary>The codes as an array of their own.</summary>
    public PrimitiveArray<int> Indices => codes;

    internal override (NativeBuffer Block, int Offset) Memory => codes.Memory;

    /// <inheritdoc/>
    public override DictionaryArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new DictionaryArray(this, first, count);
    }
}
