using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage;
using Analytics.Storage.Directory;

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
        var keys = await KeyCounts.ByAsync(question, key => key.CreatedBy);
        var names = new DirectoryNames(question.Directory);
        var known = question.Directory.Members.Keys.Where(userId => SeriesParameters.Accepts(question.Request, Dimension.Member, userId));
        var members = UsageList.Of(usage, Dimension.Member, known, names)
            .Select(row => new MemberRow(row.Key, row.Name.Label, question.Directory.Members.GetValueOrDefault(row.Key), keys.GetValueOrDefault(row.Key), row.Sums))
            .ToList();
        await UsageList.AnswerAsync(
            question,
            usage,
            "members",
            members,
            Member,
            member => member.Sums,
            LongColumn<MemberRow>.Text("userId", member => member.UserId),
            LongColumn<MemberRow>.Text("name", member => member.Name),
            LongColumn<MemberRow>.OptionalText("email", member => member.Entry?.Email),
            LongColumn<MemberRow>.OptionalText("role", member => member.Entry?.Role),
            LongColumn<MemberRow>.Count("apiKeyCount", member => member.Keys.Created),
            LongColumn<MemberRow>.Count("activeApiKeyCount", member => member.Keys.Active));
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
        var keys = await KeyCounts.ByAsync(question, key => key.CreatedBy);
        var name = new DirectoryNames(question.Directory).NameOf(Dimension.Member, userId).Label;
        var member = new MemberRow(userId, name, question.Directory.Members[userId], keys.GetValueOrDefault(userId), byModel.Totals);
        await question.AnswerAsync(async json =>
        {
            json.Range(byModel.Plan);
            json.Text.StartObject("member");
            Member(json.Text, member);
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
        }, () => BucketRows.Of(byModel, Metric.All));
    }

    /// <summary>The label of the group with most requests; of equals the first in the ranking. Null without usage.</summary>
    private static string? MostUsed(QueryResult result) => result.Ranking
        .OrderByDescending(group => group.Sums[Measure.RequestCount])
        .Select(group => result.Groups.Label(group.Code))
        .FirstOrDefault();

    private static void Member(JsonText text, MemberRow member)
    {
        text.Text("userId", member.UserId);
        text.Text("name", member.Name);
        text.Text("email", member.Entry?.Email);
        text.Text("role", member.Entry?.Role);
        text.Integer("apiKeyCount", member.Keys.Created);
        text.Integer("activeApiKeyCount", member.Keys.Active);
    }

    private sealed record MemberRow(string UserId, string Name, DirectoryMember? Entry, KeyCounts Keys, UsageSums Sums);
}
