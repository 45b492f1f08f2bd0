using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Pages of projects, API keys and agents, and of the plan.</summary>
[Collection(DashboardCollection.Name)]
public sealed class ThingPagesTests(Dashboard dashboard)
{
    private const string May = "from=2026-05-01&to=2026-05-31";

    private const string Cards = ".cards .kpi-value data.figure";

    private const string Ranked = ".ranking li .rank-line data.figure";

    private static readonly CultureInfo English = CultureInfo.InvariantCulture;

    [BrowserFact]
    public async Task Lists_EqualTheAnswersAndAddUp()
    {
        await using var window = await dashboard.OpenAsync("demo");
        foreach (var (page, path, title, columns) in new[] { ("projects", "projects", "Projects", 3), ("keys", "api-keys", "API keys", 5), ("agents", "agents", "Agents", 4) })
        {
            await window.GoAsync($"/o/demo/{page}?{May}");
            var answer = await dashboard.AskAsync("demo", $"/analytics/{path}?{May}&timezone=Europe/Paris{(page == "agents" ? "&top=1000" : "")}");
            var rows = answer.GetProperty(page == "keys" ? "apiKeys" : page);
            var costs = await window.ValuesAsync($"section[aria-label='{title}'] tbody td:nth-child({columns}) data");

            Assert.True(costs.Count >= Math.Min(10, rows.GetArrayLength()));
            Assert.Equal(rows.Values("cost").Take(costs.Count), costs);
            Assert.Equal(rows.Values("requestCount").Take(costs.Count), await window.ValuesAsync($"section[aria-label='{title}'] tbody td:nth-child({columns + 2}) data"));
            Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync($"section[aria-label='{title}'] tfoot data"))[0]);
            Assert.Equal(answer.GetProperty("totals").Exact("cost").Amount(), rows.Values("cost").Sum());
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Project_Analytics_ByModelAndByMapping()
    {
        await using var window = await dashboard.OpenAsync("org_seven");
        await window.GoAsync("/o/org_seven/projects/seven_2?from=2026-03-01&to=2026-03-31");
        foreach (var (choice, models) in new[] { ("Canonical", "canonical"), ("Mappings", "mapping"), ("Canonical", "canonical") })
        {
            await window.Choice("Models", choice).ClickAsync();
            await window.SettleAsync();
            var answer = await dashboard.AskAsync("org_seven", $"/analytics/projects/seven_2?from=2026-03-01&to=2026-03-31&timezone=Europe/Paris&models={models}&top=10&rankBy=cost");
            var summary = answer.GetProperty("summary");

            Assert.Equal([summary.Exact("cost"), summary.Exact("requestCount"), summary.Exact("totalTokens")], await window.ValuesAsync(Cards));
            Assert.Equal(answer.GetProperty("costByModel").Values("cost"), await window.ValuesAsync(Ranked));
            Assert.Equal(answer.GetProperty("costByModel").Values("label"), await window.TextsAsync(".ranking .name"));
            Assert.Equal(summary.Exact("cost").Amount(), (await window.ValuesAsync(Ranked)).Sum());
            Assert.Equal(models == "mapping", window.Address.Contains("models=mapping", StringComparison.Ordinal));
        }

        // One line a model, whatever its route; two routes are two lines.
        Assert.Equal(2, (await window.TextsAsync(".ranking .name")).Count);
        await window.Choice("Models", "Mappings").ClickAsync();
        await window.SettleAsync();
        Assert.Equal(["azure/gpt", "openai/gpt", "x/voice"], (await window.TextsAsync(".ranking .name")).Order(StringComparer.Ordinal));
        await ChartReading.AssertSeriesAsync(window, "azure/gpt", "openai/gpt", "x/voice");
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Project_Dashboard_IsThisMonthAndToday()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/projects/prj_api");
        await window.Link("Dashboard").ClickAsync();
        await window.SettleAsync();
        var month = await dashboard.AskAsync("demo", "/analytics/summary?projectId=prj_api&from=2026-06-01&to=2026-06-26&timezone=Europe/Paris");
        var today = (await dashboard.AskAsync("demo", "/analytics/projects/prj_api?from=2026-06-26&to=2026-06-26&timezone=Europe/Paris")).GetProperty("summary");

        Assert.Equal(
            [month.GetProperty("totals").Exact("cost"), month.GetProperty("totals").Exact("requestCount"), today.Exact("requestCount"), today.Exact("cost")],
            await window.ValuesAsync(Cards));
        Assert.StartsWith("/o/demo/projects/prj_api/dashboard", window.Address, StringComparison.Ordinal);
        Assert.Equal("Dashboard", (await window.TextsAsync(".tabs a[aria-current=page]")).Single());
        Assert.True((await window.RowsAsync("section[aria-label='Latest hours'] tbody tr")).Count > 5);

        // The hours of today, as the server has them.
        var hours = (await dashboard.AskAsync("demo", "/analytics/projects/prj_api?from=2026-06-26&to=2026-06-26&timezone=Europe/Paris&bucket=hour")).GetProperty("activity");
        var read = await ChartReading.ReadAsync(window);
        Assert.Equal(24, read.Count);
        Assert.Equal(hours.Values("requestCount"), read.Select(hour => hour.Values["Total"]));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Project_UsageAndMetrics_FiveViewsForAllKeysOrOne()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync($"/o/demo/projects/prj_api/usage?{May}");
        foreach (var key in new[] { null, "prod-mobile" })
        {
            if (key is not null)
            {
                await window.Button("API key").ClickAsync();
                await window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = key }).ClickAsync();
                await window.SettleAsync();
                Assert.Contains("f.apiKey=key_api_mobile", window.Address, StringComparison.Ordinal);
            }

