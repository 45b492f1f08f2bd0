using System.Text;
using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;

namespace Analytics.DataGen;

/// <summary>When people use a stream of requests.</summary>
internal enum Rhythm
{
    /// <summary>Office hours on weekdays, a little else.</summary>
    Office,

    /// <summary>Evenings and weekends too.</summary>
    Customers,

    /// <summary>One burst a night.</summary>
    Nightly,

    /// <summary>Always the same.</summary>
    Steady,
}

/// <summary>One steady source of requests: who sends them, where they go, how many and how large they are.</summary>
/// <param name="Keys">Dimensions of its rows.</param>
/// <param name="Rhythm">When it is busy.</param>
/// <param name="RequestsPerDay">Mean on a weekday in the first month.</param>
/// <param name="InputTokens">Mean of a request.</param>
/// <param name="OutputTokens">Mean of a request.</param>
/// <param name="CachedPercent">Share of input tokens that the provider had cached.</param>
/// <param name="ReasoningPercent">Share of output tokens that were reasoning.</param>
internal sealed record Stream(UsageKeys Keys, Rhythm Rhythm, long RequestsPerDay, long InputTokens, long OutputTokens, int CachedPercent = 0, int ReasoningPercent = 0);

/// <summary>The demonstration's organisation: a company of forty people that put LLMs into its product.</summary>
internal static class DemoOrganization
{
    public const string Id = "demo";
    public const string Owner = "u_ana";
    public const string Zone = "Europe/Paris";
    public const string NightlyKey = "key_etl";

    /// <summary>Where requests come from.</summary>
    public static IReadOnlyList<Stream> Streams { get; } =
    [
        new(Keys("prj_api", "key_api_prod", "openai/gpt-5.5", "checkout"), Rhythm.Customers, 5_200, 1_450, 320, 35, 20),
        new(Keys("prj_api", "key_api_prod", "azure/gpt-5.5", "checkout"), Rhythm.Customers, 2_100, 1_450, 320, 30, 20),
        new(Keys("prj_api", "key_api_prod", "openai/gpt-5.5-mini", "search"), Rhythm.Customers, 9_800, 620, 90, 20),
        new(Keys("prj_api", "key_api_eu", "mistral/mistral-large-3", "checkout"), Rhythm.Customers, 1_300, 1_300, 280),
        new(Keys("prj_api", "key_api_eu", "google/gemini-3-flash", "search"), Rhythm.Customers, 4_400, 580, 85, 25),
        new(Keys("prj_api", NightlyKey, "openai/gpt-5.5-mini", "prod-etl"), Rhythm.Nightly, 2_600, 7_900, 1_100, 10),
        new(Keys("prj_api", "key_embed", "openai/text-embedding-4", "search", "embedding"), Rhythm.Steady, 14_000, 410, 0),
        new(Keys("prj_support", "key_support", "anthropic/claude-sonnet-5", "helpdesk", agent: "agt_triage"), Rhythm.Customers, 2_400, 3_900, 520, 60, 10),
        new(Keys("prj_support", "key_support", "anthropic/claude-haiku-5", "helpdesk", agent: "agt_triage"), Rhythm.Customers, 6_100, 1_200, 160, 50),
        new(Keys("prj_support", "key_voice", "deepgram/nova-4", "hotline", "speech-to-text"), Rhythm.Office, 480, 2_600, 240),
        new(Keys("prj_support", "key_voice", "openai/gpt-5.5-tts", "hotline", "text-to-speech"), Rhythm.Office, 460, 240, 1_900),
        new(Keys("prj_support", "key_refunds", "bedrock/claude-sonnet-5", "helpdesk", agent: "agt_refunds"), Rhythm.Customers, 700, 5_200, 690, 55, 25),
        new(Keys("prj_chat", "key_chat", "anthropic/claude-sonnet-5", "chat"), Rhythm.Office, 1_700, 2_800, 610, 40, 15),
        new(Keys("prj_chat", "key_chat", "openai/gpt-5.5", "chat"), Rhythm.Office, 1_100, 2_500, 570, 30, 30),
        new(Keys("prj_chat", "key_chat_old", "openai/gpt-4.1", "chat"), Rhythm.Office, 260, 2_100, 480),
        new(Keys("prj_code", "key_ben", "anthropic/claude-opus-5", "claude-code"), Rhythm.Office, 950, 21_000, 1_300, 82, 20),
        new(Keys("prj_code", "key_chloe", "anthropic/claude-sonnet-5", "claude-code"), Rhythm.Office, 1_250, 18_500, 1_150, 80, 15),
        new(Keys("prj_code", "key_dev", "deepseek/deepseek-v4", "ci-review", agent: "agt_review"), Rhythm.Office, 620, 9_400, 900, 20, 45),
        new(Keys("prj_lab", "key_lab", "openai/o5", "notebook"), Rhythm.Office, 90, 6_100, 3_900, 0, 70),
        new(Keys("prj_lab", "key_lab", "groq/llama-5-70b", "notebook"), Rhythm.Office, 310, 1_900, 700),
        new(Keys("prj_lab", "key_images", "openai/gpt-image-2", "notebook", "image-generation"), Rhythm.Office, 60, 180, 4_200),
        new(Keys("prj_lab", "key_intern", "together/qwen-4-72b", "eval"), Rhythm.Nightly, 1_400, 2_700, 640),
        new(Keys("prj_lab", "key_intern", "local/qwen-4-72b", "eval"), Rhythm.Nightly, 900, 2_700, 640),
    ];

