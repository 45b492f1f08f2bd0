using Analytics.DataGen;
using Analytics.DataGen.Worlds;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Analytics.Tests.Server;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Classes that share one browser and one server, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class DashboardCollection : ICollectionFixture<Dashboard>
{
    public const string Name = "dashboard";
}

/// <summary>Classes that share another browser and server, beside the first ones: most of a test is waiting.</summary>
[CollectionDefinition(Name)]
public sealed class WideDashboardCollection : ICollectionFixture<Dashboard>
{
    public const string Name = "dashboard, all pages";
}

/// <summary>A browser and a server with a year of demonstration and <see cref="DashboardData"/>. No test changes what the server holds.</summary>
public sealed class Dashboard : IAsyncLifetime
{
    /// <summary>Of the demonstration year.</summary>
    public const ulong Seed = 20260626;

    private const int DemonstrationEvents = 12_000;

    private readonly Chromium chromium = new();
    private readonly Dictionary<string, string> tokens = [];
    private RunningServer? server;

    public RunningServer Server => server ?? throw new InvalidOperationException("There is no browser here.");

    public async Task InitializeAsync()
    {
        await chromium.InitializeAsync();
        if (File.Exists(Chromium.Executable))
        {
            server = await RunningServer.StartAsync(FillAsync);
        }
    }

    /// <summary>A browser that has never been here, signed in as a member of an organisation.</summary>
    /// <param name="organization">An id.</param>
    /// <param name="user">An id; the organisation's owner if null.</param>
    /// <param name="options">How the browser differs from the usual one.</param>
    public async Task<Window> OpenAsync(string organization = "org_1", string? user = null, WindowOptions? options = null)
    {
        var window = await chromium.OpenAsync(Server, options ?? new WindowOptions());
        await window.SignInAsync(Token(organization, user));
        return window;
    }

    /// <summary>A browser in which nobody is signed in.</summary>
    public Task<Window> OpenStrangerAsync(WindowOptions? options = null) => chromium.OpenAsync(Server, options ?? new WindowOptions());

    /// <summary>A reading token; the same for every test.</summary>
    public string Token(string organization = "org_1", string? user = null)
    {
        user ??= organization == "demo" ? "u_ana" : "u_1";
        var key = $"{organization} {user}";
        if (!tokens.TryGetValue(key, out var token))
        {
            tokens[key] = token = Server.Token(organization, user);
        }

        return token;
    }

    /// <summary>What the server answers to a question about an organisation, with money as text.</summary>
    public Task<System.Text.Json.JsonElement> AskAsync(string organization, string pathAndQuery) =>
        Server.JsonAsync($"{pathAndQuery}{(pathAndQuery.Contains('?', StringComparison.Ordinal) ? '&' : '?')}organizationId={organization}&money=string", Token(organization));

    public async Task DisposeAsync()
    {
        await chromium.DisposeAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task FillAsync(UsageStore store, TemporaryFolder folder)
    {
        var world = World.Meridian();
        store.Directory.Import(world.Directory);
        store.Directory.Import(DirectoryDocument.Parse(System.Text.Encoding.UTF8.GetBytes(DashboardData.Directory())));
        using (var file = File.Create(folder.File("demo.ndjson")))
        {
            using var progress = Progress.To(TextWriter.Null);
            new EventFile(world, Seed, RunningServer.Now).WriteTo(file, DemonstrationEvents, progress);
        }

        foreach (var (organization, events) in DashboardData.Events())
        {
            folder.Write($"{organization}.ndjson", events);
        }

        foreach (var organization in DashboardData.Events().Keys.Prepend("demo"))
        {
            var summary = await new FileImport(store, Files.Physical, organization, RunningServer.Now).EventsAsync(folder.File($"{organization}.ndjson"), isAgain: false, CancellationToken.None);
            Assert.Empty(summary.Errors);
        }
    }
}