            var answer = await dashboard.AskAsync("demo", $"/analytics/projects/prj_api?{May}&timezone=Europe/Paris&compare=previous{(key is null ? "" : "&apiKeyId=key_api_mobile")}");
            var summary = answer.GetProperty("summary");
            Assert.Equal([summary.Exact("cost"), summary.Exact("requestCount"), summary.Exact("totalTokens")], await window.ValuesAsync(Cards));
            Assert.Contains($"{summary.GetProperty("errorCount").GetInt64().ToString("N0", English)} errors", (await window.TextsAsync(".cards .kpi-note"))[3], StringComparison.Ordinal);

            // What a view draws sums to what the cards say.
            foreach (var (view, total) in new[]
            {
                ("Requests", summary.Exact("requestCount")), ("Errors", (summary.GetProperty("errorCount").GetInt64() + summary.GetProperty("clientErrorCount").GetInt64()).ToString(English)),
                ("Cache", summary.Exact("inputTokens")),
            })
            {
                await window.Choice("Metrics", view).ClickAsync();
                await window.SettleAsync();
                Assert.Equal(total.Amount(), (await ChartReading.ReadAsync(window)).Select(day => day.Values["Total"]).Sum());
            }

            await window.Choice("Metrics", "Costs").ClickAsync();
            await window.SettleAsync();
            Assert.Equal(summary.Exact("cost").Amount(), (await ChartReading.ReadAsync(window)).Select(day => day.Values["Total"].TrimStart('$')).Sum());
            await window.Choice("Metrics", "Models").ClickAsync();
            await window.SettleAsync();
            Assert.Equal(answer.GetProperty("costByModel").Values("cost"), await window.ValuesAsync("section[aria-label='By model'] tbody td:nth-child(3) data"));
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Key_Page_HasItsCardsErrorRateProjectAndCreator()
    {
        await using var window = await dashboard.OpenAsync("demo", "u_chloe");
        await window.GoAsync($"/o/demo/keys?{May}");
        await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search API keys" }).FillAsync("staging");
        await window.Link("View statistics of staging").ClickAsync();
        await window.Heading("staging").WaitForAsync();
        await window.SettleAsync();
        var answer = await dashboard.AskAsync("demo", $"/analytics/api-keys/key_staging?{May}&timezone=Europe/Paris&top=10&rankBy=cost&compare=previous");
        var summary = answer.GetProperty("summary");

        Assert.Equal([summary.Exact("cost"), summary.Exact("requestCount"), summary.Exact("totalTokens")], await window.ValuesAsync(Cards));
        Assert.Equal(answer.GetProperty("costByModel").Values("cost"), await window.ValuesAsync(Ranked));
        Assert.Equal("API key in Staging · created by Kira Novak", await window.Page.InnerTextAsync(".thing p"));
        var rate = summary.GetProperty("errorRate").GetDecimal() * 100;
        Assert.Equal(Rate(rate), (await window.TextsAsync(".cards .kpi-value"))[3].Replace('\u00a0', ' '));
        window.AssertNoFault();

        // Every ninth request of the other organization failed.
        await using var acme = await dashboard.OpenAsync("org_1", "u_dev");
        await acme.GoAsync($"/o/org_1/keys/key_1?{DashboardData.Range}");
        var failing = (await dashboard.AskAsync("org_1", "/analytics/api-keys/key_1?from=2026-03-20&to=2026-04-05&timezone=Europe/Paris")).GetProperty("summary").GetProperty("errorRate").GetDecimal() * 100;
        Assert.True(failing > 5);
        Assert.Equal(Rate(failing), (await acme.TextsAsync(".cards .kpi-value"))[3].Replace('\u00a0', ' '));

        static string Rate(decimal rate) => rate == 0 ? "0 %" : $"{rate.ToString(rate < 1 ? "0.00" : "0.0", English)} %";
    }

