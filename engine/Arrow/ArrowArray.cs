using System.Runtime.CompilerServices;
using System.Text;

namespace Analytics.Engine.Arrow;

/// <summary>One immutable column of values in Arrow layout. The columns of this product hold no nulls.</summary>
/// <param name="type">The logical type.</param>
/// <param name="length">Values, 0 or more.</param>
public abstract class ArrowArray(ArrowType type, int length)
{
    /// <summary>The logical type.</summary>
    public ArrowType Type { get; } = type;

    /// <summary>Number of values.</summary>
    public int Length { get; } = length;

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

/// <summary>Fixed-width values: Int32, Int64, Timestamp or Decimal64.</summary>
/// <typeparam name="T"><see cref="int"/> or <see cref="long"/>.</typeparam>
public sealed class PrimitiveArray<T> : ArrowArray
    where T : unmanaged
{
    private readonly NativeBuffer data;
    private readonly int offset;

    /// <summary>Takes over a buffer.</summary>
    /// <param name="type">A type whose values are as wide as <typeparamref name="T"/>.</param>
    /// <param name="data">Whole values; owned by the array from now on.</param>
    /// <exception cref="ArgumentException">The type's width is not that of <typeparamref name="T"/>.</exception>
    public PrimitiveArray(ArrowType type, NativeBuffer data)
        : base(type, (data ?? throw new ArgumentNullException(nameof(data))).Span<T>().Length)
    {
        var width = type switch
        {
            ArrowType.Int32Type => typeof(int),
            ArrowType.Int64Type or ArrowType.TimestampType or ArrowType.Decimal64Type => typeof(long),
            _ => null,
        };
        if (width != typeof(T))
        {
            throw new ArgumentException($"Type {type} does not hold values of {typeof(T).Name}.", nameof(type));
        }

        if (data.LengthBytes % Unsafe.SizeOf<T>() != 0)
        {
            throw new ArgumentException($"{data.LengthBytes} bytes are not whole values of {typeof(T).Name}.", nameof(data));
        }

        this.data = data;
    }

    /// <summary>Copies values into a new array.</summary>
    /// <param name="type">A type whose values are as wide as <typeparamref name="T"/>.</param>
    /// <param name="values">Copied; may be empty.</param>
    public PrimitiveArray(ArrowType type, ReadOnlySpan<T> values)
        : this(type, NativeBuffer.Copy(values))
    {
    }

    private PrimitiveArray(PrimitiveArray<T> whole, int first, int count)
        : base(whole.Type, count)
    {
        data = whole.data;
        offset = whole.offset + first;
    }

    /// <summary>The values; valid while this array is alive.</summary>
    public ReadOnlySpan<T> Values => data.Span<T>().Slice(offset, Length);

    /// <inheritdoc/>
    public override PrimitiveArray<T> Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new PrimitiveArray<T>(this, first, count);
    }
}

/// <summary>Texts: 32-bit offsets into one block of UTF-8.</summary>
public sealed class StringArray : ArrowArray
{
    private readonly NativeBuffer offsets;
    private readonly NativeBuffer data;
    private readonly int start;

    /// <summary>Takes over the two buffers.</summary>
    /// <param name="offsets">length + 1 offsets, ascending from 0 to the size of <paramref name="data"/>.</param>
    /// <param name="data">The texts, back to back.</param>
    /// <exception cref="ArgumentException">The offsets do not ascend from 0 to the end of the data.</exception>
    public StringArray(NativeBuffer offsets, NativeBuffer data)
        : base(ArrowType.Utf8, (offsets ?? throw new ArgumentNullException(nameof(offsets))).Span<int>().Length - 1)
    {
        ArgumentNullException.ThrowIfNull(data);
        var ends = offsets.Span<int>();
        if (ends.Length == 0 || ends[0] != 0 || ends[^1] != data.LengthBytes)
        {
            throw new ArgumentException("Offsets must start at 0 and end at the size of the data.", nameof(offsets));
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

    private StringArray(StringArray whole, int first, int count)
        : base(ArrowType.Utf8, count)
    {
        (offsets, data) = (whole.offsets, whole.data);
        start = whole.start + first;
    }

    /// <summary>Encodes texts as UTF-8.</summary>
    /// <param name="values">The texts; a lone surrogate becomes U+FFFD.</param>
    /// <exception cref="OverflowException">The texts take more than 2 GiB.</exception>
    public static StringArray From(IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var offsets = new int[values.Count + 1];
        for (var i = 0; i < values.Count; i++)
        {
            offsets[i + 1] = checked(offsets[i] + Encoding.UTF8.GetByteCount(values[i]));
        }

        var data = NativeBuffer.Create<byte, IReadOnlyList<string>>(offsets[^1], values, static (target, texts) =>
        {
            foreach (var text in texts)
            {
                target = target[Encoding.UTF8.GetBytes(text, target)..];
            }
        });
        return new StringArray(NativeBuffer.Copy<int>(offsets), data);
    }

    /// <summary>One text as UTF-8; valid while this array is alive.</summary>
    /// <param name="index">0 to <see cref="ArrowArray.Length"/> - 1.</param>
    public ReadOnlySpan<byte> Utf8(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
        var ends = offsets.Span<int>();
        return data.Span<byte>()[ends[start + index]..ends[start + index + 1]];
    }

    /// <inheritdoc/>
    public override StringArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new StringArray(this, first, count);
    }

    /// <summary>One text.</summary>
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

/// <summary>Texts by code: each value is an index into a dictionary.</summary>
public sealed class DictionaryArray : ArrowArray
{
    private readonly PrimitiveArray<int> codes;

    /// <summary>Joins codes and dictionary.</summary>
    /// <param name="codes">One code for each row.</param>
    /// <param name="dictionary">The texts that the codes stand for.</param>
    /// <exception cref="ArgumentException">A code lies outside of the dictionary.</exception>
    public DictionaryArray(PrimitiveArray<int> codes, StringArray dictionary)
        : base(ArrowType.DictionaryUtf8, (codes ?? throw new ArgumentNullException(nameof(codes))).Length)
    {
        ArgumentNullException.ThrowIfNull(dictionary);
        var values = codes.Values;
        for (var row = 0; row < values.Length; row++)
        {
            if ((uint)values[row] >= (uint)dictionary.Length)
            {
                throw new ArgumentException($"Code {values[row]} in row {row} is outside of the dictionary of {dictionary.Length} texts.", nameof(codes));
            }
        }

        this.codes = codes;
        Dictionary = dictionary;
    }

    private DictionaryArray(DictionaryArray whole, int first, int count)
        : base(whole.Type, count)
    {
        codes = whole.codes.Slice(first, count);
        Dictionary = whole.Dictionary;
    }

    /// <summary>The texts.</summary>
    public StringArray Dictionary { get; }

    /// <summary>One code for each row; valid while this array is alive.</summary>
    public ReadOnlySpan<int> Codes => codes.Values;

    /// <inheritdoc/>
    public override DictionaryArray Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new DictionaryArray(this, first, count);
    }
}
