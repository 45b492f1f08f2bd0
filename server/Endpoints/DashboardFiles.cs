using System.Security.Cryptography;
using Analytics.Server.Contracts;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Analytics.Server.Endpoints;

/// <summary>Serves the built dashboard: the page at its own addresses, and the files that it is made of.</summary>
/// <remarks>
/// The page is an application of its own: every address below <c>/o/</c> answers with the same document, and nothing else
/// does, so that an unknown path of the HTTP interface stays a 404 that programs can read.
/// </remarks>
internal static class DashboardFiles
{
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".woff2"] = "font/woff2",
    };

    /// <summary>Maps the dashboard's addresses.</summary>
    /// <param name="app">The server.</param>
    /// <param name="folder">Where the built dashboard is; may be missing.</param>
    public static void MapDashboard(this IEndpointRouteBuilder app, string folder)
    {
        var files = Read(folder);
        if (!files.TryGetValue("/index.html", out var page))
        {
            Map(app, "/", static context => ProblemResponse.WriteAsync(context, NotBuilt));
            Map(app, "/o/{**path}", static context => ProblemResponse.WriteAsync(context, NotBuilt));
            return;
        }

        Map(app, "/", page.SendAsync);
        Map(app, "/o/{**path}", page.SendAsync);
        foreach (var (path, file) in files.Where(file => file.Value != page))
        {
            Map(app, path, file.SendAsync);
        }
    }

    private static readonly Problem NotBuilt = new(
        "/problems/no-dashboard",
        "No dashboard",
        StatusCodes.Status404NotFound,
        "This server was built without its dashboard, because there was no npm. The HTTP interface answers at '/analytics'. Install Node.js 20 or later and build again.");

    private static void Map(IEndpointRouteBuilder app, string path, RequestDelegate handle) =>
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], handle).ExcludeFromDescription();

    private static Dictionary<string, DashboardFile> Read(string folder)
    {
        if (!System.IO.Directory.Exists(folder))
        {
            return [];
        }

        return System.IO.Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => ContentTypes.ContainsKey(Path.GetExtension(path)))
            .ToDictionary(path => "/" + Path.GetRelativePath(folder, path).Replace('\\', '/'), path => new DashboardFile(path), StringComparer.Ordinal);
    }

    /// <summary>One file in memory, as it is and compressed: all of them are about a megabyte.</summary>
    private sealed class DashboardFile
    {
        private readonly byte[] content;
        private readonly byte[]? brotli;
        private readonly string contentType;
        private readonly string etag;
        private readonly bool isHashed;

        public DashboardFile(string path)
        {
            content = File.ReadAllBytes(path);
            brotli = File.Exists(path + ".br") ? File.ReadAllBytes(path + ".br") : null;
            contentType = ContentTypes[Path.GetExtension(path)];
            etag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8))}\"";

            // The build names files in this folder by a hash of what is in them.
            isHashed = Path.GetFileName(Path.GetDirectoryName(path)) == "assets";
        }

        public async Task SendAsync(HttpContext context)
        {
            var headers = context.Response.Headers;
            headers.ETag = etag;
            headers.CacheControl = isHashed ? "public, max-age=31536000, immutable" : "no-cache";
            if (brotli is not null)
            {
                headers.Vary = HeaderNames.AcceptEncoding;
            }

            if (context.Request.Headers.IfNoneMatch.Any(value => value?.Contains(etag, StringComparison.Ordinal) == true))
            {
                context.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }

            var body = content;
            if (brotli is not null && AcceptsBrotli(context.Request.Headers.AcceptEncoding))
            {
                headers.ContentEncoding = "br";
                body = brotli;
            }

            context.Response.ContentType = contentType;
            context.Response.ContentLength = body.Length;
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await context.Response.Body.WriteAsync(body, context.RequestAborted);
            }
        }

        private static bool AcceptsBrotli(StringValues header) =>
            StringWithQualityHeaderValue.TryParseList([.. header.Select(value => value ?? "")], out var encodings)
            && encodings.Any(encoding => encoding.Value.Equals("br", StringComparison.OrdinalIgnoreCase) && encoding.Quality is not 0);
    }
}
