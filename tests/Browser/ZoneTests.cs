using Microsoft.Playwright;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Days are those of a zone, which is always in sight.</summary>
[Collection(WideDashboardCollection.Name)]
public sealed class ZoneTests(Dashboard dashboard)
{
    private const string Days = "table[aria-label='Data of the chart'] tbody td:nth-child(2) data";

    private static readonly string[] Zones =
    [
        "UTC", "Europe/Paris", "Europe/London", "Europe/Moscow", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns", "Pacific/Honolulu",
        "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Australia/Sydney", "Australia/Lord_Howe", "Africa/Nairobi",
    ];

    [BrowserFact]
    public async Task TwentyZones_SingleDaysAddUpToTheRangeOnScreen()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-03-24&to=2026-04-02&tz=UTC");
        await window.Button("Show data").ClickAsync();
        Dictionary<string, IReadOnlyList<string>> seen = [];
        foreach (var zone in Zones)
        {
            await window.MoveAsync($"/o/org_1/analytics?from=2026-03-24&to=2026-04-02&tz={zone}");
            var days = seen[zone] = await window.ValuesAsync(Days);

            Assert.Equal(10, days.Count);
            Assert.Equal((await window.ValuesAsync(".cards .kpi-value data"))[0].Amount(), days.Sum());
            for (var day = 0; day < days.Count; day++)
            {
                var date = new LocalDate(2026, 3, 24).PlusDays(day);
                var single = await dashboard.AskAsync("org_1", $"/analytics/activity?from={date:uuuu-MM-dd}&to={date:uuuu-MM-dd}&timezone={zone}");
                Assert.Equal(single.GetProperty("totals").Exact("cost"), days[day]);
            }

            Assert.Contains(zone.Replace('_', ' '), await window.Page.InnerTextAsync(".zone > button"), StringComparison.Ordinal);
        }

        // Another zone is another cut: usage moves between days.
        Assert.True(seen.Values.Select(days => string.Join(' ', days)).Distinct().Count() > 8);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Evening_InLosAngeles_IsTodayAndNotEmpty()
    {
        // Half past ten in the evening, when it is tomorrow in UTC.
        await using var window = await dashboard.OpenAsync("org_la", options: new() { Zone = "America/Los_Angeles", Now = Instant.FromUtc(2026, 3, 11, 5, 30) });
        await window.GoAsync("/o/org_la/analytics?range=today&bucket=hour");
        var answer = await dashboard.AskAsync("org_la", "/analytics/activity?from=2026-03-10&to=2026-03-10&timezone=America/Los_Angeles&bucket=hour");

        Assert.Equal("Mar 10, 2026", await window.Page.InnerTextAsync(".range-dates"));
        Assert.Equal("1.75", (await window.ValuesAsync(".cards .kpi-value data"))[0]);
        var hours = (await ChartReading.ReadAsync(window)).Select(hour => hour.Values["Total"].TrimStart('$').Amount()).ToArray();
        Assert.Equal(answer.GetProperty("activity").Values("cost").Select(Answers.Amount), hours);
        Assert.Equal((1.25m, 0.5m), (hours[19], hours[22]));
        Assert.Single(await window.RowsAsync("section[aria-label='All models'] tbody tr"));

        await window.GoAsync("/o/org_la/usage?range=today");
        Assert.Equal(["Mar 10, 22:00", "Mar 10, 19:00"], await window.TextsAsync("section[aria-label='Usage requests'] tbody time"));
    }

    [BrowserFact]
    public async Task Picker_FindsCitiesAndOffsetsAndKeepsTheChoice()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-03-20&to=2026-04-05");
        var before = await window.ValuesAsync(".cards .kpi-value data");
        foreach (var (words, zone, found) in new[] { ("new york", "America/New_York", "New York"), ("UTC+5:45", "Asia/Kathmandu", "Kathmandu"), ("calcutta", "Asia/Kolkata", "Kolkata"), ("utc-9:30", "Pacific/Marquesas", "Marquesas") })
        {
            await window.Page.ClickAsync(".zone > button");
            await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search zones by city or offset" }).FillAsync(words);
            await window.Page.Locator(".zone-panel .item").Filter(new() { HasText = found }).First.ClickAsync();
            await window.SettleAsync();
            Assert.Contains($"tz={zone}", window.Address, StringComparison.Ordinal);
        }

        await window.Page.ClickAsync(".zone > button");
        await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search zones by city or offset" }).FillAsync("atlantis");
        Assert.Contains("No zone is called so.", await window.Page.InnerTextAsync(".zone-panel"), StringComparison.Ordinal);
        await window.Page.Keyboard.PressAsync("Escape");

