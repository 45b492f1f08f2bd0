namespace Analytics.Engine.Arrow;

/// <summary>One immutable column of values in Arrow layout.</summary>
public abstract class ArrowArray
{
    /// <summary>Begins an array.</summary>
    /// <param name="type">The logical type.</param>
    /// <param name="length">Values, 0 or more.</param>
    /// <param name="validity">Which values are there; null where all are.</param>
    /// <exception cref="ArgumentException">The bitmap is of another length.</exception>
    private protected ArrowArray(ArrowType type, int length, ValidityBitmap? validity)
    {
        if (validity is not null && validity.Length != length)
        {
            throw new ArgumentException($"The validity bitmap is of {validity.Length} values; the array has {length}.", nameof(validity));
        }

        Type = type;
        Length = length;
        Validity = validity is { NullCount: > 0 } ? validity : null;
    }

    /// <summary>The logical type.</summary>
    public ArrowType Type { get; }

    /// <summary>Number of values, nulls included.</summary>
    public int Length { get; }

    /// <summary>Which values are there; null where no value is null.</summary>
    public ValidityBitmap? Validity { get; }

    /// <summary>Number of nulls.</summary>
    public int NullCount => Validity?.NullCount ?? 0;

    /// <summary>The block of the values (offsets or codes, if they have such) and the values in it before the first of this array.</summary>
    internal abstract (NativeBuffer Block, int Offset) Memory { get; }

    /// <summary>Whether a value is there.</summary>
    /// <param name="index">0 to <see cref="Length"/> - 1.</param>
    public bool IsValid(int index) => Validity is null || Validity[index];

    /// <summary>Some consecutive values, sharing this array's memory.</summary>
    /// <param name="first">Position of the first, 0 or more.</param>
    /// <param name="count">How many, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all inside of this array.</exception>
    public abstract ArrowArray Slice(int first, int count);

    private protected void CheckSlice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - first);
    }
}
