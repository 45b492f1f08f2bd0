using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>What charts draw: no usage at nothing, the whole range, what is not over hatched, a colour for each thing.</summary>
[Collection(DashboardCollection.Name)]
public sealed class ChartTests(Dashboard dashboard)
{
    // The plot's margins, in CSS pixels.
    private const double Left = 56;
    private const double Right = 12;
    private const double Bottom = 26;

    private const string Gaps = "/o/org_gap/analytics?from=2026-03-01&to=2026-03-10&tz=UTC&by=project";

    [BrowserFact]
    public async Task DaysWithoutUsage_AreDrawnAtNothing()
    {
        await using var window = await dashboard.OpenAsync("org_gap");
        foreach (var shape in new[] { "bars", "area" })
        {
            await window.GoAsync($"{Gaps}&view={shape}");
            var color = await window.Page.Locator(".ranking .swatch").First.EvaluateAsync<string>("swatch => getComputedStyle(swatch).backgroundColor");
            var (red, green, blue) = Parts(color);

            // March 2 and 3 and 6 have usage; 4 and 5 have none.
            foreach (var (day, isDrawn) in new[] { (2, true), (3, true), (4, false), (5, false), (6, true) })
            {
                var drawn = await ColorOfDayAsync(window, day, count: 10, above: 12);
                Assert.True(IsLike(drawn, red, green, blue) == isDrawn, $"{shape}, March {day}: found {drawn}, expected {(isDrawn ? "" : "not ")}{color}");
            }
        }
    }

    [BrowserFact]
    public async Task Axis_ReachesTheWholeRange_AndSaysWhereNothingWasReceived()
    {
        await using var window = await dashboard.OpenAsync("org_gap");
        await window.GoAsync(Gaps);
        var days = await ChartReading.ReadAsync(window);
        Assert.Equal(10, days.Count);
        Assert.StartsWith("Sun, Mar 1, 2026", days[0].Title, StringComparison.Ordinal);
        Assert.StartsWith("Tue, Mar 10, 2026", days[9].Title, StringComparison.Ordinal);

        // Before the first usage and between, nothing was used; after the last nothing was received.
        Assert.Equal(["$0.00", "$12.00", "$12.00", "$0.00", "$0.00", "$12.00", "$12.00"], days.Take(7).Select(day => day.Values["Total"]));
        Assert.All(days.Take(7), day => Assert.DoesNotContain("no data received", day.Title, StringComparison.Ordinal));
        Assert.All(days.Skip(7), day => Assert.Contains("no data received", day.Title, StringComparison.Ordinal));
        Assert.NotEqual(await ColorOfDayAsync(window, 4, 10, 100), await DottedAsync(window, 9));

        // A preset that ends today reaches today, though the data ended months before.
        await window.MoveAsync("/o/org_gap/analytics?range=7d&tz=UTC");
        await window.MoveAsync("/o/org_gap/projects/gone?range=7d&tz=UTC");
        var week = await ChartReading.ReadAsync(window);
        Assert.StartsWith("Fri, Jun 26, 2026", week[^1].Title, StringComparison.Ordinal);
        Assert.Equal(7, week.Count);
    }

    [BrowserFact]
    public async Task UnfinishedBucket_IsSaidAndHatched()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?range=7d&view=bars");
        var days = await ChartReading.ReadAsync(window);
        Assert.Contains("until Jun 26, 14:00", days[^1].Title, StringComparison.Ordinal);
        Assert.All(days.Take(6), day => Assert.DoesNotContain("until", day.Title, StringComparison.Ordinal));

        // Hatching is stripes: two colours within a bar, where a whole day's layer is one.
        Assert.True(await ColorsAsync(6) > await ColorsAsync(4));

