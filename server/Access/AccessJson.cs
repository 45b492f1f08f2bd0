using System.Text.Encodings.Web;
using System.Text.Json;

namespace Analytics.Server.Access;

/// <summary>How answers about access are written: as they are, for no answer is ever shown as a page.</summary>
internal static class AccessJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
