using Analytics.Engine.Usage;

namespace Analytics.Server.Contracts;

/// <summary>The metrics of breakdown entries as JSON, from sums of 64 bits: what all entries have in common is prepared once an answer.</summary>
internal sealed class EntryForm
{
    private readonly Field[] fields;
    private readonly bool isMoneyText;

    /// <summary>Prepares the metrics.</summary>
    /// <param name="metrics">What an entry has, in this order.</param>
    /// <param name="measures">What its sums are of.</param>
    /// <param name="isMoneyText">Whether costs are written as text.</param>
    public EntryForm(IEnumerable<Metric> metrics, IReadOnlyList<Measure> measures, bool isMoneyText)
    {
        this.isMoneyText = isMoneyText;
        fields = [.. metrics.Select(metric => new Field([(byte)',', .. metric.Property], metric.Form, Lane(metric.Measures[0]), Lane(metric.Measures[^1])))];
        MaxLength = fields.Sum(field => field.Name.Length + DecimalText.MaxLength + 2);

        int Lane(Measure measure) => measures.TakeWhile(other => other != measure).Count();
    }

    /// <summary>Bytes of an entry's metrics at most.</summary>
    public int MaxLength { get; }

    /// <summary>Writes the metrics, a comma before each.</summary>
    /// <param name="sums">An entry's sums, none below 0.</param>
    /// <param name="target">Room for <see cref="MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(ReadOnlySpan<long> sums, Span<byte> target)
    {
        var length = 0;
        foreach (var field in fields)
        {
            field.Name.CopyTo(target[length..]);
            length += field.Name.Length;
            var sum = (ulong)sums[field.First];
            switch (field.Form)
            {
                case MetricForm.Money when isMoneyText:
                    target[length++] = (byte)'"';
                    length += DecimalText.Write(sum, target[length..]);
                    target[length++] = (byte)'"';
                    break;
                case MetricForm.Money:
                    length += DecimalText.Write(sum, target[length..]);
                    break;
                case MetricForm.TotalTokens:
                    // Both have 63 bits.
                    length += DecimalText.Integer(sum + (ulong)sums[field.Second], target[length..]);
                    break;
                case MetricForm.ErrorRate:
                    length += DecimalText.Write(Ratio.Millionths(sums[field.First], sums[field.Second]) * 1_000_000, target[length..]);
                    break;
                default:
                    length += DecimalText.Integer(sum, target[length..]);
                    break;
            }
        }

        return length;
    }

    /// <summary>One metric.</summary>
    /// <param name="Name">Its name as JSON, with the comma before it and the colon.</param>
    /// <param name="Form">How it is written.</param>
    /// <param name="First">The lane of the first measure that it is made of.</param>
    /// <param name="Second">The lane of the second, or the first's again.</param>
    private readonly record struct Field(byte[] Name, MetricForm Form, int First, int Second);
}
