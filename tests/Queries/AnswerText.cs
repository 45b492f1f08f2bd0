using System.Text;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;

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
        AppendGroups(text, result.Groups, result.Ranking);
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

    private static void AppendGroups(StringBuilder text, DimensionTable groups, IEnumerable<GroupSums> sums)
    {
        foreach (var (code, values) in sums)
        {
            text.AppendLine(code == GroupTable.Others ? $"  others: {Cells(values)}" : $"  '{groups.Key(code)}' {groups.Label(code)}: {Cells(values)}");
        }
    }

    private static string Cells(UsageSums sums) => string.Join(' ', Measures.All.Select(measure => sums[measure]));
}
