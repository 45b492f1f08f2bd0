using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Analytics.Tests.Access;

/// <summary>Tokens that are almost good: each is wrong in one way, and most of them are signed by the issuer itself.</summary>
internal sealed class JwtForgeries(FakeIssuer issuer, FakeIssuer other, FakeIssuer attacker, RSA foreign, RSA weak, RSA encrypting, byte[] octets)
{
    private static readonly long Now = AccessServer.Start.ToUnixTimeSeconds();

    public IEnumerable<(string Name, string Token)> All() =>
        [.. Algorithms(), .. Signatures(), .. Headers(), .. KeyIds(), .. Issuers(), .. Audiences(), .. Times(), .. Kinds(), .. Subjects(), .. Texts()];

    private IEnumerable<(string, string)> Algorithms()
    {
        foreach (var none in (string[])["none", "None", "nOnE", "NONE", ""])
        {
            var header = FakeIssuer.Header(none);
            yield return ($"alg '{none}', no signature", Unsigned(header) + ".");
            yield return ($"alg '{none}', signed", issuer.Sign(header: header));
        }

        yield return ("alg absent", issuer.Sign(header: FakeIssuer.Header().Without("alg")));
        yield return ("alg a number", issuer.Sign(header: FakeIssuer.Header().With("alg", 256)));
        yield return ("alg in lower case", issuer.Sign(header: FakeIssuer.Header("rs256")));
        foreach (var (name, hash) in new[] { ("HS256", HashAlgorithmName.SHA256), ("HS384", HashAlgorithmName.SHA384), ("HS512", HashAlgorithmName.SHA512) })
        {
            yield return ($"{name} with the public key as text", Mac(FakeIssuer.Header(name), Encoding.ASCII.GetBytes(issuer.Rsa.ExportSubjectPublicKeyInfoPem()), hash));
            yield return ($"{name} with the public key in DER", Mac(FakeIssuer.Header(name), issuer.Rsa.ExportSubjectPublicKeyInfo(), hash));
            yield return ($"{name} with the modulus", Mac(FakeIssuer.Header(name), issuer.Rsa.ExportParameters(false).Modulus!, hash));
            yield return ($"{name} with a key of the set", Mac(FakeIssuer.Header(name, "oct"), octets, hash));
        }

        yield return ("HS256 with no key", Mac(FakeIssuer.Header("HS256"), [], HashAlgorithmName.SHA256));
    }

    private IEnumerable<(string, string)> Signatures()
    {
        var good = issuer.Sign();
        var parts = good.Split('.');
        yield return ("no signature", $"{parts[0]}.{parts[1]}.");
        yield return ("signature of another token", $"{parts[0]}.{parts[1]}.{issuer.Sign(issuer.Claims("sub-ben")).Split('.')[2]}");
        yield return ("claims exchanged", $"{parts[0]}.{issuer.Sign(issuer.Claims("sub-ben")).Split('.')[1]}.{parts[2]}");
        yield return ("a bit of the signature flipped", $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}");
        yield return ("signature cut", good[..^4]);
        yield return ("signature of zeros", $"{parts[0]}.{parts[1]}.{FakeIssuer.Text(new byte[256])}");
        yield return ("RS256 by another key, same kid", SignedBy(foreign, FakeIssuer.Header()));
        yield return ("a key of 1024 bits", SignedBy(weak, FakeIssuer.Header(kid: "weak")));
        yield return ("a key for encryption", SignedBy(encrypting, FakeIssuer.Header(kid: "encrypting")));
        yield return ("a key for RS512 only", issuer.Sign(header: FakeIssuer.Header(kid: "only-rs512")));
        yield return ("PS256 that is RS256", WithAlgorithm("PS256", issuer.Rsa, RSASignaturePadding.Pkcs1));
        yield return ("RS256 that is PS256", WithAlgorithm("RS256", issuer.Rsa, RSASignaturePadding.Pss));
        yield return ("RS384 that is RS256", WithAlgorithm("RS384", issuer.Rsa, RSASignaturePadding.Pkcs1));

        var es256 = Unsigned(FakeIssuer.Header("ES256", "p256"));
        yield return ("ES256 with r = s = 0", $"{es256}.{FakeIssuer.Text(new byte[64])}");
        yield return ("ES256 with r = s = 0 in one byte each", $"{es256}.{FakeIssuer.Text(new byte[2])}");
        yield return ("ES256 in DER", $"{es256}.{FakeIssuer.Text(issuer.P256.SignData(Encoding.ASCII.GetBytes(es256), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))}");
        yield return ("ES256 with the key of ES384", issuer.Sign(header: FakeIssuer.Header("ES256", "p384")));
        yield return ("ES256 with the key of RS256", issuer.Sign(header: FakeIssuer.Header("ES256", "rsa")));
        yield return ("ES256 with a claim exchanged", Exchanged(issuer.Sign(header: FakeIssuer.Header("ES256", "p256"))));
        yield return ("ES512", issuer.Sign(header: FakeIssuer.Header("ES512", "p384")));
    }

