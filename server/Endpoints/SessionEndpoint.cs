using System.Net;
using System.Text.Json;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NodaTime;
using NodaTime.Text;

namespace Analytics.Server.Endpoints;

/// <summary><c>/session</c>: signs in to the dashboard with a token, says who is signed in, and signs out.</summary>
internal sealed class SessionEndpoint(UsageStore store, Authentication authentication, LoginFailures failures, LoginFailureAudit refused, AccessSettings settings, IClock clock)
{
    // A JWT may have 16 KiB, and JSON may escape each character with six.
    private const int MaxBodyBytes = 128 << 10;

    /// <summary>Who is signed in.</summary>
    public Task GetAsync(HttpContext context) => Authentication.CallerOf(context) is { } caller
        ? AnswerAsync(context, caller)
        : ProblemResponse.WriteAsync(context, Problem.Unauthorized);

    /// <summary>Signs in. Every wrong token gets the same answer.</summary>
    public async Task PostAsync(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (CheckSender(context) is { } problem)
        {
            await ProblemResponse.WriteAsync(context, problem);
            return;
        }

        if (!failures.MayTry(address))
        {
            refused.Note(address);
            context.Response.Headers.RetryAfter = "60";
            await ProblemResponse.WriteAsync(context, AccessProblems.TooManyFailures);
            return;
        }

        var (token, malformed) = await ReadAsync(context);
        if (token is null)
        {
            await ProblemResponse.WriteAsync(context, malformed!);
            return;
        }

        if (await authentication.FindAsync(token, context.RequestAborted) is not ({ Kind: not CallerKind.IngestToken } caller, var login))
        {
            failures.Note(address);
            refused.Note(address);
            await ProblemResponse.WriteAsync(context, AccessProblems.WrongToken);
            return;
        }

        // A session that the browser had before ends: whoever put it there is not to share the new one.
        var now = clock.GetCurrentInstant();
        if (SessionCookie.Read(context, settings) is { } before && store.Directory.FindSession(before, now) is { } old)
        {
            store.Directory.CloseSession(old, caller.ToActor(context, now));
        }

        var (secret, session) = store.Directory.OpenSession(login, now, caller.ToActor(context, now));
        SessionCookie.Set(context, settings, secret);
        await AnswerAsync(context, new Caller(CallerKind.Session, session.UserId, session.OrganizationId, session.TokenId) { Session = session, Expires = session.Expires });
    }

    /// <summary>Signs out. There is nothing to say where nobody was signed in.</summary>
    public Task DeleteAsync(HttpContext context)
    {
        if (Authentication.CallerOf(context) is { Session: { } session } caller)
        {
            store.Directory.CloseSession(session, caller.ToActor(context, clock.GetCurrentInstant()));
        }

        SessionCookie.Clear(context, settings);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Signing somebody in as somebody else is of use to other sites too, so browsers must say that they do not come from one.</summary>
    private Problem? CheckSender(HttpContext context)
    {
        if ((context.Request.Headers.ContainsKey("Sec-Fetch-Site") || context.Request.Headers.Origin.Count > 0) && authentication.CheckOrigin(context) is { } problem)
        {
            return problem;
        }

        var type = context.Request.ContentType?.Split(';')[0].Trim() ?? string.Empty;
        if (!type.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return AccessProblems.UnsupportedMedia(type);
        }

        return SessionCookie.IsAllowed(context, settings) ? null : AccessProblems.InsecureSession;
    }

    private static async ValueTask<(string? Token, Problem? Problem)> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        var buffer = new byte[4_096];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            if (body.Length + read > MaxBodyBytes)
            {
                return (null, Problem.BodyTooLarge(MaxBodyBytes));
            }

            body.Write(buffer, 0, read);
        }

        try
        {
            using var json = JsonDocument.Parse(body.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.EnumerateObject().Select(property => property.Name).SequenceEqual(["token"])
                && json.RootElement.GetProperty("token") is { ValueKind: JsonValueKind.String } token
                    ? (token.GetString()!, null)
                    : (null, AccessProblems.MalformedBody("another JSON value"));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return (null, AccessProblems.MalformedBody("no valid JSON"));
        }
    }

    private Task AnswerAsync(HttpContext context, Caller caller)
    {
        var user = store.Directory.FindUser(caller.UserId);
        context.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(
            context,
            StatusCodes.Status200OK,
            new SessionResponse
            {
                Kind = caller.ToActor(context, clock.GetCurrentInstant()).Kind,
                UserId = caller.UserId,
                Name = user?.Name ?? caller.UserId,
                Email = user?.Email,
                OrganizationId = caller.OrganizationId,
                ExpiresAt = caller.Expires is { } end ? InstantPattern.General.Format(end) : null,
            });
    }
}

/// <summary>Maps <c>/session</c>.</summary>
internal static class SessionEndpoints
{
    private const string ProblemType = "application/problem+json";

    public static void MapSession(this WebApplication app)
    {
        var endpoint = ActivatorUtilities.CreateInstance<SessionEndpoint>(app.Services);
        app.MapGet("/session", (Delegate)endpoint.GetAsync).WithoutParameters().WithName("session").WithTags("session").WithSummary("Who is signed in.")
            .Produces<SessionResponse>()
            .Produces<Problem>(StatusCodes.Status401Unauthorized, ProblemType);
        app.MapPost("/session", (Delegate)endpoint.PostAsync).WithoutParameters().WithName("signIn").WithTags("session").WithSummary("Sign in to the dashboard with a token; the answer sets the session's cookie.")
            .AddOpenApiOperationTransformer(DescribeBody)
            .Produces<SessionResponse>()
            .Produces<Problem>(StatusCodes.Status400BadRequest, ProblemType)
            .Produces<Problem>(StatusCodes.Status401Unauthorized, ProblemType)
            .Produces<Problem>(StatusCodes.Status403Forbidden, ProblemType)
            .Produces<Problem>(StatusCodes.Status413PayloadTooLarge, ProblemType)
            .Produces<Problem>(StatusCodes.Status415UnsupportedMediaType, ProblemType)
            .Produces<Problem>(StatusCodes.Status429TooManyRequests, ProblemType);
        app.MapDelete("/session", (Delegate)endpoint.DeleteAsync).WithoutParameters().WithName("signOut").WithTags("session").WithSummary("Sign out; the cookie is worthless from then on.")
            .Produces(StatusCodes.Status204NoContent)
            .Produces<Problem>(StatusCodes.Status403Forbidden, ProblemType);
    }

    // Not by Accepts: then routing itself would refuse other types, without a word.
    private static async Task DescribeBody(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType { Schema = await context.GetOrCreateSchemaAsync(typeof(SessionRequest), null, cancellation) },
            },
        };
    }
}
