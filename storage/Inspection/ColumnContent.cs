namespace Analytics.Storage.Inspection;

/// <summary>What the values of a column come to. All values are in their canonical text, see <see cref="Kind"/>.</summary>
public sealed record ColumnContent
{
    /// <summary>
    /// What the text of a value is. <c>int</c>: decimal digits. <c>decimal_unscaled</c>: the integer without the point.
    /// <c>epoch_us</c>: microseconds since 1970-01-01, for instants and for local times up to microseconds.
    /// <c>epoch_ns</c>: nanoseconds, for local times in them. <c>epoch_days</c>: days. <c>time_s</c> to <c>time_ns</c>: since
    /// midnight. <c>bool</c>: true or false. <c>utf8</c>: the text itself. <c>hex</c>: two digits each byte.
    /// <c>uuid</c>: 8-4-4-4-12 digits. <c>float</c>: the fewest digits that give the same 64-bit number; NaN, Infinity.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>Rows, nulls included.</summary>
    public required long RowCount { get; init; }

    /// <summary>Nulls.</summary>
    public required long NullCount { get; init; }

    /// <summary>Values that are not a number, of floats; else 0.</summary>
    public long NanCount { get; init; }

    /// <summary>
    /// The exact sum; of floats the nearest. Of texts and bytes their bytes, of truth values how many are true.
    /// Null where there is no value, and for UUIDs.
    /// </summary>
    public string? Sum { get; init; }

    /// <summary>The least value; texts and bytes compare by unsigned bytes, NaN not at all. Null where there is none.</summary>
    public string? Min { get; init; }

    /// <summary>The greatest value likewise.</summary>
    public string? Max { get; init; }

    /// <summary>The first values, at most 5, null for a null.</summary>
    public required IReadOnlyList<string?> First { get; init; }

    /// <summary>
    /// MD5 of all values in the order of the rows, each followed by a line feed, <c>\N</c> for a null: 32 hexadecimal
    /// digits. Null where there are no rows.
    /// </summary>
    public string? Md5 { get; init; }
}
