using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>
/// The dashboard in a browser, against a real server: figures equal the interface's to the digit, a link shows the same view,
/// steps back, keyboard alone, gates, zones, names that are markup, exports, no other host, accessibility.
/// </summary>
public sealed class DashboardTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private const string Cards = ".cards .kpi-value data.figure";

    private static readonly string[] Pages =
    [
        "analytics", "overview?month=2026-03", "members", "members/u_1", "projects", "projects/prj_1", "projects/prj_1/dashboard", "projects/prj_1/usage", "keys",
        "keys/key_1", "agents", "usage", "plan", "me", "analytics?by=project&then=model",
    ];

    [BrowserFact]
    public async Task Figures_EveryMetricAndBreakdown_EqualTheInterfacesToTheDigit()
    {
        await using var server = await DashboardData.StartAsync();
        var token = server.Token("org_1", "u_1");
        await using var window = await chromium.OpenAsync();
        foreach (var (by, metric) in new[] { ("model", "cost"), ("project", "requests"), ("apiKey", "tokens"), ("model", "tokens") })
        {
            await window.GoAsync(server.Address, $"{Analytics}&by={by}&metric={metric}", token);
            var answer = await server.JsonAsync(DashboardData.Activity(by, more: $"&top=10&rankBy={metric}"), token);
            var totals = answer.GetProperty("totals");
            var property = metric switch { "cost" => "cost", "requests" => "requestCount", _ => "totalTokens" };

            Assert.Equal([totals.GetProperty("cost").GetString()!, totals.GetProperty("requestCount").GetRawText(), totals.GetProperty("totalTokens").GetRawText()], await window.ValuesAsync(Cards));

            var ranked = await window.ValuesAsync(".ranking li .rank-line data.figure");
            Assert.Equal(answer.GetProperty("ranking").EnumerateArray().Select(group => Exact(group.GetProperty(property))), ranked);
            Assert.Equal(decimal.Parse(Exact(totals.GetProperty(property)), CultureInfo.InvariantCulture), ranked.Sum(value => decimal.Parse(value, CultureInfo.InvariantCulture)));
        }
    }

    [BrowserFact]
    public async Task Link_InAnotherBrowser_ShowsTheSameView()
    {
        await using var server = await DashboardData.StartAsync();
        var token = server.Token("org_1", "u_1");
        await using var first = await chromium.OpenAsync();
        await first.GoAsync(server.Address, Analytics, token);
        await first.Page.GetByRole(AriaRole.Radio, new() { Name = "API key", Exact = true }).ClickAsync();
        await first.Page.GetByRole(AriaRole.Radiogroup, new() { Name = "Metric over time" }).GetByRole(AriaRole.Radio, new() { Name = "Tokens" }).ClickAsync();
        await first.Page.GetByRole(AriaRole.Button, new() { Name = "Filter by prod-etl" }).First.ClickAsync();
        await first.SettleAsync();

        await using var second = await chromium.OpenAsync();
        await second.GoAsync(server.Address, new Uri(first.Page.Url).PathAndQuery, token);

        Assert.Contains("f.apiKey=key_1", first.Page.Url, StringComparison.Ordinal);
        Assert.Equal(await first.Page.InnerTextAsync("main"), await second.Page.InnerTextAsync("main"));
        Assert.Equal(await first.ValuesAsync(Cards), await second.ValuesAsync(Cards));
    }

    [BrowserFact]
    public async Task BackAndForward_AfterChanges_ShowWhatWasThere()
    {
        await using var server = await DashboardData.StartAsync();
        await using var window = await chromium.OpenAsync();
        await window.GoAsync(server.Address, Analytics, server.Token("org_1", "u_1"));
        await window.Page.GetByRole(AriaRole.Radio, new() { Name = "Project", Exact = true }).ClickAsync();
        await window.SettleAsync();
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Members", Exact = true }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Heading, new() { Name = "Members by spend" }).WaitForAsync();

        await window.Page.GoBackAsync();
        await window.Page.GetByRole(AriaRole.Heading, new() { Name = "Cost by project over time" }).WaitForAsync();
        await window.Page.GoBackAsync();
        await window.Page.GetByRole(AriaRole.Heading, new() { Name = "Cost by model over time" }).WaitForAsync();
        await window.Page.GoForwardAsync();
        await window.Page.GetByRole(AriaRole.Heading, new() { Name = "Cost by project over time" }).WaitForAsync();
        Assert.Empty(window.Faults);
    }

    [BrowserFact]
    public async Task Keyboard_Alone_ChangesMetricGroupingRangeZoneAndPage()
    {
        await using var server = await DashboardData.StartAsync();
        await using var window = await chromium.OpenAsync();
        await window.GoAsync(server.Address, Analytics, server.Token("org_1", "u_1"));
        var page = window.Page;

        await page.Keyboard.PressAsync("2");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Requests by model over time" }).WaitForAsync();

        await page.GetByRole(AriaRole.Radiogroup, new() { Name = "Breakdown by" }).GetByRole(AriaRole.Radio, new() { Name = "Model" }).FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Requests by project over time" }).WaitForAsync();

        await window.SettleAsync();
        await page.Keyboard.PressAsync("[");
        await page.WaitForURLAsync(new System.Text.RegularExpressions.Regex("from=2026-03-03&to=2026-03-19"));
        await window.SettleAsync();
        await page.Keyboard.PressAsync("]");
        await page.WaitForURLAsync(new System.Text.RegularExpressions.Regex("from=2026-03-20&to=2026-04-05"));

        await window.SettleAsync();
        await page.Keyboard.PressAsync("z");
        await page.Keyboard.TypeAsync("kathmandu");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new System.Text.RegularExpressions.Regex("tz=Asia/Kathmandu"));

        await window.SettleAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("members");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Members by spend" }).WaitForAsync();
        await page.Locator("dialog.palette").WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        // The chart's buckets are read out one by one.
        await window.GoAsync(server.Address, Analytics, server.Token("org_1", "u_1"));
        await page.Locator(".plot-surface").First.FocusAsync();
        await page.Keyboard.PressAsync("Home");
        Assert.Contains("Total", await page.Locator(".plot [aria-live]").First.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(window.Faults);
    }

    [BrowserFact]
    public async Task Gates_FreePlanAndDeveloper_AreMarkedAndExplained()
    {
        await using var server = await DashboardData.StartAsync();
        await using var free = await chromium.OpenAsync();
        await free.GoAsync(server.Address, "/o/org_free/analytics", server.Token("org_free", "u_1"));

        Assert.Contains("part of the Enterprise plan", await free.Page.InnerTextAsync(".gate"), StringComparison.Ordinal);
        Assert.Equal(5, await free.Page.Locator(".nav-mark").CountAsync());
        await free.Page.GetByRole(AriaRole.Link, new() { Name = "Projects", Exact = true }).ClickAsync();
        await free.Page.GetByRole(AriaRole.Heading, new() { Name = "Projects" }).First.WaitForAsync();
        Assert.Equal(0, await free.Page.Locator(".gate").CountAsync());

        await using var developer = await chromium.OpenAsync();
        await developer.GoAsync(server.Address, Analytics, server.Token("org_1", "u_dev"));
        Assert.Contains("for owners and admins", await developer.Page.InnerTextAsync(".gate"), StringComparison.Ordinal);
        await developer.GoAsync(server.Address, $"/o/org_1/keys/key_1?{DashboardData.Range}", string.Empty);
        Assert.Equal("prod-etl", (await developer.Page.InnerTextAsync("h1")).Trim());
    }

    [BrowserFact]
    public async Task Zone_Changed_MovesUsageBetweenDaysAndKeepsTheirTotals()
    {
        await using var server = await DashboardData.StartAsync();
        var token = server.Token("org_1", "u_1");
        await using var window = await chromium.OpenAsync();
        Dictionary<string, IReadOnlyList<string>> days = [];
        foreach (var zone in new[] { "Europe/Paris", "America/Los_Angeles", "Asia/Kathmandu" })
        {
            await window.GoAsync(server.Address, $"/o/org_1/analytics?from=2026-03-20&to=2026-04-05&tz={zone}", token);
            await window.Page.GetByRole(AriaRole.Button, new() { Name = "Show data" }).ClickAsync();
            var answer = await server.JsonAsync(DashboardData.Activity("model", zone, "&top=10"), token);
            days[zone] = await window.ValuesAsync("table[aria-label='Data of the chart'] tbody td:nth-child(2) data");

            Assert.Equal(answer.GetProperty("activity").EnumerateArray().Select(day => day.GetProperty("cost").GetString()!), days[zone]);
        }

        Assert.NotEqual(days["Europe/Paris"], days["America/Los_Angeles"]);
        Assert.NotEqual(days["Europe/Paris"], days["Asia/Kathmandu"]);
    }

    [BrowserFact]
    public async Task Names_MarkupLongAndRightToLeft_AreShownAsText()
    {
        await using var server = await DashboardData.StartAsync();
        await using var window = await chromium.OpenAsync();
        foreach (var address in new[] { $"{Analytics}&by=project&then=apiKey", $"{Analytics}&by=apiKey", $"/o/org_1/members?{DashboardData.Range}", $"/o/org_1/projects/prj_2?{DashboardData.Range}" })
        {
            await window.GoAsync(server.Address, address, server.Token("org_1", "u_1"));
            await window.Page.Locator(".plot-surface").First.HoverAsync(new() { Timeout = 1_000 }).ContinueWith(_ => { }, TaskScheduler.Default);

            Assert.True(await window.Page.GetByText(DashboardData.Markup).CountAsync() > 0, address);
            Assert.Equal("undefined", await window.Page.EvaluateAsync<string>("() => typeof window.broken"));
            Assert.False(await window.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > innerWidth"), $"{address} is wider than its window");
        }

        Assert.Empty(window.Faults);
    }

    [BrowserFact]
    public async Task Export_Csv_AddsUpToTheCards()
    {
        await using var server = await DashboardData.StartAsync();
        await using var window = await chromium.OpenAsync();
        await window.GoAsync(server.Address, Analytics, server.Token("org_1", "u_1"));
        var download = await window.Page.RunAndWaitForDownloadAsync(async () =>
        {
            await window.Page.GetByRole(AriaRole.Button, new() { Name = "Export Cost by model over time" }).ClickAsync();
            await window.Page.GetByRole(AriaRole.Button, new() { Name = "CSV UTF-8" }).ClickAsync();
        });
        var lines = await File.ReadAllLinesAsync(await download.PathAsync());
        var column = lines[0].Split(',').ToList().IndexOf("cost");

        Assert.EndsWith(".csv", download.SuggestedFilename, StringComparison.Ordinal);
        Assert.Equal((await window.ValuesAsync(Cards))[0], lines.Skip(1).Sum(line => decimal.Parse(line.Split(',')[column], CultureInfo.InvariantCulture)).ToString("G29", CultureInfo.InvariantCulture));
    }

    [BrowserFact]
    public async Task Figures_Copied_HaveAllTheirDigits()
    {
        await using var server = await DashboardData.StartAsync();
        await using var window = await chromium.OpenAsync();
        await window.GoAsync(server.Address, Analytics, server.Token("org_1", "u_1"));
        await window.Page.EvaluateAsync("() => getSelection().selectAllChildren(document.querySelector('.cards data.figure'))");
        await window.Page.Keyboard.PressAsync("Control+c");

        Assert.Equal((await window.ValuesAsync(Cards))[0], await window.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()"));
    }

    [BrowserFact]
    public async Task Pages_All_ReportNoErrorAskNoOtherHostAndPassAxe()
    {
        var axe = Path.Combine(RepositoryRoot.Path, "server", "dashboard", "node_modules", "axe-core", "axe.min.js");
        var script = await File.ReadAllTextAsync(axe);
        await using var server = await DashboardData.StartAsync();
        var token = server.Token("org_1", "u_1");
        List<string> violations = [];
        foreach (var isDark in new[] { false, true })
        {
            await using var window = await chromium.OpenAsync(isDark);
            foreach (var page in Pages)
            {
                var address = $"/o/org_1/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{DashboardData.Range}";
                await window.GoAsync(server.Address, address, token);
                await window.Page.EvaluateAsync(script);
                var found = await window.Page.EvaluateAsync<JsonElement>("async () => (await axe.run()).violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')}`)");
                violations.AddRange(found.EnumerateArray().Select(violation => $"{(isDark ? "dark" : "light")} {page}: {violation.GetString()}"));
            }

            Assert.Empty(window.Faults);
            Assert.Equal([server.Address.Authority], window.Hosts);
        }

        Assert.Empty(violations);
    }

    /// <summary>A metric as a figure carries it: money is text already, counts are digits.</summary>
    private static string Exact(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
