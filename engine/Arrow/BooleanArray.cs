namespace Analytics.Engine.Arrow;

/// <summary>True and false, one bit each, from the lowest of the first byte on.</summary>
public sealed class BooleanArray : ArrowArray
{
    private readonly NativeBuffer bits;
    private readonly int offset;

    /// <summary>Takes over a bitmap.</summary>
    /// <param name="bits">At least (offset + length) bits.</param>
    /// <param name="offset">Bits before the first value's, 0 or more.</param>
    /// <param name="length">Values, 0 or more.</param>
    /// <param name="validity">Which values are there; null where all are.</param>
    /// <exception cref="ArgumentException">The bitmap is too short, or the lengths differ.</exception>
    public BooleanArray(NativeBuffer bits, int offset, int length, ValidityBitmap? validity = null)
        : base(ArrowType.Bool, length, validity)
    {
        ArgumentNullException.ThrowIfNull(bits);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if ((long)offset + length > bits.LengthBytes * 8L)
        {
            throw new ArgumentException($"{bits.LengthBytes} bytes do not hold the bits {offset} to {(long)offset + length}.", nameof(bits));
        }

        this.bits = bits;
        this.offset = offset;
    }

    /// <summary>Packs values into a new array.</summary>
    /// <param name="values">Copied; may be empty.</param>
    /// <param name="validity">Which values are there; null where all are.</param>
    public BooleanArray(ReadOnlySpan<bool> values, ValidityBitmap? validity = null)
        : this(ValidityBitmap.Pack(values), 0, values.Length, validity)
    {
    }

    /// <summary>The block that the bits lie in.</summary>
    public NativeBuffer Buffer => bits;

    /// <summary>Bits in the block before the first of this array.</summary>
    public int BitOffset => offset;

    /// <summary>One value; of a null without meaning.</summary>
    /// <param name="index">0 to <see cref="ArrowArray.Length"/> - 1.</param>
    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
            var value = ValidityBitmap.IsSet(bits.Span<byte>(), offset + index);
            GC.KeepAlive(this);
            return value;
        }
    }

    internal override (NativeBuffer Block, int Offset) Memory => (bits, offset);

    /// <inheritdoc/>
    public override BooleanArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new BooleanArray(bits, offset + first, count, Validity?.Slice(first, count));
    }
}