    [BrowserFact]
    public async Task DeletedKey_KeepsItsLabelAndItsProject()
    {
        await using var window = await dashboard.OpenAsync("org_gap");
        await window.GoAsync("/o/org_gap/keys?from=2026-03-01&to=2026-03-31");
        Assert.Contains("old key", (await window.TextsAsync("section[aria-label='API keys'] tbody tr:first-child .cell-name")).Single(), StringComparison.Ordinal);
        Assert.Equal(["deleted"], await window.TextsAsync("section[aria-label='API keys'] tbody tr:first-child .tag"));
        Assert.Equal("Old project", (await window.TextsAsync("section[aria-label='API keys'] tbody tr:first-child td:nth-child(2)")).Single());
        Assert.Equal("Former member", (await window.TextsAsync("section[aria-label='API keys'] tbody tr:first-child td:nth-child(3)")).Single());
        Assert.Equal("Unattributed", (await window.TextsAsync("section[aria-label='API keys'] tbody tr:nth-child(2) td:nth-child(3)")).Single());

        await window.Link("old key").ClickAsync();
        await window.SettleAsync();
        Assert.Equal("old key deleted", (await window.Page.InnerTextAsync("h1")).Replace('\n', ' ').Trim());
        Assert.Contains("API key in Old project", await window.Page.InnerTextAsync(".thing p"), StringComparison.Ordinal);

        await window.GoAsync("/o/org_gap/analytics?from=2026-03-01&to=2026-03-31&by=apiKey");
        Assert.Equal(["old key", "nobody's key"], await window.TextsAsync(".ranking .name"));
        Assert.Equal(["deleted"], await window.TextsAsync(".ranking li .tag"));
        await window.GoAsync("/o/org_gap/projects/gone?from=2026-03-01&to=2026-03-31");
        Assert.Equal("Old project deleted", (await window.Page.InnerTextAsync("h1")).Replace('\n', ' ').Trim());
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Agent_Page_HasConversations()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync($"/o/demo/agents?{May}");
        await window.Link("Triage").ClickAsync();
        await window.Heading("Triage").WaitForAsync();
        await window.SettleAsync();
        var answer = await dashboard.AskAsync("demo", $"/analytics/agents/agt_triage?{May}&timezone=Europe/Paris&top=10&rankBy=cost&compare=previous");
        var summary = answer.GetProperty("summary");

        Assert.True(answer.GetProperty("agent").GetProperty("conversations").GetInt64() > 0);
        Assert.Equal([summary.Exact("cost"), summary.Exact("requestCount"), summary.Exact("totalTokens"), answer.GetProperty("agent").Exact("conversations")], await window.ValuesAsync(Cards));
        Assert.Equal(answer.GetProperty("costByModel").Values("cost"), await window.ValuesAsync(Ranked));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task UnknownThing_SaysSo()
    {
        await using var window = await dashboard.OpenAsync();
        foreach (var page in new[] { "projects/nothing", "keys/nothing", "agents/nothing", "members/nothing", "nothing" })
        {
            await window.Page.GotoAsync($"/o/org_1/{page}");
            await window.Page.Locator("[role=alert] h3").WaitForAsync();
            Assert.NotEmpty(await window.Page.InnerTextAsync("[role=alert] p"));
        }
    }

    [BrowserFact]
    public async Task Plan_Page_SaysWhatIsIncludedAndWhatThereIs()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/plan");
        var projects = (await dashboard.AskAsync("demo", "/analytics/projects")).GetProperty("projects").EnumerateArray().Count(project => !IsDeleted(project));
        var keys = (await dashboard.AskAsync("demo", "/analytics/api-keys")).GetProperty("apiKeys").EnumerateArray().Count(key => !IsDeleted(key));
        Assert.Equal("Enterprise plan", await window.Page.InnerTextAsync("main h2 >> nth=0"));
        Assert.Equal(["any", projects.ToString(English), keys.ToString(English), "owner", "Europe/Paris"], await window.TextsAsync(".facts dd"));
        Assert.Equal(0, await window.Page.Locator(".features .no").CountAsync());

        await using var free = await dashboard.OpenAsync("org_free");
        await free.GoAsync("/o/org_free/plan");
        Assert.Equal("Free plan", await free.Page.InnerTextAsync("main h2 >> nth=0"));
        Assert.Equal(5, await free.Page.Locator(".features .no").CountAsync());

        static bool IsDeleted(JsonElement row) => row.TryGetProperty("deleted", out var deleted) && deleted.GetBoolean();
    }
}
