using System.Globalization;
using Analytics.Server.Access.Oidc;
using Analytics.Server.Commands;

namespace Analytics.Server.Access;

/// <summary>Who is let in, and how often: settings of the environment, each read once at start.</summary>
public sealed record AccessSettings
{
    private const string Prefix = "Analytics__";
    private static readonly string[] IssuerKeys = ["Issuer", "Audience", "SubjectClaim", "KeysUri", "TokenTypes"];

    /// <summary>Issuers of OpenID Connect whose tokens are accepted; none without any.</summary>
    public IReadOnlyList<OidcIssuer> Issuers { get; init; } = [];

    /// <summary>
    /// Requests a minute of one token, session or user of an issuer: refilled evenly, a whole minute's may come at once.
    /// 0 for no limit.
    /// </summary>
    public int RequestsPerMinute { get; init; } = 60_000;

    /// <summary>Whether a proxy in front ends TLS, so that browsers see https although the server is asked over http.</summary>
    public bool IsBehindTlsProxy { get; init; }

    /// <summary>Whether sessions may be opened over plain http from other machines, where anybody on the way can take them.</summary>
    public bool AllowsHttpSessions { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <param name="settings">The sections Oidc, RateLimit and Sessions.</param>
    /// <exception cref="UsageException">A setting is unknown, missing or wrong.</exception>
    internal static AccessSettings Read(IConfiguration settings)
    {
        RefuseUnknown(settings.GetSection("Sessions"), ["TlsProxy", "AllowHttp"]);
        RefuseUnknown(settings.GetSection("RateLimit"), ["RequestsPerMinute"]);
        RefuseUnknown(settings.GetSection("Oidc"), [.. IssuerKeys, "Issuers"]);
        return new AccessSettings
        {
            Issuers = ReadIssuers(settings.GetSection("Oidc")),
            RequestsPerMinute = Count(settings, "RateLimit:RequestsPerMinute", new AccessSettings().RequestsPerMinute),
            IsBehindTlsProxy = Flag(settings, "Sessions:TlsProxy"),
            AllowsHttpSessions = Flag(settings, "Sessions:AllowHttp"),
        };
    }

    private static List<OidcIssuer> ReadIssuers(IConfigurationSection section)
    {
        List<OidcIssuer> issuers = [];
        if (IssuerKeys.Any(key => section[key] is not null))
        {
            issuers.Add(ReadIssuer(section));
        }

        foreach (var more in section.GetSection("Issuers").GetChildren())
        {
            RefuseUnknown(more, IssuerKeys);
            issuers.Add(ReadIssuer(more));
        }

        var twice = issuers.GroupBy(issuer => issuer.Issuer, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? issuers : throw Wrong(section.Path, $"found issuer '{twice.Key}' twice", "each issuer once");
    }

    private static OidcIssuer ReadIssuer(IConfigurationSection section)
    {
        var issuer = Required(section, "Issuer", "the issuer as its tokens spell it, such as https://login.example.com");
        var address = Address(section, "Issuer", issuer);
        var keys = section["KeysUri"] is { } text ? Address(section, "KeysUri", text) : null;
        var types = (section["TokenTypes"] ?? string.Join(' ', OidcIssuer.DefaultTokenTypes)).Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        return new OidcIssuer(issuer, address, Required(section, "Audience", "the audience that tokens for Analytics name (claim aud)"))
        {
            SubjectClaim = section["SubjectClaim"] is { Length: > 0 } claim ? claim : OidcIssuer.DefaultSubjectClaim,
            KeysUri = keys,
            TokenTypes = types.Length > 0 ? types : throw Wrong($"{section.Path}:TokenTypes", "found nothing", "types such as JWT and at+jwt"),
        };
    }

    // What an issuer says over plain http can be changed on the way, and with it who signs in.
    private static Uri Address(IConfigurationSection section, string key, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Query: "", Fragment: "", UserInfo: "" }
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : throw Wrong($"{section.Path}:{key}", $"found '{text}'", "an https address without query (plain http on this machine only)");

    private static string Required(IConfigurationSection section, string key, string expected) =>
        section[key] is { Length: > 0 } value ? value : throw Wrong($"{section.Path}:{key}", "found nothing", expected);

    private static bool Flag(IConfiguration settings, string key) => settings[key] switch
    {
        null => false,
        var text when bool.TryParse(text, out var flag) => flag,
        var text => throw Wrong(key, $"found '{text}'", "true or false"),
    };

    private static int Count(IConfiguration settings, string key, int otherwise) => settings[key] switch
    {
        null => otherwise,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) => count,
        var text => throw Wrong(key, $"found '{text}'", "a whole number, 0 for no limit"),
    };

    // A misspelt name would leave a door as it is while its owner believes it shut.
    private static void RefuseUnknown(IConfigurationSection section, string[] known)
    {
        var unknown = section.GetChildren().FirstOrDefault(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase));
        if (unknown is not null)
        {
            throw Wrong(unknown.Path, "found an unknown setting", $"one of {string.Join(", ", known)}");
        }
    }

    private static UsageException Wrong(string key, string found, string expected) =>
        new($"The setting {key} (environment variable {Prefix}{key.Replace(":", "__", StringComparison.Ordinal)}): {found}, expected {expected}.");
}
