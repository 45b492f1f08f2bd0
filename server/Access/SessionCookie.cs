using System.Net;
using Analytics.Storage.Directory;

namespace Analytics.Server.Access;

/// <summary>The dashboard's cookie: <c>__Host-session</c> over https, <c>session</c> over plain http on this machine.</summary>
/// <remarks>
/// With the prefix, browsers take the cookie from this host only, over https only. Over plain http they would not take it
/// at all, so there it has another name; a cookie of the one kind is never read as one of the other.
/// </remarks>
internal static class SessionCookie
{
    private const string SecureName = "__Host-session";
    private const string PlainName = "session";

    /// <summary>Whether a session may be opened by a request that comes this way.</summary>
    public static bool IsAllowed(HttpContext context, AccessSettings settings) =>
        IsHttps(context, settings) || settings.AllowsHttpSessions || IsLocal(context);

    /// <summary>The cookie's value; null without one.</summary>
    public static string? Read(HttpContext context, AccessSettings settings) =>
        context.Request.Headers.Cookie.Count > 0 && context.Request.Cookies[NameFor(context, settings)] is { Length: > 0 } value ? value : null;

    /// <summary>Gives the cookie to the browser.</summary>
    public static void Set(HttpContext context, AccessSettings settings, string secret) =>
        context.Response.Cookies.Append(NameFor(context, settings), secret, Options(context, settings, SessionEntry.MaxAge.ToTimeSpan()));

    /// <summary>Takes the cookie from the browser.</summary>
    public static void Clear(HttpContext context, AccessSettings settings) =>
        context.Response.Cookies.Append(NameFor(context, settings), string.Empty, Options(context, settings, TimeSpan.Zero));

    /// <summary>Whether an Origin header names this server as the browser sees it.</summary>
    public static bool IsOwnOrigin(HttpContext context, string origin, AccessSettings settings) =>
        string.Equals(origin, $"{(IsHttps(context, settings) ? "https" : "http")}://{context.Request.Host}", StringComparison.OrdinalIgnoreCase);

    private static bool IsHttps(HttpContext context, AccessSettings settings) => context.Request.IsHttps || settings.IsBehindTlsProxy;

    // The name too: a proxy on this machine comes from this machine, on behalf of others.
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && (context.Request.Host.Host is "localhost" || (IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host)));

    private static string NameFor(HttpContext context, AccessSettings settings) => IsHttps(context, settings) ? SecureName : PlainName;

    private static CookieOptions Options(HttpContext context, AccessSettings settings, TimeSpan maxAge) => new()
    {
        Secure = IsHttps(context, settings),
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        MaxAge = maxAge,
    };
}
