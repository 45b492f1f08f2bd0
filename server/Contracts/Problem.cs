using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Analytics.Server.Contracts.Formats;

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

    /// <summary>What is wrong with each parameter, by its name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>The plan that would allow it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequiredPlan { get; init; }

    /// <summary>The roles that would allow it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? RequiredRoles { get; init; }

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
    public static Problem Unknown(string what, string id) => new(
        $"/problems/unknown-{what.Replace(' ', '-').ToLowerInvariant()}",
        $"Unknown {what}",
        StatusCodes.Status404NotFound,
        $"'{ReadingRequest.Shown(id)}' is no {what} of the organization.");

    public static Problem UnknownUser(string userId) => new(
        "/problems/unknown-user",
        "Unknown user",
        StatusCodes.Status404NotFound,
        $"'{userId}' is not a member of the organization.");
}

/// <summary>Writes problems.</summary>
internal static class ProblemResponse
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A problem as it is answered.</summary>
    public static JsonNode ToJson(Problem problem) => JsonSerializer.SerializeToNode(problem, Options)!;

    /// <summary>Answers with a problem.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return context.Response.WriteAsJsonAsync(problem, Options, "application/problem+json", context.RequestAborted);
    }

    /// <summary>Answers for what no endpoint did: unknown paths, wrong methods, and errors of our own.</summary>
    public static async Task ForUnhandledAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException)
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
        catch (Exception exception) when (exception is not BadHttpRequestException && !context.Response.HasStarted)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Analytics").LogError(exception, "{Path} failed", context.Request.Path);
            await WriteAsync(context, new Problem(
                "/problems/internal",
                "Internal error",
                StatusCodes.Status500InternalServerError,
                "The server failed to answer. Its log says why."));
            return;
        }

        if (context.Response.HasStarted || context.Response.ContentLength is not null || context.Response.ContentType is not null)
        {
            return;
        }

        if (context.Response.StatusCode == StatusCodes.Status404NotFound)
        {
            await WriteAsync(context, new Problem(
                "/problems/unknown-path",
                "Unknown path",
                StatusCodes.Status404NotFound,
                $"There is nothing at '{context.Request.Path}'."));
        }
        else if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            await WriteAsync(context, new Problem(
                "/problems/method-not-allowed",
                "Method not allowed",
                StatusCodes.Status405MethodNotAllowed,
                $"Found {context.Request.Method}, expected {context.Response.Headers.Allow}."));
        }
    }
}