    private IEnumerable<(string, string)> Headers()
    {
        JsonNode ownKey = FakeIssuer.PublicKey("rsa", foreign);
        yield return ("jwk with an own key", SignedBy(foreign, FakeIssuer.Header().With("jwk", ownKey.DeepClone())));
        yield return ("jwk beside a good signature", issuer.Sign(header: FakeIssuer.Header().With("jwk", ownKey.DeepClone())));
        yield return ("jku", SignedBy(attacker.Rsa, FakeIssuer.Header().With("jku", attacker.Name + "/keys")));
        yield return ("jku beside a good signature", issuer.Sign(header: FakeIssuer.Header().With("jku", issuer.Name + "/keys")));
        yield return ("x5u", SignedBy(attacker.Rsa, FakeIssuer.Header().With("x5u", attacker.Name + "/certificate")));
        yield return ("x5c", SignedBy(foreign, FakeIssuer.Header().With("x5c", new JsonArray(Convert.ToBase64String(foreign.ExportSubjectPublicKeyInfo())))));
        yield return ("crit", issuer.Sign(header: FakeIssuer.Header().With("crit", new JsonArray("exp"))));
        yield return ("crit, empty", issuer.Sign(header: FakeIssuer.Header().With("crit", new JsonArray())));
        yield return ("b64 false", issuer.Sign(header: FakeIssuer.Header().With("b64", false).With("crit", new JsonArray("b64"))));
        yield return ("b64 false, not critical", issuer.Sign(header: FakeIssuer.Header().With("b64", false)));
        yield return ("b64 false, payload as it is", Unencoded());
        yield return ("zip", issuer.Sign(header: FakeIssuer.Header().With("zip", "DEF")));
        yield return ("cty", issuer.Sign(header: FakeIssuer.Header().With("cty", "JWT")));
        yield return ("alg twice", issuer.Sign(issuer.Claims().ToJsonString(), """{"alg":"RS256","alg":"none","typ":"at+jwt","kid":"rsa"}"""));
        yield return ("kid twice", issuer.Sign(issuer.Claims().ToJsonString(), """{"alg":"RS256","typ":"at+jwt","kid":"weak","kid":"rsa"}"""));
    }

    private IEnumerable<(string, string)> KeyIds()
    {
        foreach (var kid in (string[])["", "unknown", "RSA", "rsa ", "../../../../dev/null", "..\\..\\keys", "' OR 1=1 --", "rsa'; DROP TABLE token; --", "rsa\0", "http://127.0.0.1/keys", new string('k', 5_000)])
        {
            yield return ($"kid '{(kid.Length > 50 ? "long" : kid)}'", SignedBy(foreign, FakeIssuer.Header(kid: kid)));
        }

        yield return ("kid absent", issuer.Sign(header: FakeIssuer.Header().Without("kid")));
        yield return ("kid null", issuer.Sign(header: FakeIssuer.Header().With("kid", null)));
        yield return ("kid an array", issuer.Sign(header: FakeIssuer.Header().With("kid", new JsonArray("rsa"))));
    }

