using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

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
    /// <param name="isDark">Whether the reader prefers dark pages.</param>
    /// <param name="width">Of the window, in CSS pixels.</param>
    public async Task<Window> OpenAsync(bool isDark = false, int width = 1440)
    {
        var context = await browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = "en-US",
            TimezoneId = "Europe/Paris",
            AcceptDownloads = true,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        return new Window(context, await context.NewPageAsync());
    }

    public async Task DisposeAsync()
    {
        await (browser?.CloseAsync() ?? Task.CompletedTask);
        playwright?.Dispose();
    }
}

/// <summary>A page in a browser of its own.</summary>
public sealed class Window : IAsyncDisposable
{
    private readonly IBrowserContext context;

    public Window(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            // The browser itself says so when nobody is signed in yet.
            if (message.Type == "error" && !message.Text.Contains("401", StringComparison.Ordinal))
            {
                Faults.Add(message.Text);
            }
        };
        page.PageError += (_, error) => Faults.Add(error);
        page.Request += (_, request) => Hosts.Add(new Uri(request.Url).Authority);
    }

    public IPage Page { get; }

    /// <summary>Errors that the page reported.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Hosts that the page asked anything of.</summary>
    public HashSet<string> Hosts { get; } = [];

    /// <summary>Goes to an address, signing in on the way where that is asked for.</summary>
    public async Task GoAsync(Uri server, string address, string token)
    {
        await Page.GotoAsync(new Uri(server, address).ToString());
        await Page.Locator("[data-token], .shell").First.WaitForAsync();
        if (await Page.Locator("[data-token]").IsVisibleAsync())
        {
            await Page.FillAsync("[data-token]", token);
            await Page.Keyboard.PressAsync("Enter");
            await Page.Locator(".shell").WaitForAsync();
        }

        await SettleAsync();
    }

    /// <summary>Waits until every question on the page is answered and drawn.</summary>
    public async Task SettleAsync()
    {
        // The page asks ahead a moment after its own answers, so it has to be quiet for some frames in a row.
        await Page.WaitForFunctionAsync(
            """
            () => {
              const isQuiet = document.querySelector('.shell[data-pending="0"]') && !document.querySelector('[aria-busy=true], .bone, .bones');
              window.quietFrames = isQuiet ? (window.quietFrames ?? 0) + 1 : 0;
              return window.quietFrames > 40;
            }
            """);
        await Page.EvaluateAsync("() => { window.quietFrames = 0; }");
    }

    /// <summary>The exact values of figures, as they are copied.</summary>
    public async Task<IReadOnlyList<string>> ValuesAsync(string selector) =>
        await Page.Locator(selector).EvaluateAllAsync<string[]>("figures => figures.map(figure => figure.value)");

    public async ValueTask DisposeAsync() => await context.CloseAsync();
}
