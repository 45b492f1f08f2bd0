using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Tests.Golden;

/// <summary>The answer to a query, whoever gave it.</summary>
internal sealed record Answer(IReadOnlyList<AnswerDay> Days, UsageSums Totals, IReadOnlyList<AnswerGroup> Ranking)
{
    /// <summary>What our engine found.</summary>
    public static Answer Of(QueryResult result) => new(
        [.. result.Buckets.Select((bucket, i) => new AnswerDay(result.Plan.Buckets[i], bucket.Totals, Groups(bucket.Breakdown, result.Groups)))],
        result.Totals,
        Groups(result.Ranking, result.Groups));

    /// <summary>Every cell as text, in order: what two answers are compared by.</summary>
    public IEnumerable<string> Lines() =>
    [
        $"totals: {Totals}",
        .. Days.SelectMany(day => day.Groups.Select(group => $"{day.Bucket}: {group}").Prepend($"{day.Bucket}: {day.Sums}")),
        .. Ranking.Select(group => $"ranking: {group}"),
    ];

    private static AnswerGroup[] Groups(IReadOnlyList<GroupSums> groups, GroupNames table) =>
        [.. groups.Select(group => new AnswerGroup(table.Key(group.Code), table.Label(group.Code), table.IsDeleted(group.Code), group.Sums))];
}

internal sealed record AnswerDay(TimeBucket Bucket, UsageSums Sums, IReadOnlyList<AnswerGroup> Groups);

internal sealed record AnswerGroup(string Key, string Label, bool IsDeleted, UsageSums Sums);
