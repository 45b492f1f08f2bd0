using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Analytics.Server.Contracts;

/// <summary>What the OpenAPI document says about an operation with bodies; errors are <see cref="ApiCompletion"/>'s.</summary>
internal static class AdminDescription
{
    /// <summary>Describes an operation.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Its name for generated clients.</param>
    /// <param name="summary">One sentence.</param>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string name, string summary) =>
        endpoint.WithName(name).WithTags("administration").WithSummary(summary);

    /// <summary>Says what a success answers with.</summary>
    /// <typeparam name="T">The body.</typeparam>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, int status, string description, string sample) => endpoint
        .Produces<T>(status)
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            var response = (OpenApiResponse)operation.Responses![status.ToString(System.Globalization.CultureInfo.InvariantCulture)];
            response.Description = description;
            ((OpenApiMediaType)response.Content!["application/json"]).Example = JsonNode.Parse(sample);
            return Task.CompletedTask;
        });

    /// <summary>A success without a body.</summary>
    public static RouteHandlerBuilder AnswersNothing(this RouteHandlerBuilder endpoint, string description) => endpoint
        .Produces(StatusCodes.Status204NoContent)
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            ((OpenApiResponse)operation.Responses!["204"]).Description = description;
            return Task.CompletedTask;
        });

    /// <summary>Says what is sent.</summary>
    /// <typeparam name="T">A contract with all properties that may be sent.</typeparam>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="sample">A body that works.</param>
    /// <param name="required">The properties that must be there; null for those of the contract.</param>
    /// <param name="accepted">The properties that may be there; null for those of the contract.</param>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, string sample, IReadOnlyList<string>? required = null, IReadOnlyList<string>? accepted = null) =>
        endpoint.AddOpenApiOperationTransformer(async (operation, context, cancellation) =>
        {
            var contract = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellation);
            var schema = required is null ? contract : new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = contract.Properties!.Where(property => accepted?.Contains(property.Key) != false).ToDictionary(),
                Required = required.ToHashSet(StringComparer.Ordinal),
                AdditionalPropertiesAllowed = false,
            };
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = schema, Example = JsonNode.Parse(sample) } },
            };
        });
}