    private IEnumerable<(string, string)> Issuers()
    {
        yield return ("iss absent", issuer.Sign(issuer.Claims().Without("iss")));
        yield return ("iss of somebody else", attacker.Sign(attacker.Claims()));
        yield return ("iss with a slash", issuer.Sign(issuer.Claims().With("iss", issuer.Name + "/")));
        yield return ("iss in upper case", issuer.Sign(issuer.Claims().With("iss", issuer.Name.ToUpperInvariant())));
        yield return ("two issuers", issuer.Sign(issuer.Claims().With("iss", new JsonArray(issuer.Name, other.Name))));
        yield return ("iss twice", issuer.Sign($$"""{"iss":"{{other.Name}}","iss":"{{issuer.Name}}","sub":"sub-ana","aud":"{{FakeIssuer.Audience}}","exp":{{Now + 3_600}}}""", FakeIssuer.Header().ToJsonString()));
        yield return ("signed by the other issuer", SignedBy(other.Rsa, FakeIssuer.Header()));
        yield return ("iss of the other issuer", issuer.Sign(issuer.Claims("sub-eve").With("iss", other.Name)));
    }

    private IEnumerable<(string, string)> Audiences()
    {
        yield return ("aud absent", issuer.Sign(issuer.Claims().Without("aud")));
        yield return ("aud null", issuer.Sign(issuer.Claims().With("aud", null)));
        yield return ("aud of somebody else", issuer.Sign(issuer.Claims().With("aud", "https://elsewhere.example.com")));
        yield return ("aud longer", issuer.Sign(issuer.Claims().With("aud", FakeIssuer.Audience + "/")));
        yield return ("aud in upper case", issuer.Sign(issuer.Claims().With("aud", FakeIssuer.Audience.ToUpperInvariant())));
        yield return ("aud twice in a list", issuer.Sign(issuer.Claims().With("aud", new JsonArray(FakeIssuer.Audience, FakeIssuer.Audience))));
        yield return ("aud an empty list", issuer.Sign(issuer.Claims().With("aud", new JsonArray())));
        yield return ("aud a list of others", issuer.Sign(issuer.Claims().With("aud", new JsonArray("a", "b"))));
        yield return ("aud a list with a number", issuer.Sign(issuer.Claims().With("aud", new JsonArray(FakeIssuer.Audience, 1))));
        yield return ("aud an object", issuer.Sign(issuer.Claims().With("aud", new JsonObject { ["a"] = FakeIssuer.Audience })));
    }

    private IEnumerable<(string, string)> Times()
    {
        yield return ("exp absent", issuer.Sign(issuer.Claims().Without("exp")));
        yield return ("exp null", issuer.Sign(issuer.Claims().With("exp", null)));
        yield return ("exp 60 s ago", issuer.Sign(issuer.Claims().With("exp", Now - 60)));
        yield return ("exp 61 s ago", issuer.Sign(issuer.Claims().With("exp", Now - 61)));
        yield return ("exp a text", issuer.Sign(issuer.Claims().With("exp", $"{Now + 3_600}")));
        yield return ("exp without end", issuer.Sign(issuer.Claims().With("exp", JsonNode.Parse("1e300"))));
        yield return ("exp beyond all calendars", issuer.Sign(issuer.Claims().With("exp", 999_999_999_999)));
        yield return ("exp negative", issuer.Sign(issuer.Claims().With("exp", -1)));
        yield return ("exp twice", issuer.Sign($$"""{"iss":"{{issuer.Name}}","sub":"sub-ana","aud":"{{FakeIssuer.Audience}}","exp":{{Now - 999}},"exp":{{Now + 3_600}}}""", FakeIssuer.Header().ToJsonString()));
        yield return ("nbf in 61 s", issuer.Sign(issuer.Claims().With("nbf", Now + 61)));
        yield return ("nbf a text", issuer.Sign(issuer.Claims().With("nbf", "0")));
        yield return ("iat in 61 s", issuer.Sign(issuer.Claims().With("iat", Now + 61)));
    }

