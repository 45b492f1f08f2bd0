using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>The address is the state of the page.</summary>
[Collection(DashboardCollection.Name)]
public sealed class AddressTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private const string Cards = ".cards .kpi-value data.figure";

    [BrowserFact]
    public async Task Link_InAnotherBrowser_ShowsTheSameView()
    {
        await using var first = await dashboard.OpenAsync();
        await first.GoAsync(Analytics);
        await first.Choice("Breakdown by", "API key").ClickAsync();
        await first.Choice("Metric over time", "Tokens").ClickAsync();
        await first.Choice("Shape", "Bars").ClickAsync();
        await first.Button("Filter by prod-etl").First.ClickAsync();
        await first.Button("Then by").ClickAsync();
        await first.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = "Provider" }).ClickAsync();
        await first.SettleAsync();
        await first.Button("Show prod-etl in the chart").ClickAsync();
        await first.SettleAsync();

        await using var second = await dashboard.OpenAsync();
        await second.GoAsync(first.Address);

        foreach (var parameter in new[] { "f.apiKey=key_1", "by=apiKey", "metric=tokens", "view=bars", "then=provider", "hide=key_1" })
        {
            Assert.Contains(parameter, first.Address, StringComparison.Ordinal);
        }

        Assert.Equal(await first.Page.InnerTextAsync("main"), await second.Page.InnerTextAsync("main"));
        Assert.Equal(await first.ValuesAsync(Cards), await second.ValuesAsync(Cards));
        Assert.Equal(await PictureAsync(first), await PictureAsync(second));
        second.AssertNoFault();
    }

    [BrowserFact]
    public async Task BackAndForward_AfterChanges_ShowWhatWasThere()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Choice("Breakdown by", "Project").ClickAsync();
        await window.SettleAsync();
        await window.Button("Filter by Production API").First.ClickAsync();
        await window.SettleAsync();
        var filtered = await window.ValuesAsync(Cards);
        await window.Link("Members").ClickAsync();
        await window.Heading("Members by spend").WaitForAsync();

        await window.Page.GoBackAsync();
        await window.Heading("Cost by project over time").WaitForAsync();
        await window.SettleAsync();
        Assert.Equal(filtered, await window.ValuesAsync(Cards));
        await window.Page.GoBackAsync();
        await window.Page.WaitForFunctionAsync("() => !document.querySelector('.chip')");
        await window.Page.GoBackAsync();
        await window.Heading("Cost by model over time").WaitForAsync();
        await window.Page.GoForwardAsync();
        await window.Heading("Cost by project over time").WaitForAsync();
        await window.Page.GoForwardAsync();
        await window.Page.Locator(".chip").WaitForAsync();
        await window.SettleAsync();
        Assert.Equal(filtered, await window.ValuesAsync(Cards));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task HidingAndSorting_AreNoStepsBack()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/members?from=2026-03-20&to=2026-04-05");
        await window.MoveAsync(Analytics);
        await window.Button("Show model-00 in the chart").ClickAsync();
        await window.Page.Locator("section[aria-label='All models'] thead").GetByRole(AriaRole.Button, new() { Name = "Requests", Exact = true }).ClickAsync();
        Assert.Contains("hide=model-00", window.Address, StringComparison.Ordinal);
        Assert.Contains("sort=-requests", window.Address, StringComparison.Ordinal);
        await window.Page.GoBackAsync();
        await window.Heading("Members by spend").WaitForAsync();
    }

    [BrowserFact]
    public async Task Pages_KeepRangeZoneAndFilters()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&f.model=model-03&by=project&metric=tokens");
        await window.Link("Members").ClickAsync();
        await window.SettleAsync();

        Assert.Equal("/o/org_1/members?from=2026-03-20&to=2026-04-05&tz=Europe/Paris&f.model=model-03", window.Address);
        var answer = await dashboard.AskAsync("org_1", "/analytics/members?from=2026-03-20&to=2026-04-05&timezone=Europe/Paris&model=model-03");
        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync("tfoot data"))[0]);
        await window.Link("Ana").ClickAsync();
        await window.Heading("Ana").WaitForAsync();
        await window.Page.Locator(".breadcrumb").GetByRole(AriaRole.Link, new() { Name = "Members" }).ClickAsync();
        await window.Heading("Members by spend").WaitForAsync();
        Assert.Contains("f.model=model-03", window.Address, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task UnknownParametersAndValues_AreSaidAndDoNoHarm()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&modle=x&f.colour=red");
        Assert.Contains("'modle', 'f.colour', which means nothing here", await window.Page.InnerTextAsync(".filters"), StringComparison.Ordinal);

        var expected = await window.ValuesAsync(Cards);
        foreach (var nonsense in new[] { "&by=nothing", "&metric=%00", "&view=pie", "&bucket=second", "&then=model", "&sort=-nothing", "&hide=nothing", "&scale=x", "&cmp=x", "&show=x" })
        {
            await window.MoveAsync(Analytics + nonsense);
            Assert.Equal(expected, await window.ValuesAsync(Cards));
        }

        // Dates and zones that are none are the usual ones.
        await window.MoveAsync("/o/org_1/analytics?from=2026-02-31&to=2026-03-01&tz=Mars/Olympus");
        Assert.Equal("May 28 – Jun 26, 2026", (await window.Page.InnerTextAsync(".range-dates")).Replace('\u2009', ' '));

        // Each is named: another range than the one that was meant is no answer to it.
        foreach (var (query, said) in new[]
        {
            ("from=2026-02-31&to=2026-03-01&tz=Mars/Olympus", "'from=2026-02-31', 'tz=Mars/Olympus'"), ("range=foo", "'range=foo'"), ("from=2026-03-01", "'from=2026-03-01 without to'"),
            ("from=2026-03-02&to=2026-03-01", "'from=2026-03-02 after to=2026-03-01'"), ("by=zzz&metric=x&bucket=second", "'by=zzz', 'metric=x', 'bucket=second'"),
        })
        {
            await window.MoveAsync($"/o/org_1/analytics?{query}");
            Assert.Contains($"This address says {said}, which means nothing here.", await window.Page.InnerTextAsync(".filters"), StringComparison.Ordinal);
        }

        await window.MoveAsync("/o/org_1/overview?month=2026-13");
        Assert.Contains("'month=2026-13', which means nothing here", await window.Page.InnerTextAsync(".filters"), StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Links_LiveAndFixed_AreCopied()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?range=7d&by=project");
        await CopyAsync("Copy link");
        Assert.Equal(window.Page.Url, await window.ClipboardAsync());
        await CopyAsync("Copy link with fixed dates");
        var link = new Uri(await window.ClipboardAsync());
        Assert.DoesNotContain("range=", link.Query, StringComparison.Ordinal);
        Assert.Contains("from=2026-06-20&to=2026-06-26", link.Query, StringComparison.Ordinal);
        Assert.Contains("by=project", link.Query, StringComparison.Ordinal);
        Assert.Contains("tz=Europe", link.Query, StringComparison.Ordinal);

        await using var other = await dashboard.OpenAsync("demo");
        await other.GoAsync(link.PathAndQuery);
        Assert.Equal(await window.ValuesAsync(Cards), await other.ValuesAsync(Cards));

        async Task CopyAsync(string item)
        {
            await window.Button("Export Cost by project over time").ClickAsync();
            await window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = item, Exact = true }).ClickAsync();
            await window.Page.Locator(".notice div").WaitForAsync();
        }
    }

    [BrowserFact]
    public async Task LinksOfThePage_AreRealAddresses()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&by=project");
        var links = await window.EvaluateAsync("() => [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))");
        Assert.Contains("/o/org_1/projects/prj_1?from=2026-03-20&to=2026-04-05&tz=Europe/Paris", links.EnumerateArray().Select(link => link.GetString()));

        // A press with the key for a new tab opens one.
        var opened = await window.Context.RunAndWaitForPageAsync(() => window.Page.Locator(".ranking a").First.ClickAsync(new() { Modifiers = [KeyboardModifier.Control] }));
        Assert.Contains("/projects/", opened.Url, StringComparison.Ordinal);
        Assert.Contains("/analytics", window.Address, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task StateOfParts_StaysWhenDataIsAskedAgain()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Button("Show data").ClickAsync();
        await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search models" }).FillAsync("model-1");
        await window.Page.Locator("table[aria-label='Data of the chart']").WaitForAsync();
        await window.Button("Refresh").ClickAsync();
        await window.SettleAsync();
        await window.Button("Next range (])").ClickAsync();
        await window.SettleAsync();
        await window.Button("Previous range ([)").ClickAsync();
        await window.SettleAsync();

        Assert.Equal(3, (await window.RowsAsync("section[aria-label='All models'] tbody tr")).Count);
        Assert.Equal(1, await window.Page.Locator("table[aria-label='Data of the chart']").CountAsync());
    }

    /// <summary>What the chart draws, as a number that is the same for the same picture.</summary>
    private static async Task<string> PictureAsync(Window window) =>
        (await window.EvaluateAsync(
            """
            () => {
              const canvas = document.querySelector('.plot-canvas canvas');
              const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              let value = 0;
              for (const part of data) {
                value = (Math.imul(value, 31) + part) >>> 0;
              }
              return `${canvas.width} ${canvas.height} ${value}`;
            }
            """)).GetString()!;
}
