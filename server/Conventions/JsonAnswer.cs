using System.Text.Encodings.Web;
using System.Text.Json;

namespace Analytics.Server.Conventions;

/// <summary>Short answers as JSON, written whole and with their length, so that they are neither chunked nor compressed for nothing.</summary>
internal static class JsonAnswer
{
    /// <summary>How contracts are written: camel case, and texts as they are, since an answer is never part of a page.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with a contract.</summary>
    public static Task WriteAsync<T>(HttpContext context, int status, T value, string contentType = "application/json; charset=utf-8") =>
        WriteUtf8Async(context, status, JsonSerializer.SerializeToUtf8Bytes(value, Options), contentType);

    /// <summary>Answers with JSON that is written already.</summary>
    public static async Task WriteUtf8Async(HttpContext context, int status, ReadOnlyMemory<byte> utf8, string contentType = "application/json; charset=utf-8")
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = utf8.Length;
        await response.BodyWriter.WriteAsync(utf8, context.RequestAborted);
    }
}
