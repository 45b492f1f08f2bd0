using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Analytics.Tests.Conventions;

/// <summary>
/// Checks JSON by the part of JSON schema that the OpenAPI document uses: references, types, properties, items, words,
/// patterns, bounds, alternatives. Stricter than the standard: a property that no schema has is a fault, as it is for a
/// generated client.
/// </summary>
/// <param name="document">The OpenAPI document.</param>
internal sealed class JsonSchema(JsonElement document)
{
    // What a schema may say without asking anything of a value.
    private static readonly string[] Known =
    [
        "$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "pattern", "minimum", "maximum", "oneOf", "anyOf", "allOf",
        "description", "format", "default", "example", "title", "nullable",
    ];

    /// <summary>The faults of a value; none where it is as the schema says.</summary>
    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        List<string> faults = [];
        Check(schema, value, "$", faults);
        return faults;
    }

    /// <summary>What a reference stands for; anything else as it is.</summary>
    public JsonElement Resolve(JsonElement element)
    {
        while (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$ref", out var reference))
        {
            element = reference.GetString()!.Split('/').Skip(1)
                .Aggregate(document, (at, name) => at.GetProperty(name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)));
        }

        return element;
    }

    private void Check(JsonElement schema, JsonElement value, string path, List<string> faults)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Known.Contains(keyword.Name)))
        {
            faults.Add($"{path}: the schema says '{keyword.Name}', which this check does not know");
        }

        foreach (var name in (string[])["oneOf", "anyOf"])
        {
            if (schema.TryGetProperty(name, out var alternatives) && alternatives.EnumerateArray().All(alternative => Check(alternative, value).Count > 0))
            {
                faults.Add($"{path}: {value.GetRawText()} is none of {alternatives.GetArrayLength()} alternatives");
            }
        }

        if (schema.TryGetProperty("type", out var type) && !(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray() : Enumerable.Repeat(type, 1)).Any(name => IsOf(name.GetString()!, value)))
        {
            faults.Add($"{path}: found {value.ValueKind}, expected {type.GetRawText()}");
            return;
        }

        if (schema.TryGetProperty("enum", out var words) && words.EnumerateArray().All(word => word.GetRawText() != value.GetRawText()))
        {
            faults.Add($"{path}: found {value.GetRawText()}, expected one of {words.GetRawText()}");
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                CheckText(schema, value.GetString()!, path, faults);
                break;
            case JsonValueKind.Number:
                CheckNumber(schema, value, path, faults);
                break;
            case JsonValueKind.Array when schema.TryGetProperty("items", out var items):
                foreach (var (item, i) in value.EnumerateArray().Select((item, i) => (item, i)))
                {
                    Check(items, item, $"{path}[{i}]", faults);
                }

                break;
            case JsonValueKind.Object:
                CheckObject(schema, value, path, faults);
                break;
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetRawText().TrimStart('-').All(char.IsAsciiDigit),
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => false,
    };

    private static void CheckText(JsonElement schema, string text, string path, List<string> faults)
    {
        if (schema.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(text, pattern.GetString()!, RegexOptions.CultureInvariant))
        {
            faults.Add($"{path}: found '{text}', expected {pattern.GetString()}");
        }

        if (schema.TryGetProperty("format", out var format) && format.GetString() == "date" && !DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            faults.Add($"{path}: found '{text}', expected a date");
        }
    }

    private static void CheckNumber(JsonElement schema, JsonElement value, string path, List<string> faults)
    {
        var number = value.GetDecimal();
        if (schema.TryGetProperty("minimum", out var minimum) && number < decimal.Parse(minimum.GetRawText(), CultureInfo.InvariantCulture))
        {
            faults.Add($"{path}: found {number}, expected {minimum} or more");
        }

        if (schema.TryGetProperty("maximum", out var maximum) && number > decimal.Parse(maximum.GetRawText(), CultureInfo.InvariantCulture))
        {
            faults.Add($"{path}: found {number}, expected {maximum} or less");
        }
    }

    private void CheckObject(JsonElement schema, JsonElement value, string path, List<string> faults)
    {
        var isOpen = schema.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.Object;
        var properties = Properties(schema).ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);
        foreach (var part in Parts(schema))
        {
            foreach (var name in part.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [])
            {
                if (!value.TryGetProperty(name, out _))
                {
                    faults.Add($"{path}: found no '{name}', which is required");
                }
            }
        }

        var isAlternative = schema.TryGetProperty("oneOf", out _) || schema.TryGetProperty("anyOf", out _);
        foreach (var property in value.EnumerateObject())
        {
            if (properties.TryGetValue(property.Name, out var declared))
            {
                Check(declared, property.Value, $"{path}.{property.Name}", faults);
            }
            else if (isOpen)
            {
                Check(additional, property.Value, $"{path}.{property.Name}", faults);
            }
            else if (!isAlternative)
            {
                faults.Add($"{path}: found '{property.Name}', which the schema does not have");
            }
        }
    }

    private IEnumerable<JsonProperty> Properties(JsonElement schema) =>
        Parts(schema).SelectMany(part => part.TryGetProperty("properties", out var properties) ? properties.EnumerateObject() : Enumerable.Empty<JsonProperty>());

    private IEnumerable<JsonElement> Parts(JsonElement schema) =>
        schema.TryGetProperty("allOf", out var parts) ? [schema, .. parts.EnumerateArray().SelectMany(part => Parts(Resolve(part)))] : [schema];
}
