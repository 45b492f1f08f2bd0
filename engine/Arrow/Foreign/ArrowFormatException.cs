namespace Analytics.Engine.Arrow;

/// <summary>Arrow data from outside are damaged, or of a form that is not supported.</summary>
public sealed class ArrowFormatException : IOException
{
    /// <summary>Reports what is wrong, in the order: found, where, expected, what to do.</summary>
    /// <param name="name">The stream, file or producer, as the caller named it.</param>
    /// <param name="offset">Byte at which the message or the footer starts; null for data that were handed over in memory.</param>
    /// <param name="column">The column; null where the fault is not in one.</param>
    /// <param name="found">What was found, as the start of a sentence.</param>
    /// <param name="expected">What should have been there.</param>
    /// <param name="advice">What to do, as a sentence.</param>
    public ArrowFormatException(string name, long? offset, string? column, string found, string expected, string advice)
        : base($"Found {found} in '{name}'{(offset is null ? "" : $" at byte {offset}")}{(column is null ? "" : $", column '{column}'")}; expected {expected}. {advice}")
    {
        Name = name;
        Offset = offset;
        Column = column;
    }

    /// <summary>The stream, file or producer, as the caller named it.</summary>
    public string Name { get; }

    /// <summary>Byte at which the message or the footer starts; null for data that were handed over in memory.</summary>
    public long? Offset { get; }

    /// <summary>The column; null where the fault is not in one.</summary>
    public string? Column { get; }
}
