using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Server.Endpoints;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server.Compatibility;

/// <summary>
/// Endpoints in the shape of other systems, so that scripts written for those run over this data. Who may ask is as for
/// <c>/analytics/activity</c>; the organisation need not be named where the caller has only one.
/// </summary>
internal static class CompatibleEndpoint
{
    /// <summary>The organisation, for callers who have several.</summary>
    public static readonly QueryParameter OrganizationId =
        QueryParameter.OrganizationId with { IsRequired = false, Description = "The organization; not needed where the caller has only one." };

    /// <summary>Answers a question that was authorised; its parameters are the handler's to read.</summary>
    public delegate Task Handler(Question question, Instant now);

    /// <summary>Maps a path.</summary>
    /// <param name="app">The server.</param>
    /// <param name="path">The path.</param>
    /// <param name="accepted">All parameters.</param>
    /// <param name="handler">Answers.</param>
    public static RouteHandlerBuilder MapCompatible(this WebApplication app, string path, IReadOnlyList<QueryParameter> accepted, Handler handler)
    {
        var store = app.Services.GetRequiredService<UsageStore>();
        var clock = app.Services.GetRequiredService<IClock>();
        var admission = app.Services.GetRequiredService<ScanAdmission>();
        return app.MapGet(path, (Delegate)(async Task (HttpContext context) =>
        {
            var (organizationId, problem) = OrganizationOf(context, store);
            Grant? grant = null;
            if (organizationId is not null)
            {
                (grant, problem) = Authorization.Check(context, store, organizationId, Surface.OrganizationWide);
            }

            if (grant is null || await store.SnapshotAsync(grant.Organization.Id, context.RequestAborted, hasDetails: true) is not { } snapshot)
            {
                await ProblemResponse.WriteAsync(context, problem ?? Problem.UnknownOrganization);
                return;
            }

            var request = ReadingRequest.ReadNamed(context.Request, accepted);
            using var question = new Question(context, request, snapshot, grant, admission);
            await handler(question, clock.GetCurrentInstant());
        }));
    }

    /// <summary>Answers, or says what is wrong with the parameters, once the handler has read them.</summary>
    public static Task RunAsync(Question question, IReadOnlyList<QueryParameter> accepted, Func<Task> answer)
    {
        if (question.Request.Problem is { } problem)
        {
            return ProblemResponse.WriteAsync(question.Context, problem);
        }

        var tag = AnswerTag.Of(question.Request, question.Context.Request, accepted, question.Snapshot, question.Caller.UserId, question.Role);
        return ConditionalAnswer.RunAsync(question.Context, tag, answer);
    }

    /// <summary>The values of a parameter that may be repeated, with or without the brackets that some clients add.</summary>
    public static IReadOnlyList<string> Values(Question question, string name) =>
        [.. question.Context.Request.Query[name].Concat(question.Context.Request.Query[name + "[]"]).Select(value => value ?? string.Empty)];

    /// <summary>Parameters with the spelling that some clients use for those that may be repeated.</summary>
    public static IReadOnlyList<QueryParameter> WithBrackets(IReadOnlyList<QueryParameter> parameters) =>
        [.. parameters, .. parameters.Where(parameter => parameter.IsRepeatable).Select(parameter => parameter with { Name = parameter.Name + "[]" })];

    private static (string? OrganizationId, Problem? Problem) OrganizationOf(HttpContext context, UsageStore store)
    {
        if (Authentication.CallerOf(context) is not { } caller)
        {
            return (null, Problem.Unauthorized);
        }

        if (context.Request.Query["organizationId"] is [{ Length: > 0 } named])
        {
            return (named, null);
        }

        if (context.Request.Query.ContainsKey("organizationId"))
        {
            return (null, Problem.InvalidParameter("organizationId", "found it empty or more than once, expected an organization's id, or nothing."));
        }

        if (caller.OrganizationId is { } bound)
        {
            return (bound, null);
        }

        return store.Directory.MembershipsOf(caller.UserId) is [var (only, _)]
            ? (only.Id, null)
            : (null, Problem.InvalidParameter("organizationId", "found nothing, expected the id of one of your organizations, because you have none or several."));
    }
}
