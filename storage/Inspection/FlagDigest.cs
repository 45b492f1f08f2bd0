using System.Globalization;
using Analytics.Engine.Arrow;

namespace Analytics.Storage.Inspection;

/// <summary>Adds up truth values.</summary>
internal sealed class FlagDigest : ColumnDigest
{
    private long trueCount;
    private long falseCount;

    protected override string Kind => "bool";

    protected override void AddValues(ArrowArray array)
    {
        var flags = (BooleanArray)array;
        for (var row = 0; row < flags.Length; row++)
        {
            if (!flags.IsValid(row))
            {
                Text.AddNull();
            }
            else if (flags[row])
            {
                Text.Add("true"u8);
                trueCount++;
            }
            else
            {
                Text.Add("false"u8);
                falseCount++;
            }
        }
    }

    protected override ColumnContent WithBounds(ColumnContent content) => content with
    {
        Sum = trueCount.ToString(CultureInfo.InvariantCulture),
        Min = falseCount > 0 ? "false" : "true",
        Max = trueCount > 0 ? "true" : "false",
    };
}
