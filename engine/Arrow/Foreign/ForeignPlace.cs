namespace Analytics.Engine.Arrow.Foreign;

/// <summary>Where data from outside are being read, for messages.</summary>
/// <param name="Name">The stream, file or producer.</param>
/// <param name="Offset">Byte at which the message or the footer starts; null for memory.</param>
/// <param name="Column">The column, if it is one's.</param>
internal sealed record ForeignPlace(string Name, long? Offset = null, string? Column = null)
{
    private const string Damaged = "The data are damaged or were cut off: write or send them again.";

    public ArrowFormatException Refuse(string found, string expected, string advice = Damaged) =>
        new(Name, Offset, Column, found, expected, advice);

    /// <summary>A size that must be there and fit into memory that one block can hold.</summary>
    public int Size(long value, string what) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw Refuse($"{what} {value}", $"0 to {int.MaxValue}", value < 0 ? Damaged : "Write smaller batches: one block holds at most 2 GiB.");
}
