using System.Text.Json;
using System.Text.Json.Nodes;
using Analytics.Server.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Analytics.Server.Conventions;

/// <summary>Reads bodies of JSON, whole and bounded.</summary>
internal static class RequestBody
{
    private const int MaxDepth = 16;

    /// <summary>Reads a body of JSON as bytes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">More is refused with 413.</param>
    /// <param name="mediaTypes">What is taken; the first is what errors name.</param>
    /// <returns>The bytes, or the problem to answer with.</returns>
    /// <exception cref="BadHttpRequestException">The body is too large, broken or too slow.</exception>
    public static async Task<(byte[]? Utf8, Problem? Problem)> ReadAsync(HttpContext context, long maxBytes, params string[] mediaTypes)
    {
        var request = context.Request;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !mediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            var found = string.IsNullOrEmpty(request.ContentType) ? "no Content-Type" : $"the Content-Type '{ReadingRequest.Shown(request.ContentType)}'";
            return (null, Problem.UnsupportedMedia(found, mediaTypes[0]));
        }

        if (!string.IsNullOrEmpty(request.Headers.ContentEncoding))
        {
            return (null, Problem.UnsupportedMedia($"the Content-Encoding '{ReadingRequest.Shown(request.Headers.ContentEncoding!)}'", "a body without one"));
        }

        // Kestrel counts, and throws where there is more.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = maxBytes;
        }

        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);
        return (body.ToArray(), null);
    }

    /// <summary>Reads a body that is one JSON object.</summary>
    /// <returns>The object, or the problem to answer with.</returns>
    public static async Task<(JsonObject? Json, Problem? Problem)> ReadObjectAsync(HttpContext context, params string[] mediaTypes)
    {
        var (utf8, problem) = await ReadAsync(context, Listener.MaxBodyBytes, mediaTypes);
        if (utf8 is null)
        {
            return (null, problem);
        }

        try
        {
            // A property that is there twice has no value that the sender meant.
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = MaxDepth });
            ReadTexts(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? (JsonObject.Create(document.RootElement.Clone()), null)
                : (null, Invalid($"found a {document.RootElement.ValueKind.ToString().ToLowerInvariant()}, expected a JSON object."));
        }
        catch (JsonException exception)
        {
            return (null, Invalid($"found no valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}, expected one JSON object in UTF-8 with each property once."));
        }
        catch (InvalidOperationException)
        {
            return (null, Invalid("found text that is not valid UTF-8 or has half a surrogate pair, expected Unicode text."));
        }
    }

    // The parser looks at no text before it is asked for: what is no Unicode is to fail here, and not in the middle of an edit.
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }

    private static Problem Invalid(string message) => Problem.InvalidBody(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["$"] = [message] });
}
