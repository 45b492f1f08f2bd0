using System.Globalization;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using NodaTime.Text;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/usage/requests</c>: the rows themselves, as they are rolled up, over all projects.</summary>
internal static class UsageEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [QueryParameter.Sort, QueryParameter.Limit, QueryParameter.Cursor];

    public static async Task Requests(Question question)
    {
        var request = question.Request;
        var sort = UsageSort.Parse(request.Choice(QueryParameter.Sort));
        var limit = request.Count(QueryParameter.Limit) ?? int.Parse(QueryParameter.Limit.Default!, CultureInfo.InvariantCulture);
        var cursor = request.Single(QueryParameter.Cursor.Name) is { Length: > 0 } given ? given : null;
        var isTable = request.FormatOf(AnswerFormat.All) is { } format && format != AnswerFormat.Json;
        if (isTable)
        {
            RefusePages(request, sort);
        }

        var name = Name(question, sort);
        var cursors = question.Context.RequestServices.GetRequiredService<PageCursors>();
        RowPlace after = default;
        if (!isTable && cursor is not null && cursors.TryRead(cursor, name, question.Table, out after) is { } fault)
        {
            request.Fault(QueryParameter.Cursor.Name, fault);
        }

        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var plan = question.PlanRows();
        var rows = new UsageRows(plan);
        if (isTable)
        {
            if (rows.TotalTokensBeyond64Bits() is { } sum)
            {
                await ProblemResponse.WriteAsync(question.Context, Problem.SumTooLarge("totalTokens", sum));
                return;
            }

            // The rows are read at the client's pace, outside of the places for scans; the bound of memory holds.
            await question.ScanAsync(plan, () => true);
            await question.AnswerAsync(_ => Task.CompletedTask, rows.ToLongForm);
            return;
        }

        var (page, hasMore) = await question.ScanAsync(plan, () => rows.Page(sort, cursor is null ? null : after, limit, question.Cancellation));
        await question.AnswerAsync(async json =>
        {
            json.Range(plan);
            await rows.WriteAsync(json, page, question.Cancellation);
            json.Text.Text("nextCursor", hasMore ? cursors.Write(page[^1], name, question.Table) : null);
        }, rows.ToLongForm);
    }

    private static void RefusePages(ReadingRequest request, UsageSort sort)
    {
        if (sort is not { Metric: null, IsDescending: false })
        {
            request.Fault(QueryParameter.Sort.Name, $"found an order of pages, expected {UsageSort.Time} or nothing: csv, arrow and parquet have all rows in the order of time.");
        }

        foreach (var name in (string[])[QueryParameter.Limit.Name, QueryParameter.Cursor.Name])
        {
            if (request.Single(name) is not null)
            {
                request.Fault(name, "found it with a format that has no pages, expected it with json alone: csv, arrow and parquet have all rows.");
            }
        }
    }

    /// <summary>All that decides which rows there are, and in which order: what a cursor is good for.</summary>
    private static string Name(Question question, UsageSort sort)
    {
        var request = question.Request;
        return System.Text.Json.JsonSerializer.Serialize<string[]>(
        [
            question.Context.Request.Path,
            question.Directory.Organization.Id,
            LocalDatePattern.Iso.Format(request.From),
            LocalDatePattern.Iso.Format(request.To),
            request.Zone.Id,
            sort.Metric?.Name ?? UsageSort.Time,
            sort.IsDescending ? "descending" : "ascending",
            .. request.Predicates.SelectMany(predicate => predicate.Keys.Order(StringComparer.Ordinal).Prepend(predicate.Dimension.ToString()).Append("end")),
        ]);
    }
}
