using System.Diagnostics;
using System.Globalization;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Endpoints;

/// <summary>A question that was authorised, on one snapshot that does not change until it is answered.</summary>
/// <param name="context">The request.</param>
/// <param name="request">Its parameters.</param>
/// <param name="table">The organisation's usage.</param>
/// <param name="directory">The organisation's names and people.</param>
/// <param name="grant">Who asks, and the role they have.</param>
/// <param name="admission">Who may read many rows.</param>
internal sealed class Question(HttpContext context, ReadingRequest request, UsageTable table, OrganizationDirectory directory, Grant grant, ScanAdmission admission) : IDisposable
{
    private TimeSpan planTime;
    private TimeSpan scanTime;
    private long rows;
    private long heldBytes;
    private string access = "none";

    /// <summary>The request.</summary>
    public HttpContext Context { get; } = context;

    /// <summary>Its parameters.</summary>
    public ReadingRequest Request { get; } = request;

    /// <summary>The organisation's names and people.</summary>
    public OrganizationDirectory Directory { get; } = directory;

    /// <summary>Who asks.</summary>
    public Caller Caller { get; } = grant.Caller;

    /// <summary>The caller's role.</summary>
    public string Role { get; } = grant.Role;

    /// <summary>Whether an owner asks.</summary>
    public bool IsOwner => Role == "owner";

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
    /// <exception cref="BusyException">The server has more large answers at hand than it may.</exception>
    public async ValueTask<QueryResult> RunAsync(UsageQuery query)
    {
        var start = Stopwatch.GetTimestamp();
        var plan = QueryPlan.For(query with { Predicates = [.. Request.Predicates, .. query.Predicates] }, table);
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

    /// <summary>The answer was written, or nobody reads it any more.</summary>
    public void Dispose() => admission.Hold(-heldBytes);

    /// <summary>Answers with a JSON object, streamed.</summary>
    public async Task AnswerAsync(Func<UsageJson, Task> write)
    {
        Context.Response.ContentType = "application/json; charset=utf-8";
        Context.Response.Headers["Server-Timing"] = string.Create(
            CultureInfo.InvariantCulture,
            $"plan;dur={planTime.TotalMilliseconds:0.###};desc=\"{access}\", scan;dur={scanTime.TotalMilliseconds:0.###}, rows;desc=\"{rows}\"");
        using var text = new JsonText(Context.Response.BodyWriter);
        text.StartObject();
        await write(new UsageJson(text, Request.IsMoneyText));
        text.EndObject();
        if (!text.IsSent)
        {
            Context.Response.ContentLength = text.Pending.Length;
        }

        await text.SendAsync(Cancellation);
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
    public static RouteHandlerBuilder MapReading(this WebApplication app, string path, Surface surface, IReadOnlyList<QueryParameter> accepted, Handler handler)
    {
        var store = app.Services.GetRequiredService<UsageStore>();
        var clock = app.Services.GetRequiredService<IClock>();
        var admission = app.Services.GetRequiredService<ScanAdmission>();
        return app.MapGet(path, (Delegate)(async Task (HttpContext context) =>
        {
            var (snapshot, grant, problem) = await Authorization.CheckAsync(context, store, surface);
            if (snapshot is null)
            {
                await ProblemResponse.WriteAsync(context, problem!);
                return;
            }

            var request = ReadingRequest.Read(context.Request, accepted, snapshot.Directory.Organization, clock.GetCurrentInstant());
            using var question = new Question(context, request, snapshot.Usage, snapshot.Directory, grant!, admission);
            if (request.Problem is not null)
            {
                await handler(question);
                return;
            }

            var tag = AnswerTag.Of(request, context.Request, accepted, snapshot, grant!.Caller.UserId, grant.Role);
            await ConditionalAnswer.RunAsync(context, tag, () => handler(question));
        }));
    }
}
