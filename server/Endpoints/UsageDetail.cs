using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;

namespace Analytics.Server.Endpoints;

/// <summary>What the details of a project, an API key and an agent have in common: a summary, a ranking and a series by model.</summary>
internal static class UsageDetail
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted =
    [
        QueryParameter.Models, QueryParameter.Bucket, QueryParameter.Top, QueryParameter.RankBy, QueryParameter.Compare, QueryParameter.Fields,
    ];

    /// <summary>Answers with one thing's usage.</summary>
    /// <param name="question">The question.</param>
    /// <param name="name">What it is, as a property: project, say.</param>
    /// <param name="own">Its rows.</param>
    /// <param name="unknown">The problem where there is no such thing; null where there is.</param>
    /// <param name="profile">Writes what is known of it.</param>
    public static async Task AnswerAsync(Question question, string name, Predicate own, Problem? unknown, Action<JsonText> profile)
    {
        var request = question.Request;
        var query = new UsageQuery(request.From, request.To, request.Zone, SeriesParameters.Bucket(request), SeriesParameters.Models(request))
        {
            Predicates = [own],
            RankBy = SeriesParameters.RankBy(request),
            Top = request.Count(QueryParameter.Top),
            Compare = SeriesParameters.Compare(request),
        };
        var fields = request.Metrics(QueryParameter.Fields);
        if ((request.Problem ?? unknown) is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var usage = await question.RunAsync(query);
        await question.AnswerAsync(async json =>
        {
            json.Text.Text("models", query.GroupBy == Dimension.Model ? "canonical" : "mapping");
            json.Text.Text("bucket", request.Choice(QueryParameter.Bucket));
            json.Range(usage.Plan);
            json.Text.StartObject(name);
            profile(json.Text);
            json.Text.EndObject();
            json.Totals(usage, "summary");
            await json.RankingAsync("costByModel", usage, question.Cancellation);
            await json.BucketsAsync("activity", usage, fields, question.Cancellation);
        }, () => BucketRows.Of(usage, fields));
    }
}
