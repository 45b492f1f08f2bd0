using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Tests.Golden;

/// <summary>The answer to a query, whoever gave it. Earlier is null where no earlier range stands beside it.</summary>
internal sealed record Answer(IReadOnlyList<AnswerBucket> Buckets, UsageSums Totals, IReadOnlyList<AnswerGroup> Ranking, UsageSums? Earlier)
{
    /// <summary>What our engine found.</summary>
    public static Answer Of(QueryResult result)
    {
        var earlier = result.Previous?.Ranking;
        return new Answer(
            [.. result.Buckets.Select((bucket, i) => new AnswerBucket(result.Plan.Buckets[i], bucket.Totals, [.. bucket.Breakdown.Select(group => Group(group, null))]))],
            result.Totals,
            [.. result.Ranking.Select((group, i) => Group(group, earlier?[i]))],
            result.Previous?.Totals);

        AnswerGroup Group(GroupSums group, GroupSums? before)
        {
            // The earlier range's table runs beside the ranking, entry by entry.
            if (before is { } other && other.Code != group.Code)
            {
                throw new InvalidOperationException($"The ranking has group {group.Code} where the earlier range has {other.Code}.");
            }

            var names = result.Groups;
            return new AnswerGroup(
                group.Code == GroupTable.Others
                    ? []
                    : [.. Enumerable.Range(0, names.Dimensions).Select(dimension => new AnswerName(names.Key(group.Code, dimension), names.Label(group.Code, dimension), names.IsDeleted(group.Code, dimension)))],
                group.Sums,
                before?.Sums);
        }
    }

    /// <summary>Every cell as text, in order: what two answers are compared by.</summary>
    public IEnumerable<string> Lines() =>
    [
        $"totals: {Totals}, before {Earlier}",
        .. Buckets.SelectMany(bucket => bucket.Groups.Select(group => $"{bucket.Bucket}: {group}").Prepend($"{bucket.Bucket}: {bucket.Sums}")),
        .. Ranking.Select(group => $"ranking: {group}"),
    ];

    /// <summary>The first line that differs from another answer's, as text for people; null where all are equal.</summary>
    public string? FirstDifference(Answer other) => Lines().Append("end").Zip(other.Lines().Append("end")).FirstOrDefault(line => line.First != line.Second) is ({ } ours, { } theirs)
        ? $"found    {ours}\nexpected {theirs}"
        : null;
}

/// <summary>The sums of one bucket.</summary>
internal sealed record AnswerBucket(TimeBucket Bucket, UsageSums Sums, IReadOnlyList<AnswerGroup> Groups);

/// <summary>The sums of one group: a name for each dimension, and none for all others together.</summary>
internal sealed record AnswerGroup(IReadOnlyList<AnswerName> Names, UsageSums Sums, UsageSums? Earlier)
{
    public override string ToString() =>
        $"{(Names.Count == 0 ? "others" : string.Join(" and ", Names))}: {Sums}{(Earlier is { } earlier ? $", before {earlier}" : string.Empty)}";
}

/// <summary>What a group is called in one dimension.</summary>
internal sealed record AnswerName(string Key, string Label, bool IsDeleted)
{
    public override string ToString() => $"'{Key}' {Label}{(IsDeleted ? " (deleted)" : string.Empty)}";
}

/// <summary>The instants of an earlier range, <c>[Start, End)</c>.</summary>
internal readonly record struct EarlierRange(Instant Start, Instant End);
