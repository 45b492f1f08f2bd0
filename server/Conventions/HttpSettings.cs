using System.Globalization;
using System.Net;
using Analytics.Server.Commands;

namespace Analytics.Server.Conventions;

/// <summary>What an operator may set about HTTP. Everything has a default that is safe on an open network.</summary>
internal sealed record HttpSettings
{
    /// <summary>Setting <c>Cors:Origins</c>; its environment variable is <c>Analytics__Cors__Origins</c>.</summary>
    public const string OriginsSetting = "Cors:Origins";

    /// <summary>Setting <c>Http:MaxConnections</c>; its environment variable is <c>Analytics__Http__MaxConnections</c>.</summary>
    public const string MaxConnectionsSetting = "Http:MaxConnections";

    /// <summary>Setting <c>Http:ShutdownSeconds</c>; its environment variable is <c>Analytics__Http__ShutdownSeconds</c>.</summary>
    public const string ShutdownSecondsSetting = "Http:ShutdownSeconds";

    /// <summary>Setting <c>Http:KnownProxies</c>; its environment variable is <c>Analytics__Http__KnownProxies</c>.</summary>
    public const string KnownProxiesSetting = "Http:KnownProxies";

    /// <summary>Setting <c>Http:StallSeconds</c>; its environment variable is <c>Analytics__Http__StallSeconds</c>.</summary>
    public const string StallSecondsSetting = "Http:StallSeconds";

    /// <summary>The longest <see cref="StallTimeout"/> that may be set.</summary>
    public static readonly TimeSpan MaxStallTimeout = TimeSpan.FromHours(1);

    /// <summary>The longest <see cref="ShutdownTimeout"/> that may be set.</summary>
    public static readonly TimeSpan MaxShutdownTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Origins whose pages may read answers, such as <c>https://dash.example.com</c>; none by default.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; none by default. Anybody can send these headers, so
    /// from everybody else they are passed over.
    /// </summary>
    public IReadOnlyList<IPNetwork> KnownProxies { get; init; } = [];

    /// <summary>Connections at a time; more are closed at once.</summary>
    public int MaxConnections { get; init; } = 12_000;

    /// <summary>How long requests that are being answered may take once the server was told to stop.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may take nothing of an answer that waits for it, before its connection is cut.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static HttpSettings Read(IConfiguration settings)
    {
        var defaults = new HttpSettings();
        return new HttpSettings
        {
            CorsOrigins = Origins(settings[OriginsSetting] ?? string.Empty),
            KnownProxies = Proxies(settings[KnownProxiesSetting] ?? string.Empty),
            MaxConnections = Count(settings, MaxConnectionsSetting, int.MaxValue) ?? defaults.MaxConnections,
            ShutdownTimeout = Count(settings, ShutdownSecondsSetting, (int)MaxShutdownTimeout.TotalSeconds) is { } seconds
                ? TimeSpan.FromSeconds(seconds)
                : defaults.ShutdownTimeout,
            StallTimeout = Count(settings, StallSecondsSetting, (int)MaxStallTimeout.TotalSeconds) is { } stall ? TimeSpan.FromSeconds(stall) : defaults.StallTimeout,
        };
    }

    // "*" is refused with the rest: it would let any page read with a token that its script was given, and nobody writes it on purpose for long.
    private static string[] Origins(string text)
    {
        var origins = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var origin in origins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var address)
                || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
                || address.GetLeftPart(UriPartial.Authority) != origin)
            {
                throw Wrong(OriginsSetting, origin, "origins such as https://dash.example.com, without a path, separated by commas");
            }
        }

        return origins;
    }

    private static IPNetwork[] Proxies(string text) =>
    [
        .. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(part =>
            IPAddress.TryParse(part, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : IPNetwork.TryParse(part, out var network) ? network
            : throw Wrong(KnownProxiesSetting, part, "addresses such as 10.0.0.7 or networks such as 10.1.0.0/16, separated by commas")),
    ];

    private static int? Count(IConfiguration settings, string name, int max)
    {
        if (settings[name] is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= max
            ? count
            : throw Wrong(name, text, $"a whole number from 1 to {max}");
    }

    private static UsageException Wrong(string name, string found, string expected) => new(
        $"The setting {name} (environment variable Analytics__{name.Replace(":", "__", StringComparison.Ordinal)}): found '{found}', expected {expected}.");
}
