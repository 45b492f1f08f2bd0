using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Analytics.Server.Access.Oidc;

/// <summary>An issuer's public keys, fetched when they are needed. Safe for any number of threads.</summary>
/// <remarks>
/// <para>
/// A key that nobody knows is looked for at most once a minute, however many tokens name one. Where the issuer cannot be
/// reached, the keys that are known go on. Keys are fetched again each hour, so one that the issuer took away ends then.
/// </para>
/// <para>Only the issuer's own address is asked, or the one that the settings name for keys; redirects are not followed.</para>
/// </remarks>
internal sealed class SigningKeys(OidcIssuer issuer, HttpClient http, IClock clock, ILogger log)
{
    private const int MinRsaBits = 2_048;
    private const int MaxRsaBits = 16_384;
    private static readonly Duration BetweenFetches = Duration.FromMinutes(1);
    private static readonly Duration MaxAge = Duration.FromHours(1);

    private readonly Lock gate = new();
    private volatile Dictionary<(string Kid, string Algorithm), SecurityKey> keys = [];
    private Task running = Task.CompletedTask;
    private Instant lastFetch = Instant.MinValue;

    /// <summary>A client as issuers are asked with: no redirects, no cookies, small answers, five seconds.</summary>
    public static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = 1 << 20,
    };

    /// <summary>The key of that id for that algorithm, fetched if need be; null where the issuer has none.</summary>
    public async ValueTask<SecurityKey?> FindAsync(string kid, string algorithm, CancellationToken cancellation)
    {
        if (keys.TryGetValue((kid, algorithm), out var key))
        {
            // Nobody waits for keys that may be the same as before.
            _ = FetchAsync(MaxAge);
            return key;
        }

        await FetchAsync(BetweenFetches).WaitAsync(cancellation);
        return keys.GetValueOrDefault((kid, algorithm));
    }

    /// <summary>The fetch that is under way, or a new one where the last is as long ago; it never fails.</summary>
    private Task FetchAsync(Duration age)
    {
        lock (gate)
        {
            var now = clock.GetCurrentInstant();
            if (running.IsCompleted && (lastFetch == Instant.MinValue || now - lastFetch >= age))
            {
                lastFetch = now;
                running = FetchAsync();
            }

            return running;
        }
    }

    private async Task FetchAsync()
    {
        try
        {
            keys = Read(await GetAsync(issuer.KeysUri ?? await DiscoverAsync()));
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or JsonException or InvalidOperationException or CryptographicException or IssuerException)
        {
            log.LogWarning("Signing keys of {Issuer} were not fetched, those that are known go on: {Reason}", issuer.Issuer, error.Message);
        }
    }

    private async Task<Uri> DiscoverAsync()
    {
        var discovery = new Uri(issuer.Issuer.TrimEnd('/') + "/.well-known/openid-configuration");
        using var document = JsonDocument.Parse(await GetAsync(discovery), JwtText.Strict);
        if (Text(document.RootElement, "issuer") is not { } name || name != issuer.Issuer)
        {
            throw new IssuerException($"'{discovery}' names another issuer, expected '{issuer.Issuer}' to the letter.");
        }

        // A document that points elsewhere would make this server ask addresses that its operator never named.
        return Uri.TryCreate(Text(document.RootElement, "jwks_uri"), UriKind.Absolute, out var keysUri)
            && Uri.Compare(keysUri, issuer.Address, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0
                ? keysUri
                : throw new IssuerException($"'{discovery}' says that keys are not on the issuer's own host; name their address with the setting KeysUri.");
    }

    private async Task<byte[]> GetAsync(Uri address)
    {
        using var response = await http.GetAsync(address);
        return response.StatusCode == HttpStatusCode.OK
            ? await response.Content.ReadAsByteArrayAsync()
            : throw new IssuerException($"'{address}' answered {(int)response.StatusCode}, expected 200.");
    }

    /// <summary>Keys that sign, each for the algorithms it is for. Others, symmetric ones above all, are passed over.</summary>
    private static Dictionary<(string Kid, string Algorithm), SecurityKey> Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json, JwtText.Strict);
        Dictionary<(string Kid, string Algorithm), SecurityKey> found = [];
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new IssuerException("found no array of keys, expected a JSON Web Key Set.");
        }

        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object && Text(entry, "kid") is { Length: > 0 } kid && Text(entry, "use") is null or "sig" && ToKey(entry) is ({ } key, var algorithms))
            {
                key.KeyId = kid;
                foreach (var algorithm in algorithms.Where(algorithm => Text(entry, "alg") is not { } only || only == algorithm))
                {
                    found.TryAdd((kid, algorithm), key);
                }
            }
        }

        return found;
    }

    private static (SecurityKey? Key, string[] Algorithms) ToKey(JsonElement entry) => Text(entry, "kty") switch
    {
        "RSA" when Bytes(entry, "n") is { } modulus && Bytes(entry, "e") is { } exponent
            && modulus.Length * 8 is >= MinRsaBits and <= MaxRsaBits && exponent.Length is > 0 and <= 8 =>
            (new RsaSecurityKey(new RSAParameters { Modulus = modulus, Exponent = exponent }), JwtText.RsaAlgorithms),
        "EC" when Text(entry, "crv") is "P-256" => (OnCurve(entry, ECCurve.NamedCurves.nistP256), [SecurityAlgorithms.EcdsaSha256]),
        "EC" when Text(entry, "crv") is "P-384" => (OnCurve(entry, ECCurve.NamedCurves.nistP384), [SecurityAlgorithms.EcdsaSha384]),
        _ => (null, []),
    };

    private static ECDsaSecurityKey? OnCurve(JsonElement entry, ECCurve curve)
    {
        if (Bytes(entry, "x") is not { } x || Bytes(entry, "y") is not { } y)
        {
            return null;
        }

        try
        {
            return new ECDsaSecurityKey(ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } }));
        }
        catch (CryptographicException)
        {
            return null; // not a point of the curve
        }
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? Bytes(JsonElement entry, string name)
    {
        try
        {
            return Text(entry, name) is { } text ? Base64Url.DecodeFromChars(text) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private sealed class IssuerException(string message) : Exception(message);
}
