using Analytics.Engine.Arrow;

namespace Analytics.Engine.Usage;

/// <summary>The columns of usage rows, in memory and in Parquet files.</summary>
/// <remarks>
/// A row is one combination of dimensions in one rollup interval. <c>bucket_start</c> is the interval's start, a UTC
/// instant, and always the first column. Dimension columns are dictionary-encoded; code 0, the empty text, is "none". No
/// column holds nulls. There are three tables of such rows, each with the columns that it needs; the engine reads all of
/// them alike: a dimension without a column is "none", a measure without one is 0.
/// </remarks>
public static class UsageSchema
{
    /// <summary>Position of <c>bucket_start</c>.</summary>
    public const int BucketStart = 0;

    private const int FirstDimension = 1;
    private const int FirstMeasure = 10;

    /// <summary>All columns of all tables.</summary>
    public static Schema Schema { get; } = Of(Dimensions.Stored, Measures.All);

    /// <summary>Requests: what the cards and charts are about.</summary>
    public static Schema Requests { get; } = Of(Dimensions.OfRequests, Measures.All.Where(measure => measure != Measure.Quantity));

    /// <summary>Priced items: what requests cost, rule by rule. Their costs sum to the requests' costs.</summary>
    public static Schema Items { get; } = Of([.. Dimensions.OfRequests, Dimension.Rule, Dimension.Unit], [Measure.Cost, Measure.Quantity]);

    /// <summary>Conversations with agents, and how many requests each has in each interval.</summary>
    public static Schema Conversations { get; } = Of([.. Dimensions.OfRequests, Dimension.Conversation], [Measure.RequestCount]);

    /// <summary>The codes of a dimension in a batch of any of these tables.</summary>
    /// <param name="rows">The batch.</param>
    /// <param name="dimension">A stored dimension.</param>
    /// <returns>Null where the table has no such column.</returns>
    public static DictionaryArray? Codes(RecordBatch rows, Dimension dimension)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Schema.IndexOf(dimension.ColumnName()) is >= 0 and var column ? rows.Column<DictionaryArray>(column) : null;
    }

    /// <summary>The values of a measure in a batch of any of these tables.</summary>
    /// <param name="rows">The batch.</param>
    /// <param name="measure">Any measure.</param>
    /// <returns>Null where the table has no such column.</returns>
    public static PrimitiveArray<long>? Values(RecordBatch rows, Measure measure)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Schema.IndexOf(measure.ColumnName()) is >= 0 and var column ? rows.Column<PrimitiveArray<long>>(column) : null;
    }

    /// <summary>Measures that a table has columns for.</summary>
    /// <param name="table">One of the schemas here.</param>
    public static IEnumerable<Measure> MeasuresOf(Schema table) => Measures.All.Where(measure => table.IndexOf(measure.ColumnName()) >= 0);

    /// <summary>Stored dimensions that a table has columns for.</summary>
    /// <param name="table">One of the schemas here.</param>
    public static IEnumerable<Dimension> DimensionsOf(Schema table) => Dimensions.Stored.Where(dimension => table.IndexOf(dimension.ColumnName()) >= 0);

    /// <summary>The position of a stored dimension's column among all columns.</summary>
    /// <param name="dimension">A stored dimension.</param>
    /// <exception cref="ArgumentOutOfRangeException">The dimension is derived.</exception>
    public static int ColumnOf(Dimension dimension) => dimension.IsStored()
        ? FirstDimension + (int)dimension
        : throw new ArgumentOutOfRangeException(nameof(dimension), dimension, "Rows do not store this dimension.");

    /// <summary>The position of a measure's column among all columns.</summary>
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
        Dimension.Rule => "rule",
        Dimension.Unit => "unit",
        Dimension.Conversation => "conversation",
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
        Measure.Quantity => "quantity",
        _ => throw new ArgumentOutOfRangeException(nameof(measure)),
    };

    private static Schema Of(IEnumerable<Dimension> dimensions, IEnumerable<Measure> measures) => new(
        [
            new Field("bucket_start", ArrowType.TimestampMicrosUtc),
            .. dimensions.Select(dimension => new Field(dimension.ColumnName(), ArrowType.DictionaryUtf8)),
            .. measures.Select(measure => new Field(measure.ColumnName(), measure switch
            {
                Measure.Cost => ArrowType.PicoDollars,
                Measure.Quantity => ArrowType.Micros,
                _ => ArrowType.Int64,
            })),
        ]);
}
