using System.Diagnostics;
using Analytics.Server.Access.Oidc;
using Analytics.Server.Contracts;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Analytics.Server.Access;

/// <summary>Finds out who asks, by bearer token, JWT or cookie, before anything else looks at a request.</summary>
internal sealed class Authentication(UsageStore store, JwtVerifier jwts, AccessSettings settings, IClock clock)
{
    private const string Scheme = "Bearer ";

    // Forms and plain text are what a page of another site can send without asking first.
    private static readonly string[] RefusedTypes = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

    // How exactly the time of a session's last use is kept. A write for each request would wait for the disk.
    private static readonly Duration BetweenTouches = Duration.FromMinutes(5);

    /// <summary>The caller of a request; null where nobody known asks.</summary>
    public static Caller? CallerOf(HttpContext context) => context.Features.Get<Caller>();

    /// <summary>Notes who asks, and refuses what another site makes a browser send with a session's cookie.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var began = Stopwatch.GetTimestamp();
        var caller = await FindAsync(context);
        if (caller is not null)
        {
            context.Features.Set(caller with { Began = began });
            if (caller.Kind == CallerKind.Session && CheckOrigin(context) is { } problem)
            {
                await ProblemResponse.WriteAsync(context, problem);
                return;
            }
        }

        await next(context);
    }

    /// <summary>Who holds a bearer token or a JWT.</summary>
    /// <param name="token">Any text.</param>
    /// <param name="cancellation">Ends the wait for an issuer's keys.</param>
    /// <returns>The caller, and what a session would be opened with; null where nobody known does.</returns>
    public async ValueTask<(Caller Caller, SessionLogin Login)?> FindAsync(string token, CancellationToken cancellation)
    {
        if (!jwts.IsMeant(token))
        {
            return store.Directory.Authenticate(token, clock.GetCurrentInstant()) is { } holder
                ? (new Caller(holder.Kind == TokenKind.Ingest ? CallerKind.IngestToken : CallerKind.ReadToken, holder.UserId, holder.OrganizationId, holder.Id)
                {
                    Expires = holder.Expires,
                },
                SessionLogin.With(holder))
                : null;
        }

        return await jwts.VerifyAsync(token, cancellation) is { } identity && store.Directory.FindUser(identity.Issuer, identity.Subject) is { } userId
            ? (new Caller(CallerKind.Jwt, userId, OrganizationId: null, TokenId: null) { Expires = identity.Expires },
                SessionLogin.With(userId, identity.Issuer, identity.Subject, identity.Expires))
            : null;
    }

    /// <summary>What is wrong with where an unsafe request comes from, or with what it brings; null for nothing.</summary>
    /// <remarks>
    /// Browsers say where a request comes from in Sec-Fetch-Site, older ones at least in Origin. One with a cookie that says
    /// neither is no browser's that anybody should use.
    /// </remarks>
    public Problem? CheckOrigin(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method))
        {
            return null;
        }

        var site = context.Request.Headers["Sec-Fetch-Site"];
        var isSame = site.Count > 0 ? site is ["same-origin"] : context.Request.Headers.Origin is [{ } origin] && SessionCookie.IsOwnOrigin(context, origin, settings);
        if (!isSame)
        {
            return AccessProblems.CrossSite;
        }

        var type = context.Request.ContentType?.Split(';')[0].Trim();
        return RefusedTypes.Contains(type, StringComparer.OrdinalIgnoreCase) ? AccessProblems.UnsupportedMedia(type!) : null;
    }

    private void Touch(SessionEntry session, Instant now)
    {
        try
        {
            store.Directory.TouchSession(session.Id, now);
        }
        catch (SqliteException)
        {
            // A full disk, or another process that writes for long. Reading goes on; the next request tries again.
        }
    }

    private async ValueTask<Caller?> FindAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count > 0)
        {
            // Who brings a token means that token: a wrong one is not made good by a cookie.
            return header is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? (await FindAsync(value[Scheme.Length..].Trim(), context.RequestAborted))?.Caller
                : null;
        }

        var now = clock.GetCurrentInstant();
        if (SessionCookie.Read(context, settings) is not { } secret || store.Directory.FindSession(secret, now) is not { } session)
        {
            return null;
        }

        if (now - session.Used >= BetweenTouches)
        {
            Touch(session, now);
        }

        return new Caller(CallerKind.Session, session.UserId, session.OrganizationId, session.TokenId) { Session = session, Expires = session.Expires };
    }
}
