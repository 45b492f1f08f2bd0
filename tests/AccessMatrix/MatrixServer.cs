using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Analytics.Tests.Access;
using Analytics.Tests.Server;
using NodaTime;
using Xunit;

namespace Analytics.Tests.AccessMatrix;

/// <summary>
/// A server with three organizations that have the same ids for different things, and callers of every kind. Each
/// organization's names hold a word that no request ever holds, so that an answer with it can only be a leak; the ids that
/// only the foreign one has hold another, which an answer may hold where the request did.
/// </summary>
internal sealed partial class MatrixServer : IAsyncDisposable
{
    /// <summary>The organization that is asked for.</summary>
    public const string Home = "org_1";

    /// <summary>An organization on the free plan.</summary>
    public const string Free = "org_free";

    /// <summary>The organization of others.</summary>
    public const string Foreign = "org_vexillum";

    /// <summary>In every name of <see cref="Home"/>, <see cref="Free"/> and <see cref="Foreign"/>.</summary>
    public const string HomeName = "okapi", FreeName = "gerenuk", ForeignName = "quagga";

    private const string Mapping = "azure/gpt-5.5";

    // Cookies are the callers' own: none is kept and sent for somebody else.
    private readonly HttpClient client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly FakeIssuer issuer;
    private readonly Dictionary<Principal, string> tokens = [];
    private readonly Dictionary<Principal, string> cookies = [];

    private MatrixServer(FakeIssuer issuer, RunningServer server) => (this.issuer, Server) = (issuer, server);

    public RunningServer Server { get; }

    public DirectoryStore Directory => Server.Store.Directory;

    /// <summary>All operations of the server's OpenAPI document.</summary>
    public IReadOnlyList<Operation> Operations { get; private set; } = [];

    /// <summary>The public id of a token of the foreign organization.</summary>
    public string ForeignTokenId { get; private set; } = string.Empty;

    public static async Task<MatrixServer> StartAsync()
    {
        var issuer = await FakeIssuer.StartAsync(0);
        var settings = new Dictionary<string, string?>
        {
            ["Oidc:Issuer"] = issuer.Name,
            ["Oidc:Audience"] = FakeIssuer.Audience,

            // Thousands of requests of one token within a minute are what is wanted here.
            ["RateLimit:RequestsPerMinute"] = "0",
        };
        var server = new MatrixServer(issuer, await RunningServer.StartAsync((store, folder) => FillAsync(store, folder, issuer.Name), settings));
        await server.MakeCallersAsync();
        using var response = await server.Server.GetAsync("/openapi/v1.json");
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        server.Operations = Operation.All(document.RootElement);
        return server;
    }

    /// <summary>What a principal sends to be known; null for nothing.</summary>
    public (string Name, string Value)? Credential(Principal principal) =>
        tokens.TryGetValue(principal, out var token) ? ("Authorization", $"Bearer {token}")
        : cookies.TryGetValue(principal, out var cookie) ? ("Cookie", cookie)
        : null;

    /// <summary>The token that a principal would sign in with.</summary>
    public string SignInToken(Principal principal) => principal switch
    {
        Principal.None => "ana_" + new string('B', 43),
        Principal.MemberCookie => tokens[Principal.Member],
        Principal.OwnerCookie => tokens[Principal.Owner],
        _ => tokens[principal],
    };

    /// <summary>Opens a session of a principal and returns its cookie.</summary>
    public async Task<string> SignInAsync(Principal principal)
    {
        using var request = Server.Request(HttpMethod.Post, "/session");
        request.Content = new StringContent(JsonSerializer.Serialize(new { token = SignInToken(principal) }), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, $"signing in: {response.StatusCode}");
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    /// <summary>Puts people, roles and names back to what they were at the start, except that <see cref="Principal.Removed"/> is back too.</summary>
    public void RestorePeople() => Directory.Import(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(People(issuer.Name).ToJsonString())));

