using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Server.Endpoints;

/// <summary>The id that ends a path, such as a user's or a project's. It may hold any character.</summary>
internal static class PathId
{
    /// <summary>Reads it.</summary>
    /// <param name="context">A request for a path that ends in an id.</param>
    /// <returns>The id. Routing leaves an encoded slash as it is, so the path as it was sent is decoded here.</returns>
    public static string Of(HttpContext context)
    {
        var path = context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0].TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}
