using Analytics.Server.Contracts;

namespace Analytics.Server.Compatibility;

/// <summary>The endpoints in the shape of other systems.</summary>
internal static class CompatibleReading
{
    /// <summary>Maps them.</summary>
    /// <param name="app">The server.</param>
    public static void MapCompatibleReading(this WebApplication app)
    {
        app.MapCompatible("/v1/organization/usage/completions", CompatibleEndpoint.WithBrackets(OpenAiUsage.CompletionsAccepted), OpenAiUsage.Completions)
            .Describe<OpenAiPage<OpenAiCompletions>>("openAiCompletions", "Tokens and requests in the shape of OpenAI's usage API, of all providers. Owners and admins, Enterprise plan.", OpenAiUsage.CompletionsAccepted, Samples.OpenAiCompletions, ofOrganization: false);
        app.MapCompatible("/v1/organization/costs", CompatibleEndpoint.WithBrackets(OpenAiUsage.CostsAccepted), OpenAiUsage.Costs)
            .Describe<OpenAiPage<OpenAiCost>>("openAiCosts", "Costs in the shape of OpenAI's costs API, of all providers. Owners and admins, Enterprise plan.", OpenAiUsage.CostsAccepted, Samples.OpenAiCosts, ofOrganization: false);
        app.MapCompatible("/user/daily/activity", LiteLlmActivity.Accepted, LiteLlmActivity.Handle)
            .Describe<LiteLlmPage>("liteLlmActivity", "Days with usage in the shape of LiteLLM's. Owners and admins, Enterprise plan.", LiteLlmActivity.Accepted, Samples.LiteLlmActivity, ofOrganization: false);
    }
}
