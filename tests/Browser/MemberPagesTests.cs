using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>The list of members and the page of each, to the digit.</summary>
[Collection(DashboardCollection.Name)]
public sealed class MemberPagesTests(Dashboard dashboard)
{
    private const string May = "from=2026-05-01&to=2026-05-31";

    private const string Table = "section[aria-label='Members by spend']";

    [BrowserFact]
    public async Task List_EqualsTheAnswerAndAddsUp()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync($"/o/demo/members?{May}");
        var answer = await dashboard.AskAsync("demo", $"/analytics/members?{May}&timezone=Europe/Paris");
        var members = answer.GetProperty("members");
        var costs = await window.ValuesAsync($"{Table} tbody td:nth-child(3) data");

        // More rows than are in sight, so only those that are.
        Assert.True(costs.Count >= 20);
        Assert.Equal(members.Values("cost").Take(costs.Count), costs);
        Assert.Equal(members.Values("requestCount").Take(costs.Count), await window.ValuesAsync($"{Table} tbody td:nth-child(5) data"));
        Assert.Equal(members.Values("totalTokens").Take(costs.Count), await window.ValuesAsync($"{Table} tbody td:nth-child(6) data"));
        Assert.Equal([answer.GetProperty("totals").Exact("cost"), answer.GetProperty("totals").Exact("requestCount"), answer.GetProperty("totals").Exact("totalTokens")], await window.ValuesAsync($"{Table} tfoot data"));
        Assert.Equal(answer.GetProperty("totals").Exact("cost").Amount(), members.Values("cost").Sum());

        // Those who left and usage of nobody have rows, without a page.
        await window.Page.GetByRole(AriaRole.Searchbox).FillAsync("former");
        Assert.Equal(["Former member"], await window.TextsAsync($"{Table} tbody .cell-name bdi"));
        await window.Page.GetByRole(AriaRole.Searchbox).FillAsync("unattributed");
        Assert.Equal(["Unattributed"], await window.TextsAsync($"{Table} tbody .cell-name bdi"));
        Assert.Equal(0, await window.Page.Locator($"{Table} tbody a").CountAsync());
        await window.Page.GetByRole(AriaRole.Searchbox).FillAsync("nobody is called so");
        Assert.Equal(["Nothing is called so."], await window.TextsAsync($"{Table} .table-empty"));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task List_SortedByEveryColumn_IsInThatOrder()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync($"/o/demo/members?{May}");
        foreach (var (column, cell) in new[] { ("Requests", 5), ("Tokens", 6), ("Cost", 3) })
        {
            var head = window.Page.Locator($"{Table} thead").GetByRole(AriaRole.Button, new() { Name = column, Exact = true });
            await head.ClickAsync();
            var down = await window.ValuesAsync($"{Table} tbody td:nth-child({cell}) data");
            await head.ClickAsync();
            var up = await window.ValuesAsync($"{Table} tbody td:nth-child({cell}) data");

            // Cost is in order at first: the first press turns it round.
            (down, up) = column == "Cost" && down[0].Amount() < up[0].Amount() ? (up, down) : (down, up);
            Assert.Equal(down.OrderByDescending(value => value.Amount()), down);
            Assert.Equal(up.OrderBy(value => value.Amount()), up);
            Assert.NotEqual(down, up);
        }

