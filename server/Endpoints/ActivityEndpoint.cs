using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/activity</c>: a range by bucket, each broken down by one dimension, and the range's ranking.</summary>
internal static class ActivityEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted =
        [QueryParameter.GroupBy, QueryParameter.Bucket, QueryParameter.Top, QueryParameter.RankBy, QueryParameter.Fields];

    public static async Task Handle(Question question)
    {
        var request = question.Request;
        var groupBy = GroupBy(request);
        var bucket = request.Choice(QueryParameter.Bucket);
        var size = bucket switch
        {
            "hour" => BucketSize.Hour,
            "week" => BucketSize.Week,
            "month" => BucketSize.Month,
            _ => BucketSize.Day,
        };
        var rankBy = request.Choice(QueryParameter.RankBy) switch
        {
            "requests" => RankBy.Requests,
            "tokens" => RankBy.Tokens,
            _ => RankBy.Cost,
        };
        var top = request.Count(QueryParameter.Top);
        var fields = request.Metrics(QueryParameter.Fields);
        if (request.Problem is null && TimeBuckets.CountAtLeast(size, request.From, request.To) > TimeBuckets.MaxCount)
        {
            request.Fault("bucket", $"found {bucket} buckets of a range that has more than {TimeBuckets.MaxCount} of them, expected fewer; ask for longer buckets or a shorter range.");
        }

        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var result = question.Run(new UsageQuery(request.From, request.To, request.Zone, size, groupBy) { RankBy = rankBy, Top = top });
        await question.AnswerAsync(async json =>
        {
            json.Text.Text("groupBy", UsageJson.DimensionNames.First(name => name.Value == groupBy).Key);
            json.Text.Text("bucket", bucket);
            json.Range(result.Plan);
            json.Text.StartObject("totals");
            json.Metrics(result.Totals);
            json.Text.EndObject();
            await json.BucketsAsync("activity", result, fields, question.Cancellation);
            await json.RankingAsync("ranking", result, question.Cancellation);
        });
    }

    private static Dimension GroupBy(ReadingRequest request)
    {
        var word = request.Single("groupBy") switch
        {
            null => QueryParameter.GroupBy.Default!,
            "api_key" => "apiKey",
            "user" => "member",
            var other => other,
        };
        if (UsageJson.DimensionNames.TryGetValue(word, out var dimension))
        {
            return dimension;
        }

        request.Fault("groupBy", $"found '{word}', expected {DidYouMean.Suggest(word, QueryParameter.GroupBy.Words)}.");
        return Dimension.Model;
    }
}
