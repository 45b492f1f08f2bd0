using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Analytics.Server.Contracts.Formats;
using Analytics.Server.Conventions;
using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Server.Contracts;

/// <summary>An error as people and programs read it: <c>application/problem+json</c> (RFC 9457).</summary>
/// <param name="Type">What kind, as a path.</param>
/// <param name="Title">The kind in words.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What was found, what was expected, what to do.</param>
internal sealed record Problem(string Type, string Title, int Status, string Detail)
{
    public static readonly Problem Unauthorized = new(
        "/problems/unauthorized",
        "Unauthorized",
        StatusCodes.Status401Unauthorized,
        "Found no known token, expected a header 'Authorization: Bearer <token>'. Make a token with 'analytics token create'.");

    public static readonly Problem UnknownOrganization = new(
        "/problems/unknown-organization",
        "Unknown organization",
        StatusCodes.Status404NotFound,
        "There is no such organization, or you are not a member of it.");

    public static readonly Problem IngestTokenCannotRead = new(
        "/problems/ingest-token",
        "The token is for ingest",
        StatusCodes.Status403Forbidden,
        "Found a token that writes usage, expected one that reads it. Make one with 'analytics token create' without --ingest.");

    public static readonly Problem Busy = new(
        "/problems/busy",
        "Busy",
        StatusCodes.Status503ServiceUnavailable,
        "Large answers that are being written take all the memory they may. Ask again in a few seconds, for a shorter range, longer buckets or fewer groups.");

    /// <summary>What is wrong with each parameter by its name, or with each part of a body by its JSON path.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>The plan that would allow it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequiredPlan { get; init; }

    /// <summary>The roles that would allow it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? RequiredRoles { get; init; }

    /// <summary>The <c>X-Request-Id</c> under which the server's log says more; with errors of the server only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestId { get; init; }

    public static Problem PlanRequired(string plan) => new(
        "/problems/plan-required",
        "Plan required",
        StatusCodes.Status403Forbidden,
        $"This view is part of the {plan} plan.")
    {
        RequiredPlan = plan,
    };

    public static Problem RoleRequired(IReadOnlyList<string> roles) => new(
        "/problems/role-required",
        "Role required",
        StatusCodes.Status403Forbidden,
        $"This view is for {string.Join(" and ", roles.Select(role => role + "s"))} of the organization.")
    {
        RequiredRoles = roles,
    };

    public static Problem InvalidParameter(string name, string message) =>
        InvalidParameters(new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [message] });

    public static Problem InvalidParameters(IReadOnlyDictionary<string, string[]> errors) => new(
        "/problems/invalid-parameters",
        "Invalid parameters",
        StatusCodes.Status400BadRequest,
        string.Join(' ', errors.SelectMany(error => error.Value.Select(message => $"{error.Key}: {message}"))))
    {
        Errors = errors,
    };

    /// <summary>A body that breaks rules; nothing of it was applied.</summary>
    /// <param name="errors">What was found and expected, by JSON path.</param>
    public static Problem InvalidBody(IReadOnlyDictionary<string, string[]> errors) => new(
        "/problems/invalid-body",
        "Invalid body",
        StatusCodes.Status400BadRequest,
        string.Join(' ', errors.SelectMany(error => error.Value.Select(message => $"{error.Key}: {message}"))) + " Nothing was changed.")
    {
        Errors = errors,
    };

    /// <summary>A body that asks for what this caller may not do; nothing of it was applied.</summary>
    /// <param name="errors">What was found and who may do it, by JSON path.</param>
    public static Problem ForbiddenEdit(IReadOnlyDictionary<string, string[]> errors) => new(
        "/problems/forbidden-edit",
        "Forbidden edit",
        StatusCodes.Status403Forbidden,
        string.Join(' ', errors.SelectMany(error => error.Value.Select(message => $"{error.Key}: {message}"))) + " Nothing was changed.")
    {
        Errors = errors,
    };

    /// <summary>An organization has an owner at all times.</summary>
    public static Problem LastOwner(IReadOnlyDictionary<string, string[]> errors) =>
        Conflict("last-owner", "Last owner", "Found no owner left, expected at least one: make somebody else an owner first. Nothing was changed.") with { Errors = errors };

    /// <summary>What is asked for would break what is there.</summary>
    public static Problem Conflict(string type, string title, string detail) => new($"/problems/{type}", title, StatusCodes.Status409Conflict, detail);

    /// <summary>Somebody else was faster.</summary>
    /// <param name="current">The current tag.</param>
    public static Problem PreconditionFailed(string current) => new(
        "/problems/precondition-failed",
        "Precondition failed",
        StatusCodes.Status412PreconditionFailed,
        $"Found an If-Match that does not name {current}: it was changed since you read it. Read it again, make your change to that, and send it with its ETag. Nothing was changed.");

    /// <summary>A body in another form.</summary>
    /// <param name="found">What the request said.</param>
    /// <param name="expected">What the endpoint takes.</param>
    public static Problem UnsupportedMedia(string found, string expected) => new(
        "/problems/unsupported-media-type",
        "Unsupported media type",
        StatusCodes.Status415UnsupportedMediaType,
        $"Found {found}, expected {expected}.");

    /// <summary>A body that is too long.</summary>
    /// <param name="maxBytes">The limit; null where it is not known any more.</param>
    public static Problem BodyTooLarge(long? maxBytes) => new(
        "/problems/body-too-large",
        "Body too large",
        StatusCodes.Status413PayloadTooLarge,
        maxBytes is { } bytes ? $"Found a body of more than {bytes} bytes, expected at most {bytes}." : "Found a body that is too large.");

    /// <summary>A status that the framework decided on, in our words.</summary>
    public static Problem OfStatus(int status, string detail) => new(
        status switch
        {
            StatusCodes.Status404NotFound => "/problems/unknown-path",
            StatusCodes.Status405MethodNotAllowed => "/problems/method-not-allowed",
            StatusCodes.Status408RequestTimeout => "/problems/request-timeout",
            >= 500 => "/problems/internal",
            _ => "/problems/bad-request",
        },
        status switch
        {
            StatusCodes.Status404NotFound => "Unknown path",
            StatusCodes.Status405MethodNotAllowed => "Method not allowed",
            StatusCodes.Status408RequestTimeout => "Request timeout",
            >= 500 => "Internal error",
            _ => "Bad request",
        },
        status,
        detail);

    public static Problem NotAcceptable(IReadOnlyList<AnswerFormat> offers) => new(
        "/problems/not-acceptable",
        "Not acceptable",
        StatusCodes.Status406NotAcceptable,
        $"This answer is written as {string.Join(", ", offers.Select(offer => offer.MediaType))}. Name one of them in 'Accept', or ask for format={string.Join('|', offers.Select(offer => offer.Name))}.");

    public static Problem SumTooLarge(string metric, Int128 sum) => new(
        "/problems/not-acceptable",
        "Not acceptable",
        StatusCodes.Status406NotAcceptable,
        $"Found {sum} as the sum of {metric}, expected at most {long.MaxValue}: counts in csv, arrow and parquet are integers of 64 bits. Ask for format=json, for a shorter range, or with filters.");

    /// <summary>An id that the organisation does not have; whether another one has it is not said.</summary>
    /// <param name="kind">A word, such as project.</param>
    /// <param name="id">What was asked for.</param>
    public static Problem Unknown(string kind, string id) => new(
        $"/problems/unknown-{kind.Replace(' ', '-').ToLowerInvariant()}",
        $"Unknown {kind}",
        StatusCodes.Status404NotFound,
        $"The organization has no {kind} '{ReadingRequest.Shown(id)}'.");

    public static Problem UnknownUser(string userId) => new(
        "/problems/unknown-user",
        "Unknown user",
        StatusCodes.Status404NotFound,
        $"'{userId}' is not a member of the organization.");
}

