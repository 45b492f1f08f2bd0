using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Endpoints;
using Analytics.Storage;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace Analytics.Server;

/// <summary>The HTTP interface over a store.</summary>
public static class AnalyticsApp
{
    /// <summary>Builds the server; the caller starts and stops it.</summary>
    /// <param name="store">A loaded store.</param>
    /// <param name="clock">The present, for ranges that end today.</param>
    /// <param name="urls">Addresses to listen on, separated by semicolons.</param>
    public static WebApplication Build(UsageStore store, IClock clock, string urls)
    {
        // Settings come from the command line alone: no appsettings.json of the current folder, no variables.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls(urls).ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;

            // Filters may be repeated: a thousand keys by id are some 30 KiB. What is longer is refused by Kestrel itself,
            // with 414 and without a body.
            options.Limits.MaxRequestLineSize = 256 << 10;

            // A year by project is half a megabyte: written at once into memory that is used again, instead of stopping
            // at each 64 KiB until the client has read them. More than this waits for the client.
            options.Limits.MaxResponseBufferSize = 1 << 20;
        });
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            // A port that is taken is an error of the command line, said there in one line.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.AddRoutingCore();
        builder.Services.AddOpenApi("v1", ApiDescription.Configure);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(store.Projections);
        builder.Services.AddHostedService<MemoryWatch>();
        builder.Services.AddSingleton(_ => new ScanAdmission(Environment.ProcessorCount, ScanAdmission.DefaultMaxHeldBytes));
        builder.Services.AddSingleton<PageCursors>();
        var app = builder.Build();
        app.Use(ProblemResponse.ForUnhandledAsync);
        app.UseRouting();
        app.MapGet("/healthz", () => Results.Text("ok")).WithName("health").WithTags("operation").WithSummary("Whether the process answers.").Produces<string>(StatusCodes.Status200OK, "text/plain");
        app.MapGet("/readyz", () => Readiness(store)).WithName("ready").WithTags("operation")
            .WithSummary("Whether all usage is in memory. Until then an organization's questions wait for its own part.")
            .Produces<Readiness>().Produces<Readiness>(StatusCodes.Status503ServiceUnavailable);
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapDashboard(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
        app.MapReading("/analytics/activity", Surface.OrganizationWide, ActivityEndpoint.Accepted, ActivityEndpoint.Handle)
            .Describe<ActivityResponse>("activity", "Usage by hour, day, week or month, broken down by one dimension. Owners and admins, Enterprise plan.", ActivityEndpoint.Accepted, Samples.Activity);
        app.MapReading("/analytics/members", Surface.Members, MembersEndpoint.Accepted, MembersEndpoint.List)
            .Describe<MembersResponse>("members", "Usage of every member, by who created the API key. Owners and admins, Enterprise plan.", MembersEndpoint.Accepted, Samples.Members);
        app.MapReading("/analytics/members/{userId}", Surface.Members, MembersEndpoint.Accepted, MembersEndpoint.Detail)
            .Describe<MemberResponse>("member", "One member's usage in detail. Owners and admins, Enterprise plan.", MembersEndpoint.Accepted, Samples.Member);
        app.MapReading("/analytics/usage/requests", Surface.OrganizationWide, UsageEndpoint.Accepted, UsageEndpoint.Requests)
            .Describe<UsageRowsResponse>("usageRequests", "Usage as it is rolled up: a row for each hour (or quarter hour) and combination of dimensions. Owners and admins, Enterprise plan.", UsageEndpoint.Accepted, Samples.UsageRequests);
        app.MapUsageReading();
        return app;
    }

    private static JsonHttpResult<Readiness> Readiness(UsageStore store)
    {
        var (loaded, total) = store.LoadProgress;
        var isReady = loaded == total;
        return TypedResults.Json(
            new Readiness { Phase = isReady ? "ready" : "loading", LoadedRows = loaded, TotalRows = total },
            statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
