using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>The picker of ranges: presets, calendar, typed dates, steps.</summary>
[Collection(DashboardCollection.Name)]
public sealed class RangeTests(Dashboard dashboard)
{
    private const string Analytics = "/o/org_1/analytics";

    [BrowserFact]
    public async Task Presets_AreInTheAddressAndSayTheirDates()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}?range=7d&tz=Europe/Paris");
        foreach (var (label, id, dates, days) in new[]
        {
            ("Today", "today", "Jun 26, 2026", "1 day"), ("Yesterday", "yesterday", "Jun 25, 2026", "1 day"), ("Last 7 days", "7d", "Jun 20 – 26, 2026", "7 days"),
            ("Last 30 days", null, "May 28 – Jun 26, 2026", "30 days"), ("Last 90 days", "90d", "Mar 29 – Jun 26, 2026", "90 days"), ("Month to date", "month", "Jun 1 – 26, 2026", "26 days"),
            ("Last month", "last-month", "May 1 – 31, 2026", "31 days"), ("Quarter to date", "quarter", "Apr 1 – Jun 26, 2026", "87 days"),
            ("Last 12 months", "12m", "Jun 27, 2025 – Jun 26, 2026", "365 days"), ("Year to date", "year", "Jan 1 – Jun 26, 2026", "177 days"),
        })
        {
            await OpenAsync(window);
            await window.Page.Locator(".range-panel").GetByRole(AriaRole.Button, new() { Name = label, Exact = true }).ClickAsync();

            Assert.Equal(new Uri(window.Page.Url, UriKind.Absolute).Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal), (id is null ? new[] { "tz=Europe/Paris" } : [$"range={id}", "tz=Europe/Paris"]));
            Assert.Equal(dates, (await window.Page.InnerTextAsync(".range-dates")).Replace('\u2009', ' '));
            Assert.Equal(days, await window.Page.InnerTextAsync(".range-days"));
            Assert.Equal(label, await window.Page.InnerTextAsync(".range-name"));
            Assert.Equal(0, await window.Page.Locator(".range-panel").CountAsync());
        }

        await window.SettleAsync();
        var answer = await dashboard.AskAsync("org_1", "/analytics/activity?from=2026-01-01&to=2026-06-26&timezone=Europe/Paris");
        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(".cards .kpi-value data"))[0]);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Calendar_TwoPressesInAnyOrder_AreTheRange()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}?{DashboardData.Range}");
        await OpenAsync(window);
        await window.Page.ClickAsync("[data-day='2026-04-03']");
        await window.Page.ClickAsync("[data-day='2026-03-28']");
        Assert.Equal("7 days", await window.Page.InnerTextAsync(".range-count"));
        await window.Button("Apply").ClickAsync();
        await window.SettleAsync();

        Assert.Contains("from=2026-03-28&to=2026-04-03", window.Address, StringComparison.Ordinal);
        var answer = await dashboard.AskAsync("org_1", "/analytics/activity?from=2026-03-28&to=2026-04-03&timezone=Europe/Paris");
        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(".cards .kpi-value data"))[0]);
    }

    [BrowserFact]
    public async Task Calendar_Keyboard_MovesByDayWeekAndMonth()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}?{DashboardData.Range}");
        await OpenAsync(window);
        var keys = window.Page.Keyboard;
        await window.Page.FocusAsync("[data-day='2026-04-05']");
        foreach (var (key, day) in new[]
        {
            ("ArrowLeft", "2026-04-04"), ("ArrowUp", "2026-03-28"), ("Home", "2026-03-23"), ("End", "2026-03-29"), ("PageUp", "2026-02-28"), ("PageUp", "2026-01-28"), ("ArrowDown", "2026-02-04"),
            ("PageDown", "2026-03-04"), ("ArrowRight", "2026-03-05"),
        })
        {
            await keys.PressAsync(key);
            await window.Page.WaitForFunctionAsync("day => document.activeElement?.dataset.day === day", day);
        }

        await keys.PressAsync("Enter");
        await keys.PressAsync("ArrowDown");
        await window.Page.WaitForFunctionAsync("() => document.activeElement?.dataset.day === '2026-03-12'");
        await keys.PressAsync("Enter");
        Assert.Equal("8 days", await window.Page.InnerTextAsync(".range-count"));
        await keys.PressAsync("Escape");
        Assert.Equal(0, await window.Page.Locator(".range-panel").CountAsync());

        // Nothing was applied, and the keyboard is where it was.
        Assert.Contains("from=2026-03-20", window.Address, StringComparison.Ordinal);
        Assert.True(await window.Page.Locator(".range > button").EvaluateAsync<bool>("button => document.activeElement === button"));
    }

    [BrowserFact]
    public async Task Typed_DatesAreTakenOrRefused()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}?{DashboardData.Range}");
        foreach (var (from, to, expected) in new[]
        {
            ("2026-03-22", "2026-03-21", null), ("yesterday-ish", "2026-03-21", null), ("2026-02-31", "2026-03-21", null), ("feb 31", "mar 21", null),
            ("2026-03-21", "2026-03-22", "from=2026-03-21&to=2026-03-22"), ("mar 23", "24 mar 2026", "from=2026-03-23&to=2026-03-24"),
        })
        {
            await OpenAsync(window);
            await window.Page.GetByLabel("First day").FillAsync(from);
            await window.Page.GetByLabel("Last day").FillAsync(to);
            await window.Page.Keyboard.PressAsync("Enter");
            if (expected is null)
            {
                await Assertions.Expect(window.Page.Locator(".range-panel .field-error")).Not.ToBeEmptyAsync();
                Assert.Contains("from=2026-03-20&to=2026-04-05", window.Address, StringComparison.Ordinal);
                await window.Page.Keyboard.PressAsync("Escape");
            }
            else
            {
                await window.Page.WaitForURLAsync(url => url.Contains(expected, StringComparison.Ordinal));
            }
        }
    }

    [BrowserFact]
    public async Task Steps_GoByTheRangesOwnLength()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}?from=2026-03-01&to=2026-03-31");
        await window.Button("Previous range ([)").ClickAsync();
        Assert.Contains("from=2026-02-01&to=2026-02-28", window.Address, StringComparison.Ordinal);
        await window.Button("Next range (])").ClickAsync();
        await window.Button("Next range (])").ClickAsync();
        Assert.Contains("from=2026-04-01&to=2026-04-30", window.Address, StringComparison.Ordinal);

        await window.MoveAsync($"{Analytics}?from=2026-03-10&to=2026-03-12");
        await window.Button("Previous range ([)").ClickAsync();
        Assert.Contains("from=2026-03-07&to=2026-03-09", window.Address, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Refresh_AsksAgainAndSaysHowFarTheDataGoes()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}?{DashboardData.Range}");
        Assert.Equal("data through Apr 6, 01:00", await window.Page.InnerTextAsync(".refresh-text"));

        var asked = window.Page.WaitForRequestAsync(request => request.Url.Contains("/analytics/activity", StringComparison.Ordinal));
        await window.Button("Refresh").ClickAsync();
        await asked;
        await window.SettleAsync();
        window.AssertNoFault();
    }

    private static async Task OpenAsync(Window window) => await window.Page.ClickAsync(".range > button");
}
