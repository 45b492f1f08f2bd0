using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Nothing moves, little is sent, and every width has room.</summary>
[Collection(WideDashboardCollection.Name)]
public sealed class LayoutTests(Dashboard dashboard)
{
    private const string Year = "range=12m";

    /// <summary>Of the scripts of the first page, as they are sent.</summary>
    private const int MostScriptBytes = 250_000;

    private const int MostFontBytes = 50_000;

    [BrowserFact]
    public async Task FirstPage_SendsLittleScriptCompressed()
    {
        await using var window = await dashboard.OpenAsync("demo");
        List<IResponse> responses = [];
        window.Page.Response += (_, response) => responses.Add(response);
        await window.GoAsync($"/o/demo/analytics?{Year}");
        var bytes = new Dictionary<string, int> { ["script"] = 0, ["font"] = 0, ["stylesheet"] = 0 };
        foreach (var response in responses.Where(response => bytes.ContainsKey(response.Request.ResourceType)))
        {
            var length = int.Parse((await response.HeaderValueAsync("content-length"))!, System.Globalization.CultureInfo.InvariantCulture);
            if (response.Request.ResourceType != "font" && length > 1_000)
            {
                Assert.Equal("br", await response.HeaderValueAsync("content-encoding"));
            }

            bytes[response.Request.ResourceType] += length;
        }

        Assert.InRange(bytes["script"], 20_000, MostScriptBytes);
        Assert.InRange(bytes["font"], 1, MostFontBytes);
        Assert.InRange(bytes["stylesheet"], 1, 20_000);
    }

    [BrowserFact]
    public async Task Loading_EveryPage_MovesNothing()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await WatchAsync(window);
        foreach (var page in new[]
        {
            "analytics", "analytics?by=project&then=model", "analytics?show=explain", "overview?month=2026-05", "members", "members/u_jonas", "projects", "projects/prj_api", "projects/prj_api/dashboard", "projects/prj_api/usage",
            "keys", "keys/key_staging", "agents", "agents/agt_triage", "usage", "plan", "me",
        })
        {
            await window.GoAsync($"/o/demo/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Year}");
            AssertNone(await ShiftsAsync(window, page));
        }
    }

    [BrowserFact]
    public async Task Switching_TabsGroupsAndRanges_MovesNothing()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await WatchAsync(window);
        await window.GoAsync($"/o/demo/analytics?{Year}");
        foreach (var (group, choice) in new[]
        {
            ("Metric over time", "Requests"), ("Metric over time", "Tokens"), ("Metric over time", "Cost"), ("Breakdown by", "Project"), ("Breakdown by", "API key"), ("Breakdown by", "Model"),
            ("Shape", "Bars"), ("Shape", "Lines"), ("Shape", "Stacked area"),
        })
        {
            await window.Choice(group, choice).ClickAsync();
            await window.SettleAsync();
            AssertNone(await ShiftsAsync(window, choice, ".grid, .cards, .controls"));
        }
    }

    [BrowserFact]
    public async Task Widths_FromPhoneToDesk_HaveRoomForEveryPage()
    {
        await using var window = await dashboard.OpenAsync("demo");
        foreach (var page in new[] { "analytics?by=project&then=model&show=explain", "overview?month=2026-05", "members", "members/u_jonas", "projects/prj_api", "projects/prj_api/usage", "keys", "agents/agt_triage", "usage", "plan" })
        {
            await window.GoAsync($"/o/demo/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from=2026-05-01&to=2026-05-31");
            foreach (var width in new[] { 320, 390, 768, 1024, 1920 })
            {
                await window.Page.SetViewportSizeAsync(width, 900);
                await window.Page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
                var wide = await window.EvaluateAsync(
                    """
                    () => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
                      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.table-box, .cards, .segmented, .sidebar')).slice(0, 4).map((element) => `${element.tagName}.${element.className}`)
                    """);
                Assert.True(await window.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{page} is wider than {width}: {wide}");
            }
        }
    }

    [BrowserFact]
    public async Task Phone_MenuGoesAnywhere()
    {
        await using var window = await dashboard.OpenAsync("demo", options: new() { Width = 390, Height = 844 });
        await window.GoAsync("/o/demo/analytics?from=2026-05-01&to=2026-05-31");
        await window.Button("Menu").ClickAsync();
        await window.Link("Members").ClickAsync();
        await window.Heading("Members by spend").WaitForAsync();
        await window.SettleAsync();
        Assert.Equal(0, await window.Page.Locator(".menu-open").CountAsync());

        // The range and the zone are within reach.
        await window.Page.ClickAsync(".range > button");
        var panel = (await window.Page.Locator(".panel").BoundingBoxAsync())!;
        Assert.True(panel.X >= 0 && panel.X + panel.Width <= 390, $"The panel is from {panel.X} to {panel.X + panel.Width}.");
        await window.Page.Locator(".range-panel").GetByRole(AriaRole.Button, new() { Name = "Last month", Exact = true }).ClickAsync();
        Assert.Contains("range=last-month", window.Address, StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task DarkReader_SeesADarkPageFromTheFirstFrame()
    {
        await using var window = await dashboard.OpenAsync("demo", options: new() { IsDark = true });
        await window.Page.GotoAsync("/o/demo/analytics", new() { WaitUntil = WaitUntilState.Commit });
        await window.Page.WaitForFunctionAsync("() => document.body !== null");
        Assert.Equal("dark", await window.Page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));
        await window.SettleAsync();
        var dark = await ChartReading.ColorAsync(window, 70, 12);

        // The choice stays, and the chart changes with it.
        await window.Button("Light theme (.)").ClickAsync();
        await window.SettleAsync();
        Assert.NotEqual("rgb(14, 17, 22)", await window.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor"));
        await window.Page.ReloadAsync();
        await window.SettleAsync();
        Assert.Equal("light", await window.Page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));
        Assert.Equal("rgb(247, 248, 250)", await window.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor"));
        Assert.NotEmpty(dark);
    }

    private static void AssertNone(IEnumerable<string> shifts) => Assert.True(!shifts.Any(), string.Join('\n', shifts));

    private static async Task WatchAsync(Window window) => await window.Page.AddInitScriptAsync(
        """
        window.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            // What only grew in its place has moved nothing, and half pixels are rounding.
            for (const source of (entry.sources ?? []).filter(({ previousRect, currentRect }) => Math.abs(previousRect.x - currentRect.x) > 2 || Math.abs(previousRect.y - currentRect.y) > 2)) {
              const element = source.node?.nodeType === 1 ? source.node : source.node?.parentElement;
              window.shifts.push({ element, value: entry.value, text: `${entry.value.toFixed(5)} ${element?.tagName}.${element?.className} ${[source.previousRect.x, source.previousRect.y, source.previousRect.width, source.previousRect.height].map(Math.round)} -> ${[source.currentRect.x, source.currentRect.y, source.currentRect.width, source.currentRect.height].map(Math.round)}` });
            }
          }
        }).observe({ type: 'layout-shift', buffered: true });
        """);

    /// <summary>What moved since the last time; within some containers only, where they are named.</summary>
    private static async Task<IEnumerable<string>> ShiftsAsync(Window window, string what, string? within = null)
    {
        var moved = await window.EvaluateAsync(
            """
            (within) => {
              const found = window.shifts.filter(({ element }) => within === null || element?.matches(within)).map(({ text }) => text);
              window.shifts = [];
              return found;
            }
            """,
            within);
        return moved.EnumerateArray().Select(text => $"{what}: {text.GetString()}");
    }
}