    /// <summary>Names, people, keys, models and prices.</summary>
    public static DirectoryDocument Directory() => DirectoryDocument.Parse(Encoding.UTF8.GetBytes(Document));

    private static UsageKeys Keys(string project, string key, string mapping, string app, string serviceType = "text-generation", string agent = "") =>
        new(project, key, mapping, app, serviceType, agent);

    // u_finn left: he is no member any more, and what his keys spent is shown as "Former member". Local models have no price.
    private const string Document =
        """
        {
          "organizations": [ { "id": "demo", "name": "Meridian Goods", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [
            { "id": "u_ana", "name": "Ana Duarte", "email": "ana@meridian.example" },
            { "id": "u_ben", "name": "Ben Okafor", "email": "ben@meridian.example" },
            { "id": "u_chloe", "name": "Chloé Laurent", "email": "chloe@meridian.example" },
            { "id": "u_dev", "name": "Dev Raman", "email": "dev@meridian.example" },
            { "id": "u_emi", "name": "Emi Sato", "email": "emi@meridian.example" },
            { "id": "u_finn", "name": "Finn Lund", "email": "finn@meridian.example" },
            { "id": "u_gus", "name": "Gus Moreau", "email": "gus@meridian.example" }
          ],
          "members": [
            { "organizationId": "demo", "userId": "u_ana", "role": "owner" },
            { "organizationId": "demo", "userId": "u_ben", "role": "admin" },
            { "organizationId": "demo", "userId": "u_chloe", "role": "developer" },
            { "organizationId": "demo", "userId": "u_dev", "role": "developer" },
            { "organizationId": "demo", "userId": "u_emi", "role": "member" },
            { "organizationId": "demo", "userId": "u_gus", "role": "member" }
          ],
          "projects": [
            { "id": "prj_api", "organizationId": "demo", "name": "Production API", "color": "#4e79a7" },
            { "id": "prj_support", "organizationId": "demo", "name": "Support Desk", "color": "#f28e2b" },
            { "id": "prj_chat", "organizationId": "demo", "name": "Internal Chatbot", "color": "#59a14f" },
            { "id": "prj_code", "organizationId": "demo", "name": "Engineering", "color": "#b07aa1" },
            { "id": "prj_lab", "organizationId": "demo", "name": "Research and Evals", "color": "#e15759" }
          ],
          "apiKeys": [
            { "id": "key_api_prod", "organizationId": "demo", "projectId": "prj_api", "description": "prod-api", "createdBy": "u_ben" },
            { "id": "key_api_eu", "organizationId": "demo", "projectId": "prj_api", "description": "prod-api-eu", "createdBy": "u_ben" },
            { "id": "key_etl", "organizationId": "demo", "projectId": "prj_api", "description": "prod-etl", "createdBy": "u_dev" },
            { "id": "key_embed", "organizationId": "demo", "projectId": "prj_api", "description": "search-index", "createdBy": "u_dev" },
            { "id": "key_support", "organizationId": "demo", "projectId": "prj_support", "description": "helpdesk", "createdBy": "u_emi" },
            { "id": "key_voice", "organizationId": "demo", "projectId": "prj_support", "description": "hotline", "createdBy": "u_emi" },
            { "id": "key_refunds", "organizationId": "demo", "projectId": "prj_support", "description": "refund-agent" },
            { "id": "key_chat", "organizationId": "demo", "projectId": "prj_chat", "description": "chat", "createdBy": "u_ana" },
            { "id": "key_chat_old", "organizationId": "demo", "projectId": "prj_chat", "description": "chat-2025", "createdBy": "u_finn", "deleted": true },
            { "id": "key_ben", "organizationId": "demo", "projectId": "prj_code", "description": "ben-laptop", "createdBy": "u_ben" },
            { "id": "key_chloe", "organizationId": "demo", "projectId": "prj_code", "description": "chloe-laptop", "createdBy": "u_chloe" },
            { "id": "key_dev", "organizationId": "demo", "projectId": "prj_code", "description": "ci-review", "createdBy": "u_dev" },
            { "id": "key_lab", "organizationId": "demo", "projectId": "prj_lab", "description": "lab-notebooks", "createdBy": "u_chloe" },
            { "id": "key_images", "organizationId": "demo", "projectId": "prj_lab", "description": "image-lab", "createdBy": "u_chloe" },
            { "id": "key_intern", "organizationId": "demo", "projectId": "prj_lab", "description": "evals", "createdBy": "u_finn" }
          ],
          "agents": [
            { "id": "agt_triage", "organizationId": "demo", "projectId": "prj_support", "name": "Triage" },
            { "id": "agt_refunds", "organizationId": "demo", "projectId": "prj_support", "name": "Refunds" },
            { "id": "agt_review", "organizationId": "demo", "projectId": "prj_code", "name": "Code Review" }
          ],
          "models": [
            { "organizationId": "demo", "mapping": "openai/gpt-5.5", "model": "gpt-5.5", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.125" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] },
            { "organizationId": "demo", "mapping": "azure/gpt-5.5", "model": "gpt-5.5", "provider": "azure", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.375" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.1375" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "11" } ] },
            { "organizationId": "demo", "mapping": "openai/gpt-5.5-mini", "model": "gpt-5.5-mini", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.25" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.025" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "2" } ] },
            { "organizationId": "demo", "mapping": "openai/gpt-4.1", "model": "gpt-4.1", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "2" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "8" } ] },
            { "organizationId": "demo", "mapping": "openai/o5", "model": "o5", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "15" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "60" } ] },
            { "organizationId": "demo", "mapping": "openai/text-embedding-4", "model": "text-embedding-4", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.01875" } ] },
            { "organizationId": "demo", "mapping": "openai/gpt-5.5-tts", "model": "gpt-5.5-tts", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.6" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "12" } ] },
            { "organizationId": "demo", "mapping": "openai/gpt-image-2", "model": "gpt-image-2", "provider": "openai", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "5" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "40" } ] },
            { "organizationId": "demo", "mapping": "anthropic/claude-sonnet-5", "model": "claude-sonnet-5", "provider": "anthropic", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "3" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.3" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "15" } ] },
            { "organizationId": "demo", "mapping": "bedrock/claude-sonnet-5", "model": "claude-sonnet-5", "provider": "bedrock", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "3" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.3" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "15" } ] },
            { "organizationId": "demo", "mapping": "anthropic/claude-haiku-5", "model": "claude-haiku-5", "provider": "anthropic", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.1" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "5" } ] },
            { "organizationId": "demo", "mapping": "anthropic/claude-opus-5", "model": "claude-opus-5", "provider": "anthropic", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "5" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.5" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "25" } ] },
            { "organizationId": "demo", "mapping": "google/gemini-3-flash", "model": "gemini-3-flash", "provider": "google", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.15" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.0375" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "1.25" } ] },
            { "organizationId": "demo", "mapping": "mistral/mistral-large-3", "model": "mistral-large-3", "provider": "mistral", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "2" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "6" } ] },
            { "organizationId": "demo", "mapping": "deepgram/nova-4", "model": "nova-4", "provider": "deepgram", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.8" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "0" } ] },
            { "organizationId": "demo", "mapping": "deepseek/deepseek-v4", "model": "deepseek-v4", "provider": "deepseek", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.28" }, { "rule": "cached_input_tokens", "unit": "token", "usdPerMillion": "0.028" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "0.42" } ] },
            { "organizationId": "demo", "mapping": "groq/llama-5-70b", "model": "llama-5-70b", "provider": "groq", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.59" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "0.79" } ] },
            { "organizationId": "demo", "mapping": "together/qwen-4-72b", "model": "qwen-4-72b", "provider": "together", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "0.9" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "0.9" } ] },
            { "organizationId": "demo", "mapping": "local/qwen-4-72b", "model": "qwen-4-72b", "provider": "local" }
          ]
        }
        """;
}