        async Task<int> ColorsAsync(int day)
        {
            var (width, height) = await ChartReading.SizeAsync(window);
            var band = (width - Left - Right) / 7;
            HashSet<string> colors = [];
            for (var step = -6; step <= 6; step++)
            {
                colors.Add(await ChartReading.ColorAsync(window, Left + ((day + 0.5) * band) + step, height - Bottom - 4));
            }

            return colors.Count;
        }
    }

    [BrowserFact]
    public async Task Series_HiddenShownAndAlone()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"/o/org_1/analytics?{DashboardData.Range}&by=project");
        var names = await window.TextsAsync(".ranking .name");
        var cards = await window.ValuesAsync(".cards .kpi-value data");
        await window.Button($"Show {names[0]} in the chart").ClickAsync();
        Assert.Equal("false", await window.Button($"Show {names[0]} in the chart").GetAttributeAsync("aria-pressed"));
        await window.SettleAsync();
        Assert.Equal(3, (await ChartReading.ReadAsync(window)).SelectMany(day => day.Values.Keys).Distinct().Count(name => name != "Total"));

        // What is hidden is still counted.
        Assert.Equal(cards, await window.ValuesAsync(".cards .kpi-value data"));
        Assert.Equal(4, (await window.ValuesAsync(".ranking li .rank-line data")).Count);

        await window.Button("Show Production API in the chart").DblClickAsync();
        await ChartReading.AssertSeriesAsync(window, "Production API");
        Assert.Equal(3, window.Address.Split("hide=").Length - 1);
        await window.GoAsync(window.Address);
        await ChartReading.AssertSeriesAsync(window, "Production API");
    }

    [BrowserFact]
    public async Task Colours_BelongToTheThing_NotToItsRank()
    {
        // By tokens they are in the opposite order of their cost.
        await using var window = await dashboard.OpenAsync("org_seven");
        await window.GoAsync("/o/org_seven/analytics?from=2026-03-01&to=2026-03-31&by=project");
        var known = await ColorsAsync();
        Assert.Equal(7, known.Values.Distinct().Count());
        foreach (var view in new[] { "by=project&metric=tokens", "by=project&metric=requests&view=lines", "by=project&f.project=seven_3&f.project=seven_5", "by=model", "by=project" })
        {
            await window.MoveAsync($"/o/org_seven/analytics?from=2026-03-05&to=2026-03-31&{view}");
            if (view != "by=model")
            {
                Assert.All(await ColorsAsync(), pair => Assert.Equal(known[pair.Key], pair.Value));
            }
        }

        await window.GoAsync("/o/org_seven/analytics?from=2026-03-01&to=2026-03-31&by=project");
        Assert.Equal(known, await ColorsAsync());

        // A colour that the directory gives to a project is that project's everywhere.
        await using var acme = await dashboard.OpenAsync();
        await acme.GoAsync($"/o/org_1/projects?{DashboardData.Range}");
        Assert.Equal("rgb(50, 88, 232)", await acme.Page.Locator("tbody tr").Filter(new() { HasText = "Production API" }).Locator(".swatch").EvaluateAsync<string>("swatch => swatch.style.background"));
        await acme.MoveAsync($"/o/org_1/analytics?{DashboardData.Range}&by=project");
        Assert.Equal("rgb(50, 88, 232)", await acme.Page.Locator(".ranking li").Filter(new() { HasText = "Production API" }).Locator(".swatch").EvaluateAsync<string>("swatch => swatch.style.background"));

        async Task<Dictionary<string, string>> ColorsAsync() =>
            (await window.TextsAsync(".ranking .name")).Zip(await window.Page.Locator(".ranking .swatch").EvaluateAllAsync<string[]>("swatches => swatches.map(swatch => swatch.style.background)")).ToDictionary();
    }

    [BrowserFact]
    public async Task Changes_AreInNeutralInk()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?from=2026-05-01&to=2026-05-31&by=project");
        var colors = await window.Page.Locator(".change").EvaluateAllAsync<string[]>("changes => [...new Set(changes.map(change => getComputedStyle(change).color))]");
        var ink = await window.Page.EvaluateAsync<string[]>(
            """
            () => ['--text', '--text-2', '--text-3'].map((token) => {
              const probe = document.createElement('i');
              probe.style.color = `var(${token})`;
              document.body.append(probe);
              const { color } = getComputedStyle(probe);
              probe.remove();
              return color;
            })
            """);
        Assert.NotEmpty(colors);
        Assert.Subset(ink.ToHashSet(), colors.ToHashSet());
    }

    [BrowserFact]
    public async Task Pointer_HoversPicksAndDrags()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"/o/org_1/analytics?{DashboardData.Range}&by=project&view=bars");
        var answer = await dashboard.AskAsync("org_1", DashboardData.Activity("project"));
        var box = (await window.Page.Locator(".plot-surface").First.BoundingBoxAsync())!;
        var band = (box.Width - Left - Right) / 17;
        var mouse = window.Page.Mouse;

        // Each bucket under the pointer has its own figures.
        foreach (var day in new[] { 0, 5, 16 })
        {
            await mouse.MoveAsync((float)(box.X + Left + ((day + 0.5) * band)), box.Y + 60);
            await Assertions.Expect(window.Page.Locator(".floating .total td").First).ToHaveTextAsync($"${answer.GetProperty("activity")[day].Exact("cost")}");
            var tip = (await window.Page.Locator(".floating").BoundingBoxAsync())!;
            Assert.True(tip.X >= 0 && tip.X + tip.Width <= 1440 && tip.Y >= 0 && tip.Y + tip.Height <= 900);
        }

        // A drag chooses days, a press filters by the layer.
        await mouse.MoveAsync((float)(box.X + Left + (3.5 * band)), box.Y + 60);
        await mouse.DownAsync();
        await mouse.MoveAsync((float)(box.X + Left + (6.5 * band)), box.Y + 60, new() { Steps = 4 });
        await mouse.UpAsync();
        await window.Page.WaitForURLAsync(url => url.Contains("from=2026-03-23&to=2026-03-26", StringComparison.Ordinal));
        await window.SettleAsync();
        await mouse.MoveAsync((float)(box.X + Left + ((box.Width - Left - Right) / 8)), (float)(box.Y + box.Height - Bottom - 6));
        await mouse.DownAsync();
        await mouse.UpAsync();
        await window.Page.WaitForURLAsync(url => url.Contains("f.project=", StringComparison.Ordinal));
        await window.SettleAsync();
        Assert.Single(await window.TextsAsync(".ranking .name"));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task RunningTotal_EndsAtTheCard_AndThePeriodBeforeIsALine()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/analytics?from=2026-05-01&to=2026-05-31");
        await window.Button("Chart options").ClickAsync();
        await window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = "Running total" }).ClickAsync();
        Assert.Contains("sum=running", window.Address, StringComparison.Ordinal);
        Assert.Contains("Running total", await window.Page.InnerTextAsync(".card-foot >> nth=0"), StringComparison.Ordinal);
        await window.Page.Keyboard.PressAsync("Escape");

        await window.Page.Keyboard.PressAsync("c");
        await window.SettleAsync();
        Assert.Contains("cmp=previous", window.Address, StringComparison.Ordinal);
        Assert.Contains("Apr 1 – 30, 2026", (await window.TextsAsync(".legend-line")).Single().Replace('\u2009', ' '), StringComparison.Ordinal);
        var before = (await dashboard.AskAsync("demo", "/analytics/activity?from=2026-04-01&to=2026-04-30&timezone=Europe/Paris")).GetProperty("activity");
        await window.Page.Locator(".plot-surface").First.FocusAsync();
        await window.Page.Keyboard.PressAsync("Home");
        var line = await window.Page.Locator(".plot [aria-live] .tooltip-previous").First.InnerTextAsync();
        Assert.Contains("Apr 1, 2026", line, StringComparison.Ordinal);
        Assert.Contains(Math.Round(before[0].Exact("cost").Amount(), 4, MidpointRounding.AwayFromZero).ToString("0.00##", System.Globalization.CultureInfo.InvariantCulture), line, StringComparison.Ordinal);
        window.AssertNoFault();
    }

    private static async Task<string> ColorOfDayAsync(Window window, int day, int count, double above)
    {
        var (width, height) = await ChartReading.SizeAsync(window);
        var band = (width - Left - Right) / count;
        return await ChartReading.ColorAsync(window, Left + ((day - 0.5) * band), height - Bottom - above);
    }

    /// <summary>The first colour of a day's column that is not the ground of the chart, if there is one.</summary>
    private static async Task<string> DottedAsync(Window window, int day)
    {
        var ground = await ColorOfDayAsync(window, 4, 10, 100);
        for (var above = 100; above < 112; above++)
        {
            if (await ColorOfDayAsync(window, day, 10, above) is var color && color != ground)
            {
                return color;
            }
        }

        return ground;
    }

    private static (int Red, int Green, int Blue) Parts(string color)
    {
        var parts = System.Text.RegularExpressions.Regex.Matches(color, @"\d+").Select(part => int.Parse(part.Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        return (parts[0], parts[1], parts[2]);
    }

    private static bool IsLike(string found, int red, int green, int blue)
    {
        if (found == "none")
        {
            return false;
        }

        var parts = Enumerable.Range(0, 3).Select(part => Convert.ToInt32(found.Substring(1 + (2 * part), 2), 16)).ToArray();
        return Math.Abs(parts[0] - red) + Math.Abs(parts[1] - green) + Math.Abs(parts[2] - blue) < 80;
    }

    [BrowserTheory]
    [InlineData("day")]
    [InlineData("week")]
    public async Task EarlierRange_IsCutWhereTheDataEnds(string bucket)
    {
        await using var window = await dashboard.OpenAsync("demo");
        const string June = "from=2026-06-01&to=2026-06-30";
        await window.GoAsync($"/o/demo/analytics?{June}&tz=Europe/Paris&cmp=previous&metric=requests&bucket={bucket}");
        var answer = await dashboard.AskAsync("demo", $"/analytics/activity?{June}&timezone=Europe/Paris&compare=previous&bucket={bucket}");

        // The data ends at noon of the 26th: what is compared with adds up to the card's own earlier figure.
        var earlier = await window.EvaluateAsync(
            """
            async () => {
              const surface = document.querySelector('.plot-surface');
              surface.focus();
              const press = (key) => surface.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
              const frame = () => new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame));
              const found = [];
              let before = '';
              for (press('Home'), await frame(); ; press('ArrowRight'), await frame()) {
                const tooltip = document.querySelector('.plot .sr .tooltip');
                const title = tooltip.querySelector('.tooltip-title').textContent;
                if (title === before) return found;
                before = title;
                const previous = tooltip.querySelector('.tooltip-previous span:last-child');
                found.push(previous ? Number(previous.textContent.replaceAll(',', '')) : null);
              }
            }
            """);
        var values = earlier.EnumerateArray().ToArray();
        Assert.Equal(answer.GetProperty("activity").GetArrayLength(), values.Length);
        Assert.Equal(answer.GetProperty("totals").GetProperty("previous").GetProperty("requestCount").GetInt64(), values.Where(value => value.ValueKind == JsonValueKind.Number).Sum(value => value.GetInt64()));
        Assert.Equal(bucket == "day" ? 26 : 5, values.Count(value => value.ValueKind == JsonValueKind.Number));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Layers_LieInTheOrderOfTheRanking_WhateverWasShownBefore()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-03-20&to=2026-04-05&tz=Europe/Paris&view=bars");
        var fresh = await ColumnAsync();
        Assert.True(fresh.Count > 2);

        // The largest is away and comes back: it lies at the bottom again, in its colour.
        var largest = (await window.TextsAsync(".ranking li .name"))[0];
        await window.MoveAsync($"/o/org_1/analytics?from=2026-03-20&to=2026-04-05&tz=Europe/Paris&view=bars&x.model={largest}");
        Assert.NotEqual(fresh[0], (await ColumnAsync())[0]);
        await window.Page.Keyboard.PressAsync("Escape");
        await window.SettleAsync();
        Assert.Equal(fresh, await ColumnAsync());

        // Another visit finds the same colours.
        await window.Page.WaitForTimeoutAsync(1_200);
        await window.Page.ReloadAsync();
        await window.SettleAsync();
        Assert.Equal(fresh, await ColumnAsync());

        // Colours of a bar from the bottom up: those of the ranking, from its first entry on.
        async Task<IReadOnlyList<string>> ColumnAsync()
        {
            var (width, height) = await ChartReading.SizeAsync(window);
            var swatches = await window.Page.Locator(".ranking li .swatch").EvaluateAllAsync<string[]>(
                "all => all.map(each => '#' + getComputedStyle(each).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(part => Number(part).toString(16).padStart(2, '0')).join(''))");
            List<string> found = [];
            for (var column = 0.5; column < 17 && found.Count < 3; column++)
            {
                found = [];
                for (var y = height - 28; y > 12; y--)
                {
                    var color = await ChartReading.ColorAsync(window, 56 + ((width - 68) * column / 17), y);
                    if (swatches.Contains(color) && (found.Count == 0 || found[^1] != color))
                    {
                        found.Add(color);
                    }
                }
            }

            var order = found.Select(color => Array.IndexOf(swatches, color)).ToArray();
            Assert.Equal(order.Order(), order);
            return found;
        }
    }
}
