namespace Analytics.Server.Access.Oidc;

/// <summary>An issuer of OpenID Connect whose tokens are accepted.</summary>
/// <param name="Issuer">Its name, exactly as its tokens spell it (claim <c>iss</c>).</param>
/// <param name="Address">The same as an address: the only one that is ever asked, but for <see cref="KeysUri"/>.</param>
/// <param name="Audience">What tokens for this server name as their audience (claim <c>aud</c>).</param>
public sealed record OidcIssuer(string Issuer, Uri Address, string Audience)
{
    internal const string DefaultSubjectClaim = "sub";

    internal static readonly string[] DefaultTokenTypes = ["JWT", "at+jwt"];

    /// <summary>The claim that names the user for ever, <c>sub</c> for most; never an e-mail address, which changes hands.</summary>
    public string SubjectClaim { get; init; } = DefaultSubjectClaim;

    /// <summary>Where the signing keys are; null for where the issuer's discovery document says, on the issuer's own host.</summary>
    public Uri? KeysUri { get; init; }

    /// <summary>Values of the header <c>typ</c> that are accepted, in any case and with or without <c>application/</c>.</summary>
    public IReadOnlyList<string> TokenTypes { get; init; } = DefaultTokenTypes;
}
