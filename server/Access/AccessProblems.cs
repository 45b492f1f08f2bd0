using Analytics.Server.Contracts;

namespace Analytics.Server.Access;

/// <summary>Errors of signing in, of where requests come from, and of too many of them.</summary>
internal static class AccessProblems
{
    public static readonly Problem WrongToken = new(
        "/problems/wrong-token",
        "Wrong token",
        StatusCodes.Status401Unauthorized,
        "Found no token that reads: it is unknown, revoked or expired, or it is for ingest. Make one with 'analytics token create'.");

    public static readonly Problem CrossSite = new(
        "/problems/cross-site",
        "Request of another site",
        StatusCodes.Status403Forbidden,
        "Found a change that was not sent by this server's own pages, expected 'Sec-Fetch-Site: same-origin' or this server's Origin beside the session's cookie. Scripts send 'Authorization: Bearer <token>' instead of the cookie.");

    public static readonly Problem InsecureSession = new(
        "/problems/insecure-session",
        "No session over plain http",
        StatusCodes.Status403Forbidden,
        "Found plain http from another machine, expected https. Put a proxy with TLS in front and set Analytics__Sessions__TlsProxy=true, or accept the risk with Analytics__Sessions__AllowHttp=true.");

    public static readonly Problem TooManyFailures = new(
        "/problems/too-many-failures",
        "Too many failures",
        StatusCodes.Status429TooManyRequests,
        $"Found {LoginFailures.MaxPerMinute} wrong tokens within a minute from this address. Try again in a minute.");

    /// <summary>A type of body that pages of other sites can send.</summary>
    public static Problem UnsupportedMedia(string found) => Problem.UnsupportedMedia($"a body of type '{ReadingRequest.Shown(found)}'", "application/json");

    /// <summary>A body that is no token.</summary>
    public static Problem MalformedBody(string found) => Problem.InvalidBody(new Dictionary<string, string[]> { ["$"] = [$"found {found}, expected {{\"token\": \"...\"}}."] });

    public static Problem TooManyRequests(int perMinute) => new(
        "/problems/too-many-requests",
        "Too many requests",
        StatusCodes.Status429TooManyRequests,
        $"Found more than {perMinute} requests a minute, which is what one token, session or user may make here. Ask again after the seconds that Retry-After says.");
}
