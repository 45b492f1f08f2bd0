using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>A page in a browser of its own.</summary>
public sealed class Window : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly Func<IReadOnlyCollection<string>> serverLog;

    public Window(IBrowserContext context, IPage page, Func<IReadOnlyCollection<string>> serverLog)
    {
        this.context = context;
        this.serverLog = serverLog;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                Faults.Add($"{message.Text} {message.Location}");
            }
        };
        page.PageError += (_, error) => Faults.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("blob:", StringComparison.Ordinal))
            {
                Hosts.Add(new Uri(request.Url).Authority);
            }
        };
    }

    public IPage Page { get; }

    public IBrowserContext Context => context;

    /// <summary>Errors that the page reported.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Hosts that the page asked anything of.</summary>
    public HashSet<string> Hosts { get; } = [];

    /// <summary>Path and query of where the page is.</summary>
    public string Address => new Uri(Page.Url).PathAndQuery;

    /// <summary>Signs in without the form.</summary>
    public async Task SignInAsync(string token)
    {
        var answer = await context.APIRequest.PostAsync("/session", new APIRequestContextOptions { DataObject = new { token } });
        Assert.True(answer.Ok, await answer.TextAsync());
    }

    /// <summary>Opens an address anew.</summary>
    public async Task GoAsync(string address)
    {
        await Page.GotoAsync(address);
        await SettleAsync();
    }

    /// <summary>Goes to an address as the page's own links do: without loading it anew.</summary>
    public async Task MoveAsync(string address)
    {
        await Page.EvaluateAsync("address => { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); }", address);
        await SettleAsync();
    }

    /// <summary>Waits until every question on the page is answered and drawn.</summary>
    public async Task SettleAsync()
    {
        // The page asks ahead a moment after its own answers, so it has to be quiet for some frames in a row.
        await Page.WaitForFunctionAsync(
            """
            () => {
              const isQuiet = document.querySelector('.shell[data-pending="0"]') && !document.querySelector('[aria-busy=true], .bone, .bones, .plot-canvas:not(:has(canvas))');
              window.quietFrames = isQuiet ? (window.quietFrames ?? 0) + 1 : 0;
              return window.quietFrames > 24;
            }
            """);
        await Page.EvaluateAsync("() => { window.quietFrames = 0; }");
    }

    /// <summary>The exact values of figures, as they are copied.</summary>
    public async Task<IReadOnlyList<string>> ValuesAsync(string selector) =>
        await Page.Locator(selector).EvaluateAllAsync<string[]>("figures => figures.map(figure => figure.value)");

    /// <summary>Texts of elements, without the space around them.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync(string selector) =>
        await Page.Locator(selector).EvaluateAllAsync<string[]>("elements => elements.map(element => element.textContent.trim())");

    /// <summary>Rows of a table: exact values where cells have figures, else their text.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string selector) =>
        await Page.Locator(selector).EvaluateAllAsync<string[]>(
            "rows => rows.filter(row => !row.matches('.pad')).map(row => [...row.cells].map(cell => cell.querySelector('data.figure')?.value ?? cell.textContent.trim()).join(' | '))");

    /// <summary>Fails with every error that the page reported, in full, and what the server said meanwhile.</summary>
    public void AssertNoFault() => Assert.True(Faults.Count == 0, string.Join('\n', [.. Faults, "The server's log:", .. serverLog()]));

    public ILocator Button(string name, bool isExact = true) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = isExact });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    /// <summary>The card with a title.</summary>
    public ILocator Card(string title) => Page.Locator("section.card").Filter(new() { Has = Page.Locator("header h2").GetByText(title, new() { Exact = true }) });

    /// <summary>A choice of a control of which one choice holds.</summary>
    public ILocator Choice(string group, string name) => Page.GetByRole(AriaRole.Radiogroup, new() { Name = group, Exact = true }).GetByRole(AriaRole.Radio, new() { Name = name, Exact = true });

    /// <summary>What the browser got from the clipboard.</summary>
    public Task<string> ClipboardAsync() => Page.EvaluateAsync<string>("() => navigator.clipboard.readText()");

    /// <summary>Opens a menu of exports and takes one of its forms.</summary>
    /// <param name="menu">What is exported.</param>
    /// <param name="form">The label, with its hint.</param>
    public async Task<(string Name, byte[] Content)> ExportAsync(string menu, string form)
    {
        await Button($"Export {menu}").ClickAsync();
        var download = await Page.RunAndWaitForDownloadAsync(() => Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = form, Exact = true }).ClickAsync());
        return (download.SuggestedFilename, await File.ReadAllBytesAsync(await download.PathAsync()));
    }

    /// <summary>Runs a function of the page, with an answer of any shape.</summary>
    public Task<JsonElement> EvaluateAsync(string script, object? argument = null) => Page.EvaluateAsync<JsonElement>(script, argument);

    public async ValueTask DisposeAsync() => await context.CloseAsync();
}