/// <summary>Writes problems.</summary>
internal static class ProblemResponse
{
    /// <summary>A problem as it is answered.</summary>
    public static JsonNode ToJson(Problem problem) => JsonSerializer.SerializeToNode(problem, JsonAnswer.Options)!;

    /// <summary>Answers with a problem, and with nothing that was prepared for a success.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        var (response, headers) = (context.Response, context.Response.Headers);
        headers.ETag = default;
        headers["Server-Timing"] = default;
        headers.CacheControl = "no-store";
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }
        else if (problem.Status >= StatusCodes.Status500InternalServerError)
        {
            problem = problem with { RequestId = context.TraceIdentifier };
        }

        return JsonAnswer.WriteAsync(context, problem.Status, problem, "application/problem+json");
    }

    /// <summary>Answers for what no endpoint did: unknown paths, wrong methods, bodies that cannot be read, and errors of our own.</summary>
    public static async Task ForUnhandledAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            // The client went away; nothing may look like the end of a whole answer.
            context.Abort();
            return;
        }
        catch (BusyException)
        {
            context.Response.Headers.RetryAfter = "5";
            await WriteAsync(context, Problem.Busy);
            return;
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            // The rest of such a body is of no use to anybody.
            context.Response.Headers.Connection = "close";
            await WriteAsync(context, exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? Problem.BodyTooLarge(context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize)
                : Problem.OfStatus(exception.StatusCode, $"Found a body that cannot be read: {exception.Message}"));
            return;
        }
        catch (IOException exception) when (!context.Response.HasStarted && exception.InnerException is OverflowException)
        {
            // What Kestrel says of a chunk whose size has more than 31 bits: the client's fault, and nothing for the log.
            context.Response.Headers.Connection = "close";
            await WriteAsync(context, Problem.OfStatus(StatusCodes.Status400BadRequest, "Found a body that cannot be read: a chunk of it is too large."));
            return;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Analytics")
                .LogError(exception, "{Method} {Path} failed, request {RequestId}", context.Request.Method, context.Request.Path, context.TraceIdentifier);
            await WriteAsync(context, Problem.OfStatus(
                StatusCodes.Status500InternalServerError, "The server failed to answer. Its log says why, under this request's id."));
            return;
        }

        var response = context.Response;
        if (response.HasStarted || response.StatusCode < StatusCodes.Status400BadRequest || response.ContentLength is not null || response.ContentType is not null)
        {
            return;
        }

        await WriteAsync(context, Problem.OfStatus(response.StatusCode, response.StatusCode switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at '{context.Request.Path}'.",
            StatusCodes.Status405MethodNotAllowed => $"Found {MethodOf(context)}, expected {AllowHead(response)}.",
            _ => "The request cannot be answered.",
        }));
    }

    /// <summary>The methods that would be answered: HEAD wherever GET is, of which the endpoints themselves do not know.</summary>
    private static string AllowHead(HttpResponse response)
    {
        var allowed = response.Headers.Allow.ToString().Replace(HttpMethods.Get, $"{HttpMethods.Get}, {HttpMethods.Head}", StringComparison.Ordinal);
        response.Headers.Allow = allowed;
        return allowed;
    }

    /// <summary>The method as it was sent: HEAD is handled as GET on the way.</summary>
    private static string MethodOf(HttpContext context) => context.Items.ContainsKey(HttpMethods.Head) ? HttpMethods.Head : context.Request.Method;
}
