using System.Globalization;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Inspection;

/// <summary>Adds up floats of any width, each as the 64-bit number that it is.</summary>
internal sealed class FloatDigest : ColumnDigest
{
    private double sum;
    private double lost;
    private double min = double.PositiveInfinity;
    private double max = double.NegativeInfinity;
    private long nanCount;
    private bool hasNumber;

    protected override string Kind => "float";

    protected override void AddValues(ArrowArray array)
    {
        switch (array)
        {
            case PrimitiveArray<double> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<float> values:
                Add(values, static value => value);
                break;
            case PrimitiveArray<Half> values:
                Add(values, static value => (double)value);
                break;
            default:
                throw new ArgumentException($"{array.GetType().Name} does not hold floats.", nameof(array));
        }
    }

    protected override ColumnContent WithBounds(ColumnContent content) => content with
    {
        NanCount = nanCount,
        Sum = Invariant(double.IsFinite(sum) ? sum + lost : sum),
        Min = hasNumber ? Invariant(min) : null,
        Max = hasNumber ? Invariant(max) : null,
    };

    private void Add<T>(PrimitiveArray<T> array, Func<T, double> convert)
        where T : unmanaged
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
            Add(value);
        }

        GC.KeepAlive(array);
    }

    private void Add(double value)
    {
        // Neumaier: what the rounding of each addition loses is summed beside.
        var next = sum + value;
        lost += Math.Abs(sum) >= Math.Abs(value) ? sum - next + value : value - next + sum;
        sum = next;
        if (double.IsNaN(value))
        {
            nanCount++;
            return;
        }

        hasNumber = true;
        min = Math.Min(min, value);
        max = Math.Max(max, value);
    }

    private static string Invariant(double value) => value.ToString(CultureInfo.InvariantCulture);
}
