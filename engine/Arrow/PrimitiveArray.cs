using System.Runtime.CompilerServices;

namespace Analytics.Engine.Arrow;

/// <summary>Values of one fixed width: integers, floats, decimals, dates, times and timestamps.</summary>
/// <typeparam name="T">
/// The integer of the type's width and sign; <see cref="Half"/>, <see cref="float"/> or <see cref="double"/>;
/// <see cref="Int128"/> for decimals of 128 bits.
/// </typeparam>
public sealed class PrimitiveArray<T> : ArrowArray
    where T : unmanaged
{
    private readonly NativeBuffer data;
    private readonly int offset;

    /// <summary>Takes over a buffer.</summary>
    /// <param name="type">A type whose values are <typeparamref name="T"/>.</param>
    /// <param name="data">Whole values; owned by the array from now on.</param>
    /// <param name="validity">Which values are there; null where all are. What stands in the place of a null has no meaning.</param>
    /// <exception cref="ArgumentException">The type's values are not <typeparamref name="T"/>, or the lengths differ.</exception>
    public PrimitiveArray(ArrowType type, NativeBuffer data, ValidityBitmap? validity = null)
        : base(type, (data ?? throw new ArgumentNullException(nameof(data))).Span<T>().Length, validity)
    {
        if (PrimitiveTypes.ValueOf(type) != typeof(T))
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
    /// <param name="type">A type whose values are <typeparamref name="T"/>.</param>
    /// <param name="values">Copied; may be empty.</param>
    /// <param name="validity">Which values are there; null where all are.</param>
    public PrimitiveArray(ArrowType type, ReadOnlySpan<T> values, ValidityBitmap? validity = null)
        : this(type, NativeBuffer.Copy(values), validity)
    {
    }

    private PrimitiveArray(PrimitiveArray<T> whole, int first, int count)
        : base(whole.Type, count, whole.Validity?.Slice(first, count))
    {
        data = whole.data;
        offset = whole.offset + first;
    }

    /// <summary>The values; valid while this array is alive.</summary>
    public ReadOnlySpan<T> Values => data.Span<T>().Slice(offset, Length);

    /// <summary>The block that the values lie in.</summary>
    public NativeBuffer Buffer => data;

    /// <summary>Values in the block before the first of this array.</summary>
    public int Offset => offset;

    internal override (NativeBuffer Block, int Offset) Memory => (data, offset);

    /// <inheritdoc/>
    public override PrimitiveArray<T> Slice(int first, int count)
    {
        CheckSlice(first, count);
        return new PrimitiveArray<T>(this, first, count);
    }
}

/// <summary>Which .NET type the values of a fixed-width type have.</summary>
public static class PrimitiveTypes
{
    /// <summary>The .NET type of one value; null where the type's array is not a <see cref="PrimitiveArray{T}"/>.</summary>
    /// <param name="type">Any type.</param>
    public static Type? ValueOf(ArrowType type) => type switch
    {
        ArrowType.IntType(8, true) => typeof(sbyte),
        ArrowType.IntType(8, false) => typeof(byte),
        ArrowType.IntType(16, true) => typeof(short),
        ArrowType.IntType(16, false) => typeof(ushort),
        ArrowType.IntType(32, true) => typeof(int),
        ArrowType.IntType(32, false) => typeof(uint),
        ArrowType.IntType(64, true) => typeof(long),
        ArrowType.IntType(64, false) => typeof(ulong),
        ArrowType.FloatType(16) => typeof(Half),
        ArrowType.FloatType(32) => typeof(float),
        ArrowType.FloatType(64) => typeof(double),
        ArrowType.DecimalType(64, _, _) => typeof(long),
        ArrowType.DecimalType(128, _, _) => typeof(Int128),
        ArrowType.DateType => typeof(int),
        ArrowType.TimeType(TimeUnit.Second or TimeUnit.Millisecond) => typeof(int),
        ArrowType.TimeType or ArrowType.TimestampType => typeof(long),
        _ => null,
    };

    /// <summary>Makes an array over a buffer of whole values.</summary>
    internal static ArrowArray Array(ArrowType type, NativeBuffer data, ValidityBitmap? validity) => type switch
    {
        ArrowType.IntType(8, true) => new PrimitiveArray<sbyte>(type, data, validity),
        ArrowType.IntType(8, false) => new PrimitiveArray<byte>(type, data, validity),
        ArrowType.IntType(16, true) => new PrimitiveArray<short>(type, data, validity),
        ArrowType.IntType(16, false) => new PrimitiveArray<ushort>(type, data, validity),
        ArrowType.IntType(32, false) => new PrimitiveArray<uint>(type, data, validity),
        ArrowType.IntType(64, false) => new PrimitiveArray<ulong>(type, data, validity),
        ArrowType.FloatType(16) => new PrimitiveArray<Half>(type, data, validity),
        ArrowType.FloatType(32) => new PrimitiveArray<float>(type, data, validity),
        ArrowType.FloatType(64) => new PrimitiveArray<double>(type, data, validity),
        ArrowType.DecimalType(128, _, _) => new PrimitiveArray<Int128>(type, data, validity),
        _ when ValueOf(type) == typeof(int) => new PrimitiveArray<int>(type, data, validity),
        _ => new PrimitiveArray<long>(type, data, validity),
    };
}
