using System.Text.Json;

namespace Analytics.Tests.AccessMatrix;

/// <summary>A parameter as the OpenAPI document has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="In">query, path or header.</param>
/// <param name="IsRequired">Whether it must be given.</param>
/// <param name="Example">A value that is accepted.</param>
/// <param name="Words">The only values; empty where there are others.</param>
internal sealed record Parameter(string Name, string In, bool IsRequired, string Example, IReadOnlyList<string> Words);

/// <summary>One operation of the OpenAPI document.</summary>
/// <param name="Id">Its operationId.</param>
/// <param name="Method">The HTTP method, in capitals.</param>
/// <param name="Path">The path with its placeholders.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="HasBody">Whether it takes a body.</param>
/// <param name="Sample">A sample of the body; null where the document has none.</param>
internal sealed record Operation(string Id, string Method, string Path, IReadOnlyList<Parameter> Parameters, bool HasBody, string? Sample)
{
    /// <summary>Whether it only reads.</summary>
    public bool IsRead => Method == "GET";

    public override string ToString() => $"{Method} {Path}";

    /// <summary>Whether there is such a parameter.</summary>
    public bool Has(string where, string name) => Parameters.Any(parameter => parameter.In == where && parameter.Name == name);

    /// <summary>All operations of a document.</summary>
    public static IReadOnlyList<Operation> All(JsonElement document) =>
    [
        .. document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => Read(path.Name, operation))),
    ];

    private static Operation Read(string path, JsonProperty property)
    {
        var operation = property.Value;
        string? sample = null;
        var hasBody = operation.TryGetProperty("requestBody", out var body);
        if (hasBody && body.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out var example))
        {
            sample = example.GetRawText();
        }

        return new Operation(
            operation.GetProperty("operationId").GetString()!,
            property.Name.ToUpperInvariant(),
            path,
            operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray().Select(ReadParameter)] : [],
            hasBody,
            sample);
    }

    private static Parameter ReadParameter(JsonElement parameter)
    {
        var example = parameter.GetProperty("example");
        var schema = parameter.GetProperty("schema");
        return new Parameter(
            parameter.GetProperty("name").GetString()!,
            parameter.GetProperty("in").GetString()!,
            parameter.TryGetProperty("required", out var isRequired) && isRequired.GetBoolean(),
            (example.ValueKind == JsonValueKind.Array ? example[0] : example).ToString(),
            schema.TryGetProperty("enum", out var words) || (schema.TryGetProperty("items", out var items) && items.TryGetProperty("enum", out words))
                ? [.. words.EnumerateArray().Select(word => word.ToString())]
                : []);
    }
}
