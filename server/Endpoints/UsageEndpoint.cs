using System.Globalization;
using System.Text.Json;
using Analytics.Engine.Queries;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using NodaTime.Text;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/usage/requests</c> and <c>/analytics/usage/items</c>: the rows themselves, as they are rolled up, over all projects.</summary>
internal static class UsageEndpoint
{
    private static readonly QueryParameter ItemSort = QueryParameter.Sort with { Words = RowTable.Items.Sorts };

    private static readonly IReadOnlyList<(QueryParameter Parameter, Dimension Dimension)> ItemFilters =
    [
        (QueryParameter.Filter("rule", "pricing rule", "input_tokens"), Dimension.Rule),
        (QueryParameter.Filter("unit", "unit", "token"), Dimension.Unit),
    ];

    /// <summary>Parameters of requests besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> OfRequests = [QueryParameter.Sort, QueryParameter.Limit, QueryParameter.Cursor];

    /// <summary>Parameters of items besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> OfItems =
        [.. ItemFilters.Select(filter => filter.Parameter), ItemSort, QueryParameter.Limit, QueryParameter.Cursor];

    public static Task Requests(Question question) => AnswerAsync(question, question.Table, RowTable.Requests, QueryParameter.Sort, []);

    public static Task Items(Question question) => AnswerAsync(question, question.Items, RowTable.Items, ItemSort, [.. question.Request.Filters(ItemFilters)]);

    private static async Task AnswerAsync(Question question, UsageTable table, RowTable shown, QueryParameter sortParameter, IReadOnlyList<Predicate> more)
    {
        var request = question.Request;
        var sort = RowSort.Parse(request.Choice(sortParameter), shown);
        var limit = request.Count(QueryParameter.Limit) ?? int.Parse(QueryParameter.Limit.Default!, CultureInfo.InvariantCulture);
        var cursor = request.Single(QueryParameter.Cursor.Name) is { Length: > 0 } given ? given : null;
        var isTable = request.FormatOf(AnswerFormat.All) is { } format && format != AnswerFormat.Json;
        if (isTable)
        {
            RefusePages(request, sort);
        }

        var name = Name(question, sort, more);
        var cursors = question.Context.RequestServices.GetRequiredService<PageCursors>();
        RowPlace after = default;
        if (!isTable && cursor is not null && cursors.TryRead(cursor, name, question.Snapshot, out after) is { } fault)
        {
            request.Fault(QueryParameter.Cursor.Name, fault);
        }

        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var plan = question.PlanRows(table, more);
        var rows = new UsageRows(plan, shown);
        if (isTable)
        {
            if (rows.FirstBeyond64Bits() is var (metric, value))
            {
                await ProblemResponse.WriteAsync(question.Context, Problem.SumTooLarge(metric, value));
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
            json.Text.Text("nextCursor", hasMore ? cursors.Write(page[^1], name, question.Snapshot) : null);
        }, rows.ToLongForm);
    }

    private static void RefusePages(ReadingRequest request, RowSort sort)
    {
        if (sort is not { Metric: null, IsDescending: false })
        {
            request.Fault(QueryParameter.Sort.Name, $"found an order of pages, expected {RowSort.Time} or nothing: csv, arrow and parquet have all rows in the order of time.");
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
    private static string Name(Question question, RowSort sort, IReadOnlyList<Predicate> more)
    {
        var request = question.Request;
        return JsonSerializer.Serialize<string[]>(
        [
            question.Context.Request.Path,
            question.Directory.Organization.Id,
            LocalDatePattern.Iso.Format(request.From),
            LocalDatePattern.Iso.Format(request.To),
            request.Zone.Id,
            sort.Metric?.Name ?? RowSort.Time,
            sort.IsDescending ? "descending" : "ascending",
            .. request.Predicates.Concat(more).SelectMany(predicate => predicate.Keys.Order(StringComparer.Ordinal).Prepend($"{predicate.Keys.Count} of {predicate.Dimension}")),
        ]);
    }
}
