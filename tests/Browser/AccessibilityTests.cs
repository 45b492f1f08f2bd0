using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>axe-core on every page and on everything that opens, light and dark.</summary>
[Collection(WideDashboardCollection.Name)]
public sealed class AccessibilityTests(Dashboard dashboard)
{
    private static readonly string[] Pages =
    [
        "analytics", "analytics?by=project&then=model", "overview?month=2026-05", "members", "members/u_jonas", "projects", "projects/prj_api", "projects/prj_api/dashboard", "projects/prj_api/usage",
        "projects/prj_api/usage?tab=models", "keys", "keys/key_staging", "agents", "agents/agt_triage", "usage", "plan", "prices", "access", "preferences", "me",
    ];

    private static readonly string Axe = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "server", "dashboard", "node_modules", "axe-core", "axe.min.js"));

    [BrowserFact]
    public async Task Pages_All_PassAxeReportNoErrorAndAskNoOtherHost()
    {
        List<string> violations = [];
        await using var window = await dashboard.OpenAsync("demo");
        foreach (var page in Pages)
        {
            await window.GoAsync($"/o/demo/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from=2026-05-01&to=2026-05-31");
            await RunAsync(window, page, violations);
        }

        await using var hard = await dashboard.OpenAsync("org_hard");
        await hard.GoAsync("/o/org_hard/analytics?from=2026-03-20&to=2026-03-24&by=project&then=apiKey");
        await RunAsync(hard, "hard names", violations);

        Assert.True(violations.Count == 0, string.Join('\n', violations));
        window.AssertNoFault();
        Assert.Equal([dashboard.Server.Address.Authority], window.Hosts);
    }

    [BrowserFact]
    public async Task GatesErrorsAndEmptyPages_PassAxe()
    {
        List<string> violations = [];
        await using var stranger = await dashboard.OpenStrangerAsync();
        await stranger.Page.GotoAsync("/o/demo/analytics");
        await stranger.Page.Locator("[data-token]").WaitForAsync();
        await RunAsync(stranger, "sign in", violations);

        await using var free = await dashboard.OpenAsync("org_free");
        await free.GoAsync("/o/org_free/analytics");
        await RunAsync(free, "plan gate", violations);

        await using var developer = await dashboard.OpenAsync("org_1", "u_dev");
        await developer.GoAsync("/o/org_1/members");
        await RunAsync(developer, "role gate", violations);

        await using var empty = await dashboard.OpenAsync("org_empty");
        await empty.GoAsync("/o/org_empty/analytics");
        await RunAsync(empty, "no usage", violations);

        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-06-01&to=2026-06-07&f.model=nothing&modle=x");
        await RunAsync(window, "nothing matches", violations);
        await window.Page.RouteAsync("**/analytics/activity?**", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"type":"/problems/x","title":"Too much at once","status":503,"detail":"Ask again.","traceId":"1"}""" }));
        await window.Choice("Breakdown by", "Project").ClickAsync();
        await window.Page.Locator("main [role=alert]").First.WaitForAsync();
        await RunAsync(window, "error", violations);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [BrowserFact]
    public async Task WhatOpens_MenusPickersPaletteAndPanels_PassesAxe()
    {
        List<string> violations = [];
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?from=2026-05-01&to=2026-05-31&by=apiKey&f.project=prj_code");
        var page = window.Page;
        foreach (var (name, opener) in new[]
        {
            ("switcher", page.Locator(".switcher > button")), ("filters", window.Button("Filters: 1")), ("saved views", window.Button("Saved views")), ("range", page.Locator(".range > button")), ("zone", page.Locator(".zone > button")), ("more", window.Button("More breakdowns")),
            ("then by", window.Button("Then by")), ("chart options", window.Button("Chart options")), ("export", window.Button("Export Cost by API key over time")),
        })
        {
            await opener.ClickAsync();
            await page.Locator(".panel").WaitForAsync();
            await RunAsync(window, name, violations);
            await page.Keyboard.PressAsync("Escape");
            await page.Locator(".panel").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        }

        await page.Keyboard.PressAsync("Control+k");
        await page.Locator("dialog.palette[open] input").FillAsync("a");
        await RunAsync(window, "palette", violations);
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("dialog.palette[open]").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.Keyboard.PressAsync("?");
        await page.Locator("dialog.help[open]").WaitForAsync();
        await RunAsync(window, "help", violations);
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("dialog.help[open]").WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        await page.Locator("footer button.selfcheck").ClickAsync();
        await page.Locator("dialog.proof[open]").WaitForAsync();
        await RunAsync(window, "proof", violations);

        // Escape closes what is open, and nothing behind it.
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("dialog.proof[open]").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Contains("f.project=prj_code", window.Address, StringComparison.Ordinal);

        await window.Button("What changed?").ClickAsync();
        await page.Locator(".waterfall").WaitForAsync();
        await window.Button("Show data").ClickAsync();
        await window.Button("Show the others").ClickAsync();
        await window.SettleAsync();
        await page.Locator(".plot-surface").First.FocusAsync();
        await page.Keyboard.PressAsync("Home");
        await RunAsync(window, "explain panel, data, others and a tooltip", violations);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Phone_MenuAndPages_PassAxe()
    {
        List<string> violations = [];
        await using var window = await dashboard.OpenAsync("demo", options: new() { Width = 390, Height = 844 });
        foreach (var page in new[] { "analytics", "overview?month=2026-05", "members", "usage" })
        {
            await window.GoAsync($"/o/demo/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from=2026-05-01&to=2026-05-31");
            await RunAsync(window, page, violations);
        }

        await window.Button("Menu").ClickAsync();
        await window.Page.Locator(".menu-open").WaitForAsync();
        await RunAsync(window, "menu", violations);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [BrowserFact]
    public async Task Charts_HaveASentenceAndATextBehindThem()
    {
        await using var window = await dashboard.OpenAsync("demo");
        foreach (var page in new[] { "analytics", "overview?month=2026-05", "members/u_jonas", "projects/prj_api", "projects/prj_api/dashboard", "projects/prj_api/usage", "keys/key_staging", "agents/agt_triage" })
        {
            await window.GoAsync($"/o/demo/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from=2026-05-01&to=2026-05-31");
            var charts = window.Page.Locator(".plot-surface, .doughnut svg");
            var count = await charts.CountAsync();
            Assert.True(count > 0, page);
            for (var index = 0; index < count; index++)
            {
                var chart = charts.Nth(index);
                Assert.Equal("img", await chart.GetAttributeAsync("role"));
                Assert.Matches(@"\w.*\d", (await chart.GetAttributeAsync("aria-label"))!);
            }

            // Each bucket of a chart can be read without seeing it.
            foreach (var surface in await window.Page.Locator(".plot-surface").AllAsync())
            {
                await surface.FocusAsync();
                await window.Page.Keyboard.PressAsync("End");
                Assert.Contains("Total", await window.Page.Locator(".plot .sr[aria-live]:not(:empty)").InnerTextAsync(), StringComparison.Ordinal);
                await window.Page.Keyboard.PressAsync("Escape");
            }
        }
    }

    /// <summary>Runs axe in both themes.</summary>
    private static async Task RunAsync(Window window, string name, List<string> violations)
    {
        if (await window.Page.EvaluateAsync<bool>("() => typeof axe === 'undefined'"))
        {
            await window.Page.EvaluateAsync(Axe);
        }

        // Between themes, nothing but colours is different.
        foreach (var (theme, rules) in new[] { ("dark", "{ runOnly: ['color-contrast'] }"), ("light", "{ resultTypes: ['violations'] }") })
        {
            await window.Page.EvaluateAsync("theme => { document.documentElement.dataset.theme = theme; }", theme);
            var found = await window.Page.EvaluateAsync<JsonElement>($"async () => (await axe.run(document, {rules})).violations.map(v => `${{v.id}}: ${{v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')}}`)");
            violations.AddRange(found.EnumerateArray().Select(violation => $"{theme} {name}: {violation.GetString()}"));
        }
    }
}
