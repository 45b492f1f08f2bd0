using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Names are text and nothing else, however long, in whatever script; amounts are shown from nothing to more than a double holds.</summary>
[Collection(WideDashboardCollection.Name)]
public sealed class NamesTests(Dashboard dashboard)
{
    private const string Range = "from=2026-03-20&to=2026-03-24&tz=Europe/Paris";

    [BrowserFact]
    public async Task HardNames_OnEveryPage_AreShownAsTheyAre()
    {
        await using var window = await dashboard.OpenAsync("org_hard");
        await window.GoAsync($"/o/org_hard/analytics?{Range}");
        foreach (var page in new[]
        {
            "analytics?by=project&then=apiKey", "analytics?by=model", "analytics?by=agent", "analytics?by=serviceType&then=app", "overview?month=2026-03", "projects", "keys", "keys/hard_0", "projects/hard_0", "agents", "usage",
            "projects/hard_0/usage", "members/u_1", "analytics?by=project&show=explain",
        })
        {
            await window.MoveAsync($"/o/org_hard/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Range}");
            if (await window.Page.Locator(".plot-surface").CountAsync() > 0)
            {
                await window.Page.Locator(".plot-surface").First.HoverAsync();
                await window.Page.Locator(".floating").First.WaitForAsync();
            }

            Assert.True(await window.Page.GetByText(DashboardData.Markup).CountAsync() > 0, page);
            Assert.Equal("undefined", await window.Page.EvaluateAsync<string>("() => typeof window.broken"));
            Assert.Equal(0, await window.Page.Locator("img[src=x], main script").CountAsync());
            Assert.False(await window.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > innerWidth"), $"{page} is wider than its window");
            var text = await window.Page.InnerTextAsync("main");
            Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
            Assert.DoesNotContain("undefined", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Infinity", text, StringComparison.Ordinal);
        }

        window.AssertNoFault();
        Assert.Equal([dashboard.Server.Address.Authority], window.Hosts);
    }

    [BrowserFact]
    public async Task HardNames_Chosen_FilterLinkAndSearch()
    {
        await using var window = await dashboard.OpenAsync("org_hard");
        await window.GoAsync($"/o/org_hard/analytics?{Range}");
        foreach (var name in DashboardData.HardNames.Where(name => name.Length < 120))
        {
            await window.MoveAsync($"/o/org_hard/analytics?{Range}&f.model={Uri.EscapeDataString(name)}");
            Assert.Equal(name, (await window.TextsAsync(".filters .chip bdi")).Single());
            Assert.Equal([name], await window.TextsAsync(".ranking .name"));
            Assert.Equal("1", (await window.ValuesAsync(".cards .kpi-value data"))[1]);
        }

        // From the table, and back by the chip.
        await window.MoveAsync($"/o/org_hard/analytics?{Range}&by=app");
        await window.Page.Locator("section[aria-label='All apps'] tbody tr").First.HoverAsync();
        var first = (await window.TextsAsync("section[aria-label='All apps'] tbody bdi"))[0];
        await window.Page.Locator("section[aria-label='All apps'] tbody tr .cell-action").First.ClickAsync();
        await window.SettleAsync();
        Assert.Equal(first, (await window.TextsAsync(".filters .chip bdi")).Single());
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Amounts_FromNothingToMoreThanADoubleHolds_AreExact()
    {
        await using var window = await dashboard.OpenAsync("org_hard");
        await window.GoAsync($"/o/org_hard/analytics?{Range}&by=project");
        var answer = await dashboard.AskAsync("org_hard", "/analytics/activity?from=2026-03-20&to=2026-03-24&timezone=Europe/Paris&groupBy=project");
        var totals = answer.GetProperty("totals");
        Assert.Contains("9223371.123456789012", answer.GetProperty("ranking").Values("cost"));
        Assert.Contains("0.000000000001", answer.GetProperty("ranking").Values("cost"));
        Assert.Contains("0", answer.GetProperty("ranking").Values("cost"));

        Assert.Equal([totals.Exact("cost"), totals.Exact("requestCount"), totals.Exact("totalTokens")], await window.ValuesAsync(".cards .kpi-value data"));
        var card = window.Page.Locator(".cards .kpi-value data").First;
        Assert.Matches(@"^\$[\d.]+[MBT]$", (await card.InnerTextAsync()).Trim());
        Assert.Equal(totals.Exact("cost").Amount(), (await card.GetAttributeAsync("title"))!.Split(' ')[0].Trim('$').Replace(",", "", StringComparison.Ordinal).Amount());
        Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync("section[aria-label='All projects'] tbody td:nth-child(2) data"));

        // On screen, less than the smallest place is said to be less, and nothing is nothing.
        var texts = await window.TextsAsync("section[aria-label='All projects'] tbody td:nth-child(2)");
        var values = await window.ValuesAsync("section[aria-label='All projects'] tbody td:nth-child(2) data");
        Assert.Equal("<$0.01", texts[values.ToList().IndexOf("0.000000000001")]);
        Assert.DoesNotContain("<", texts[values.ToList().IndexOf("0")], StringComparison.Ordinal);
        Assert.Equal("$9,223,371.12", texts[values.ToList().IndexOf("9223371.123456789012")]);
    }
}
