using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using IPNetwork = System.Net.IPNetwork;

namespace Analytics.Server.Conventions;

/// <summary>What holds for every request and every answer, whatever the endpoint.</summary>
internal static class HttpConventions
{
    /// <summary>Limits of the listener, compression, and pages of other origins where they are allowed.</summary>
    public static void AddHttpConventions(this WebApplicationBuilder builder, HttpSettings settings)
    {
        builder.WebHost.ConfigureKestrel(options => Listener.Configure(options, settings));
        builder.Services.Configure<SocketTransportOptions>(options => Listener.Configure(options, settings));
        builder.Services.AddSingleton(settings);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.ShutdownTimeout);
        Compression.Add(builder.Services);
        if (settings.CorsOrigins.Count > 0)
        {
            builder.Services.AddCors(options => options.AddDefaultPolicy(policy => policy
                .WithOrigins([.. settings.CorsOrigins])
                .WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
                .WithHeaders("Accept", "Authorization", "Content-Type", "If-Match", "If-None-Match", RequestId.Header)
                .WithExposedHeaders("ETag", "Location", "Retry-After", "Server-Timing", RequestId.Header)
                .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        }
    }

    /// <summary>The way of a request to its endpoint, outermost first.</summary>
    public static void UseHttpConventions(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<HttpSettings>();
        if (settings.KnownProxies.Count > 0)
        {
            app.UseForwardedHeaders(Forwarded(settings.KnownProxies));
        }

        var isBehindTls = app.Services.GetRequiredService<AccessSettings>().IsBehindTlsProxy;
        app.Use((HttpContext context, RequestDelegate next) => Mark(context, isBehindTls, next));
        app.Use(ProblemResponse.ForUnhandledAsync);
        app.Use(HeadAsGet);
        app.Use(RefuseOtherCodings);
        app.Use(RefuseMalformedPath);
        if (settings.CorsOrigins.Count > 0)
        {
            app.UseCors();
        }

        app.UseResponseCompression();
        app.UseRouting();
        app.Use(RefuseParameters);
    }

    /// <summary>For endpoints that take no parameters in the query.</summary>
    public static TBuilder WithoutParameters<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(NoParameters.Instance);

    /// <summary>Who asks, and whether over TLS, as proxies say that are known, one behind the other.</summary>
    private static ForwardedHeadersOptions Forwarded(IReadOnlyList<IPNetwork> proxies)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            options.KnownIPNetworks.Add(proxy);
        }

        return options;
    }

    private static Task Mark(HttpContext context, bool isBehindTls, RequestDelegate next)
    {
        RequestId.Assign(context);
        SecurityHeaders.Add(context, isBehindTls || context.Request.IsHttps);
        return next(context);
    }

    /// <summary>HEAD is answered by whatever answers GET. Kestrel knows what was asked, and leaves out the body.</summary>
    private static Task HeadAsGet(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
            context.Items[HttpMethods.Head] = true;
        }

        return next(context);
    }

    /// <summary>
    /// Kestrel looks for "chunked" at the end of the list and passes over the rest, and takes chunks in HTTP/1.0, which does
    /// not know them. Whoever is in front may see other requests in the same bytes; nobody sends any of this in earnest.
    /// </summary>
    private static Task RefuseOtherCodings(HttpContext context, RequestDelegate next)
    {
        var codings = context.Request.Headers.TransferEncoding;
        if (codings.Count == 0
            || (codings is [{ } coding] && coding.AsSpan().Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase) && !HttpProtocol.IsHttp10(context.Request.Protocol)))
        {
            return next(context);
        }

        context.Response.Headers.Connection = "close";
        return ProblemResponse.WriteAsync(context, Problem.OfStatus(
            StatusCodes.Status400BadRequest,
            $"Found the Transfer-Encoding '{ReadingRequest.Shown(codings.ToString())}' in {context.Request.Protocol}, expected chunked, once and in HTTP/1.1, or a Content-Length."));
    }

    private static Task RefuseMalformedPath(HttpContext context, RequestDelegate next)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget.AsSpan();
        var end = target.IndexOf('?');
        return PercentEncoding.Fault(end < 0 ? target : target[..end]) is { } fault
            ? ProblemResponse.WriteAsync(context, Problem.InvalidParameter("path", fault))
            : next(context);
    }

    /// <summary>A misspelt parameter must not be passed over in silence, not even where there is none to misspell.</summary>
    private static Task RefuseParameters(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.QueryString.HasValue || context.GetEndpoint()?.Metadata.GetMetadata<NoParameters>() is null)
        {
            return next(context);
        }

        var errors = QueryFaults.Of(context.Request, []);
        return errors.Count == 0 ? next(context) : ProblemResponse.WriteAsync(context, Problem.InvalidParameters(errors));
    }

    private sealed class NoParameters
    {
        public static readonly NoParameters Instance = new();
    }
}
