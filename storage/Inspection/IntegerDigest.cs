using System.Globalization;
using System.Numerics;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Inspection;

/// <summary>Adds up integers, and what is stored as such: decimals, dates, times and timestamps.</summary>
/// <param name="kind">What the text of a value is.</param>
/// <param name="factor">What each value is multiplied by.</param>
/// <param name="divisor">What each value is then divided by, towards minus infinity.</param>
internal sealed class IntegerDigest(string kind, int factor, int divisor) : ColumnDigest
{
    private BigInteger carried;
    private Int128 sum;
    private Int128 min = Int128.MaxValue;
    private Int128 max = Int128.MinValue;

    protected override string Kind => kind;

    protected override void AddValues(ArrowArray array)
    {
        switch (array)
        {
            case PrimitiveArray<long> values when factor > 1:
                Add(values, value => (Int128)value * factor);
                break;
            case PrimitiveArray<long> values when divisor > 1:
                Add(values, value => (value / divisor) - (value % divisor < 0 ? 1 : 0));
                break;
            case PrimitiveArray<long> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<ulong> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<int> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<uint> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<short> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<ushort> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<sbyte> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<byte> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<Int128> values:
                Add(values, static value => value);
                break;
            default:
                throw new ArgumentException($"{array.GetType().Name} does not hold integers.", nameof(array));
        }
    }

    protected override ColumnContent WithBounds(ColumnContent content) => content with
    {
        Sum = (carried + sum).ToString(CultureInfo.InvariantCulture),
        Min = min.ToString(CultureInfo.InvariantCulture),
        Max = max.ToString(CultureInfo.InvariantCulture),
    };

    private void Add<T, TText>(PrimitiveArray<T> array, Func<T, TText> convert)
        where T : unmanaged
        where TText : IBinaryInteger<TText>
    {
        var values = array.Values;
        for (var row = 0; row < values.Length; row++)
        {
            if (!array.IsValid(row))
            {
                Text.AddNull();
                continue;
            }

            var value = convert(values[row]);
            Text.Add(value);
            Add(Int128.CreateChecked(value));
        }

        GC.KeepAlive(array);
    }

    private void Add(Int128 value)
    {
        min = Int128.Min(min, value);
        max = Int128.Max(max, value);
        var next = sum + value;

        // The sign is set where both inputs differ in sign from the result: it wrapped.
        if (((sum ^ next) & (value ^ next)) < 0)
        {
            carried += sum;
            next = value;
        }

        sum = next;
    }
}
