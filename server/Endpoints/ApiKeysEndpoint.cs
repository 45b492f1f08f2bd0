using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/api-keys</c> and <c>/analytics/api-keys/{apiKeyId}</c>: for every member, on every plan.</summary>
internal static class ApiKeysEndpoint
{
    /// <summary>Parameters of the list besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [];

    public static async Task List(Question question)
    {
        if (question.Request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var usage = await question.RunAsync(BucketSize.Range, Dimension.ApiKey);
        var names = new DirectoryNames(question.Directory);
        var known = question.Directory.ApiKeys.Values
            .Where(key => !key.Deleted
                && SeriesParameters.Accepts(question.Request, Dimension.ApiKey, key.Id)
                && SeriesParameters.Accepts(question.Request, Dimension.Project, key.ProjectId ?? string.Empty)
                && SeriesParameters.Accepts(question.Request, Dimension.Member, key.CreatedBy ?? string.Empty))
            .Select(key => key.Id);
        var apiKeys = UsageList.Of(usage, Dimension.ApiKey, known, names).Select(row => ApiKeyRow.Of(question, names, row.Key, row.Sums)).ToList();
        await UsageList.AnswerAsync(
            question,
            usage,
            "apiKeys",
            apiKeys,
            ApiKey,
            apiKey => apiKey.Sums,
            LongColumn<ApiKeyRow>.Text("apiKeyId", apiKey => apiKey.ApiKeyId),
            LongColumn<ApiKeyRow>.Text("description", apiKey => apiKey.Name.Label),
            LongColumn<ApiKeyRow>.OptionalText("projectId", apiKey => apiKey.ProjectId),
            LongColumn<ApiKeyRow>.OptionalText("project", apiKey => apiKey.Project),
            LongColumn<ApiKeyRow>.OptionalText("createdBy", apiKey => apiKey.CreatedBy),
            LongColumn<ApiKeyRow>.Text("creator", apiKey => apiKey.Creator),
            LongColumn<ApiKeyRow>.Flag("deleted", apiKey => apiKey.Name.IsDeleted));
    }

    public static Task Detail(Question question)
    {
        var apiKeyId = PathId.Of(question.Context);
        var unknown = question.Directory.ApiKeys.ContainsKey(apiKeyId) ? null : Problem.Unknown("API key", apiKeyId);
        return UsageDetail.AnswerAsync(question, "apiKey", new Predicate(Dimension.ApiKey, [apiKeyId]), unknown, text =>
            ApiKey(text, ApiKeyRow.Of(question, new DirectoryNames(question.Directory), apiKeyId, default)));
    }

    private static void ApiKey(JsonText text, ApiKeyRow apiKey)
    {
        text.Text("apiKeyId", apiKey.ApiKeyId);
        text.Text("description", apiKey.Name.Label);
        text.Text("projectId", apiKey.ProjectId);
        text.Text("project", apiKey.Project);
        text.Text("createdBy", apiKey.CreatedBy);
        text.Text("creator", apiKey.Creator);
        if (apiKey.Name.IsDeleted)
        {
            text.Flag("deleted", true);
        }
    }

    private sealed record ApiKeyRow(string ApiKeyId, Name Name, string? ProjectId, string? Project, string? CreatedBy, string Creator, UsageSums Sums)
    {
        public static ApiKeyRow Of(Question question, DirectoryNames names, string apiKeyId, UsageSums sums)
        {
            var key = question.Directory.ApiKeys.GetValueOrDefault(apiKeyId);
            return new ApiKeyRow(
                apiKeyId,
                names.NameOf(Dimension.ApiKey, apiKeyId),
                key?.ProjectId,
                key?.ProjectId is { } projectId ? names.NameOf(Dimension.Project, projectId).Label : null,
                key?.CreatedBy,
                names.NameOf(Dimension.Member, key?.CreatedBy ?? string.Empty).Label,
                sums);
        }
    }
}
