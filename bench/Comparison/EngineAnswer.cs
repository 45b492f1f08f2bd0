using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

namespace Analytics.Bench.Comparison;

/// <summary>This engine's answer to a query of the comparison.</summary>
/// <param name="Query">What was asked.</param>
/// <param name="Result">What the engine said.</param>
/// <param name="Keys">For members, the different keys of each; else null.</param>
internal sealed record EngineAnswer(ComparisonQuery Query, QueryResult Result, DistinctCounts? Keys) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Result.Dispose();

    /// <summary>Plans a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="data">The year.</param>
    /// <param name="usesProjections">False to read rows in any case.</param>
    public static QueryPlan Plan(ComparisonQuery query, ComparisonData data, bool usesProjections) => QueryPlan.For(
        new UsageQuery(data.Days.From, data.Days.To, data.Days.Zone, query.Bucket, query.Shape == AnswerShape.Members ? Dimension.Member : query.GroupBy)
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
    public static EngineAnswer Of(ComparisonQuery query, ComparisonData data, bool usesProjections, int threads)
    {
        var keys = query.Shape == AnswerShape.Members
            ? DistinctCounter.Run(new DistinctQuery(data.Days.From, data.Days.To, data.Days.Zone, Dimension.ApiKey) { Per = Dimension.Member }, data.Usage, CancellationToken.None)
            : null;
        return new EngineAnswer(query, QueryExecutor.Run(Plan(query, data, usesProjections), CancellationToken.None, threads), keys);
    }

    /// <summary>Looks at every cell of the answer, so that nothing of it can be left undone.</summary>
    /// <returns>A number that depends on all of them.</returns>
    public Int128 Visit() => Query.Shape switch
    {
        AnswerShape.Totals => ComparisonQuery.Sums.Aggregate((Int128)0, (sum, measure) => sum + Result.Totals[measure]),
        AnswerShape.Top => Visit(Result.Ranking),
        AnswerShape.Members => Members().Aggregate((Int128)0, (sum, member) => sum + member.Keys + member.Sums[Measure.Cost]),
        _ => VisitBuckets(),
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

    /// <summary>Members and how many keys of theirs were used.</summary>
    private IEnumerable<(int Code, UsageSums Sums, int Keys)> Members() => Result.Ranking.Select(member => (member.Code, member.Sums, Keys!.ByGroup[member.Code]));

    private string Key(int code) => Result.Groups.Key(code);

    /// <summary>Every cell, in no order: peers hand out theirs in none.</summary>
    private Int128 VisitBuckets()
    {
        // Wraps: it only has to depend on every cell.
        long sum = 0;
        var reader = Result.Read(ComparisonQuery.Sums);
        for (var bucket = 0; bucket < Result.Plan.Buckets.Count; bucket++)
        {
            reader.MoveTo(bucket, isOrdered: false);
            for (var i = 0; i < reader.Count; i++)
            {
                sum += reader.Group(i);
                foreach (var value in reader.Row(i))
                {
                    sum += value;
                }
            }
        }

        return sum;
    }

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
