using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Server.Conventions;
using Analytics.Storage;
using Analytics.Storage.Directory;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Endpoints;

/// <summary>A question that was authorised, on one snapshot that does not change until it is answered.</summary>
/// <param name="context">The request.</param>
/// <param name="request">Its parameters.</param>
/// <param name="snapshot">The organisation's usage, names and people.</param>
/// <param name="grant">Who asks, and the role they have.</param>
/// <param name="admission">Who may read many rows.</param>
internal sealed class Question(HttpContext context, ReadingRequest request, UsageSnapshot snapshot, Grant grant, ScanAdmission admission) : IDisposable
{
    private TimeSpan planTime;
    private TimeSpan scanTime;
    private long rows;
    private long heldBytes;
    private string access = "none";
    private (string Metric, Int128 Sum)? tooLarge;

    /// <summary>The request.</summary>
    public HttpContext Context { get; } = context;

    /// <summary>Its parameters.</summary>
    public ReadingRequest Request { get; } = request;

    /// <summary>The organisation's names and people.</summary>
    public OrganizationDirectory Directory { get; } = snapshot.Directory;

    /// <summary>Who asks.</summary>
    public Caller Caller { get; } = grant.Caller;

    /// <summary>The caller's role.</summary>
    public string Role { get; } = grant.Role;

    /// <summary>The files that a table's rows came from.</summary>
    /// <param name="table">One of <see cref="Tables.OfUsage"/>.</param>
    public IReadOnlyList<Storage.Catalog.DataFile> FilesOf(string table) => Snapshot.FilesOf(table);

    /// <summary>The organisation's usage.</summary>
    public UsageTable Table { get; } = snapshot.Usage;

    /// <summary>All of the organisation at one moment.</summary>
    public UsageSnapshot Snapshot { get; } = snapshot;

    /// <summary>Its priced items, where the endpoint needs details.</summary>
    public UsageTable Items => Snapshot.Items;

    /// <summary>Its conversations with agents, where the endpoint needs details.</summary>
    public UsageTable Conversations => Snapshot.Conversations;

    /// <summary>Whether an owner asks.</summary>
    public bool IsOwner => Role == "owner";

    /// <summary>Why the caller may not see a surface; null where they may.</summary>
    public Problem? Refusal(Surface surface) => surface.Refusal(Directory.Organization.Plan, Role);

    /// <summary>Ends when the caller goes away.</summary>
    public CancellationToken Cancellation => Context.RequestAborted;

    /// <summary>Asks the engine.</summary>
    /// <param name="bucket">How the range is cut.</param>
    /// <param name="groupBy">What it is broken down by.</param>
    /// <param name="more">Predicates besides the request's.</param>
    public ValueTask<QueryResult> RunAsync(BucketSize bucket, Dimension groupBy, params IEnumerable<Predicate> more) =>
        RunAsync(new UsageQuery(Request.From, Request.To, Request.Zone, bucket, groupBy) { Predicates = [.. more] });

    /// <summary>Asks the engine; the request's filters are added, and its time is reported.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="table">Of which table; null for requests.</param>
    /// <exception cref="BusyException">The server has more large answers at hand than it may.</exception>
    public async ValueTask<QueryResult> RunAsync(UsageQuery query, UsageTable? table = null)
    {
        var start = Stopwatch.GetTimestamp();
        var plan = QueryPlan.For(query with { Predicates = [.. Request.Predicates, .. query.Predicates] }, table ?? Table);
        planTime += Stopwatch.GetElapsedTime(start);
        var planRows = plan.RowCount + (plan.Previous?.RowCount ?? 0);
        var hasPlace = await admission.EnterAsync(planRows, Cancellation);
        try
        {
            start = Stopwatch.GetTimestamp();
            var result = QueryExecutor.Run(plan, Cancellation);
            scanTime += Stopwatch.GetElapsedTime(start);
            rows += planRows;
            access = plan.Cube is null ? "scan" : "cube";
            heldBytes += result.CellBytes;
            admission.Hold(result.CellBytes);
            tooLarge ??= LongForm.FirstBeyond64Bits(result.Totals);
            tooLarge ??= result.Previous is { } previous ? LongForm.FirstBeyond64Bits(previous.Totals) : null;
            return result;
        }
        finally
        {
            if (hasPlace)
            {
                admission.Leave();
            }
        }
    }

