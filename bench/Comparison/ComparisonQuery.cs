using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>What rows of an answer are.</summary>
internal enum AnswerShape
{
    /// <summary>One row: the sums.</summary>
    Totals,

    /// <summary>A row for each bucket and group that has usage.</summary>
    Buckets,

    /// <summary>The groups with the highest cost over the range, in order.</summary>
    Top,

    /// <summary>A row for each member over the range, with the number of API keys that were used.</summary>
    Members,
}

/// <summary>A question that every system is asked about the same year: four sums, by local time and one dimension.</summary>
/// <param name="Name">Short name, such as <c>Q2</c>.</param>
/// <param name="Title">What it asks, for people.</param>
/// <param name="Shape">What rows of the answer are.</param>
/// <param name="Bucket">How the range is cut; <see cref="BucketSize.Range"/>, <see cref="BucketSize.Day"/> or <see cref="BucketSize.Month"/>.</param>
/// <param name="GroupBy">What it is broken down by. Totals are read from the sums of this one.</param>
internal sealed record ComparisonQuery(string Name, string Title, AnswerShape Shape, BucketSize Bucket, Dimension GroupBy)
{
    /// <summary>Groups of an answer of shape <see cref="AnswerShape.Top"/>.</summary>
    public const int TopCount = 10;

    /// <summary>The sums, in the order of an answer's columns; money last.</summary>
    public static IReadOnlyList<Measure> Sums { get; } = [Measure.RequestCount, Measure.InputTokens, Measure.OutputTokens, Measure.Cost];

    /// <summary>Whether only one project's rows count.</summary>
    public bool IsOfOneProject { get; init; }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ComparisonQuery> All { get; } =
    [
        new("Q1", "totals", AnswerShape.Totals, BucketSize.Range, Dimension.ServiceType),
        new("Q2", "day by project", AnswerShape.Buckets, BucketSize.Day, Dimension.Project),
        new("Q3", "day by model", AnswerShape.Buckets, BucketSize.Day, Dimension.Model),
        new("Q4", "day by API key", AnswerShape.Buckets, BucketSize.Day, Dimension.ApiKey),
        new("Q5", "one project, day by model", AnswerShape.Buckets, BucketSize.Day, Dimension.Model) { IsOfOneProject = true },
        new("Q6", "members, distinct keys", AnswerShape.Members, BucketSize.Range, Dimension.ApiKey),
        new("Q7", "month by service type", AnswerShape.Buckets, BucketSize.Month, Dimension.ServiceType),
        new("Q8", "top 10 API keys", AnswerShape.Top, BucketSize.Range, Dimension.ApiKey),
    ];
}
