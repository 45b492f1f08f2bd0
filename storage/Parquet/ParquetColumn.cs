using Analytics.Engine.Arrow;

namespace Analytics.Storage.Parquet;

/// <summary>A column of single values, not inside of a struct, a list or a map.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">What its values are read as.</param>
/// <param name="IsNullable">Whether the file calls it OPTIONAL.</param>
internal sealed record ParquetColumn(string Name, ArrowType Type, bool IsNullable)
{
    /// <summary>Position among the leaves of the schema, and so among the chunks of a row group.</summary>
    public required int Leaf { get; init; }

    public required PhysicalType Physical { get; init; }

    /// <summary>Bytes of each value of FIXED_LEN_BYTE_ARRAY; else 0.</summary>
    public required int TypeLength { get; init; }

    /// <summary>The meaning of the values, by either annotation; null where there is none that is known.</summary>
    public required LogicalType? LogicalType { get; init; }
}
