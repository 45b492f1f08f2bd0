using System.Text;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Xunit;

namespace Analytics.Tests.Queries;

/// <summary>Results as the text that <see cref="PlainEvaluator"/> writes.</summary>
internal static class AnswerText
{
    public static string Of(QueryResult result)
    {
        var text = new StringBuilder();
        text.AppendLine($"total {Cells(result.Totals)}");
        for (var i = 0; i < result.Buckets.Count; i++)
        {
            AppendBucket(text, result, i);
        }

        text.AppendLine("ranking");
        AppendGroups(text, result.Groups, result.Ranking, result.Previous?.Ranking);
        if (result.Previous is { } previous)
        {
            Assert.Equal(result.Ranking.Select(group => group.Code), previous.Ranking.Select(group => group.Code));
            text.AppendLine($"previous {Cells(previous.Totals)}");
        }

        return text.ToString();
    }

    public static string OfBuckets(params QueryResult[] results)
    {
        var text = new StringBuilder();
        foreach (var result in results)
        {
            for (var i = 0; i < result.Buckets.Count; i++)
            {
                AppendBucket(text, result, i);
            }
        }

        return text.ToString();
    }

    private static void AppendBucket(StringBuilder text, QueryResult result, int bucket)
    {
        text.AppendLine($"bucket {result.Plan.Buckets[bucket].Date:uuuu-MM-dd} {Cells(result.Buckets[bucket].Totals)}");
        AppendGroups(text, result.Groups, result.Buckets[bucket].Breakdown);
    }

    private static void AppendGroups(StringBuilder text, GroupNames groups, GroupTable sums, GroupTable? earlier = null)
    {
        for (var i = 0; i < sums.Count; i++)
        {
            var before = earlier is null ? string.Empty : $" before {Cells(earlier[i].Sums)}";
            var code = sums.Code(i);
            text.AppendLine(code == GroupTable.Others
                ? $"  others: {Cells(sums[i].Sums)}{before}"
                : $"  '{Names(groups.Key, "' '")}' {Names(groups.Label, " / ")}: {Cells(sums[i].Sums)}{before}");

            string Names(Func<int, int, string> name, string separator) => string.Join(separator, Enumerable.Range(0, groups.Dimensions).Select(dimension => name(code, dimension)));
        }
    }

    private static string Cells(UsageSums sums) => string.Join(' ', Measures.All.Select(measure => sums[measure]));
}
