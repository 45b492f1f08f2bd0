using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Analytics.Server.Access.Oidc;

/// <summary>What a JWT says about itself, read as strictly as RFC 8725 asks. Nothing of it is true before its signature is.</summary>
/// <param name="Issuer">The claim <c>iss</c>.</param>
/// <param name="KeyId">The header <c>kid</c>.</param>
/// <param name="Algorithm">The header <c>alg</c>, one of those that are accepted.</param>
/// <param name="Type">The header <c>typ</c> without <c>application/</c>.</param>
/// <param name="Payload">All claims.</param>
internal sealed record JwtText(string Issuer, string KeyId, string Algorithm, string Type, JsonElement Payload)
{
    /// <summary>Longer ones are not looked at.</summary>
    public const int MaxLength = 16 << 10;

    public static readonly string[] RsaAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
    ];

    /// <summary>What is accepted: signatures by keys whose other half only the issuer has.</summary>
    public static readonly string[] Algorithms = [.. RsaAlgorithms, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384];

    /// <summary>Two readers may each take another one of two equal names, so there are none.</summary>
    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    // Keys that the token itself brings or names, extensions that would have to be understood, encryption and compression.
    private static readonly string[] RefusedHeaders = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc", "cty"];

    // RFC 7519, 2: seconds since 1970. The last is in the year 9999, which is as far as calendars go.
    private const decimal LastDate = 253_402_300_799;

    /// <summary>Reads a token's text.</summary>
    /// <returns>What it says; null where it breaks any rule.</returns>
    public static JwtText? Read(string token)
    {
        if (token.Length > MaxLength || token.Split('.') is not [var first, var second, var third]
            || !TryDecode(first, out var header) || !TryDecode(second, out var payload) || !TryDecode(third, out _))
        {
            return null;
        }

        try
        {
            using var headers = JsonDocument.Parse(header, Strict);
            using var claims = JsonDocument.Parse(payload, Strict);
            return Read(headers.RootElement, claims.RootElement);
        }
        catch (JsonException)
        {
            return null; // not JSON, or a name twice
        }
    }

    /// <summary>A claim that is a text of 1 to 512 characters without control characters; null where it is anything else.</summary>
    public string? Text(string claim) =>
        TextOf(Payload, claim) is { Length: > 0 and <= 512 } text && !text.Any(char.IsControl) ? text : null;

    /// <summary>Whether exactly one audience of the token is this one.</summary>
    public bool IsFor(string audience)
    {
        if (!Payload.TryGetProperty("aud", out var value))
        {
            return false;
        }

        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().All(entry => entry.ValueKind == JsonValueKind.String) && value.EnumerateArray().Count(entry => TextOf(entry) == audience) == 1
            : TextOf(value) == audience;
    }

    /// <summary>Whether the token is one for signing in at the client that asked for it, not one for servers like this.</summary>
    public bool IsIdToken
    {
        get
        {
            // Keycloak says which it is by a claim of the same name as the header; its access tokens may have a nonce.
            var kind = TextOf(Payload, "typ");
            return Payload.TryGetProperty("at_hash", out _) || Payload.TryGetProperty("c_hash", out _)
                || TextOf(Payload, "token_use") is "id"
                || (kind is null ? Payload.TryGetProperty("nonce", out _) : !kind.Equals("Bearer", StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>Whether the token is in force, and until when.</summary>
    /// <param name="now">The present.</param>
    /// <param name="skew">How far the issuer's clock may be off.</param>
    /// <param name="expires">When it ends, without the skew.</param>
    public bool IsInForce(Instant now, Duration skew, out Instant expires)
    {
        expires = default;
        if (!TryDate("exp", out var end) || end is not { } last || !TryDate("nbf", out var start) || !TryDate("iat", out var issued))
        {
            return false;
        }

        expires = last;
        return now < last + skew && (start is null || start <= now + skew) && (issued is null || issued <= now + skew);
    }

    private static JwtText? Read(JsonElement header, JsonElement payload)
    {
        if (header.ValueKind != JsonValueKind.Object || payload.ValueKind != JsonValueKind.Object || RefusedHeaders.Any(name => header.TryGetProperty(name, out _)))
        {
            return null;
        }

        const string Application = "application/";
        return TextOf(header, "alg") is { } algorithm && Algorithms.Contains(algorithm, StringComparer.Ordinal)
            && TextOf(header, "kid") is { Length: > 0 and <= 512 } kid
            && TextOf(header, "typ") is { Length: > 0 } type
            && TextOf(payload, "iss") is { Length: > 0 } issuer
                ? new JwtText(issuer, kid, algorithm, type.StartsWith(Application, StringComparison.OrdinalIgnoreCase) ? type[Application.Length..] : type, payload.Clone())
                : null;
    }

    /// <summary>Absent is fine and null; anything but a number of seconds is not.</summary>
    private bool TryDate(string claim, out Instant? date)
    {
        date = null;
        if (!Payload.TryGetProperty(claim, out var value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var seconds) || seconds is < 0 or > LastDate)
        {
            return false;
        }

        date = Instant.FromUnixTimeMilliseconds((long)(seconds * 1_000));
        return true;
    }

    // One token has one spelling: no padding, no white space, no bits behind the last whole byte.
    private static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        try
        {
            bytes = text.Length > 0 && Ascii.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
            return bytes is not null && Base64Url.EncodeToString(bytes) == text;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string? TextOf(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? TextOf(value) : null;

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair, or bytes that are not UTF-8
        }
    }
}