    /// <summary>Plans to look at rows of the range that meet the request's filters, one by one.</summary>
    /// <param name="table">Of which table; null for requests.</param>
    /// <param name="more">Predicates besides the request's.</param>
    public QueryPlan PlanRows(UsageTable? table = null, params IEnumerable<Predicate> more)
    {
        var start = Stopwatch.GetTimestamp();
        var query = new UsageQuery(Request.From, Request.To, Request.Zone, BucketSize.Range, Dimension.Project) { Predicates = [.. Request.Predicates, .. more] };
        var plan = QueryPlan.For(query, table ?? Table, usesProjections: false);
        planTime += Stopwatch.GetElapsedTime(start);
        return plan;
    }

    /// <summary>Looks at rows; its time is reported.</summary>
    /// <param name="plan">Which.</param>
    /// <param name="scan">Looks at them.</param>
    /// <exception cref="BusyException">The server has more large answers at hand than it may.</exception>
    public async ValueTask<T> ScanAsync<T>(QueryPlan plan, Func<T> scan)
    {
        var hasPlace = await admission.EnterAsync(plan.RowCount, Cancellation);
        try
        {
            var start = Stopwatch.GetTimestamp();
            var found = scan();
            scanTime += Stopwatch.GetElapsedTime(start);
            rows += plan.RowCount;
            access = "scan";
            return found;
        }
        finally
        {
            if (hasPlace)
            {
                admission.Leave();
            }
        }
    }

    /// <summary>The answer was written, or nobody reads it any more.</summary>
    public void Dispose() => admission.Hold(-heldBytes);

    /// <summary>Answers in the form that was asked for, streamed.</summary>
    /// <param name="write">Writes the properties of the answer as JSON.</param>
    /// <param name="longForm">Makes the same as a table, for the other forms.</param>
    public Task AnswerAsync(Func<UsageJson, Task> write, Func<LongForm> longForm) => AnswerAsync(AnswerFormat.All, write, longForm);

    /// <summary>Answers in JSON; other forms are refused.</summary>
    /// <param name="write">Writes the properties of the answer.</param>
    public Task AnswerJsonOnlyAsync(Func<UsageJson, Task> write) => AnswerAsync(AnswerFormat.JsonOnly, write, null);

    /// <summary>Answers with a table, in the first of the forms that are no JSON unless another one was asked for.</summary>
    /// <param name="longForm">Makes the table.</param>
    public Task AnswerTableAsync(Func<LongForm> longForm) => AnswerAsync(AnswerFormat.Tables, _ => Task.CompletedTask, longForm);

    private async Task AnswerAsync(IReadOnlyList<AnswerFormat> offers, Func<UsageJson, Task> write, Func<LongForm>? longForm)
    {
        var format = Request.FormatOf(offers);
        var problem = format is null ? Problem.NotAcceptable(offers)
            : format != AnswerFormat.Json && tooLarge is var (metric, sum) ? Problem.SumTooLarge(metric, sum)
            : null;
        if (problem is not null)
        {
            await ProblemResponse.WriteAsync(Context, problem);
            return;
        }

        Context.Response.ContentType = format!.ContentType;
        Context.Response.Headers["Server-Timing"] = string.Create(
            CultureInfo.InvariantCulture,
            $"{Context.Response.Headers["Server-Timing"]}, plan;dur={planTime.TotalMilliseconds:0.###};desc=\"{access}\", scan;dur={scanTime.TotalMilliseconds:0.###}, rows;desc=\"{rows}\"");
        await (format == AnswerFormat.Json ? AnswerJsonAsync(write) : AnswerTableAsync(format, longForm!()));
    }

