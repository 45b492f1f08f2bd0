using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/activity</c>: a range by bucket, each broken down by one dimension, and the range's ranking.</summary>
internal static class ActivityEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted =
    [
        QueryParameter.GroupBy, QueryParameter.Bucket, QueryParameter.Top, QueryParameter.RankBy, QueryParameter.Compare, QueryParameter.Fields, QueryParameter.Explain,
    ];

    public static async Task Handle(Question question)
    {
        var request = question.Request;
        var (groupBy, thenBy) = GroupBy(request);
        var query = new UsageQuery(request.From, request.To, request.Zone, SeriesParameters.Bucket(request), groupBy)
        {
            ThenBy = thenBy,
            RankBy = SeriesParameters.RankBy(request),
            Top = request.Count(QueryParameter.Top),
            Compare = SeriesParameters.Compare(request),
        };
        var fields = request.Metrics(QueryParameter.Fields);
        var isExplained = request.Choice(QueryParameter.Explain) == "plan";
        if (isExplained && !question.IsOwner)
        {
            await ProblemResponse.WriteAsync(question.Context, Problem.RoleRequired(["owner"]));
            return;
        }

        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var result = await question.RunAsync(query);
        var bucket = request.Choice(QueryParameter.Bucket);
        var groups = string.Join(',', NamesOf(groupBy, thenBy));
        await question.AnswerAsync(async json =>
        {
            json.Text.Text("groupBy", groups);
            json.Text.Text("bucket", bucket);
            json.Range(result.Plan);
            json.Totals(result);
            if (isExplained)
            {
                json.Text.Text("plan", result.Plan.ToString());
            }

            await json.BucketsAsync("activity", result, fields, question.Cancellation);
            await json.RankingAsync("ranking", result, question.Cancellation);
        }, () => BucketRows.Of(result, fields, new Dictionary<string, string> { ["groupBy"] = groups, ["bucket"] = bucket }));
    }

    private static IEnumerable<string> NamesOf(params IEnumerable<Dimension?> dimensions) =>
        dimensions.OfType<Dimension>().Select(dimension => UsageJson.DimensionNames.First(name => name.Value == dimension).Key);

    private static (Dimension First, Dimension? Second) GroupBy(ReadingRequest request)
    {
        var text = request.Single("groupBy") ?? QueryParameter.GroupBy.Default!;
        var words = text.Split(',', StringSplitOptions.TrimEntries);
        if (words.Length > 2)
        {
            request.Fault("groupBy", $"found {words.Length} dimensions in '{ReadingRequest.Shown(text)}', expected one or two.");
            return (Dimension.Model, null);
        }

        List<Dimension> dimensions = [];
        foreach (var word in words)
        {
            var name = QueryParameter.Canonical(word);
            if (!UsageJson.DimensionNames.TryGetValue(name, out var dimension))
            {
                request.Fault("groupBy", $"found '{ReadingRequest.Shown(word)}', expected {DidYouMean.Suggest(word, QueryParameter.GroupBy.Words)}.");
                return (Dimension.Model, null);
            }

            if (dimensions.Contains(dimension))
            {
                request.Fault("groupBy", $"found '{name}' twice, expected two different dimensions.");
                return (Dimension.Model, null);
            }

            dimensions.Add(dimension);
        }

        return (dimensions[0], dimensions.Count == 2 ? dimensions[1] : null);
    }
}
