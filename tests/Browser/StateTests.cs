using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>What is shown when there is nothing to show, not yet, or not any more.</summary>
[Collection(DashboardCollection.Name)]
public sealed class StateTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private const string Cards = ".cards .kpi-value data.figure";

    private const string Problem = """{"type":"/problems/overloaded","title":"Too much at once","status":503,"detail":"The server has more questions than it answers at once.","traceId":"0af7651916cd43dd8448eb211c80319c"}""";

    [BrowserFact]
    public async Task NoUsageAtAll_SaysHowItComesIn()
    {
        await using var window = await dashboard.OpenAsync("org_empty");
        await window.GoAsync("/o/org_empty/analytics");
        Assert.Contains("No usage yet", await window.Page.InnerTextAsync(".state"), StringComparison.Ordinal);
        Assert.Contains("analytics import events", await window.Page.InnerTextAsync(".state pre"), StringComparison.Ordinal);
        Assert.Contains("analytics import rollup-csv", await window.Page.InnerTextAsync(".state pre"), StringComparison.Ordinal);
        foreach (var page in new[] { "overview", "members", "agents", "usage", "projects", "keys", "me" })
        {
            await window.MoveAsync($"/o/org_empty/{page}");
            Assert.DoesNotContain("NaN", await window.Page.InnerTextAsync("main"), StringComparison.Ordinal);
            Assert.DoesNotContain("undefined", await window.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task NoUsageInTheRange_GoesToTheLastData()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics?from=2026-06-01&to=2026-06-07");
        Assert.Contains("No usage in this range", await window.Page.InnerTextAsync(".state"), StringComparison.Ordinal);
        await window.Button("Go to the last data, Apr 6, 2026").ClickAsync();
        await window.SettleAsync();
        Assert.Contains("from=2026-03-31&to=2026-04-06", window.Address, StringComparison.Ordinal);
        Assert.NotEqual("0", (await window.ValuesAsync(Cards))[0]);
    }

    [BrowserFact]
    public async Task NothingMatchesTheFilters_OffersToTakeThemOff()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&f.model=nothing");
        Assert.Contains("Nothing matches these filters", await window.Page.InnerTextAsync(".state"), StringComparison.Ordinal);
        await window.Page.Locator(".state").GetByRole(AriaRole.Button).First.ClickAsync();
        await window.SettleAsync();
        Assert.DoesNotContain("f.model", window.Address, StringComparison.Ordinal);
        Assert.Equal((await dashboard.AskAsync("org_1", DashboardData.Activity("model"))).GetProperty("totals").Exact("cost"), (await window.ValuesAsync(Cards))[0]);
    }

    [BrowserFact]
    public async Task Errors_SayWhatIsWrongAndAreTriedAgain()
    {
        await using var window = await dashboard.OpenAsync();
        foreach (var (page, path) in new[]
        {
            ("analytics", "activity"), ("overview?month=2026-03", "services"), ("members", "members"), ("members/u_1", "members/u_1"), ("projects", "projects"), ("projects/prj_1", "projects/prj_1"),
            ("keys", "api-keys"), ("keys/key_1", "api-keys/key_1"), ("agents", "agents"), ("usage", "usage/requests"), ("me", "me"),
        })
        {
            await window.Page.RouteAsync($"**/analytics/{path}?**", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = Problem }));
            await window.Page.GotoAsync($"/o/org_1/{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{DashboardData.Range}");
            var notes = window.Page.Locator("main [role=alert]").Filter(new() { HasText = "Too much at once" });
            var note = notes.First;
            await note.WaitForAsync();
            Assert.Contains("more questions than it answers", await note.InnerTextAsync(), StringComparison.Ordinal);
            Assert.Contains("0af7651916cd43dd8448eb211c80319c", await note.InnerTextAsync(), StringComparison.Ordinal);

            await window.Page.UnrouteAllAsync();

            // Each part of a page that asked by itself is tried again by itself.
            for (var count = await notes.CountAsync(); count > 0; count = await notes.CountAsync())
            {
                await note.GetByRole(AriaRole.Button).ClickAsync();
                await window.Page.WaitForFunctionAsync("count => [...document.querySelectorAll('main [role=alert]')].filter((note) => note.textContent.includes('Too much at once')).length < count", count);
            }
        }

        // An answer that is no answer of ours.
        await window.Page.RouteAsync("**/analytics/activity?**", route => route.FulfillAsync(new() { Status = 500, ContentType = "text/html", Body = "<h1>Bad gateway</h1>" }));
        await window.Page.GotoAsync(Analytics);
        await window.Page.Locator("main [role=alert]").GetByText("The server answered 500").First.WaitForAsync();
    }

    [BrowserFact]
    public async Task Refresh_ThatFails_KeepsTheOldDataAndSaysSo()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var before = await window.ValuesAsync(Cards);
        await window.Page.RouteAsync("**/analytics/activity?**", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = Problem }));
        await window.Button("Refresh").ClickAsync();
        await window.Page.GetByText("Too much at once").First.WaitForAsync();
        Assert.Equal(before, await window.ValuesAsync(Cards));
        Assert.Equal(1, await window.Page.Locator(".plot-canvas canvas").CountAsync());

        await window.Page.UnrouteAllAsync();
        await window.Button("Refresh").ClickAsync();
        await window.Page.GetByText("Too much at once").First.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal(before, await window.ValuesAsync(Cards));
    }

    [BrowserFact]
    public async Task Offline_KeepsTheOldDataUnderABannerUntilItIsOver()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var before = await window.ValuesAsync(Cards);
        await window.Context.SetOfflineAsync(true);
        await window.Button("Refresh").ClickAsync();
        await window.Page.Locator(".banner").WaitForAsync();
        Assert.Equal(before, await window.ValuesAsync(Cards));
        Assert.Equal(11, (await window.ValuesAsync(".ranking li .rank-line data")).Count);

        await window.Context.SetOfflineAsync(false);
        await window.Page.Locator(".banner button").ClickAsync();
        await window.Page.Locator(".banner").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await window.SettleAsync();
        Assert.Equal(before, await window.ValuesAsync(Cards));
    }

    [BrowserFact]
    public async Task SlowAnswer_OldDataStaysInItsPlaceUntilTheNewIsThere()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var places = await PlacesAsync(window);
        var ranking = await window.TextsAsync(".ranking .name");
        var answer = new TaskCompletionSource();
        await window.Page.RouteAsync("**/analytics/activity?**groupBy=provider**", async route =>
        {
            await answer.Task;
            await route.ContinueAsync();
        });

        await window.Button("More breakdowns").ClickAsync();
        await window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = "Provider" }).ClickAsync();
        await window.Page.Locator(".progress.on").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await window.Page.Locator(".await.dim").First.WaitForAsync();
        Assert.Equal(ranking, await window.TextsAsync(".ranking .name"));
        Assert.Equal("Cost by model over time", await window.Page.Locator("main h2").Filter(new() { HasText = "over time" }).First.InnerTextAsync());
        Assert.Equal(places, await PlacesAsync(window));
        Assert.Equal(0, await window.Page.Locator(".bones").CountAsync());

        answer.SetResult();
        await window.SettleAsync();
        Assert.Equal(["provider0", "provider1", "provider2"], (await window.TextsAsync(".ranking .name")).Order(StringComparer.Ordinal));
        Assert.Equal(places, await PlacesAsync(window));
    }

    [BrowserFact]
    public async Task FirstAnswer_ThatIsSlow_HasItsPlaceFromTheStart()
    {
        await using var window = await dashboard.OpenAsync();
        var answer = new TaskCompletionSource();
        await window.Page.RouteAsync("**/analytics/activity?**", async route =>
        {
            await answer.Task;
            await route.ContinueAsync();
        });
        await window.Page.GotoAsync(Analytics);
        await window.Page.Locator(".bones").First.WaitForAsync();
        var places = await PlacesAsync(window);
        answer.SetResult();
        await window.SettleAsync();
        Assert.Equal(places, await PlacesAsync(window));
        Assert.NotEmpty(await window.ValuesAsync(Cards));
    }

    [BrowserFact]
    public async Task AnswersOutOfOrder_TheLastQuestionWins()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var answer = new TaskCompletionSource();
        await window.Page.RouteAsync("**/analytics/activity?**from=2026-03-03&to=2026-03-19**", async route =>
        {
            await answer.Task;
            await route.ContinueAsync();
        });
        var before = await window.ValuesAsync(Cards);
        await window.Button("Previous range ([)").ClickAsync();
        await window.Button("Next range (])").ClickAsync();
        await window.SettleAsync();
        answer.SetResult();
        await window.SettleAsync();
        Assert.Equal(before, await window.ValuesAsync(Cards));
        Assert.Contains("from=2026-03-20", window.Address, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task LoadingServer_SaysHowFarItIs_AndThePageFillsByItself()
    {
        await using var window = await dashboard.OpenAsync();
        var isLoaded = new TaskCompletionSource();
        await window.Page.RouteAsync("**/readyz", route => isLoaded.Task.IsCompleted
            ? route.ContinueAsync()
            : route.FulfillAsync(new() { Status = 503, ContentType = "application/json", Body = """{"phase":"loading","loadedRows":250,"totalRows":1000}""" }));
        await window.Page.RouteAsync("**/analytics/activity?**", async route =>
        {
            await isLoaded.Task;
            await route.ContinueAsync();
        });
        await window.Page.GotoAsync(Analytics);
        var banner = window.Page.Locator(".banner");
        await Assertions.Expect(banner).ToContainTextAsync("250 of 1,000 rows");
        Assert.Equal(0.25, await banner.Locator("progress").EvaluateAsync<double>("progress => progress.value / progress.max"));

        isLoaded.SetResult();
        await banner.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await window.SettleAsync();
        Assert.Equal((await dashboard.AskAsync("org_1", DashboardData.Activity("model"))).GetProperty("totals").Exact("cost"), (await window.ValuesAsync(Cards))[0]);
        Assert.Equal(Analytics, window.Address);
    }

    [BrowserFact]
    public async Task SelfCheck_OpensTheProof()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var proof = await dashboard.AskAsync("org_1", "/analytics/selfcheck?from=2026-03-20&to=2026-04-05&timezone=Europe/Paris");
        var button = window.Page.Locator("footer button.selfcheck");
        await button.WaitForAsync();
        Assert.Contains($"Reconciled: {proof.GetProperty("checks").GetArrayLength()} checks agree · {proof.Exact("rows")} rows", await button.InnerTextAsync(), StringComparison.Ordinal);

        await button.ClickAsync();
        Assert.Equal(
            proof.GetProperty("checks").Values("name").Select(name => name.Replace(" ", "", StringComparison.Ordinal)),
            (await window.TextsAsync("dialog.proof tbody th")).Select(name => name.Replace(" ", "", StringComparison.Ordinal)),
            StringComparer.OrdinalIgnoreCase);
        var costs = (await window.TextsAsync("dialog.proof tbody td:nth-child(2)")).Where(text => text != "–").Select(text => text.Replace("$", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal)).ToArray();
        Assert.Equal((await window.ValuesAsync(Cards))[0].Amount(), Assert.Single(costs.Distinct()).Amount());
        Assert.All(await window.TextsAsync("dialog.proof tbody td:nth-child(4)"), text => Assert.Equal("yes", text));
        await window.Page.Keyboard.PressAsync("Escape");
        await window.Page.Locator("dialog.proof").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
    }

    [BrowserFact]
    public async Task SelfCheck_ThatDisagrees_IsSaid()
    {
        await using var window = await dashboard.OpenAsync();
        await window.Page.RouteAsync("**/analytics/selfcheck?**", async route =>
        {
            var answer = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = answer, Body = (await answer.TextAsync()).Replace("\"agrees\":true", "\"agrees\":false", StringComparison.Ordinal) });
        });
        await window.GoAsync(Analytics);
        await window.Page.Locator("footer button.selfcheck.bad").GetByText("The totals do not agree").WaitForAsync();
    }

    /// <summary>Where the cards are, in whole pixels.</summary>
    private static async Task<IReadOnlyList<string>> PlacesAsync(Window window) =>
        await window.Page.Locator("main > .cards > .card, main .grid > .card").EvaluateAllAsync<string[]>(
            "cards => cards.map(card => { const box = card.getBoundingClientRect(); return [box.x, box.y + scrollY, box.width, box.height].map(Math.round).join(' '); })");
}
