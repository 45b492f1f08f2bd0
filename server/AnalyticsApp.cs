using Analytics.Server.Access;
using Analytics.Server.Compatibility;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Server.Endpoints;
using Analytics.Server.Endpoints.Admin;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server;

/// <summary>The HTTP interface over a store.</summary>
public static class AnalyticsApp
{
    /// <summary>Builds the server; the caller starts and stops it.</summary>
    /// <param name="store">A loaded store.</param>
    /// <param name="clock">The present, for ranges that end today.</param>
    /// <param name="urls">Addresses to listen on, separated by semicolons.</param>
    /// <param name="settings">What the operator set, by name without the prefix <c>Analytics</c>; null for the defaults.</param>
    public static WebApplication Build(UsageStore store, IClock clock, string urls, IConfiguration? settings = null)
    {
        // No appsettings.json of the current folder: settings are what the caller hands over.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        if (settings is not null)
        {
            builder.Configuration.AddConfiguration(settings);
        }

        builder.WebHost.UseKestrelCore().UseUrls(urls);
        builder.AddHttpConventions(HttpSettings.Read(builder.Configuration));
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
        builder.AddAccess(AccessSettings.Read(builder.Configuration));
        var app = builder.Build();
        app.UseHttpConventions();
        app.UseAccess();
        app.MapGet("/healthz", () => Results.Text("ok")).WithName("health").WithTags("operation").WithSummary("Whether the process answers.").Produces<string>(StatusCodes.Status200OK, "text/plain").WithoutParameters();
        app.MapGet("/readyz", (Delegate)((HttpContext context) => Readiness(context, store, app.Lifetime.ApplicationStopping))).WithName("ready").WithTags("operation")
            .WithSummary("Whether all usage is in memory. Until then an organization's questions wait for its own part.")
            .Produces<Readiness>().Produces<Readiness>(StatusCodes.Status503ServiceUnavailable).WithoutParameters();
        app.MapOpenApi("/openapi/v1.json").WithoutParameters();
        app.MapDashboard(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
        app.MapReading("/analytics/activity", Surface.OrganizationWide, ActivityEndpoint.Accepted, ActivityEndpoint.Handle)
            .Describe<ActivityResponse>("activity", "Usage by hour, day, week or month, broken down by one dimension. Owners and admins, Enterprise plan.", ActivityEndpoint.Accepted, Samples.Activity);
        app.MapReading("/analytics/members", Surface.Members, MembersEndpoint.Accepted, MembersEndpoint.List)
            .Describe<MembersResponse>("members", "Usage of every member, by who created the API key. Owners and admins, Enterprise plan.", MembersEndpoint.Accepted, Samples.Members);
        app.MapReading("/analytics/members/{userId}", Surface.Members, MembersEndpoint.Accepted, MembersEndpoint.Detail)
            .Describe<MemberResponse>("member", "One member's usage in detail. Owners and admins, Enterprise plan.", MembersEndpoint.Accepted, Samples.Member);
        app.MapReading("/analytics/usage/requests", Surface.OrganizationWide, UsageEndpoint.OfRequests, UsageEndpoint.Requests)
            .Describe<UsageRowsResponse>("usageRequests", "Usage as it is rolled up: a row for each hour (or quarter hour) and combination of dimensions. Owners and admins, Enterprise plan.", UsageEndpoint.OfRequests, Samples.UsageRequests);
        app.MapReading("/analytics/usage/items", Surface.OrganizationWide, UsageEndpoint.OfItems, UsageEndpoint.Items, needsDetails: true)
            .Describe<ItemRowsResponse>("usageItems", "What requests cost, rule by rule: a row for each hour (or quarter hour), combination of dimensions, pricing rule and unit. Their costs sum to the requests' costs. Owners and admins, Enterprise plan.", UsageEndpoint.OfItems, Samples.UsageItems);
        app.MapUsageReading();
        app.MapCompatibleReading();
        app.MapSession();
        app.MapAudit();
        app.MapDirectory();
        return app;
    }

    private static Task Readiness(HttpContext context, UsageStore store, CancellationToken stopping)
    {
        var (loaded, total) = store.LoadProgress;
        var phase = stopping.IsCancellationRequested ? "stopping" : loaded == total ? "ready" : "loading";
        return JsonAnswer.WriteAsync(
            context,
            phase == "ready" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new Readiness { Phase = phase, LoadedRows = loaded, TotalRows = total });
    }
}