        await window.Page.Locator($"{Table} thead").GetByRole(AriaRole.Button, new() { Name = "Member", Exact = true }).ClickAsync();
        Assert.Contains("sort=name", window.Address, StringComparison.Ordinal);
        Assert.Equal("Adil Benali", (await window.TextsAsync($"{Table} tbody .cell-name bdi"))[0]);
    }

    [BrowserFact]
    public async Task Detail_EqualsTheAnswer()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync($"/o/demo/members?{May}");
        await window.Page.GetByRole(AriaRole.Searchbox).FillAsync("jonas weber");
        await window.Link("Jonas Weber").ClickAsync();
        await window.Heading("Jonas Weber").WaitForAsync();
        await window.SettleAsync();
        Assert.Equal($"/o/demo/members/u_jonas?{May}", window.Address);
        await AssertDetailAsync(window, await dashboard.AskAsync("demo", $"/analytics/members/u_jonas?{May}&timezone=Europe/Paris"));

        // The same page is everyone's own, whatever the role.
        await using var own = await dashboard.OpenAsync("demo", "u_jonas");
        await own.GoAsync($"/o/demo/me?{May}");
        await AssertDetailAsync(own, await dashboard.AskAsync("demo", $"/analytics/members/u_jonas?{May}&timezone=Europe/Paris"));
        window.AssertNoFault();
        own.AssertNoFault();
    }

    [BrowserFact]
    public async Task KeysOfOnePerson_AreLinesThatAreShownAndHidden()
    {
        await using var window = await dashboard.OpenAsync("org_la");
        await window.GoAsync("/o/org_la/analytics?from=2026-03-08&to=2026-03-10&f.member=u_1&by=apiKey&view=lines");
        var answer = await dashboard.AskAsync("org_la", "/analytics/activity?from=2026-03-08&to=2026-03-10&timezone=America/Los_Angeles&memberId=u_1&groupBy=apiKey");

        Assert.Equal("true", await window.Choice("Shape", "Lines").GetAttributeAsync("aria-checked"));
        Assert.Equal(["desktop", "laptop"], answer.GetProperty("ranking").Values("label").Order(StringComparer.Ordinal));
        Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync(".ranking li .rank-line data"));
        await ChartReading.AssertSeriesAsync(window, "desktop", "laptop");

        await window.Button("Show desktop in the chart").ClickAsync();
        Assert.Contains("hide=la_b", window.Address, StringComparison.Ordinal);
        await ChartReading.AssertSeriesAsync(window, "laptop");
        await window.Button("Show desktop in the chart").ClickAsync();
        await ChartReading.AssertSeriesAsync(window, "desktop", "laptop");

        // The person's own page has the same lines.
        await window.GoAsync("/o/org_la/members/u_1?from=2026-03-08&to=2026-03-10&view=lines");
        await window.Choice("Lines", "API keys").ClickAsync();
        await window.Heading("Cost by API key over time").WaitForAsync();
        await window.SettleAsync();
        Assert.Contains("by=apiKey", window.Address, StringComparison.Ordinal);
        Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync(".ranking li .rank-line data"));
        await ChartReading.AssertSeriesAsync(window, "desktop", "laptop");
        await window.Choice("Lines", "Models").ClickAsync();
        await window.Heading("Cost by model over time").WaitForAsync();

        // Not on one's own page: only a question about the organization can tell keys apart.
        await window.GoAsync("/o/org_la/me?from=2026-03-08&to=2026-03-10&by=apiKey");
        Assert.Equal(0, await window.Choice("Lines", "API keys").CountAsync());
        await window.Heading("Cost by model over time").WaitForAsync();
        window.AssertNoFault();
    }

    private static async Task AssertDetailAsync(Window window, JsonElement answer)
    {
        var summary = answer.GetProperty("summary");
        Assert.Equal([summary.Exact("cost"), summary.Exact("requestCount"), summary.Exact("totalTokens")], await window.ValuesAsync(".cards:not(.most-used) .kpi-value data"));
        Assert.Equal(new[] { "model", "provider", "app" }.Select(kind => answer.GetProperty("mostUsed").Exact(kind)), await window.TextsAsync(".most-used .kpi-value"));
        Assert.Equal(answer.GetProperty("costByModel").Values("cost"), await window.ValuesAsync(".ranking li .rank-line data"));
        Assert.Equal(summary.Exact("cost").Amount(), (await window.ValuesAsync(".ranking li .rank-line data")).Sum());
        foreach (var (title, property) in new[] { ("Top providers", "topProviders"), ("Top apps", "topApps") })
        {
            Assert.Equal(answer.GetProperty(property).Values("cost"), await window.ValuesAsync($"section[aria-label='{title}'] tbody td:nth-child(3) data"));
            Assert.Equal(answer.GetProperty(property).Values("label"), await window.TextsAsync($"section[aria-label='{title}'] tbody th"));
        }

        if (await window.Button("Show data").IsVisibleAsync())
        {
            await window.Button("Show data").ClickAsync();
        }

        var days = await window.ValuesAsync("table[aria-label='Data of the chart'] tbody td:nth-child(2) data");
        Assert.Equal(answer.GetProperty("activity").Values("cost").Take(days.Count), days);
    }
}
