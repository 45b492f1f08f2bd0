using Analytics.Engine.Usage;

namespace Analytics.Storage.Import;

/// <summary>Which column of a file fills which field of a rollup row.</summary>
public sealed class RollupMapping
{
    /// <summary>The field that every mapping must have.</summary>
    public const string BucketStart = "bucketStart";

    /// <summary>The cost in US dollars; where it is empty or not mapped, the price table says.</summary>
    public const string Cost = "cost";

    /// <summary>Fields that hold integers, and their measures.</summary>
    internal static readonly IReadOnlyDictionary<string, Measure> Counts = new Dictionary<string, Measure>(StringComparer.Ordinal)
    {
        ["requestCount"] = Measure.RequestCount,
        ["errorCount"] = Measure.ErrorCount,
        ["clientErrorCount"] = Measure.ClientErrorCount,
        ["cacheHitCount"] = Measure.CacheHitCount,
        ["inputTokens"] = Measure.InputTokens,
        ["cachedInputTokens"] = Measure.CachedInputTokens,
        ["cacheWriteTokens"] = Measure.CacheWriteTokens,
        ["outputTokens"] = Measure.OutputTokens,
        ["reasoningTokens"] = Measure.ReasoningTokens,
    };

    /// <summary>Fields that hold text.</summary>
    internal static readonly IReadOnlyList<string> Texts =
    [
        "projectId", "projectName", "apiKeyId", "apiKeyDescription", "memberId", "memberName",
        "mapping", "model", "provider", "app", "serviceType", "agentId",
    ];

    private readonly Dictionary<string, string> columns;

    private RollupMapping(Dictionary<string, string> columns) => this.columns = columns;

    /// <summary>All fields that can be mapped.</summary>
    public static IReadOnlyList<string> Fields { get; } = [BucketStart, .. Texts, .. Counts.Keys, Cost];

    /// <summary>Column name by field.</summary>
    public IReadOnlyDictionary<string, string> Columns => columns;

    /// <summary>Reads a mapping such as <c>bucketStart=hour_utc,mapping=model</c>.</summary>
    /// <param name="text">Pairs of field and column, separated by commas.</param>
    /// <param name="mapping">The mapping.</param>
    /// <param name="problem">What is wrong with the text.</param>
    public static bool TryParse(string text, out RollupMapping? mapping, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        (mapping, problem) = (null, null);
        Dictionary<string, string> columns = new(StringComparer.Ordinal);
        foreach (var pair in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', 2, StringSplitOptions.TrimEntries) is not [var field, { Length: > 0 } column])
            {
                problem = $"found '{pair}', expected field=column.";
                return false;
            }

            if (!Fields.Contains(field, StringComparer.Ordinal))
            {
                problem = $"found the field '{field}', expected one of {string.Join(", ", Fields)}.";
                return false;
            }

            if (!columns.TryAdd(field, column))
            {
                problem = $"found the field '{field}' twice, expected it once.";
                return false;
            }
        }

        if (!columns.ContainsKey(BucketStart))
        {
            problem = $"found no '{BucketStart}', expected {BucketStart}=COLUMN: the column with each row's time.";
            return false;
        }

        if (!columns.Keys.Any(field => Counts.ContainsKey(field) || field == Cost))
        {
            problem = $"found nothing that is added up, expected one or more of {string.Join(", ", Counts.Keys)}, {Cost}.";
            return false;
        }

        mapping = new RollupMapping(columns);
        return true;
    }
}
