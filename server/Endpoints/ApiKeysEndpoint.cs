using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
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
        await question.AnswerAsync(async json =>
        {
            json.Range(usage.Plan);
            json.Text.StartArray("apiKeys");
            foreach (var (apiKeyId, _, sums) in UsageList.Of(usage, Dimension.ApiKey, known, names))
            {
                json.Text.StartObject();
                ApiKey(json.Text, question, names, apiKeyId);
                json.Metrics(sums);
                json.Text.EndObject();
                if (json.Text.HasPiece)
                {
                    await json.Text.SendAsync(question.Cancellation);
                }
            }

            json.Text.EndArray();
            json.Totals(usage);
        });
    }

    public static Task Detail(Question question)
    {
        var apiKeyId = PathId.Of(question.Context);
        var unknown = question.Directory.ApiKeys.ContainsKey(apiKeyId) ? null : Problem.Unknown("API key", apiKeyId);
        return UsageDetail.AnswerAsync(question, "apiKey", new Predicate(Dimension.ApiKey, [apiKeyId]), unknown, text =>
            ApiKey(text, question, new DirectoryNames(question.Directory), apiKeyId));
    }

    private static void ApiKey(JsonText text, Question question, DirectoryNames names, string apiKeyId)
    {
        var key = question.Directory.ApiKeys.GetValueOrDefault(apiKeyId);
        var name = names.NameOf(Dimension.ApiKey, apiKeyId);
        text.Text("apiKeyId", apiKeyId);
        text.Text("description", name.Label);
        text.Text("projectId", key?.ProjectId);
        text.Text("project", key?.ProjectId is { } projectId ? names.NameOf(Dimension.Project, projectId).Label : null);
        text.Text("createdBy", key?.CreatedBy);
        text.Text("creator", names.NameOf(Dimension.Member, key?.CreatedBy ?? string.Empty).Label);
        if (name.IsDeleted)
        {
            text.Flag("deleted", true);
        }
    }
}
