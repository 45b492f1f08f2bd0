using System.Net;
using System.Text;
using System.Text.Json;
using Analytics.Server;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Access;

/// <summary>A server of its own with settings and a clock that moves, asked by a client that sends what it is told.</summary>
public sealed class AccessServer : IAsyncDisposable
{
    public static readonly Instant Start = Instant.FromUtc(2026, 6, 26, 12, 0);

    /// <summary>Two organizations; u_ana and u_eve are in both.</summary>
    public const string People =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise" }, { "id": "org_2", "name": "Globex", "plan": "enterprise" } ],
          "users": [ { "id": "u_ana", "name": "Ana", "email": "ana@example.com" }, { "id": "u_ben", "name": "Ben" },
                     { "id": "u_cy", "name": "Cy" }, { "id": "u_eve", "name": "Eve", "email": "eve@example.com" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_ana", "role": "owner" },
                       { "organizationId": "org_1", "userId": "u_ben", "role": "admin" },
                       { "organizationId": "org_1", "userId": "u_cy", "role": "member" },
                       { "organizationId": "org_2", "userId": "u_ana", "role": "owner" },
                       { "organizationId": "org_2", "userId": "u_eve", "role": "owner" } ] }
        """;

    private readonly TemporaryFolder folder = new();
    private readonly HttpClient client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly WebApplication app;

    private AccessServer(UsageStore store, TemporaryFolder folder, WebApplication app, MovingClock clock)
    {
        (Store, this.folder, this.app, Clock) = (store, folder, app, clock);
    }

    public UsageStore Store { get; }

    public MovingClock Clock { get; }

    public string Url => app.Urls.First();

    /// <summary>What the server is made of.</summary>
    public IServiceProvider Services => app.Services;

    public static async Task<AccessServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        var store = UsageStore.Open(folder.File("data"), Files.Physical);
        Import(store, People);
        store.Load();
        var clock = new MovingClock(Start);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();
        var app = AnalyticsApp.Build(store, clock, "http://127.0.0.1:0", configuration);
        await app.StartAsync();
        return new AccessServer(store, folder, app, clock);
    }

    public void Import(string document) => Import(Store, document);

    public string Token(string user, string organization = "org_1", TokenKind kind = TokenKind.Read, Instant? expires = null) =>
        Store.Directory.IssueToken(organization, user, kind, Clock.GetCurrentInstant(), expires).Text;

    /// <summary>Sends a request; headers are sent as they are.</summary>
    public async Task<Answer> SendAsync(string method, string path, string? token = null, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Url + path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await client.SendAsync(request);
        return new Answer(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join("\n", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    public Task<Answer> GetAsync(string path, string? token = null) => SendAsync("GET", path, token);

    /// <summary>Asks what any owner may know, which only a known one gets to know.</summary>
    public Task<Answer> ActivityAsync(string? token, string organization = "org_1") => GetAsync($"/analytics/activity?organizationId={organization}", token);

    /// <summary>Signs in and returns the cookie as a browser would send it.</summary>
    public async Task<string> SignInAsync(string token, params (string Name, string Value)[] headers)
    {
        var answer = await SendAsync("POST", "/session", json: JsonSerializer.Serialize(new { token }), headers: headers);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return answer.Headers["Set-Cookie"].Split(';')[0];
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        client.Dispose();
        Store.Dispose();
        folder.Dispose();
    }

    private static void Import(UsageStore store, string document) => store.Directory.Import(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(document)));
}

/// <summary>An answer that was read.</summary>
public sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The kind of a problem.</summary>
    public string? Type => Json.GetProperty("type").GetString();
}
