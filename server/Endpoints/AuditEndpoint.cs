using System.Globalization;
using System.Text.Json.Nodes;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Server.Conventions;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Microsoft.OpenApi;
using NodaTime.Text;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /admin/organizations/{organizationId}/audit</c>: who changed or took away what, the newest first.</summary>
internal static class AuditEndpoint
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;
    private const string ProblemType = "application/problem+json";
    private static readonly string[] Accepted = ["limit", "before"];

    public static void MapAudit(this WebApplication app)
    {
        var store = app.Services.GetRequiredService<UsageStore>();
        var audit = app.Services.GetRequiredService<Audit>();
        app.MapGet("/admin/organizations/{organizationId}/audit", (string organizationId, HttpContext context) => HandleAsync(context, store, audit, organizationId))
            .WithName("audit").WithTags("administration").WithSummary("Who changed or took away what, the newest first. Owners and admins, every plan.")
            .Produces<AuditResponse>()
            .Produces<Problem>(StatusCodes.Status400BadRequest, ProblemType)
            .Produces<Problem>(StatusCodes.Status401Unauthorized, ProblemType)
            .Produces<Problem>(StatusCodes.Status403Forbidden, ProblemType)
            .Produces<Problem>(StatusCodes.Status404NotFound, ProblemType)
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.Parameters =
                [
                    Parameter("organizationId", ParameterLocation.Path, "The organization.", new OpenApiSchema { Type = JsonSchemaType.String }, "org_1"),
                    Parameter("limit", ParameterLocation.Query, "The most entries.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{MaxLimit}", Default = DefaultLimit }, 20),
                    Parameter("before", ParameterLocation.Query, "Only entries with a smaller id: next of the page before.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" }, 1_000),
                ];
                return Task.CompletedTask;
            });
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation location, string description, OpenApiSchema schema, JsonNode example) => new()
    {
        Name = name,
        In = location,
        Required = location == ParameterLocation.Path,
        Description = description,
        Schema = schema,
        Example = example,
    };

    /// <summary>An entry as it is shown, here and on the command line.</summary>
    public static AuditItem ToItem(AuditEntry entry) => new()
    {
        Id = entry.Sequence,
        At = InstantPattern.ExtendedIso.Format(entry.Actor.At),
        Actor = entry.Actor.Kind,
        UserId = entry.Actor.UserId,
        TokenId = entry.Actor.TokenId,
        Action = entry.Action,
        Target = entry.Target,
        Detail = entry.Detail,
        RequestId = entry.Actor.RequestId,
    };

    private static async Task HandleAsync(HttpContext context, UsageStore store, Audit audit, string organizationId)
    {
        var (grant, problem) = Authorization.Check(context, store, organizationId, Surface.Administration);
        if (grant is null)
        {
            await ProblemResponse.WriteAsync(context, problem!);
            return;
        }

        var errors = QueryFaults.Of(context.Request, Accepted);
        var limit = Number(context, errors, "limit", MaxLimit) ?? DefaultLimit;
        var before = Number(context, errors, "before", long.MaxValue);
        if (errors.Count > 0)
        {
            await ProblemResponse.WriteAsync(context, Problem.InvalidParameters(errors));
            return;
        }

        // What the caller did a moment ago is there.
        await audit.FlushAsync(context.RequestAborted);
        var entries = store.Directory.ReadAudit(organizationId, before, (int)limit);
        context.Response.Headers.CacheControl = "no-store";
        await JsonAnswer.WriteAsync(
            context,
            StatusCodes.Status200OK,
            new AuditResponse { Entries = [.. entries.Select(ToItem)], Next = entries.Count == limit ? entries[^1].Sequence : null });
    }

    private static long? Number(HttpContext context, Dictionary<string, string[]> errors, string name, long max)
    {
        var values = context.Request.Query[name];
        if (values.Count == 0)
        {
            return null;
        }

        if (values is [{ } text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= max)
        {
            return number;
        }

        errors[name] = [values.Count > 1 ? "found it more than once, expected it once." : $"found '{ReadingRequest.Shown(values[0] ?? string.Empty)}', expected a whole number from 1 to {max}."];
        return null;
    }
}
