using Analytics.Tests.Server;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>A window and its reader.</summary>
public sealed record WindowOptions
{
    /// <summary>Whether the reader prefers dark pages.</summary>
    public bool IsDark { get; init; }

    /// <summary>In CSS pixels.</summary>
    public int Width { get; init; } = 1440;

    /// <summary>In CSS pixels.</summary>
    public int Height { get; init; } = 900;

    /// <summary>The reader's own zone.</summary>
    public string Zone { get; init; } = "Europe/Paris";

    /// <summary>The reader's clock: the server's, unless a test needs another moment.</summary>
    public NodaTime.Instant Now { get; init; } = RunningServer.Now;
}

/// <summary>One browser for all tests of the dashboard; each test has windows of its own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>Debian's own browser: nothing is downloaded.</summary>
    public const string Executable = "/usr/bin/chromium";

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async Task InitializeAsync()
    {
        if (!File.Exists(Executable))
        {
            return;
        }

        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            // Debian's build calls home at every start otherwise.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <summary>A browser that has never been here, with what it says and asks for written down.</summary>
    public async Task<Window> OpenAsync(RunningServer server, WindowOptions options)
    {
        var context = await browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = server.Address.ToString(),
            ViewportSize = new ViewportSize { Width = options.Width, Height = options.Height },
            ColorScheme = options.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            // Colours in the middle of a transition are nobody's.
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-US",
            TimezoneId = options.Zone,
            AcceptDownloads = true,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        context.SetDefaultTimeout(20_000);
        await context.AddInitScriptAsync(
            $$"""
            const began = {{options.Now.ToUnixTimeMilliseconds()}};
            globalThis.Date = class extends Date {
              constructor(...parts) { super(...(parts.length === 0 ? [Math.round(began + performance.now())] : parts)); }
              static now() { return Math.round(began + performance.now()); }
            };
            """);
        return new Window(context, await context.NewPageAsync(), () => server.Log);
    }

    public async Task DisposeAsync()
    {
        await (browser?.CloseAsync() ?? Task.CompletedTask);
        playwright?.Dispose();
    }
}
