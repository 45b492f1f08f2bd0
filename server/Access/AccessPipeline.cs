using Analytics.Server.Access.Oidc;
using Analytics.Storage;
using NodaTime;

namespace Analytics.Server.Access;

/// <summary>What a request passes before its endpoint: who asks, how often they have asked, and what they take away.</summary>
internal static class AccessPipeline
{
    /// <summary>Registers what <see cref="UseAccess"/> needs.</summary>
    public static void AddAccess(this WebApplicationBuilder builder, AccessSettings settings)
    {
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<LoginFailures>();
        builder.Services.AddSingleton<Authentication>();
        builder.Services.AddSingleton<ExportAudit>();
        builder.Services.AddSingleton(services => new Audit(services.GetRequiredService<UsageStore>(), Log(services)));
        builder.Services.AddSingleton<LoginFailureAudit>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LoginFailureAudit>());
        builder.Services.AddSingleton(services => new JwtVerifier(settings.Issuers, SigningKeys.NewClient(), services.GetRequiredService<IClock>(), Log(services)));
        if (settings.RequestsPerMinute > 0)
        {
            builder.Services.AddRateLimiter(options => RateLimits.Configure(options, settings.RequestsPerMinute));
        }
    }

    /// <summary>After routing, before any endpoint.</summary>
    public static void UseAccess(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<Authentication>().InvokeAsync);
        if (app.Services.GetRequiredService<AccessSettings>().RequestsPerMinute > 0)
        {
            app.UseRateLimiter();
        }

        app.Use(app.Services.GetRequiredService<ExportAudit>().InvokeAsync);
    }

    private static ILogger Log(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>().CreateLogger("Analytics");
}
