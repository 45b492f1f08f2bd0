using System.Globalization;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>The first page's figures are the server's, to the digit.</summary>
[Collection(DashboardCollection.Name)]
public sealed class FiguresTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private const string Cards = ".cards .kpi-value data.figure";

    private const string Ranked = ".ranking li .rank-line data.figure";

    private static readonly string[] Dimensions = ["model", "project", "apiKey", "mapping", "provider", "member", "app", "serviceType", "agent"];

    [BrowserFact]
    public async Task CardsAndRanking_EveryMetric_EqualTheAnswerAndAddUp()
    {
        await using var window = await dashboard.OpenAsync();
        foreach (var (by, metric) in new[] { ("model", "cost"), ("project", "requests"), ("apiKey", "tokens"), ("model", "tokens") })
        {
            await window.GoAsync($"{Analytics}&by={by}&metric={metric}");
            var answer = await dashboard.AskAsync("org_1", DashboardData.Activity(by, more: $"&top=10&rankBy={metric}"));
            var totals = answer.GetProperty("totals");

            Assert.Equal([totals.Exact("cost"), totals.Exact("requestCount"), totals.Exact("totalTokens")], await window.ValuesAsync(Cards));

            var ranked = await window.ValuesAsync(Ranked);
            Assert.Equal(answer.GetProperty("ranking").Values(Answers.Property(metric)), ranked);
            Assert.Equal(totals.Exact(Answers.Property(metric)).Amount(), ranked.Sum());
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task DemonstrationYear_ByEveryDimension_EqualsTheAnswer()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?range=12m");
        foreach (var by in Dimensions)
        {
            await window.MoveAsync($"/o/demo/analytics?range=12m&by={by}");
            var answer = await dashboard.AskAsync("demo", $"/analytics/activity?from=2025-06-27&to=2026-06-26&timezone=Europe/Paris&groupBy={by}&top=10&rankBy=cost");

            Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync(Ranked));
            Assert.Equal(answer.GetProperty("ranking").Values("label"), await window.TextsAsync(".ranking li .name"));
            Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(Cards))[0]);
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Cards_Notes_SayCacheHitsUnpricedRequestsAndTheRangeBefore()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?from=2026-05-01&to=2026-05-31");
        var totals = (await dashboard.AskAsync("demo", "/analytics/activity?from=2026-05-01&to=2026-05-31&timezone=Europe/Paris&compare=previous")).GetProperty("totals");
        var cards = await window.TextsAsync(".cards .kpi-note");

        Assert.True(totals.GetProperty("unpricedRequestCount").GetInt64() > 0);
        Assert.Contains("vs Apr 1 – 30, 2026", cards[0], StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{totals.GetProperty("unpricedRequestCount").GetInt64():N0} without a price"), cards[1], StringComparison.Ordinal);

        // The change is from the same figures.
        var previous = totals.GetProperty("previous").Exact("cost").Amount();
        var change = ((totals.Exact("cost").Amount() - previous) / previous) * 100;
        var shown = (await window.TextsAsync(".cards .kpi .change"))[0].Replace("\u2212", "-", StringComparison.Ordinal).TrimEnd('%', ' ', '\u00a0').TrimStart('+');
        Assert.Equal(Math.Round(change, Math.Abs(change) < 10 ? 1 : 0, MidpointRounding.AwayFromZero), decimal.Parse(shown, CultureInfo.InvariantCulture));
    }

    [BrowserFact]
    public async Task AllGroups_Table_HasEveryGroupItsTotalSearchAndOrder()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var answer = await dashboard.AskAsync("org_1", DashboardData.Activity("model"));
        var card = window.Card("All models");
        var costs = "section[aria-label='All models'] tbody td:nth-child(2) data";

        Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync(costs));
        Assert.Equal(13, answer.GetProperty("ranking").GetArrayLength());
        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync("section[aria-label='All models'] tfoot td:nth-child(2) data")).Single());

        await card.GetByRole(AriaRole.Button, new() { Name = "Model", Exact = true }).ClickAsync();
        Assert.Contains("sort=name", window.Address, StringComparison.Ordinal);
        Assert.Equal(answer.GetProperty("ranking").Values("label").Order(StringComparer.Ordinal), await window.TextsAsync("section[aria-label='All models'] tbody td:first-child bdi"));

        await card.GetByRole(AriaRole.Button, new() { Name = "Input tokens", Exact = true }).ClickAsync();
        var tokens = await window.ValuesAsync("section[aria-label='All models'] tbody td:nth-child(4) data");
        Assert.Equal(tokens.OrderByDescending(value => value.Amount()), tokens);

        await card.GetByRole(AriaRole.Searchbox).FillAsync("MODEL-1");
        Assert.Equal(["model-10", "model-11", "model-12"], (await window.TextsAsync("section[aria-label='All models'] tbody td:first-child bdi")).Order(StringComparer.Ordinal));
    }

    [BrowserFact]
    public async Task ShowData_EachBucketAndSize_EqualsTheAnswer()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Button("Show data").ClickAsync();
        foreach (var size in new[] { "day", "week", "month", "day" })
        {
            await window.MoveAsync($"{Analytics}&bucket={size}");
            var answer = await dashboard.AskAsync("org_1", DashboardData.Activity("model", more: $"&top=10&bucket={size}"));

            Assert.Equal(answer.GetProperty("activity").Values("cost"), await window.ValuesAsync("table[aria-label='Data of the chart'] tbody td:nth-child(2) data"));
            var groups = answer.GetProperty("ranking").EnumerateArray().Select(group => group.GetProperty("key").GetRawText()).ToArray();
            var cells = answer.GetProperty("activity").EnumerateArray().SelectMany(bucket => groups.Select(key =>
                bucket.GetProperty("breakdown").EnumerateArray().Where(entry => entry.GetProperty("key").GetRawText() == key).Select(entry => entry.Exact("cost")).SingleOrDefault("0")));
            Assert.Equal(cells, await window.ValuesAsync("table[aria-label='Data of the chart'] tbody td:nth-child(n+3) data"));
        }
    }

    [BrowserFact]
    public async Task Hours_OfADay_EqualTheAnswer()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-03-29&to=2026-03-29&tz=Europe/Paris");
        await window.Button("Show data").ClickAsync();
        var answer = await dashboard.AskAsync("org_1", "/analytics/activity?from=2026-03-29&to=2026-03-29&timezone=Europe/Paris&bucket=hour");

        // The clocks went forward: there was no 02:00.
        Assert.Equal(23, answer.GetProperty("activity").GetArrayLength());
        Assert.Equal("24", await window.Page.Locator("table[aria-label='Data of the chart']").GetAttributeAsync("aria-rowcount"));
        var shown = await window.ValuesAsync("table[aria-label='Data of the chart'] tbody td:nth-child(2) data");
        Assert.Equal(answer.GetProperty("activity").Values("cost").Take(shown.Count), shown);
        var read = await ChartReading.ReadAsync(window);
        Assert.Equal(answer.GetProperty("activity").Values("cost").Select(Answers.Amount), read.Select(hour => hour.Values["Total"].TrimStart('$').Amount()));
    }

    [BrowserFact]
    public async Task Pivot_CellsAndTotalsBothWays_EqualTheAnswer()
    {
        await using var window = await dashboard.OpenAsync();
        foreach (var metric in new[] { "cost", "requests", "tokens" })
        {
            await window.GoAsync($"{Analytics}&by=model&then=project&metric={metric}");
            await window.Button("Copy as text").ClickAsync();
            var lines = (await window.ClipboardAsync()).Split('\n').Select(line => line.Split('\t')).ToArray();
            var property = Answers.Property(metric);
            var pairs = (await dashboard.AskAsync("org_1", DashboardData.Activity("model,project", more: $"&rankBy={metric}"))).GetProperty("ranking").EnumerateArray()
                .ToDictionary(pair => (pair.GetProperty("labels")[0].GetString()!, pair.GetProperty("labels")[1].GetString()!), pair => pair.Exact(property));
            var rows = (await dashboard.AskAsync("org_1", DashboardData.Activity("model"))).GetProperty("ranking").EnumerateArray().ToDictionary(row => row.Exact("label"), row => row.Exact(property));
            var columns = (await dashboard.AskAsync("org_1", DashboardData.Activity("project"))).GetProperty("ranking").EnumerateArray().ToDictionary(column => column.Exact("label"), column => column.Exact(property));

            Assert.Equal((13, 4), (rows.Count, columns.Count));
            Assert.Equal(rows.Count + 1, lines.Length);
            foreach (var line in lines[1..])
            {
                foreach (var (cell, column) in line[1..^1].Zip(lines[0][1..^1]))
                {
                    Assert.Equal(pairs.GetValueOrDefault((line[0], column), "0"), cell);
                }

                Assert.Equal(rows[line[0]], line[^1]);
            }

            // What is on screen is shortened; its titles have all digits.
            var titles = await window.Page.Locator(".pivot tfoot td").EvaluateAllAsync<string[]>("cells => cells.map(cell => cell.title.replaceAll(/[$,]/g, ''))");
            Assert.Equal(lines[0][1..^1].Select(column => columns[column].Amount()).Append(rows.Values.Sum()), titles.Select(Answers.Amount));
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Pivot_LargerThanTheTable_SumsTheRestAsOthers()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?range=12m&by=apiKey&then=model");
        await window.Button("Copy as text").ClickAsync();
        var lines = (await window.ClipboardAsync()).Split('\n').Select(line => line.Split('\t')).ToArray();
        var total = (await dashboard.AskAsync("demo", "/analytics/activity?from=2025-06-27&to=2026-06-26&timezone=Europe/Paris")).GetProperty("totals").Exact("cost").Amount();

        Assert.StartsWith("Others (", lines[^1][0], StringComparison.Ordinal);
        Assert.StartsWith("Others (", lines[0][^2], StringComparison.Ordinal);
        Assert.Equal(total, lines[1..].SelectMany(line => line[1..^1]).Sum());
        Assert.Equal(total, lines[1..].Select(line => line[^1]).Sum());
    }

    [BrowserFact]
    public async Task Explain_Panel_HasTheAnswersFigures()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"/o/org_1/analytics?from=2026-04-01&to=2026-04-05&tz=Europe/Paris&show=explain");
        foreach (var baseline in new[] { "weekday", "previous" })
        {
            await window.Choice("Compared with", baseline == "weekday" ? "Usual weeks" : "Period before").ClickAsync();
            await window.SettleAsync();
            var answer = await dashboard.AskAsync("org_1", $"/analytics/explain?from=2026-04-01&to=2026-04-05&timezone=Europe/Paris&baseline={baseline}&top=6");

            Assert.Equal(answer.GetProperty("sentence").GetString(), await window.Page.InnerTextAsync(".sentence"));
            Assert.Equal(new[] { "change", "volume", "mix", "price" }.Select(part => answer.Exact(part)), await window.ValuesAsync(".split data"));
            foreach (var dimension in answer.GetProperty("dimensions").EnumerateArray().Where(dimension => dimension.GetProperty("dimension").GetString() is "model" or "project"))
            {
                await window.Choice("Contributions by", dimension.GetProperty("dimension").GetString() == "model" ? "Model" : "Project").ClickAsync();
                Assert.Equal(dimension.GetProperty("contributions").Values("change"), await window.ValuesAsync(".waterfall data"));
                Assert.Equal(answer.Exact("change").Amount(), (await window.ValuesAsync(".waterfall data")).Sum());
            }
        }

        await window.Page.Locator(".explain input[type=date]").FillAsync("2026-04-03");
        await window.SettleAsync();
        var day = await dashboard.AskAsync("org_1", "/analytics/explain?from=2026-04-03&to=2026-04-03&timezone=Europe/Paris&baseline=previous&top=6");
        Assert.Equal(day.GetProperty("sentence").GetString(), await window.Page.InnerTextAsync(".sentence"));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Filters_PressedOnTheRanking_NarrowEverythingAndAreTakenOff()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&by=project");
        await window.Button("Filter by Production API").First.ClickAsync();
        await window.SettleAsync();
        var one = (await dashboard.AskAsync("org_1", DashboardData.Activity("project", more: "&projectId=prj_1"))).GetProperty("totals").Exact("cost");
        Assert.Equal(one, (await window.ValuesAsync(Cards))[0]);

        await window.MoveAsync($"{Analytics}&by=project&f.project=prj_1&f.project=prj_4&f.model=model-03");
        var answer = await dashboard.AskAsync("org_1", DashboardData.Activity("project", more: "&projectId=prj_1&projectId=prj_4&model=model-03&top=10"));
        Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync(Ranked));
        Assert.Equal(3, await window.Page.Locator(".filters .chip").CountAsync());

        await window.Page.Locator(".filters .chip").Filter(new() { HasText = "Production API" }).ClickAsync();
        await window.SettleAsync();
        Assert.DoesNotContain("prj_1", window.Address, StringComparison.Ordinal);
        await window.Page.Keyboard.PressAsync("Escape");
        await window.SettleAsync();
        Assert.Equal(1, await window.Page.Locator(".filters .chip").CountAsync());
        await window.Button("Clear all").ClickAsync();
        await window.SettleAsync();
        Assert.Equal((await dashboard.AskAsync("org_1", DashboardData.Activity("project"))).GetProperty("totals").Exact("cost"), (await window.ValuesAsync(Cards))[0]);

        // One bar of filters, and one control of the range: nothing else narrows what is shown.
        Assert.Equal(1, await window.Page.Locator("header.topbar [aria-label='Date range']").CountAsync());
        Assert.Equal(0, await window.Page.Locator("main select").CountAsync());
    }

    [BrowserFact]
    public async Task Others_Unfolded_AreWhatTheyConsistOf()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var folded = await window.ValuesAsync(Ranked);
        await window.Button("Show the others").ClickAsync();
        await window.SettleAsync();
        var unfolded = await window.ValuesAsync(Ranked);

        Assert.Equal((11, 14), (folded.Count, unfolded.Count));
        Assert.Equal(folded[10].Amount(), unfolded.Skip(11).Sum());
        await window.Button("Fold the others").ClickAsync();
        Assert.Equal(folded, await window.ValuesAsync(Ranked));
    }

    [BrowserFact]
    public async Task Figures_Copied_HaveAllTheirDigits()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Page.EvaluateAsync("() => getSelection().selectAllChildren(document.querySelector('.cards data.figure'))");
        await window.Page.Keyboard.PressAsync("Control+c");
        Assert.Equal((await window.ValuesAsync(Cards))[0], await window.ClipboardAsync());

        // Hovering shows them too.
        var title = (await window.Page.Locator(Cards).First.GetAttributeAsync("title"))!;
        Assert.Equal($"{(await window.ValuesAsync(Cards))[0].Amount()} exact", title.Replace("$", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal));
    }
}