        // The choice stays without the address.
        await window.GoAsync("/o/org_1/analytics?from=2026-03-20&to=2026-04-05");
        Assert.Contains("Pacific/Marquesas", await window.Page.InnerTextAsync(".zone > button"), StringComparison.Ordinal);
        await window.Page.ClickAsync(".zone > button");
        await window.Page.Locator(".pinned .item").Filter(new() { HasText = "reporting zone" }).ClickAsync();
        await window.SettleAsync();
        Assert.Contains("tz=Europe/Paris", window.Address, StringComparison.Ordinal);
        Assert.Equal(before, await window.ValuesAsync(".cards .kpi-value data"));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Change_SaysHowManyDaysChanged()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-03-24&to=2026-04-02&tz=Europe/Paris");
        Dictionary<string, string[]> days = [];
        foreach (var zone in new[] { "Europe/Paris", "Asia/Tokyo" })
        {
            var answer = await dashboard.AskAsync("org_1", $"/analytics/activity?from=2026-03-24&to=2026-04-02&timezone={zone}");
            days[zone] = [.. answer.GetProperty("activity").Lines("cost", "requestCount")];
        }

        var changed = days["Europe/Paris"].Zip(days["Asia/Tokyo"]).Count(pair => pair.First != pair.Second);
        Assert.InRange(changed, 1, 10);
        await window.Page.Keyboard.PressAsync("z");
        await window.Page.Keyboard.TypeAsync("tokyo");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator(".notice")).ToContainTextAsync($"{changed} of 10 days changed totals");
    }

    [BrowserFact]
    public async Task Inexact_ZoneHasADotWithTheReason()
    {
        await using var window = await dashboard.OpenAsync();
        foreach (var (zone, isExact) in new[] { ("Europe/Paris", true), ("Asia/Kathmandu", false), ("Asia/Kolkata", false), ("Asia/Tokyo", true) })
        {
            await window.GoAsync($"/o/org_1/analytics?from=2026-03-20&to=2026-04-05&tz={zone}");
            var answer = await dashboard.AskAsync("org_1", DashboardData.Activity("model", zone));
            Assert.Equal(isExact, answer.GetProperty("exact").GetBoolean());
            Assert.Equal(isExact ? 0 : 1, await window.Page.Locator(".zone .inexact").CountAsync());
            if (!isExact)
            {
                Assert.Contains("by the hour", (await window.Page.Locator(".zone .inexact").GetAttributeAsync("title"))!, StringComparison.Ordinal);
            }
        }
    }

    [BrowserFact]
    public async Task ClockChanges_DaysOf23And25Hours_AreTagged()
    {
        await using var window = await dashboard.OpenAsync("demo");
        foreach (var (range, tags) in new[] { ("from=2026-03-20&to=2026-04-05", new[] { "23 h" }), ("from=2025-10-20&to=2025-11-02", ["25 h"]), ("from=2026-05-01&to=2026-05-31", []) })
        {
            await window.GoAsync($"/o/demo/analytics?{range}&tz=Europe/Paris");
            Assert.Equal(tags, await window.TextsAsync(".plot-tag"));
        }

        // The tag is over its day.
        await window.GoAsync("/o/demo/analytics?from=2026-03-29&to=2026-04-05&tz=Europe/Paris");
        var tag = await window.Page.Locator(".plot-tag").BoundingBoxAsync();
        var plot = await window.Page.Locator(".plot").First.BoundingBoxAsync();
        Assert.InRange(tag!.X - plot!.X, 40, 140);
        var read = await ChartReading.ReadAsync(window);
        Assert.Contains("23 hours", read[0].Title, StringComparison.Ordinal);
        Assert.DoesNotContain("hours", string.Concat(read.Skip(1).Select(day => day.Title)), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task SkippedDay_IsThereAndSaysSo()
    {
        // Samoa had no 30 December 2011.
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?from=2011-12-28&to=2012-01-02&tz=Pacific/Apia");
        await window.MoveAsync("/o/demo/projects/prj_api?from=2011-12-28&to=2012-01-02&tz=Pacific/Apia");

        Assert.Equal(["0 h"], await window.TextsAsync(".plot-tag"));
        Assert.Contains("does not exist", (await window.Page.Locator(".plot-tag").GetAttributeAsync("title"))!, StringComparison.Ordinal);
        Assert.Equal(6, (await ChartReading.ReadAsync(window)).Count);
    }
}
