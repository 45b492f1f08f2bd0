using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/activity</c>: a range by day, each broken down by one dimension, and the range's ranking.</summary>
internal static class ActivityEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<string> Accepted = ["groupBy"];

    public static async Task Handle(Question question)
    {
        var groupBy = GroupBy(question.Request);
        if (question.Request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var result = question.Run(BucketSize.Day, groupBy);
        await question.AnswerAsync(async json =>
        {
            json.Writer.WriteString("groupBy", UsageJson.DimensionNames.First(name => name.Value == groupBy).Key);
            json.Writer.WriteString("bucket", "day");
            json.Range(result.Plan);
            json.Writer.WriteStartObject("totals");
            json.Metrics(result.Totals);
            json.Writer.WriteEndObject();
            await json.BucketsAsync("activity", result, question.Cancellation);
            json.Ranking("ranking", result);
        });
    }

    private static Dimension GroupBy(ReadingRequest request)
    {
        var word = request.Single("groupBy") switch
        {
            null => "model",
            "api_key" => "apiKey",
            "user" => "member",
            var other => other,
        };
        if (UsageJson.DimensionNames.TryGetValue(word, out var dimension))
        {
            return dimension;
        }

        request.Fault("groupBy", $"found '{word}', expected {DidYouMean.Suggest(word, [.. UsageJson.DimensionNames.Keys])}.");
        return Dimension.Model;
    }
}
