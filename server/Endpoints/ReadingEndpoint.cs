using System.Text.Json;
using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Storage;
using Analytics.Storage.Directory;
using NodaTime;

namespace Analytics.Server.Endpoints;

/// <summary>A question that was authorised, on one snapshot that does not change until it is answered.</summary>
/// <param name="Context">The request.</param>
/// <param name="Request">Its parameters.</param>
/// <param name="Table">The organisation's usage.</param>
/// <param name="Directory">The organisation's names and people.</param>
internal sealed record Question(HttpContext Context, ReadingRequest Request, UsageTable Table, OrganizationDirectory Directory)
{
    /// <summary>Ends when the caller goes away.</summary>
    public CancellationToken Cancellation => Context.RequestAborted;

    /// <summary>Asks the engine.</summary>
    /// <param name="bucket">How the range is cut.</param>
    /// <param name="groupBy">What it is broken down by.</param>
    /// <param name="more">Predicates besides the request's.</param>
    public QueryResult Run(BucketSize bucket, Dimension groupBy, params IEnumerable<Predicate> more)
    {
        var query = new UsageQuery(Request.From, Request.To, Request.Zone, bucket, groupBy)
        {
            Predicates = [.. Request.Predicates, .. more],
        };
        return QueryExecutor.Run(QueryPlan.For(query, Table), Cancellation);
    }

    /// <summary>Answers with a JSON object, streamed.</summary>
    public async Task AnswerAsync(Func<UsageJson, Task> write)
    {
        Context.Response.ContentType = "application/json; charset=utf-8";
        Context.Response.Headers.CacheControl = "private, no-cache";
        var writer = new Utf8JsonWriter(Context.Response.BodyWriter, UsageJson.Options);
        await using (writer)
        {
            writer.WriteStartObject();
            await write(new UsageJson(writer, Request.IsMoneyText));
            writer.WriteEndObject();
        }
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
    public static void MapReading(this WebApplication app, string path, Surface surface, IReadOnlyList<string> accepted, Handler handler)
    {
        var store = app.Services.GetRequiredService<UsageStore>();
        var clock = app.Services.GetRequiredService<IClock>();
        app.MapGet(path, async context =>
        {
            var (organization, problem) = Authorization.Check(context, store.Directory, surface);
            if (organization is null)
            {
                await ProblemResponse.WriteAsync(context, problem!);
                return;
            }

            var request = ReadingRequest.Read(context.Request.Query, accepted, organization, clock.GetCurrentInstant());
            var (usage, directory) = store.Snapshot(organization.Id);
            var question = new Question(context, request, usage, directory);
            await handler(question);
        });
    }
}
