using System.Text;

namespace Analytics.Engine.Arrow;

/// <summary>Bytes of any length: 32-bit offsets into one block.</summary>
public class BinaryArray : ArrowArray
{
    private readonly NativeBuffer offsets;
    private readonly NativeBuffer data;
    private readonly int start;

    /// <summary>Takes over the two buffers.</summary>
    /// <param name="offsets">length + 1 ascending offsets inside of <paramref name="data"/>.</param>
    /// <param name="data">The values, back to back.</param>
    /// <param name="validity">Which values are there; null where all are.</param>
    /// <exception cref="ArgumentException">The offsets do not ascend inside of the data, or the lengths differ.</exception>
    public BinaryArray(NativeBuffer offsets, NativeBuffer data, ValidityBitmap? validity = null)
        : this(ArrowType.Binary, offsets, data, validity)
    {
    }

    private protected BinaryArray(ArrowType type, NativeBuffer offsets, NativeBuffer data, ValidityBitmap? validity)
        : base(type, Math.Max(0, (offsets ?? throw new ArgumentNullException(nameof(offsets))).Span<int>().Length - 1), validity)
    {
        ArgumentNullException.ThrowIfNull(data);
        var ends = offsets.Span<int>();
        if (ends.Length == 0 || ends[0] < 0 || ends[^1] > data.LengthBytes)
        {
            throw new ArgumentException($"Offsets must ascend inside of the {data.LengthBytes} bytes of data.", nameof(offsets));
        }

        for (var i = 1; i < ends.Length; i++)
        {
            if (ends[i] < ends[i - 1])
            {
                throw new ArgumentException($"Offset {i} is {ends[i]}, less than the one before, {ends[i - 1]}.", nameof(offsets));
            }
        }

        this.offsets = offsets;
        this.data = data;
    }

    // Whoever calls this has checked the offsets.
    private protected BinaryArray(NativeBuffer offsets, NativeBuffer data, ArrowType type)
        : base(type, offsets.Span<int>().Length - 1, validity: null) => (this.offsets, this.data) = (offsets, data);

    private protected BinaryArray(BinaryArray whole, int first, int count)
        : base(whole.Type, count, whole.Validity?.Slice(first, count))
    {
        (offsets, data) = (whole.offsets, whole.data);
        start = whole.start + first;
    }

    /// <summary>length + 1 offsets into <see cref="Data"/>, the first not always 0; valid while this array is alive.</summary>
    public ReadOnlySpan<int> Offsets => offsets.Span<int>().Slice(start, Length + 1);

    /// <summary>The block that the values lie in.</summary>
    public NativeBuffer Data => data;

    /// <summary>The block that the offsets lie in.</summary>
    public NativeBuffer OffsetBuffer => offsets;

    /// <summary>Offsets in their block before the first of this array.</summary>
    public int Offset => start;

    /// <summary>One value; empty for a null; valid while this array is alive.</summary>
    /// <param name="index">0 to <see cref="ArrowArray.Length"/> - 1.</param>
    public ReadOnlySpan<byte> Bytes(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
        var ends = offsets.Span<int>();
        return data.Span<byte>()[ends[start + index]..ends[start + index + 1]];
    }

    internal override (NativeBuffer Block, int Offset) Memory => (offsets, start);

    /// <inheritdoc/>
    public override BinaryArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new BinaryArray(this, first, count);
    }
}

/// <summary>Texts: 32-bit offsets into one block of UTF-8.</summary>
public sealed class StringArray : BinaryArray
{
    /// <summary>Takes over the two buffers.</summary>
    /// <param name="offsets">length + 1 ascending offsets inside of <paramref name="data"/>.</param>
    /// <param name="data">The texts, back to back; whoever brings them checks that they are UTF-8.</param>
    /// <param name="validity">Which texts are there; null where all are.</param>
    /// <exception cref="ArgumentException">The offsets do not ascend inside of the data, or the lengths differ.</exception>
    public StringArray(NativeBuffer offsets, NativeBuffer data, ValidityBitmap? validity = null)
        : base(ArrowType.Utf8, offsets, data, validity)
    {
    }

