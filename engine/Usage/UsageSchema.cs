using Analytics.Engine.Arrow;

namespace Analytics.Engine.Usage;

/// <summary>The columns of a usage row, in memory and in Parquet files.</summary>
/// <remarks>
/// A row is one combination of dimensions in one rollup interval. <c>bucket_start</c> is the interval's start, a UTC
/// instant. Dimension columns are dictionary-encoded; code 0, the empty text, is "none". No column holds nulls.
/// </remarks>
public static class UsageSchema
{
    /// <summary>Position of <c>bucket_start</c>.</summary>
    public const int BucketStart = 0;

    private const int FirstDimension = 1;
    private const int FirstMeasure = 7;

    /// <summary>The columns.</summary>
    public static Schema Schema { get; } = new(
        [
            new Field("bucket_start", ArrowType.TimestampMicrosUtc),
            .. Dimensions.Stored.Select(dimension => new Field(dimension.ColumnName(), ArrowType.DictionaryUtf8)),
            .. Measures.All.Select(measure => new Field(measure.ColumnName(), measure == Measure.Cost ? ArrowType.PicoDollars : ArrowType.Int64)),
        ]);

    /// <summary>The position of a stored dimension's column.</summary>
    /// <param name="dimension">A stored dimension.</param>
    /// <exception cref="ArgumentOutOfRangeException">The dimension is derived.</exception>
    public static int ColumnOf(Dimension dimension) => dimension.IsStored()
        ? FirstDimension + (int)dimension
        : throw new ArgumentOutOfRangeException(nameof(dimension), dimension, "Rows do not store this dimension.");

    /// <summary>The position of a measure's column.</summary>
    /// <param name="measure">Any measure.</param>
    public static int ColumnOf(Measure measure) => FirstMeasure + (int)measure;

    /// <summary>The column name of a stored dimension.</summary>
    /// <param name="dimension">A stored dimension.</param>
    /// <exception cref="ArgumentOutOfRangeException">The dimension is derived.</exception>
    public static string ColumnName(this Dimension dimension) => dimension switch
    {
        Dimension.Project => "project",
        Dimension.ApiKey => "api_key",
        Dimension.Mapping => "mapping",
        Dimension.App => "app",
        Dimension.ServiceType => "service_type",
        Dimension.Agent => "agent",
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, "Rows do not store this dimension."),
    };

    /// <summary>The column name of a measure.</summary>
    /// <param name="measure">Any measure.</param>
    public static string ColumnName(this Measure measure) => measure switch
    {
        Measure.RequestCount => "request_count",
        Measure.ErrorCount => "error_count",
        Measure.ClientErrorCount => "client_error_count",
        Measure.CacheHitCount => "cache_hit_count",
        Measure.UnpricedCount => "unpriced_count",
        Measure.InputTokens => "input_tokens",
        Measure.CachedInputTokens => "cached_input_tokens",
        Measure.CacheWriteTokens => "cache_write_tokens",
        Measure.OutputTokens => "output_tokens",
        Measure.ReasoningTokens => "reasoning_tokens",
        Measure.Cost => "cost",
        _ => throw new ArgumentOutOfRangeException(nameof(measure)),
    };
}
