using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;

namespace Analytics.Server.Endpoints;

/// <summary>The parameters that say how a range is cut, ranked and compared, as the engine takes them.</summary>
internal static class SeriesParameters
{
    /// <summary>How a range is cut.</summary>
    public static BucketSize Bucket(ReadingRequest request)
    {
        var word = request.Choice(QueryParameter.Bucket);
        var size = word switch
        {
            "hour" => BucketSize.Hour,
            "week" => BucketSize.Week,
            "month" => BucketSize.Month,
            _ => BucketSize.Day,
        };
        if (request.Problem is null && TimeBuckets.CountAtLeast(size, request.From, request.To) > TimeBuckets.MaxCount)
        {
            request.Fault("bucket", $"found {word} buckets of a range that has more than {TimeBuckets.MaxCount} of them, expected fewer; ask for longer buckets or a shorter range.");
        }

        return size;
    }

    /// <summary>What groups are ordered by.</summary>
    public static RankBy RankBy(ReadingRequest request) => request.Choice(QueryParameter.RankBy) switch
    {
        "requests" => Engine.Queries.RankBy.Requests,
        "tokens" => Engine.Queries.RankBy.Tokens,
        _ => Engine.Queries.RankBy.Cost,
    };

    /// <summary>Which earlier range is compared with.</summary>
    public static Comparison Compare(ReadingRequest request) => request.Choice(QueryParameter.Compare) switch
    {
        "previous" => Comparison.Previous,
        "previousYear" => Comparison.PreviousYear,
        _ => Comparison.None,
    };

    /// <summary>What a series of models is of: canonical models, or the routes that served them.</summary>
    public static Dimension Models(ReadingRequest request) =>
        request.Choice(QueryParameter.Models) == "mapping" ? Dimension.Mapping : Dimension.Model;

    /// <summary>Whether a thing of the directory, such as a project without usage, is among what the filters select.</summary>
    /// <param name="request">The request.</param>
    /// <param name="dimension">What the thing is.</param>
    /// <param name="key">Its id; empty for none.</param>
    public static bool Accepts(ReadingRequest request, Dimension dimension, string key) =>
        request.Predicates.All(predicate => predicate.Dimension != dimension || predicate.Keys.Contains(key));
}