    /// <summary>Sends a request of a principal and reads the whole answer.</summary>
    /// <param name="principal">Who.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="pathAndQuery">As it is written.</param>
    /// <param name="body">JSON, or null.</param>
    /// <param name="headers">More headers; a cookie here is instead of the principal's.</param>
    public async Task<MatrixAnswer> SendAsync(Principal principal, string method, string pathAndQuery, string? body = null, params IReadOnlyList<(string Name, string Value)> headers)
    {
        using var request = Server.Request(new HttpMethod(method), pathAndQuery);
        if (Credential(principal) is var (credential, secret) && headers.All(header => header.Name != credential))
        {
            request.Headers.TryAddWithoutValidation(credential, secret);
        }

        if (principal.IsCookie())
        {
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using var response = await client.SendAsync(request);
        var content = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        var head = string.Join('\n', response.Headers.Concat(response.Content.Headers).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}"));
        return new MatrixAnswer((int)response.StatusCode, head, content, response.Content.Headers.ContentType?.MediaType, response.Headers.ETag?.ToString());
    }

    /// <summary>What an answer says about organizations that are none of the principal's business.</summary>
    /// <param name="principal">Who was answered.</param>
    /// <param name="request">All that was sent; ids in it may be said back.</param>
    /// <param name="text">The answer.</param>
    public static IEnumerable<string> Leaks(Principal principal, string request, string text)
    {
        var own = principal switch
        {
            Principal.Foreign => ForeignName,
            Principal.Free => FreeName,
            _ when principal.IsKnown() => HomeName,
            _ => null,
        };
        foreach (var name in (string[])[HomeName, FreeName, ForeignName])
        {
            if (name != own && text.Contains(name, StringComparison.OrdinalIgnoreCase))
            {
                yield return name;
            }
        }

        if (principal != Principal.Foreign)
        {
            foreach (var id in ForeignIds().Matches(text).Select(match => match.Value).Where(id => !request.Contains(id, StringComparison.Ordinal)).Distinct())
            {
                yield return id;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Server.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [GeneratedRegex("[A-Za-z0-9_-]*vexillum[A-Za-z0-9_-]*")]
    private static partial Regex ForeignIds();

    private async Task MakeCallersAsync()
    {
        tokens[Principal.Garbage] = "ana_" + new string('A', 43);
        tokens[Principal.Revoked] = Token("u_1", out var revoked);
        Directory.RevokeToken(revoked, null, RunningServer.Now);
        tokens[Principal.Expired] = Directory.IssueToken(Home, "u_1", TokenKind.Read, RunningServer.Now - Duration.FromDays(2), RunningServer.Now - Duration.FromDays(1)).Text;
        tokens[Principal.Ingest] = Directory.IssueToken(Home, "u_1", TokenKind.Ingest, RunningServer.Now).Text;
        tokens[Principal.Owner] = Token("u_1", out _);
        tokens[Principal.Admin] = Token("u_2", out _);
        tokens[Principal.Member] = Token("u_3", out _);
        tokens[Principal.Developer] = Token("u_4", out _);
        tokens[Principal.Removed] = Token("u_5", out _);
        tokens[Principal.Free] = Directory.IssueToken(Free, "u_free", TokenKind.Read, RunningServer.Now).Text;
        var foreign = Directory.IssueToken(Foreign, "u_vexillum", TokenKind.Read, RunningServer.Now);
        (tokens[Principal.Foreign], ForeignTokenId) = (foreign.Text, foreign.Entry.Id);
        var claims = issuer.Claims();
        foreach (var name in (string[])["organizationId", "org_id", "organization", "tenant", "tid"])
        {
            claims[name] = Foreign;
        }

        claims["roles"] = new JsonArray("owner", "admin", $"{Foreign}:owner");
        claims["role"] = "owner";
        claims["email"] = $"{ForeignName}@example.com";
        tokens[Principal.Jwt] = issuer.Sign(claims);
        cookies[Principal.MemberCookie] = await SignInAsync(Principal.MemberCookie);
        cookies[Principal.OwnerCookie] = await SignInAsync(Principal.OwnerCookie);
        Assert.Equal(204, (await SendAsync(Principal.Owner, "DELETE", $"/admin/organizations/{Home}/members/u_5")).Status);

        string Token(string user, out string id)
        {
            var (text, entry) = Directory.IssueToken(Home, user, TokenKind.Read, RunningServer.Now);
            id = entry.Id;
            return text;
        }
    }

    private static async Task FillAsync(UsageStore store, TemporaryFolder folder, string issuer)
    {
        store.Directory.Import(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(People(issuer).ToJsonString())));
        foreach (var (organization, suffix, creator) in ((string, string, string)[])[(Home, "home", "u_3"), (Free, "free", "u_free"), (Foreign, "vexillum", "u_vexillum")])
        {
            var summary = await new FileImport(store, Files.Physical, organization, RunningServer.Now)
                .EventsAsync(folder.Write($"{organization}.ndjson", Events(organization, suffix, creator)), isAgain: false, CancellationToken.None);
            Assert.Empty(summary.Errors);
        }
    }

    private static JsonObject People(string issuer)
    {
        JsonArray organizations = [], users = [], members = [], projects = [], keys = [], agents = [], models = [];
        Organization(Home, "enterprise", HomeName, "Europe/Paris", "1.25", "u_1");
        Organization(Free, "free", FreeName, "Asia/Kolkata", "2", "u_free");
        Organization(Foreign, "enterprise", ForeignName, "Asia/Tokyo", "3", "u_vexillum");
        foreach (var (user, role) in (ReadOnlySpan<(string, string)>)[("u_2", "admin"), ("u_3", "member"), ("u_4", "developer"), ("u_5", "admin")])
        {
            Person(Home, user, role, HomeName);
        }

        Person(Foreign, "u_borrowed", "member", ForeignName);
        users[0]!["identities"] = new JsonArray(new JsonObject { ["issuer"] = issuer, ["subject"] = "sub-ana" });
        for (var i = 0; i < Principals.All.Count; i++)
        {
            projects.Add(new JsonObject { ["id"] = $"prj_vexillum_{i}", ["organizationId"] = Foreign, ["name"] = $"{ForeignName} project {i}" });
            keys.Add(new JsonObject { ["id"] = $"key_vexillum_{i}", ["organizationId"] = Foreign, ["projectId"] = $"prj_vexillum_{i}", ["description"] = $"{ForeignName} key {i}", ["createdBy"] = "u_vexillum" });
            agents.Add(new JsonObject { ["id"] = $"agt_vexillum_{i}", ["organizationId"] = Foreign, ["name"] = $"{ForeignName} agent {i}" });
            models.Add(Model(Foreign, $"azure/vexillum-{i}", "3"));

            // Ids that others give to things of their own in the course of the test.
            projects.Add(new JsonObject { ["id"] = $"prj_taken_{i}", ["organizationId"] = Foreign, ["name"] = $"{ForeignName} project {i}" });
            keys.Add(new JsonObject { ["id"] = $"key_taken_{i}", ["organizationId"] = Foreign, ["projectId"] = $"prj_taken_{i}", ["description"] = $"{ForeignName} key {i}", ["createdBy"] = "u_vexillum" });
            agents.Add(new JsonObject { ["id"] = $"agt_taken_{i}", ["organizationId"] = Foreign, ["name"] = $"{ForeignName} agent {i}" });
            models.Add(Model(Foreign, $"azure/taken-{i}", "3"));
        }

        return new JsonObject { ["organizations"] = organizations, ["users"] = users, ["members"] = members, ["projects"] = projects, ["apiKeys"] = keys, ["agents"] = agents, ["models"] = models };

        // The ids are the same in all three: what they mean depends on who asks for which organization.
        void Organization(string id, string plan, string name, string zone, string price, string owner)
        {
            organizations.Add(new JsonObject { ["id"] = id, ["name"] = $"{name} org", ["plan"] = plan, ["timezones"] = new JsonArray(zone) });
            Person(id, owner, "owner", name);
            projects.Add(new JsonObject { ["id"] = "prj_1", ["organizationId"] = id, ["name"] = $"{name} project" });
            keys.Add(new JsonObject { ["id"] = "key_1", ["organizationId"] = id, ["projectId"] = "prj_1", ["description"] = $"{name} key", ["createdBy"] = owner });
            agents.Add(new JsonObject { ["id"] = "agt_1", ["organizationId"] = id, ["projectId"] = "prj_1", ["name"] = $"{name} agent" });
            models.Add(Model(id, Mapping, price));
        }

        void Person(string organization, string id, string role, string name)
        {
            users.Add(new JsonObject { ["id"] = id, ["name"] = $"{name} {id}", ["email"] = $"{name}-{id}@example.com" });
            members.Add(new JsonObject { ["organizationId"] = organization, ["userId"] = id, ["role"] = role });
        }
    }

    private static JsonObject Model(string organization, string mapping, string price) => new()
    {
        ["organizationId"] = organization,
        ["mapping"] = mapping,
        ["model"] = mapping.Split('/')[1],
        ["provider"] = "azure",
        ["prices"] = new JsonArray(new JsonObject { ["rule"] = "input_tokens", ["unit"] = "token", ["usdPerMillion"] = price }),
    };

    // The last key is of somebody whom only the foreign organization knows: usage names whom it likes.
    private static string Events(string organization, string suffix, string creator) => string.Join('\n', Enumerable.Range(0, 48).Select(i => new JsonObject
    {
        ["id"] = $"evt_{suffix}_{i}",
        ["timestamp"] = $"2026-06-{20 + (i % 6)}T{i % 24:00}:10:00Z",
        ["organizationId"] = organization,
        ["projectId"] = i % 2 == 0 ? "prj_1" : $"prj_{suffix}_seen",
        ["apiKeyId"] = i % 8 == 7 ? "key_borrowed" : i % 2 == 0 ? "key_1" : $"key_{suffix}_seen",
        ["memberId"] = i % 8 == 7 ? "u_borrowed" : creator,
        ["mapping"] = i % 3 == 0 ? Mapping : $"azure/{suffix}-model",
        ["app"] = $"app_{suffix}",
        ["agentId"] = i % 2 == 0 ? "agt_1" : $"agt_{suffix}_seen",
        ["conversationId"] = $"cnv_{suffix}_{i % 5}",
        ["inputTokens"] = 100 + i,
        ["outputTokens"] = 10 + i,
        ["cost"] = "0.5",
        ["items"] = new JsonArray(new JsonObject { ["rule"] = "output_tokens", ["unit"] = "token", ["quantity"] = 10 + i, ["cost"] = "0.5" }),
    }.ToJsonString()));
}

/// <summary>An answer that was read.</summary>
internal sealed record MatrixAnswer(int Status, string Head, string Body, string? MediaType, string? Tag)
{
    /// <summary>The last part of a problem's type; null for no problem.</summary>
    public string? Problem => MediaType == "application/problem+json" ? JsonDocument.Parse(Body).RootElement.GetProperty("type").GetString()!["/problems/".Length..] : null;
}
