namespace Analytics.Server.Contracts;

/// <content>Usage in the shape of other systems.</content>
internal static partial class Samples
{
    public const string OpenAiCompletions =
        """
        { "object": "page", "data": [
            { "object": "bucket", "start_time": 1782259200, "end_time": 1782345600, "results": [
              { "object": "organization.usage.completions.result", "input_tokens": 300, "output_tokens": 30, "input_cached_tokens": 100, "input_cache_write_tokens": 0, "input_audio_tokens": 0, "output_audio_tokens": 0, "num_model_requests": 3, "project_id": null, "user_id": null, "api_key_id": null, "model": "gpt-5.5", "batch": null, "service_tier": null } ] } ],
          "has_more": false, "next_page": null }
        """;

    public const string OpenAiCosts =
        """
        { "object": "page", "data": [
            { "object": "bucket", "start_time": 1782259200, "end_time": 1782345600, "results": [
              { "object": "organization.costs.result", "amount": { "value": 4, "currency": "usd" }, "line_item": "gpt-5.5, input_tokens", "project_id": null, "api_key_id": null } ] } ],
          "has_more": false, "next_page": null }
        """;

    private const string LiteLlmMetrics =
        """
        { "spend": 4, "prompt_tokens": 300, "completion_tokens": 30, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "total_tokens": 330, "successful_requests": 2, "failed_requests": 1, "api_requests": 3 }
        """;

    private const string LiteLlmKey =
        $$"""
        { "key_1": { "metrics": {{LiteLlmMetrics}}, "metadata": { "key_alias": "prod-etl", "team_id": "prj_1" } } }
        """;

    private const string LiteLlmPart =
        $$"""
        { "metrics": {{LiteLlmMetrics}}, "metadata": {}, "api_key_breakdown": {{LiteLlmKey}} }
        """;

    public const string LiteLlmActivity =
        $$"""
        {
          "results": [
            { "date": "2026-06-24", "metrics": {{LiteLlmMetrics}},
              "breakdown": {
                "mcp_servers": {}, "models": { "azure/gpt-5.5": {{LiteLlmPart}} }, "model_groups": { "gpt-5.5": {{LiteLlmPart}} },
                "providers": { "azure": {{LiteLlmPart}} }, "endpoints": {}, "api_keys": {{LiteLlmKey}}, "entities": {} } } ],
          "metadata": { "total_spend": 4, "total_prompt_tokens": 300, "total_completion_tokens": 30, "total_tokens": 330, "total_api_requests": 3, "total_successful_requests": 2, "total_failed_requests": 1, "total_cache_read_input_tokens": 0, "total_cache_creation_input_tokens": 0, "page": 1, "total_pages": 1, "has_more": false }
        }
        """;
}
