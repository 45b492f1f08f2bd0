using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Three years of two thousand keys are shown, found, scrolled and added up.</summary>
[Collection(WideDashboardCollection.Name)]
public sealed class LargeTests(Dashboard dashboard)
{
    private const string Range = "from=2023-07-01&to=2026-06-26&tz=UTC";

    private const string Table = "section[aria-label='All API keys']";

    [BrowserFact]
    public async Task ThreeYearsOfTwoThousandKeys_AreShownAndAddUp()
    {
        await using var window = await dashboard.OpenAsync("org_keys");
        await window.GoAsync($"/o/org_keys/analytics?{Range}&by=apiKey");
        var answer = await dashboard.AskAsync("org_keys", "/analytics/activity?from=2023-07-01&to=2026-06-26&timezone=UTC&groupBy=apiKey&bucket=month");
        Assert.Equal(DashboardData.Keys, answer.GetProperty("ranking").GetArrayLength());

        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(".cards .kpi-value data"))[0]);
        Assert.Equal(answer.GetProperty("totals").Exact("cost").Amount(), (await window.ValuesAsync(".ranking li .rank-line data")).Sum());
        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync($"{Table} tfoot data"))[0]);

        // Only what is in sight is in the page.
        Assert.InRange(await window.Page.Locator($"{Table} tbody tr").CountAsync(), 10, 60);
        Assert.Equal((DashboardData.Keys + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), await window.Page.Locator($"{Table} table").GetAttributeAsync("aria-rowcount"));
        await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search API keys" }).FillAsync("key-0777");
        Assert.Equal(["key-0777"], await window.TextsAsync($"{Table} tbody td:first-child bdi"));

        // Days of three years are no chart: the buckets are longer, and begin and end with the range.
        var read = await ChartReading.ReadAsync(window, most: 3);
        Assert.Contains("Jul", read[0].Title, StringComparison.Ordinal);
        await window.Page.Locator(".plot-surface").First.FocusAsync();
        await window.Page.Keyboard.PressAsync("End");
        Assert.Contains("Jun 26", await window.Page.Locator(".plot [aria-live] .tooltip-title").First.InnerTextAsync(), StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task TenThousandRows_ScrolledToTheEnd_AreAllThere()
    {
        await using var window = await dashboard.OpenAsync("org_keys");
        await window.Page.RouteAsync("**/analytics/usage/requests?**", async route =>
        {
            // As many as one question may ask for, so that the test does not ask sixty times.
            await route.ContinueAsync(new() { Url = route.Request.Url.Replace("limit=200", "limit=4000", StringComparison.Ordinal) });
        });
        await window.GoAsync($"/o/org_keys/usage?{Range}");
        var table = window.Page.Locator("section[aria-label='Usage requests']");
        var box = table.Locator(".table-box");
        var footer = table.Locator("footer");
        await Assertions.Expect(footer).ToHaveTextAsync("4,000 rows, more below");
        for (var rows = 8_000; rows <= 12_000; rows += 4_000)
        {
            await box.EvaluateAsync("box => { box.scrollTop = box.scrollHeight; }");
            await Assertions.Expect(footer).ToContainTextAsync($"{rows / 1_000},000 rows");
        }

        await box.EvaluateAsync("box => { box.scrollTop = box.scrollHeight; }");
        await Assertions.Expect(footer).ToHaveTextAsync("12,000 rows");
        await Assertions.Expect(table.Locator("tbody tr").Last).ToHaveAttributeAsync("aria-rowindex", "12001");
        Assert.InRange(await table.Locator("tbody tr").CountAsync(), 10, 60);
        Assert.Equal("Jul 1, 12:00", (await window.TextsAsync("section[aria-label='Usage requests'] tbody time"))[^1]);

        await box.EvaluateAsync("box => { box.scrollTop = 0; }");
        await Assertions.Expect(table.Locator("tbody tr").First).ToHaveAttributeAsync("aria-rowindex", "2");
        window.AssertNoFault();
    }
}
