using Microsoft.Extensions.Primitives;

namespace Analytics.Server.Conventions;

/// <summary>What browsers are told on every answer, errors too.</summary>
internal static class SecurityHeaders
{
    /// <summary>Scripts, styles, fonts and data come from this server and nowhere else; no page may frame it.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
        + "base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

    // Made once: an answer shares them.
    private static readonly StringValues Policy = ContentSecurityPolicy;
    private static readonly StringValues NoSniff = "nosniff";
    private static readonly StringValues NoReferrer = "no-referrer";
    private static readonly StringValues OneYear = "max-age=31536000";

    /// <summary>Adds the headers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isTls">Whether browsers reach the server over TLS, which they are then to do for a year.</param>
    public static void Add(HttpContext context, bool isTls)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = NoSniff;
        headers["Referrer-Policy"] = NoReferrer;
        if (isTls)
        {
            headers.StrictTransportSecurity = OneYear;
        }
    }
}