    private IEnumerable<(string, string)> Kinds()
    {
        foreach (var type in (string[])["", "JOSE", "id+jwt", "logout+jwt", "dpop+jwt", "application/", "at+jwt "])
        {
            yield return ($"typ '{type}'", issuer.Sign(header: FakeIssuer.Header().With("typ", type)));
        }

        yield return ("typ absent", issuer.Sign(header: FakeIssuer.Header().Without("typ")));
        yield return ("id token: at_hash", issuer.Sign(issuer.Claims().With("at_hash", "x")));
        yield return ("id token: c_hash", issuer.Sign(issuer.Claims().With("c_hash", "x")));
        yield return ("id token: nonce", issuer.Sign(issuer.Claims().With("nonce", "x")));
        yield return ("id token of Keycloak", issuer.Sign(issuer.Claims().With("typ", "ID")));
        yield return ("refresh token of Keycloak", issuer.Sign(issuer.Claims().With("typ", "Refresh")));
        yield return ("id token of Cognito", issuer.Sign(issuer.Claims().With("token_use", "id")));
    }

    private IEnumerable<(string, string)> Subjects()
    {
        yield return ("sub absent", issuer.Sign(issuer.Claims().Without("sub")));
        yield return ("sub empty", issuer.Sign(issuer.Claims(string.Empty)));
        yield return ("sub a number", issuer.Sign(issuer.Claims().With("sub", 1)));
        yield return ("sub a list", issuer.Sign(issuer.Claims().With("sub", new JsonArray("sub-ana"))));
        yield return ("sub unknown", issuer.Sign(issuer.Claims("sub-nobody")));
        yield return ("sub in upper case", issuer.Sign(issuer.Claims("SUB-ANA")));
        yield return ("sub with a zero byte", issuer.Sign(issuer.Claims("sub-ana\0")));
        yield return ("sub a user's id", issuer.Sign(issuer.Claims("u_ana")));
        yield return ("sub with SQL", issuer.Sign(issuer.Claims("' OR 1=1 --")));
        yield return ("sub twice", issuer.Sign(Twice("sub"), FakeIssuer.Header().ToJsonString()));
        yield return ("sub twice, escaped", issuer.Sign(Twice("\\u0073ub"), FakeIssuer.Header().ToJsonString()));
        yield return ("a name twice, deep inside", issuer.Sign(issuer.Claims().ToJsonString()[..^1] + ""","x":{"y":1,"y":2}}""", FakeIssuer.Header().ToJsonString()));
    }

