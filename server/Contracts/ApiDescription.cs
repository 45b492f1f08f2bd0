using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Analytics.Server.Contracts;

/// <summary>What the OpenAPI document says about the interface. Types come from the contracts, parameters from <see cref="QueryParameter"/>.</summary>
internal static class ApiDescription
{
    private const string Bearer = "bearer";
    private const string ProblemType = "application/problem+json";

    /// <summary>Title, version and how to sign in.</summary>
    public static void Configure(OpenApiOptions options)
    {
        options.AddSchemaTransformer(ApiCompletion.NumbersAreNumbers);
        options.AddDocumentTransformer(Introduce);
        options.AddDocumentTransformer(ApiCompletion.ApplyAsync);
    }

    private static Task Introduce(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Analytics",
            Version = "v1",
            Description = "Usage of LLM traffic: where every dollar went, exactly, in any time zone. Ranges are local days, both ends included. Unknown parameters are refused. Errors are application/problem+json (RFC 9457).",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        return Task.CompletedTask;
    }

    /// <summary>Describes a reading endpoint.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Its name for generated clients.</param>
    /// <param name="summary">One sentence.</param>
    /// <param name="parameters">Parameters besides the shared ones.</param>
    /// <param name="sample">An answer.</param>
    /// <param name="ofOrganization">Whether it takes the shared parameters, an organisation among them.</param>
    public static void Describe<T>(
        this RouteHandlerBuilder endpoint, string name, string summary, IReadOnlyList<QueryParameter> parameters, string sample, bool ofOrganization = true) =>
        endpoint.Describe<T>(name, summary, parameters, "application/json", JsonNode.Parse(sample)!, ofOrganization);

    /// <summary>Describes a reading endpoint whose answer is a table.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Its name for generated clients.</param>
    /// <param name="summary">One sentence.</param>
    /// <param name="parameters">Parameters besides the shared ones.</param>
    /// <param name="sample">An answer as CSV.</param>
    public static void DescribeTable(this RouteHandlerBuilder endpoint, string name, string summary, IReadOnlyList<QueryParameter> parameters, string sample) =>
        endpoint.Describe<string>(name, summary, parameters, "text/csv", JsonValue.Create(sample), ofOrganization: true);

    private static void Describe<T>(
        this RouteHandlerBuilder endpoint, string name, string summary, IReadOnlyList<QueryParameter> parameters, string type, JsonNode sample, bool ofOrganization) => endpoint
        .WithName(name)
        .WithTags("reading")
        .WithSummary(summary)
        .Produces<T>(StatusCodes.Status200OK, type)
        .Produces<Problem>(StatusCodes.Status400BadRequest, ProblemType)
        .Produces<Problem>(StatusCodes.Status401Unauthorized, ProblemType)
        .Produces<Problem>(StatusCodes.Status403Forbidden, ProblemType)
        .Produces<Problem>(StatusCodes.Status404NotFound, ProblemType)
        .AddOpenApiOperationTransformer((operation, context, _) =>
        {
            operation.Parameters =
            [
                .. operation.Parameters?.Where(parameter => parameter.In == ParameterLocation.Path) ?? [],
                .. PathIds.Where(id => context.Description.RelativePath!.Contains($"{{{id.Name}}}", StringComparison.Ordinal)),
                .. (ofOrganization ? QueryParameter.Shared : []).Concat(parameters).Select(Parameter),
            ];
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            Sample(operation, StatusCodes.Status200OK, type, "The answer.", sample.DeepClone());
            Sample(operation, StatusCodes.Status400BadRequest, "A parameter is wrong: each by its name, with what was found and what was expected.", Problem.InvalidParameter("timezone", "found 'Europe/Pari', expected an IANA id such as 'Europe/Paris'."));
            Sample(operation, StatusCodes.Status401Unauthorized, "No or an unknown token.", Problem.Unauthorized);
            Sample(operation, StatusCodes.Status403Forbidden, "The organization's plan or the caller's role does not include this view.", Problem.RoleRequired(["owner", "admin"]));
            Sample(operation, StatusCodes.Status404NotFound, "No such organization, or nothing with this id in it, or the caller is not a member of it.", Problem.UnknownOrganization);
            return Task.CompletedTask;
        });

    private static IEnumerable<OpenApiParameter> PathIds =>
    [
        PathId("userId", "The member's user id.", "u_1"),
        PathId("projectId", "The project's id.", "prj_1"),
        PathId("apiKeyId", "The API key's id.", "key_1"),
        PathId("agentId", "The agent's id.", "agt_1"),
    ];

    private static OpenApiParameter PathId(string name, string description, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = example,
    };

    private static OpenApiParameter Parameter(QueryParameter parameter)
    {
        var words = string.Join('|', parameter.Words.Concat(parameter.Aliases));
        var value = new OpenApiSchema
        {
            Type = parameter.IsCount ? JsonSchemaType.Integer : JsonSchemaType.String,
            Format = parameter.Format,
            Minimum = parameter.IsCount ? "1" : null,
            Maximum = parameter is { IsCount: true, Max: < int.MaxValue and var max } ? max.ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
            Enum = parameter.Words.Count == 0 || parameter.MaxWords > 1 ? null : [.. parameter.Words.Concat(parameter.Aliases).Select(word => (JsonNode)word)],
            Pattern = parameter.MaxWords > 1 ? $"^({words})(,({words})){{0,{parameter.MaxWords - 1}}}$" : null,
            Default = parameter.Default is null ? null : (JsonNode)parameter.Default,
        };
        JsonNode example = parameter.IsCount ? int.Parse(parameter.Example, System.Globalization.CultureInfo.InvariantCulture) : parameter.Example;
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Required = parameter.IsRequired,
            Description = parameter.Description,
            Schema = parameter.IsRepeatable ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = value } : value,
            Example = parameter.IsRepeatable ? new JsonArray(example) : example,
        };
    }

    private static void Sample(OpenApiOperation operation, int status, string description, Problem problem) =>
        Sample(operation, status, ProblemType, description, ProblemResponse.ToJson(problem));

    private static void Sample(OpenApiOperation operation, int status, string type, string description, JsonNode sample)
    {
        var response = (OpenApiResponse)operation.Responses![status.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        response.Description = description;
        ((OpenApiMediaType)response.Content![type]).Example = sample;
    }
}
