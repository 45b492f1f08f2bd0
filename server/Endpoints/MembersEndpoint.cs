using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/members</c> and <c>/analytics/members/{userId}</c>: usage by whoever created the API key.</summary>
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

        var usage = question.Run(BucketSize.Range, Dimension.Member);
        var keys = KeyCounts(question);
        var members = usage.Ranking
            .ToDictionary(group => usage.Groups.Key(group.Code), group => group.Sums, StringComparer.Ordinal);
        foreach (var userId in question.Directory.Members.Keys)
        {
            members.TryAdd(userId, default);
        }

        var names = new DirectoryNames(question.Directory);
        var ordered = members
            .Select(member => (UserId: member.Key, Label: names.NameOf(Dimension.Member, member.Key).Label, Sums: member.Value))
            .OrderByDescending(member => member.Sums[Measure.Cost])
            .ThenByDescending(member => member.Sums[Measure.RequestCount])
            .ThenBy(member => member.Label, StringComparer.Ordinal)
            .ThenBy(member => member.UserId, StringComparer.Ordinal);
        await question.AnswerAsync(json =>
        {
            json.Range(usage.Plan);
            json.Writer.WriteStartArray("members");
            foreach (var (userId, _, sums) in ordered)
            {
                json.Writer.WriteStartObject();
                Member(json, question, names, userId, keys);
                json.Metrics(sums);
                json.Writer.WriteEndObject();
            }

            json.Writer.WriteEndArray();
            json.Writer.WriteStartObject("totals");
            json.Metrics(usage.Totals);
            json.Writer.WriteEndObject();
            return Task.CompletedTask;
        });
    }

    public static async Task Detail(Question question)
    {
        var userId = UserId(question.Context);
        var problem = question.Request.Problem ?? (question.Directory.Members.ContainsKey(userId) ? null : Problem.UnknownUser(userId));
        if (problem is not null)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var own = new Predicate(Dimension.Member, [userId]);
        var byModel = question.Run(BucketSize.Day, Dimension.Model, own);
        var byProvider = question.Run(BucketSize.Range, Dimension.Provider, own);
        var byApp = question.Run(BucketSize.Range, Dimension.App, own);
        await question.AnswerAsync(async json =>
        {
            json.Range(byModel.Plan);
            json.Writer.WriteStartObject("member");
            Member(json, question, new DirectoryNames(question.Directory), userId, KeyCounts(question));
            json.Writer.WriteEndObject();
            json.Writer.WriteStartObject("summary");
            json.Metrics(byModel.Totals);
            json.Writer.WriteEndObject();
            json.Writer.WriteStartObject("mostUsed");
            json.Writer.WriteString("model", MostUsed(byModel));
            json.Writer.WriteString("provider", MostUsed(byProvider));
            json.Writer.WriteString("app", MostUsed(byApp));
            json.Writer.WriteEndObject();
            json.Ranking("costByModel", byModel);
            json.Ranking("topProviders", byProvider);
            json.Ranking("topApps", byApp);
            await json.BucketsAsync("activity", byModel, Metric.Headline, question.Cancellation);
        });
    }

    /// <summary>The id in the path. Routing leaves an encoded slash as it is, so the path as it was sent is decoded here.</summary>
    private static string UserId(HttpContext context)
    {
        var path = context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }

    /// <summary>The label of the group with most requests; of equals the first in the ranking. Null without usage.</summary>
    private static string? MostUsed(QueryResult result) => result.Ranking
        .OrderByDescending(group => group.Sums[Measure.RequestCount])
        .Select(group => result.Groups.Label(group.Code))
        .FirstOrDefault();

    /// <summary>By creator: API keys that are not deleted, and those used in the range.</summary>
    private static Dictionary<string, (int Created, int Active)> KeyCounts(Question question)
    {
        Dictionary<string, (int Created, int Active)> counts = new(StringComparer.Ordinal);
        foreach (var key in question.Directory.ApiKeys.Values.Where(key => !key.Deleted))
        {
            var (created, active) = counts.GetValueOrDefault(key.CreatedBy ?? string.Empty);
            counts[key.CreatedBy ?? string.Empty] = (created + 1, active);
        }

        var usage = question.Run(BucketSize.Range, Dimension.ApiKey);
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
        json.Writer.WriteString("userId", userId);
        json.Writer.WriteString("name", names.NameOf(Dimension.Member, userId).Label);
        json.Writer.WriteString("email", member?.Email);
        json.Writer.WriteString("role", member?.Role);
        json.Writer.WriteNumber("apiKeyCount", keys.GetValueOrDefault(userId).Created);
        json.Writer.WriteNumber("activeApiKeyCount", keys.GetValueOrDefault(userId).Active);
    }
}