    private StringArray(NativeBuffer offsets, NativeBuffer data)
        : base(offsets, data, ArrowType.Utf8)
    {
    }

    private StringArray(StringArray whole, int first, int count)
        : base(whole, first, count)
    {
    }

    /// <summary>Takes over buffers whose offsets are known to ascend inside of the data.</summary>
    internal static StringArray OfChecked(NativeBuffer offsets, NativeBuffer data) => new(offsets, data);

    /// <summary>Encodes texts as UTF-8.</summary>
    /// <param name="values">The texts; a lone surrogate becomes U+FFFD, and null a null.</param>
    /// <exception cref="OverflowException">The texts take more than 2 GiB.</exception>
    public static StringArray From(IReadOnlyList<string?> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var offsets = new int[values.Count + 1];
        var isValid = new bool[values.Count];
        for (var i = 0; i < values.Count; i++)
        {
            isValid[i] = values[i] is not null;
            offsets[i + 1] = checked(offsets[i] + Encoding.UTF8.GetByteCount(values[i] ?? ""));
        }

        var data = NativeBuffer.Create<byte, IReadOnlyList<string?>>(offsets[^1], values, static (target, texts) =>
        {
            foreach (var text in texts)
            {
                target = target[Encoding.UTF8.GetBytes(text ?? "", target)..];
            }
        });
        return new StringArray(NativeBuffer.Copy<int>(offsets), data, ValidityBitmap.From(isValid));
    }

    /// <summary>One text as UTF-8; empty for a null; valid while this array is alive.</summary>
    /// <param name="index">0 to <see cref="ArrowArray.Length"/> - 1.</param>
    public ReadOnlySpan<byte> Utf8(int index) => Bytes(index);

    /// <inheritdoc/>
    public override StringArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new StringArray(this, first, count);
    }

    /// <summary>One text; empty for a null.</summary>
    /// <param name="index">0 to <see cref="ArrowArray.Length"/> - 1.</param>
    public string this[int index]
    {
        get
        {
            var text = Encoding.UTF8.GetString(Utf8(index));
            GC.KeepAlive(this);
            return text;
        }
    }
}

/// <summary>Bytes of one length each.</summary>
public sealed class FixedSizeBinaryArray : ArrowArray
{
    private readonly NativeBuffer data;
    private readonly int width;
    private readonly int offset;

    /// <summary>Takes over a buffer.</summary>
    /// <param name="type">The width of each value, and whether it is a UUID.</param>
    /// <param name="length">Values, 0 or more.</param>
    /// <param name="data">The values, back to back.</param>
    /// <param name="validity">Which values are there; null where all are.</param>
    /// <exception cref="ArgumentException">The buffer is too short, or the lengths differ.</exception>
    public FixedSizeBinaryArray(ArrowType.FixedSizeBinaryType type, int length, NativeBuffer data, ValidityBitmap? validity = null)
        : this(type, 0, length, data, validity)
    {
    }

    private FixedSizeBinaryArray(ArrowType.FixedSizeBinaryType type, int offset, int length, NativeBuffer data, ValidityBitmap? validity)
        : base(type, length, validity)
    {
        ArgumentNullException.ThrowIfNull(data);
        width = type.Width;
        if (((long)offset + length) * width > data.LengthBytes)
        {
            throw new ArgumentException($"{data.LengthBytes} bytes do not hold {length} values of {width} bytes.", nameof(data));
        }

        this.offset = offset;
        this.data = data;
    }

    /// <summary>The block that the values lie in.</summary>
    public NativeBuffer Buffer => data;

    /// <summary>Values in the block before the first of this array.</summary>
    public int Offset => offset;

    /// <summary>One value; of a null without meaning; valid while this array is alive.</summary>
    /// <param name="index">0 to <see cref="ArrowArray.Length"/> - 1.</param>
    public ReadOnlySpan<byte> Bytes(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
        return data.Span<byte>().Slice((offset + index) * width, width);
    }

    internal override (NativeBuffer Block, int Offset) Memory => (data, offset);

    /// <inheritdoc/>
    public override FixedSizeBinaryArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new FixedSizeBinaryArray((ArrowType.FixedSizeBinaryType)Type, offset + first, count, data, Validity?.Slice(first, count));
    }
}