    private IEnumerable<(string, string)> Texts()
    {
        var parts = issuer.Sign().Split('.');
        yield return ("encrypted, compressed", $"{FakeIssuer.Text("""{"alg":"dir","enc":"A256GCM","zip":"DEF","typ":"at+jwt","kid":"rsa"}"""u8.ToArray())}..{FakeIssuer.Text(new byte[12])}.{FakeIssuer.Text(new byte[4_000])}.{FakeIssuer.Text(new byte[16])}");
        yield return ("two parts", $"{parts[0]}.{parts[1]}");
        yield return ("four parts", $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}");
        yield return ("only points", "..");
        yield return ("one point", ".");
        yield return ("padded", $"{parts[0]}.{parts[1]}.{parts[2]}==");
        yield return ("bits behind the end", $"{parts[0]}.{parts[1]}.{Loose(parts[2])}");
        yield return ("plain base64", $"{parts[0]}.{parts[1]}.{parts[2].Replace('-', '+').Replace('_', '/')}+");
        yield return ("white space inside", $"{parts[0]}.{parts[1][..4]} {parts[1][4..]}.{parts[2]}");
        yield return ("claims are no JSON", issuer.Sign("sub", FakeIssuer.Header().ToJsonString()));
        yield return ("claims are a list", issuer.Sign("[]", FakeIssuer.Header().ToJsonString()));
        yield return ("claims and more", issuer.Sign(issuer.Claims().ToJsonString() + "{}", FakeIssuer.Header().ToJsonString()));
        yield return ("claims with a comment", issuer.Sign("/**/" + issuer.Claims().ToJsonString(), FakeIssuer.Header().ToJsonString()));
        yield return ("claims a hundred deep", issuer.Sign(issuer.Claims().ToJsonString()[..^1] + $",\"x\":{new string('[', 100)}{new string(']', 100)}}}", FakeIssuer.Header().ToJsonString()));
        yield return ("claims with half a surrogate pair", issuer.Sign(issuer.Claims().ToJsonString().Replace("sub-ana", "\\ud800", StringComparison.Ordinal), FakeIssuer.Header().ToJsonString()));
        yield return ("header is a list", issuer.Sign(issuer.Claims().ToJsonString(), "[]"));
        yield return ("header is no JSON", issuer.Sign(issuer.Claims().ToJsonString(), "alg"));
        yield return ("20 KB of claims", issuer.Sign(issuer.Claims().With("x", new string('x', 15_000))));
    }

    private string Twice(string name) =>
        $$"""{"{{name}}":"sub-eve","iss":"{{issuer.Name}}","sub":"sub-ana","aud":"{{FakeIssuer.Audience}}","exp":{{Now + 3_600}}}""";

    private string Unsigned(JsonObject header) => string.Join('.', issuer.Sign(header: header).Split('.')[..2]);

    private string Exchanged(string token)
    {
        var parts = token.Split('.');
        return $"{parts[0]}.{FakeIssuer.Text(Encoding.UTF8.GetBytes(issuer.Claims().With("x", 1).ToJsonString()))}.{parts[2]}";
    }

    private string Unencoded()
    {
        // RFC 7797: the payload stands in the token as it is; one without points, as the text form needs.
        var header = FakeIssuer.Text(Encoding.UTF8.GetBytes(FakeIssuer.Header().With("b64", false).With("crit", new JsonArray("b64")).ToJsonString()));
        var signed = $"{header}.{{\"sub\":\"sub-ana\"}}";
        return $"{signed}.{FakeIssuer.Text(issuer.Rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string SignedBy(RSA key, JsonObject header)
    {
        var signed = Unsigned(header);
        return $"{signed}.{FakeIssuer.Text(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string WithAlgorithm(string algorithm, RSA key, RSASignaturePadding padding)
    {
        var signed = Unsigned(FakeIssuer.Header(algorithm));
        return $"{signed}.{FakeIssuer.Text(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, padding))}";
    }

    private string Mac(JsonObject header, byte[] key, HashAlgorithmName hash)
    {
        var signed = Unsigned(header);
        using var mac = IncrementalHash.CreateHMAC(hash, key);
        mac.AppendData(Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{FakeIssuer.Text(mac.GetHashAndReset())}";
    }

    // 256 bytes end with two characters of which the last has four bits that nobody reads.
    private static string Loose(string text)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return text[..^1] + Alphabet[Alphabet.IndexOf(text[^1], StringComparison.Ordinal) + 1];
    }
}

/// <summary>Changes a JSON object.</summary>
internal static class JsonObjectChanges
{
    public static JsonObject With(this JsonObject target, string name, JsonNode? value)
    {
        target[name] = value;
        return target;
    }

    public static JsonObject Without(this JsonObject target, string name)
    {
        target.Remove(name);
        return target;
    }
}