    private async Task AnswerJsonAsync(Func<UsageJson, Task> write)
    {
        var start = Stopwatch.GetTimestamp();
        using var text = new JsonText(Context.Response.BodyWriter);
        text.StartObject();
        await write(new UsageJson(text, Request.IsMoneyText));
        text.EndObject();
        if (!text.IsSent)
        {
            // Of a longer answer the header has left before anybody knows.
            Context.Response.ContentLength = text.Pending.Length;
            Context.Response.Headers["Server-Timing"] = string.Create(
                CultureInfo.InvariantCulture, $"{Context.Response.Headers["Server-Timing"]}, write;dur={Stopwatch.GetElapsedTime(start).TotalMilliseconds:0.###}");
        }

        await text.SendAsync(Cancellation);
    }

    private Task AnswerTableAsync(AnswerFormat format, LongForm form)
    {
        var plan = form.Plan!;
        var held = 0L;
        IEnumerable<string> words =
        [
            .. Context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries),
            Directory.Organization.Id,
            LocalDatePattern.Iso.Format(plan.Query.From),
            LocalDatePattern.Iso.Format(plan.Query.To),
        ];
        return TableAnswer.WriteAsync(Context, form, format, words, Facts(form, plan), Hold);

        void Hold(long bytes)
        {
            admission.Hold(bytes - held);
            heldBytes += bytes - held;
            held = bytes;
        }
    }

    /// <summary>What a file says about itself: whose usage it is, and of when.</summary>
    private Dictionary<string, string> Facts(LongForm form, QueryPlan plan)
    {
        var query = plan.Query;
        Dictionary<string, string> facts = new(form.Facts, StringComparer.Ordinal)
        {
            ["organization"] = Directory.Organization.Id,
            ["timezone"] = query.Zone.Id,
            ["from"] = LocalDatePattern.Iso.Format(query.From),
            ["to"] = LocalDatePattern.Iso.Format(query.To),
            ["exact"] = plan.IsExact ? "true" : "false",
        };
        if (plan.Table.DataThrough is { } end)
        {
            facts["dataThrough"] = InstantPattern.ExtendedIso.Format(end);
        }

        return facts;
    }
}

/// <summary>What all reading endpoints do first, in the contract's order: who asks, for what, with which parameters.</summary>
internal static class ReadingEndpoint
{
    /// <summary>Answers an authorised question whose shared parameters are right.</summary>
    public delegate Task Handler(Question question);

    /// <summary>Maps a path.</summary>
    /// <param name="app">The server.</param>
    /// <param name="path">The path.</param>
    /// <param name="surface">Who may ask.</param>
    /// <param name="accepted">Parameters besides those that all share.</param>
    /// <param name="handler">Answers.</param>
    /// <param name="needsDetails">Whether it reads items or conversations, and waits until they are loaded.</param>
    /// <param name="isAlwaysAnswered">Whether it looks at more than the snapshot, so that no tag can say that an answer still holds.</param>
    public static RouteHandlerBuilder MapReading(
        this WebApplication app, string path, Surface surface, IReadOnlyList<QueryParameter> accepted, Handler handler, bool needsDetails = false, bool isAlwaysAnswered = false)
    {
        var store = app.Services.GetRequiredService<UsageStore>();
        var clock = app.Services.GetRequiredService<IClock>();
        var admission = app.Services.GetRequiredService<ScanAdmission>();
        return app.MapGet(path, (Delegate)(async Task (HttpContext context) =>
        {
            var (snapshot, grant, problem) = await Authorization.CheckAsync(context, store, surface, needsDetails);
            if (snapshot is null)
            {
                await ProblemResponse.WriteAsync(context, problem!);
                return;
            }

            context.Response.Headers["Server-Timing"] = string.Create(
                CultureInfo.InvariantCulture, $"access;dur={Stopwatch.GetElapsedTime(grant!.Caller.Began).TotalMilliseconds:0.####}");
            var request = ReadingRequest.Read(context.Request, accepted, snapshot.Directory.Organization, clock.GetCurrentInstant());
            using var question = new Question(context, request, snapshot, grant, admission);
            if (request.Problem is not null || isAlwaysAnswered)
            {
                context.Response.Headers.CacheControl = "no-store";
                await handler(question);
                return;
            }

            var tag = AnswerTag.Of(request, context.Request, accepted, snapshot, grant.Caller.UserId, grant.Role);
            await ConditionalAnswer.RunAsync(context, tag, () => handler(question));
        }));
    }
}
