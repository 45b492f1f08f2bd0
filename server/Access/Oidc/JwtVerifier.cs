using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Analytics.Server.Access.Oidc;

/// <summary>Who a JWT speaks for, once its issuer has confirmed it.</summary>
/// <param name="Issuer">The issuer.</param>
/// <param name="Subject">The subject: with the issuer, and only with it, the name of a person.</param>
/// <param name="Expires">When the token ends.</param>
internal sealed record JwtIdentity(string Issuer, string Subject, Instant Expires);

/// <summary>Accepts tokens of the configured issuers, and no others.</summary>
/// <remarks>
/// Twice over: <see cref="JwtText"/> reads what a token says by rules stricter than most libraries', then the library that
/// the framework's own handler uses checks signature, issuer, audience and time once more. That handler itself is not used:
/// it brings data protection, which keeps key files in the home folder, and refuses the first tokens of a new key.
/// </remarks>
internal sealed class JwtVerifier
{
    private static readonly Duration Skew = Duration.FromSeconds(60);

    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = JwtText.MaxLength, MapInboundClaims = false };
    private readonly Dictionary<string, (OidcIssuer Issuer, SigningKeys Keys)> issuers;
    private readonly IClock clock;

    public JwtVerifier(IEnumerable<OidcIssuer> issuers, HttpClient http, IClock clock, ILogger log)
    {
        this.clock = clock;
        this.issuers = issuers.ToDictionary(issuer => issuer.Issuer, issuer => (issuer, new SigningKeys(issuer, http, clock, log)), StringComparer.Ordinal);
    }

    /// <summary>Whether a text is meant to be a JWT; never true without issuers.</summary>
    public bool IsMeant(string token) => issuers.Count > 0 && token.Contains('.', StringComparison.Ordinal);

    /// <summary>Checks a token.</summary>
    /// <param name="token">Any text.</param>
    /// <param name="cancellation">Ends the wait for the issuer's keys.</param>
    /// <returns>Who it speaks for; null where anything about it is wrong.</returns>
    public async ValueTask<JwtIdentity?> VerifyAsync(string token, CancellationToken cancellation)
    {
        if (JwtText.Read(token) is not { } text
            || !issuers.TryGetValue(text.Issuer, out var known)
            || !known.Issuer.TokenTypes.Contains(text.Type, StringComparer.OrdinalIgnoreCase)
            || !text.IsFor(known.Issuer.Audience)
            || text.IsIdToken
            || !text.IsInForce(clock.GetCurrentInstant(), Skew, out var expires)
            || text.Text(known.Issuer.SubjectClaim) is not { } subject)
        {
            return null;
        }

        // Last, because it may ask the issuer: nothing that is wrong anyway makes this server ask.
        if (await known.Keys.FindAsync(text.KeyId, text.Algorithm, cancellation) is not { } key)
        {
            return null;
        }

        var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [text.Algorithm],
            IssuerSigningKey = key,
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidIssuer = known.Issuer.Issuer,
            ValidAudience = known.Issuer.Audience,
            // Time was checked above, by the clock that everything here goes by.
            LifetimeValidator = (_, end, _, _) => end is not null,
        });
        return result.IsValid ? new JwtIdentity(known.Issuer.Issuer, subject, expires) : null;
    }
}
