using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Analytics.Tests.Conventions;
using Analytics.Tests.Server;

namespace Analytics.Tests.Admin;

/// <summary>A server with two organisations, and who may change the directory of the first.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    public const string Base = "/admin/organizations/org_1";

    private readonly RunningServer server;

    private AdminServer(RunningServer server) => this.server = server;

    public RunningServer Server => server;

    public string Owner => server.Token("org_1", "u_1");

    public string Admin => server.Token("org_1", "u_2");

    public string Member => server.Token("org_1", "u_3");

    public static async Task<AdminServer> StartAsync() => new(await ConventionsServer.StartAsync());

    public async Task<Answer> SendAsync(string method, string path, string? token, string? body = null, string? ifMatch = null, string type = "application/json")
    {
        using var request = server.Request(new HttpMethod(method), path, token);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);

            // A long body is refused before it is sent.
            request.Headers.ExpectContinue = body.Length > 1 << 20;
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        using var response = await server.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer((int)response.StatusCode, text, response.Headers.ETag?.ToString(), response.Headers.Location?.ToString(), response.Content.Headers.ContentType);
    }

    public async Task<string> DocumentAsync() => (await SendAsync("GET", Base + "/directory", Owner)).Text;

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

/// <summary>An answer.</summary>
internal sealed record Answer(int Status, string Text, string? Tag, string? Location, MediaTypeHeaderValue? Type)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>The last part of a problem's type.</summary>
    public string Problem => Type?.MediaType == "application/problem+json" ? Json.GetProperty("type").GetString()!["/problems/".Length..] : $"no problem: {Status} {Text}";

    public string Error(string path) => Json.GetProperty("errors").GetProperty(path)[0].GetString()!;
}
