using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Analytics.Server;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>A server on a free port of this machine, over a data folder of its own.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    /// <summary>The server's present: noon in UTC.</summary>
    public static readonly Instant Now = Instant.FromUtc(2026, 6, 26, 12, 0);

    // Tests send what no browser would: the client must not mend it.
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly TemporaryFolder folder = new();
    private readonly HttpClient client = new();
    private readonly ConcurrentQueue<string> log = [];
    private WebApplication? app;

    private RunningServer() => Store = UsageStore.Open(folder.File("data"), Files.Physical);

    public UsageStore Store { get; }

    public TemporaryFolder Folder => folder;

    /// <summary>Starts a server with a directory document and events.</summary>
    /// <param name="directory">A document, or null for none.</param>
    /// <param name="organization">The events' organisation.</param>
    /// <param name="events">NDJSON.</param>
    /// <param name="now">The server's present; <see cref="Now"/> if null.</param>
    public static async Task<RunningServer> StartAsync(string? directory, string organization, string events, Instant? now = null)
    {
        var server = new RunningServer();
        if (directory is not null)
        {
            server.Store.Directory.Import(DirectoryDocument.Parse(System.Text.Encoding.UTF8.GetBytes(directory)));
        }

        if (events.Length > 0)
        {
            var summary = await new FileImport(server.Store, Files.Physical, organization, now ?? Now)
                .EventsAsync(server.folder.Write("events.ndjson", events), isAgain: false, CancellationToken.None);
            Assert.Empty(summary.Errors);
        }

        await server.ListenAsync(now ?? Now);
        return server;
    }

    /// <summary>Starts a server over what <paramref name="fill"/> puts into the store.</summary>
    public static async Task<RunningServer> StartAsync(Func<UsageStore, TemporaryFolder, Task> fill, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var server = new RunningServer();
        await fill(server.Store, server.folder);
        await server.ListenAsync(Now, settings);
        return server;
    }

    /// <summary>What it said from warnings on.</summary>
    public IReadOnlyCollection<string> Log => log;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(app!.Urls.First());

    /// <summary>Tells the server to stop, and waits until it has.</summary>
    public Task StopAsync() => app!.StopAsync();

    /// <summary>A reading token of a member, who joins with the role if they are none.</summary>
    public string Token(string organization, string user, string role = "owner", TokenKind kind = TokenKind.Read)
    {
        if (Store.Directory.FindRole(organization, user) is null)
        {
            Store.Directory.EnsureMember(organization, user, role);
        }

        return Store.Directory.CreateToken(organization, user, kind, Now);
    }

    /// <summary>What the server is made of.</summary>
    public IServiceProvider Services => app!.Services;

    public Task<HttpResponseMessage> GetAsync(string pathAndQuery, string? token = null, HttpMethod? method = null, string? accept = null) =>
        SendAsync(pathAndQuery, token, method, accept, HttpCompletionOption.ResponseContentRead);

    /// <summary>Gets an answer as far as its header; its body is read by whoever asks.</summary>
    public Task<HttpResponseMessage> OpenAsync(string pathAndQuery, string token) =>
        SendAsync(pathAndQuery, token, method: null, accept: null, HttpCompletionOption.ResponseHeadersRead);

    private async Task<HttpResponseMessage> SendAsync(string pathAndQuery, string? token, HttpMethod? method, string? accept, HttpCompletionOption completion)
    {
        using var request = Request(method ?? HttpMethod.Get, pathAndQuery, token);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await client.SendAsync(request, completion);
    }

    /// <summary>A request as it is written, for more headers or a body.</summary>
    public HttpRequestMessage Request(HttpMethod method, string pathAndQuery, string? token = null)
    {
        var request = new HttpRequestMessage(method, new Uri(app!.Urls.First() + pathAndQuery, AsWritten));
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => client.SendAsync(request);

    /// <summary>Gets a JSON answer and expects success.</summary>
    public async Task<JsonElement> JsonAsync(string pathAndQuery, string token)
    {
        using var response = await GetAsync(pathAndQuery, token);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        client.Dispose();
        Store.Dispose();
        folder.Dispose();
    }

    private async Task ListenAsync(Instant now, IReadOnlyDictionary<string, string?>? settings = null)
    {
        Store.Load();
        app = AnalyticsApp.Build(Store, new FixedClock(now), "http://127.0.0.1:0", new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        using var provider = new LogLines(log);
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(provider);
        await app.StartAsync();
    }

    private sealed class LogLines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}
