using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/members</c>, <c>/analytics/members/{userId}</c> and <c>/analytics/me</c>: usage by whoever created the API key.</summary>
internal static class MembersEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [];

    public static async Task List(Question question)
    {
        if (question.Request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var usage = await question.RunAsync(BucketSize.Range, Dimension.Member);
        var keys = await KeyCountsAsync(question);
        var names = new DirectoryNames(question.Directory);
        var known = question.Directory.Members.Keys.Where(userId => SeriesParameters.Accepts(question.Request, Dimension.Member, userId));
        await question.AnswerAsync(async json =>
        {
            json.Range(usage.Plan);
            json.Text.StartArray("members");
            foreach (var (userId, _, sums) in UsageList.Of(usage, Dimension.Member, known, names))
            {
                json.Text.StartObject();
                Member(json, question, names, userId, keys);
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
        var userId = PathId.Of(question.Context);
        return DetailAsync(question, userId, question.Directory.Members.ContainsKey(userId) ? null : Problem.UnknownUser(userId));
    }

    /// <summary>Answers <c>GET /analytics/me</c>: the same for the caller, of any role, on any plan.</summary>
    public static Task Me(Question question) => DetailAsync(question, question.Caller.UserId, unknown: null);

    private static async Task DetailAsync(Question question, string userId, Problem? unknown)
    {
        if ((question.Request.Problem ?? unknown) is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var own = new Predicate(Dimension.Member, [userId]);
        using var byModel = await question.RunAsync(BucketSize.Day, Dimension.Model, own);
        using var byProvider = await question.RunAsync(BucketSize.Range, Dimension.Provider, own);
        using var byApp = await question.RunAsync(BucketSize.Range, Dimension.App, own);
        var keys = await KeyCountsAsync(question);
        await question.AnswerAsync(async json =>
        {
            json.Range(byModel.Plan);
            json.Text.StartObject("member");
            Member(json, question, new DirectoryNames(question.Directory), userId, keys);
            json.Text.EndObject();
            json.Text.StartObject("summary");
            json.Metrics(byModel.Totals);
            json.Text.EndObject();
            json.Text.StartObject("mostUsed");
            json.Text.Text("model", MostUsed(byModel));
            json.Text.Text("provider", MostUsed(byProvider));
            json.Text.Text("app", MostUsed(byApp));
            json.Text.EndObject();
            await json.RankingAsync("costByModel", byModel, question.Cancellation);
            await json.RankingAsync("topProviders", byProvider, question.Cancellation);
            await json.RankingAsync("topApps", byApp, question.Cancellation);
            await json.BucketsAsync("activity", byModel, Metric.Headline, question.Cancellation);
        });
    }

    /// <summary>The label of the group with most requests; of equals the first in the ranking. Null without usage.</summary>
    private static string? MostUsed(QueryResult result) => result.Ranking
        .OrderByDescending(group => group.Sums[Measure.RequestCount])
        .Select(group => result.Groups.Label(group.Code))
        .FirstOrDefault();

    /// <summary>By creator: API keys that are not deleted, and those used in the range.</summary>
    private static async Task<Dictionary<string, (int Created, int Active)>> KeyCountsAsync(Question question)
    {
        Dictionary<string, (int Created, int Active)> counts = new(StringComparer.Ordinal);
        foreach (var key in question.Directory.ApiKeys.Values.Where(key => !key.Deleted))
        {
            var (created, active) = counts.GetValueOrDefault(key.CreatedBy ?? string.Empty);
            counts[key.CreatedBy ?? string.Empty] = (created + 1, active);
        }

        using var usage = await question.RunAsync(BucketSize.Range, Dimension.ApiKey);
        foreach (var (code, sums) in usage.Ranking)
        {
            // Rows without a key are usage, but not of a key.
            if (usage.Groups.Key(code).Length > 0 && sums[Measure.RequestCount] > 0)
            {
                var creator = question.Directory.ApiKeys.GetValueOrDefault(usage.Groups.Key(code))?.CreatedBy ?? string.Empty;
                var (created, active) = counts.GetValueOrDefault(creator);
                counts[creator] = (created, active + 1);
            }
        }

        return counts;
    }

    private static void Member(UsageJson json, Question question, DirectoryNames names, string userId, Dictionary<string, (int Created, int Active)> keys)
    {
        var member = question.Directory.Members.GetValueOrDefault(userId);
        json.Text.Text("userId", userId);
        json.Text.Text("name", names.NameOf(Dimension.Member, userId).Label);
        json.Text.Text("email", member?.Email);
        json.Text.Text("role", member?.Role);
        json.Text.Integer("apiKeyCount", keys.GetValueOrDefault(userId).Created);
        json.Text.Integer("activeApiKeyCount", keys.GetValueOrDefault(userId).Active);
    }
}
