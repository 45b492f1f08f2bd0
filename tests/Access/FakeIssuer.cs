using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Analytics.Tests.Access;

/// <summary>An issuer of OpenID Connect on this machine, with its keys, which signs whatever it is told.</summary>
public sealed class FakeIssuer : IAsyncDisposable
{
    public const string Audience = "https://analytics.example.com";

    // Made once: a key of RSA takes a good part of a second.
    private static readonly Lazy<FakeKeys>[] KeySets = [.. Enumerable.Range(0, 3).Select(_ => new Lazy<FakeKeys>(() => new FakeKeys()))];

    private readonly WebApplication app;
    private readonly FakeKeys own;

    private FakeIssuer(WebApplication app, FakeKeys own) => (this.app, this.own) = (app, own);

    /// <summary>Its name, which is its address.</summary>
    public string Name => app.Urls.First();

    /// <summary>Keys as it publishes them.</summary>
    public JsonArray Keys { get; } = [];

    /// <summary>What was asked, in order.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Answers 503 to everything.</summary>
    public bool IsDown { get; set; }

    /// <summary>What the discovery document says instead of the truth.</summary>
    public string? FalseName { get; set; }

    /// <summary>Where the discovery document says that keys are, instead of here.</summary>
    public string? FalseKeysUri { get; set; }

    public RSA Rsa => own.Rsa;

    public ECDsa P256 => own.P256;

    public ECDsa P384 => own.P384;

    /// <summary>Starts an issuer.</summary>
    /// <param name="keys">Which of three sets of keys it has.</param>
    public static async Task<FakeIssuer> StartAsync(int keys)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var issuer = new FakeIssuer(app, KeySets[keys].Value);
        app.Run(issuer.AnswerAsync);
        issuer.Keys.Add(PublicKey("rsa", issuer.Rsa));
        issuer.Keys.Add(PublicKey("p256", issuer.P256, "P-256"));
        issuer.Keys.Add(PublicKey("p384", issuer.P384, "P-384"));
        await app.StartAsync();
        return issuer;
    }

    public static JsonObject PublicKey(string kid, RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject { ["kty"] = "RSA", ["kid"] = kid, ["use"] = "sig", ["n"] = Text(parameters.Modulus!), ["e"] = Text(parameters.Exponent!) };
    }

    public static JsonObject PublicKey(string kid, ECDsa key, string curve)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject { ["kty"] = "EC", ["kid"] = kid, ["use"] = "sig", ["crv"] = curve, ["x"] = Text(point.X!), ["y"] = Text(point.Y!) };
    }

    /// <summary>Claims of a good access token.</summary>
    public JsonObject Claims(string subject = "sub-ana")
    {
        var now = AccessServer.Start.ToUnixTimeSeconds();
        return new JsonObject { ["iss"] = Name, ["sub"] = subject, ["aud"] = Audience, ["iat"] = now, ["exp"] = now + 3_600 };
    }

    /// <summary>The header of a good token.</summary>
    public static JsonObject Header(string algorithm = "RS256", string kid = "rsa") => new() { ["alg"] = algorithm, ["typ"] = "at+jwt", ["kid"] = kid };

    /// <summary>A good token, or one with changes to its claims and header.</summary>
    public string Sign(JsonObject? claims = null, JsonObject? header = null) => Sign((claims ?? Claims()).ToJsonString(), (header ?? Header()).ToJsonString());

    /// <summary>A token of any two texts, signed by the algorithm that the header names, by RS256 where it names none of ours.</summary>
    public string Sign(string claims, string header)
    {
        var signed = $"{Text(Encoding.UTF8.GetBytes(header))}.{Text(Encoding.UTF8.GetBytes(claims))}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        string? algorithm = null;
        try
        {
            algorithm = (JsonNode.Parse(header) as JsonObject)?["alg"]?.ToString();
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            // The header is what is wrong with the token.
        }

        return $"{signed}.{Text(algorithm switch
        {
            "RS384" => Rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            "RS512" => Rsa.SignData(bytes, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            "PS256" => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            "PS384" => Rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
            "PS512" => Rsa.SignData(bytes, HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
            "ES256" => P256.SignData(bytes, HashAlgorithmName.SHA256),
            "ES384" => P384.SignData(bytes, HashAlgorithmName.SHA384),
            _ => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        })}";
    }

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        lock (Requests)
        {
            Requests.Add(context.Request.Path);
        }

        if (IsDown)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        }

        return context.Request.Path.Value switch
        {
            "/.well-known/openid-configuration" => context.Response.WriteAsJsonAsync(new Dictionary<string, string>
            {
                ["issuer"] = FalseName ?? Name,
                ["jwks_uri"] = FalseKeysUri ?? Name + "/keys",
            }),
            "/keys" => context.Response.WriteAsync(new JsonObject { ["keys"] = Keys.DeepClone() }.ToJsonString()),
            _ => context.Response.WriteAsync("nothing"),
        };
    }

    private sealed class FakeKeys
    {
        public RSA Rsa { get; } = RSA.Create(2_048);

        public ECDsa P256 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public ECDsa P384 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    }
}
