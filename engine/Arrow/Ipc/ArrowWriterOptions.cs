namespace Analytics.Engine.Arrow.Ipc;

/// <summary>How streams and files are written.</summary>
public sealed record ArrowWriterOptions
{
    /// <summary>
    /// Whether decimals of 64 bits are written with 128, so that they read back with 128. ClickHouse refuses the shorter
    /// ones, and readers older than Arrow 18 do not know them.
    /// </summary>
    public bool WidenDecimals { get; init; } = true;
}
