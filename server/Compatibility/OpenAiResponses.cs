using System.Text.Json.Serialization;

namespace Analytics.Server.Compatibility;

/// <summary>A page of buckets in OpenAI's shape.</summary>
/// <typeparam name="T">What a bucket holds.</typeparam>
internal sealed record OpenAiPage<T>
{
    /// <summary>Always page.</summary>
    [JsonPropertyName("object")]
    public required string Kind { get; init; }

    /// <summary>Buckets in order, those without usage included.</summary>
    [JsonPropertyName("data")]
    public required IReadOnlyList<OpenAiBucket<T>> Data { get; init; }

    /// <summary>Whether there are more buckets.</summary>
    [JsonPropertyName("has_more")]
    public required bool HasMore { get; init; }

    /// <summary>What page takes to go on; null at the end.</summary>
    [JsonPropertyName("next_page")]
    public required string? NextPage { get; init; }
}

/// <summary>An hour or a day of UTC, clipped to the range.</summary>
/// <typeparam name="T">What it holds.</typeparam>
internal sealed record OpenAiBucket<T>
{
    /// <summary>Always bucket.</summary>
    [JsonPropertyName("object")]
    public required string Kind { get; init; }

    /// <summary>First second, Unix time.</summary>
    [JsonPropertyName("start_time")]
    public required long StartTime { get; init; }

    /// <summary>First second after it, Unix time.</summary>
    [JsonPropertyName("end_time")]
    public required long EndTime { get; init; }

    /// <summary>Groups with usage, largest cost first.</summary>
    [JsonPropertyName("results")]
    public required IReadOnlyList<T> Results { get; init; }
}

/// <summary>Tokens and requests of a group.</summary>
internal sealed record OpenAiCompletions
{
    /// <summary>Always organization.usage.completions.result.</summary>
    [JsonPropertyName("object")]
    public required string Kind { get; init; }

    /// <summary>Tokens of prompts, with cache reads and cache writes.</summary>
    [JsonPropertyName("input_tokens")]
    public required long InputTokens { get; init; }

    /// <summary>Tokens of answers, with reasoning.</summary>
    [JsonPropertyName("output_tokens")]
    public required long OutputTokens { get; init; }

    /// <summary>The part of input_tokens that was read from a cache.</summary>
    [JsonPropertyName("input_cached_tokens")]
    public required long InputCachedTokens { get; init; }

    /// <summary>The part of input_tokens that was written to a cache.</summary>
    [JsonPropertyName("input_cache_write_tokens")]
    public required long InputCacheWriteTokens { get; init; }

    /// <summary>Always 0: audio is not told apart.</summary>
    [JsonPropertyName("input_audio_tokens")]
    public required long InputAudioTokens { get; init; }

    /// <summary>Always 0: audio is not told apart.</summary>
    [JsonPropertyName("output_audio_tokens")]
    public required long OutputAudioTokens { get; init; }

    /// <summary>Requests.</summary>
    [JsonPropertyName("num_model_requests")]
    public required long NumModelRequests { get; init; }

    /// <summary>With group_by=project_id: the project.</summary>
    [JsonPropertyName("project_id")]
    public required string? ProjectId { get; init; }

    /// <summary>With group_by=user_id: who created the API key.</summary>
    [JsonPropertyName("user_id")]
    public required string? UserId { get; init; }

    /// <summary>With group_by=api_key_id: the API key.</summary>
    [JsonPropertyName("api_key_id")]
    public required string? ApiKeyId { get; init; }

    /// <summary>With group_by=model: the canonical model.</summary>
    [JsonPropertyName("model")]
    public required string? Model { get; init; }

    /// <summary>Always null: batches are not told apart.</summary>
    [JsonPropertyName("batch")]
    public required bool? Batch { get; init; }

    /// <summary>Always null: tiers are not told apart.</summary>
    [JsonPropertyName("service_tier")]
    public required string? ServiceTier { get; init; }
}

/// <summary>What a group cost.</summary>
internal sealed record OpenAiCost
{
    /// <summary>Always organization.costs.result.</summary>
    [JsonPropertyName("object")]
    public required string Kind { get; init; }

    /// <summary>The cost.</summary>
    [JsonPropertyName("amount")]
    public required OpenAiAmount Amount { get; init; }

    /// <summary>With group_by=line_item: model and pricing rule.</summary>
    [JsonPropertyName("line_item")]
    public required string? LineItem { get; init; }

    /// <summary>With group_by=project_id: the project.</summary>
    [JsonPropertyName("project_id")]
    public required string? ProjectId { get; init; }

    /// <summary>With group_by=api_key_id: the API key.</summary>
    [JsonPropertyName("api_key_id")]
    public required string? ApiKeyId { get; init; }
}

/// <summary>An amount of money.</summary>
internal sealed record OpenAiAmount
{
    /// <summary>Exact, with up to 12 decimals.</summary>
    [JsonPropertyName("value")]
    public required decimal Value { get; init; }

    /// <summary>Always usd.</summary>
    [JsonPropertyName("currency")]
    public required string Currency { get; init; }
}
