using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>This engine's answer to a query of the comparison.</summary>
/// <param name="Query">What was asked.</param>
/// <param name="Result">What the engine said.</param>
internal sealed record EngineAnswer(ComparisonQuery Query, QueryResult Result)
{
    /// <summary>Plans a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="data">The year.</param>
    /// <param name="usesProjections">False to read rows in any case.</param>
    public static QueryPlan Plan(ComparisonQuery query, ComparisonData data, bool usesProjections) => QueryPlan.For(
        new UsageQuery(data.Days.From, data.Days.To, data.Days.Zone, query.Bucket, query.GroupBy)
        {
            Measures = ComparisonQuery.Sums,
            Predicates = query.IsOfOneProject ? [new Predicate(Dimension.Project, [data.Project])] : [],
            Top = query.Shape == AnswerShape.Top ? ComparisonQuery.TopCount : null,
        },
        data.Usage,
        usesProjections);

    /// <summary>Plans and runs a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="data">The year.</param>
    /// <param name="usesProjections">False to read rows in any case.</param>
    /// <param name="threads">Threads at most.</param>
    public static EngineAnswer Of(ComparisonQuery query, ComparisonData data, bool usesProjections, int threads) =>
        new(query, QueryExecutor.Run(Plan(query, data, usesProjections), CancellationToken.None, threads));

    /// <summary>Looks at every cell of the answer, so that nothing of it can be left undone.</summary>
    /// <returns>A number that depends on all of them.</returns>
    public Int128 Visit() => Query.Shape switch
    {
        AnswerShape.Totals => ComparisonQuery.Sums.Aggregate((Int128)0, (sum, measure) => sum + Result.Totals[measure]),
        AnswerShape.Top => Visit(Result.Ranking),
        AnswerShape.Members => Members().Aggregate((Int128)0, (sum, member) => sum + member.Keys + member.Sums[Measure.Cost]),
        _ => Result.Buckets.Aggregate((Int128)0, (sum, bucket) => sum + Visit(bucket.Breakdown)),
    };

    /// <summary>The answer as lines of text, one a row, sorted: what is compared with peers.</summary>
    /// <param name="data">The year.</param>
    public string[] Lines(ComparisonData data)
    {
        IEnumerable<string> lines = Query.Shape switch
        {
            AnswerShape.Totals => [string.Join('|', ComparisonQuery.Sums.Select(measure => Text(Result.Totals[measure])))],
            AnswerShape.Top => Result.Ranking.Where(group => group.Code != GroupTable.Others).Select(group => Line(Key(group.Code), group.Sums)),
            AnswerShape.Members => Members().Select(member => $"{Line(data.Usage.Table(Dimension.Member).Key(member.Code), member.Sums)}|{Text(member.Keys)}"),
            _ => Result.Buckets.SelectMany((bucket, position) => bucket.Breakdown.Select(group =>
                $"{data.BucketLabel(Query.Bucket, position)}|{Line(Key(group.Code), group.Sums)}")),
        };
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>Members and how many keys of theirs were used: the ranking of keys, folded by who created them.</summary>
    private List<(int Code, UsageSums Sums, int Keys)> Members()
    {
        var usage = Result.Plan.Table;
        var creators = usage.Lookup(Dimension.Member);
        var sums = new UsageSums[usage.Table(Dimension.Member).Count];
        var keys = new int[sums.Length];
        for (var i = 0; i < Result.Ranking.Count; i++)
        {
            var member = creators[Result.Ranking.Code(i)];
            keys[member]++;
            foreach (var measure in ComparisonQuery.Sums)
            {
                sums[member][measure] += Result.Ranking.Value(i, measure);
            }
        }

        List<(int Code, UsageSums Sums, int Keys)> members = [];
        for (var code = 0; code < keys.Length; code++)
        {
            if (keys[code] > 0)
            {
                members.Add((code, sums[code], keys[code]));
            }
        }

        return members;
    }

    private string Key(int code) => Result.Groups.Key(code);

    private static Int128 Visit(GroupTable groups)
    {
        Int128 sum = 0;
        for (var i = 0; i < groups.Count; i++)
        {
            sum += groups.Code(i);
            foreach (var measure in (ReadOnlySpan<Measure>)[Measure.RequestCount, Measure.InputTokens, Measure.OutputTokens, Measure.Cost])
            {
                sum += groups.Value(i, measure);
            }
        }

        return sum;
    }

    private static string Line(string key, UsageSums sums) => $"{key}|{string.Join('|', ComparisonQuery.Sums.Select(measure => Text(sums[measure])))}";

    private static string Text(Int128 value) => value.ToString(CultureInfo.InvariantCulture);
}
