using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Analytics.Server.Compatibility;

/// <summary>A page of days in LiteLLM's shape.</summary>
internal sealed record LiteLlmPage
{
    /// <summary>Days with usage, the latest first.</summary>
    [JsonPropertyName("results")]
    public required IReadOnlyList<LiteLlmDay> Results { get; init; }

    /// <summary>Sums of the page, and where it stands.</summary>
    [JsonPropertyName("metadata")]
    public required LiteLlmMetadata Metadata { get; init; }
}

/// <summary>One day.</summary>
internal sealed record LiteLlmDay
{
    /// <summary>YYYY-MM-DD.</summary>
    [JsonPropertyName("date")]
    public required string Date { get; init; }

    /// <summary>Sums of the day.</summary>
    [JsonPropertyName("metrics")]
    public required LiteLlmMetrics Metrics { get; init; }

    /// <summary>The day by model, provider and API key.</summary>
    [JsonPropertyName("breakdown")]
    public required LiteLlmBreakdown Breakdown { get; init; }
}

/// <summary>What usage adds up to.</summary>
internal sealed record LiteLlmMetrics
{
    /// <summary>US dollars, exact.</summary>
    [JsonPropertyName("spend")]
    public required decimal Spend { get; init; }

    /// <summary>Tokens of prompts, with cache reads and cache writes.</summary>
    [JsonPropertyName("prompt_tokens")]
    public required long PromptTokens { get; init; }

    /// <summary>Tokens of answers, with reasoning.</summary>
    [JsonPropertyName("completion_tokens")]
    public required long CompletionTokens { get; init; }

    /// <summary>The part of prompt_tokens that was read from a cache.</summary>
    [JsonPropertyName("cache_read_input_tokens")]
    public required long CacheReadInputTokens { get; init; }

    /// <summary>The part of prompt_tokens that was written to a cache.</summary>
    [JsonPropertyName("cache_creation_input_tokens")]
    public required long CacheCreationInputTokens { get; init; }

    /// <summary>prompt_tokens + completion_tokens.</summary>
    [JsonPropertyName("total_tokens")]
    public required long TotalTokens { get; init; }

    /// <summary>Requests that did not fail.</summary>
    [JsonPropertyName("successful_requests")]
    public required long SuccessfulRequests { get; init; }

    /// <summary>Requests that failed, by whoever's fault.</summary>
    [JsonPropertyName("failed_requests")]
    public required long FailedRequests { get; init; }

    /// <summary>Requests.</summary>
    [JsonPropertyName("api_requests")]
    public required long ApiRequests { get; init; }
}

/// <summary>A day by its parts; what has no key is under the empty name.</summary>
internal sealed record LiteLlmBreakdown
{
    /// <summary>Always empty.</summary>
    [JsonPropertyName("mcp_servers")]
    public required IReadOnlyDictionary<string, LiteLlmPart> McpServers { get; init; }

    /// <summary>By mapping.</summary>
    [JsonPropertyName("models")]
    public required IReadOnlyDictionary<string, LiteLlmPart> Models { get; init; }

    /// <summary>By canonical model.</summary>
    [JsonPropertyName("model_groups")]
    public required IReadOnlyDictionary<string, LiteLlmPart> ModelGroups { get; init; }

    /// <summary>By provider.</summary>
    [JsonPropertyName("providers")]
    public required IReadOnlyDictionary<string, LiteLlmPart> Providers { get; init; }

    /// <summary>Always empty.</summary>
    [JsonPropertyName("endpoints")]
    public required IReadOnlyDictionary<string, LiteLlmPart> Endpoints { get; init; }

    /// <summary>By API key.</summary>
    [JsonPropertyName("api_keys")]
    public required IReadOnlyDictionary<string, LiteLlmKey> ApiKeys { get; init; }

    /// <summary>Always empty.</summary>
    [JsonPropertyName("entities")]
    public required IReadOnlyDictionary<string, LiteLlmPart> Entities { get; init; }
}

/// <summary>One part of a day.</summary>
internal sealed record LiteLlmPart
{
    /// <summary>Its sums.</summary>
    [JsonPropertyName("metrics")]
    public required LiteLlmMetrics Metrics { get; init; }

    /// <summary>Always empty.</summary>
    [JsonPropertyName("metadata")]
    public required JsonObject Metadata { get; init; }

    /// <summary>The part by API key.</summary>
    [JsonPropertyName("api_key_breakdown")]
    public required IReadOnlyDictionary<string, LiteLlmKey> ApiKeyBreakdown { get; init; }
}

/// <summary>One API key's part.</summary>
internal sealed record LiteLlmKey
{
    /// <summary>Its sums.</summary>
    [JsonPropertyName("metrics")]
    public required LiteLlmMetrics Metrics { get; init; }

    /// <summary>What it is called, and whose it is.</summary>
    [JsonPropertyName("metadata")]
    public required LiteLlmKeyMetadata Metadata { get; init; }
}

/// <summary>What an API key is called, and whose it is.</summary>
internal sealed record LiteLlmKeyMetadata
{
    /// <summary>Its description; null for usage without a key.</summary>
    [JsonPropertyName("key_alias")]
    public required string? KeyAlias { get; init; }

    /// <summary>Its project; null where it is of none.</summary>
    [JsonPropertyName("team_id")]
    public required string? TeamId { get; init; }
}

/// <summary>Sums of a page, and where it stands.</summary>
internal sealed record LiteLlmMetadata
{
    /// <summary>US dollars, exact.</summary>
    [JsonPropertyName("total_spend")]
    public required decimal TotalSpend { get; init; }

    /// <summary>Tokens of prompts.</summary>
    [JsonPropertyName("total_prompt_tokens")]
    public required long TotalPromptTokens { get; init; }

    /// <summary>Tokens of answers.</summary>
    [JsonPropertyName("total_completion_tokens")]
    public required long TotalCompletionTokens { get; init; }

    /// <summary>Both.</summary>
    [JsonPropertyName("total_tokens")]
    public required long TotalTokens { get; init; }

    /// <summary>Requests.</summary>
    [JsonPropertyName("total_api_requests")]
    public required long TotalApiRequests { get; init; }

    /// <summary>Requests that did not fail.</summary>
    [JsonPropertyName("total_successful_requests")]
    public required long TotalSuccessfulRequests { get; init; }

    /// <summary>Requests that failed.</summary>
    [JsonPropertyName("total_failed_requests")]
    public required long TotalFailedRequests { get; init; }

    /// <summary>Tokens read from a cache.</summary>
    [JsonPropertyName("total_cache_read_input_tokens")]
    public required long TotalCacheReadInputTokens { get; init; }

    /// <summary>Tokens written to a cache.</summary>
    [JsonPropertyName("total_cache_creation_input_tokens")]
    public required long TotalCacheCreationInputTokens { get; init; }

    /// <summary>Which page, from 1.</summary>
    [JsonPropertyName("page")]
    public required int Page { get; init; }

    /// <summary>Pages of this size.</summary>
    [JsonPropertyName("total_pages")]
    public required int TotalPages { get; init; }

    /// <summary>Whether there is a page after this one.</summary>
    [JsonPropertyName("has_more")]
    public required bool HasMore { get; init; }
}
