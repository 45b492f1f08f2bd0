using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>One month of an organisation: its cards, charts with one legend, services, agents and rows.</summary>
[Collection(DashboardCollection.Name)]
public sealed class OverviewTests(Dashboard dashboard)
{
    private const string March = "from=2026-03-01&to=2026-03-31&timezone=Europe/Paris";

    private const string May = "from=2026-05-01&to=2026-05-31&timezone=Europe/Paris";

    [BrowserFact]
    public async Task Cards_EqualTheSummary()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/overview?month=2026-05");
        var summary = await dashboard.AskAsync("demo", $"/analytics/summary?{May}");

        Assert.Equal(
            [summary.GetProperty("totals").Exact("requestCount"), summary.GetProperty("totals").Exact("totalTokens"), summary.Exact("uniqueModels"), summary.Exact("conversations")],
            await window.ValuesAsync(".cards .kpi-value data.figure"));
        Assert.Equal($"{summary.Exact("activeProjects")}/{summary.Exact("totalProjects")}", (await window.TextsAsync(".cards .kpi-value"))[3]);
        Assert.Contains($"{summary.Exact("uniqueMappings")} mappings", (await window.TextsAsync(".cards .kpi-note"))[2], StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserTheory]
    [InlineData("demo", "2026-05", May)]
    [InlineData("org_seven", "2026-03", March)]
    public async Task ShowData_OfEveryChart_IsTheAnswerAndAddsUp(string organization, string month, string range)
    {
        await using var window = await dashboard.OpenAsync(organization);
        await window.GoAsync($"/o/{organization}/overview?month={month}");
        var services = (await dashboard.AskAsync(organization, $"/analytics/services?{range}&bucket=day")).GetProperty("services").EnumerateArray().ToArray();
        var projects = await dashboard.AskAsync(organization, $"/analytics/activity?{range}&groupBy=project&bucket=day");
        var buttons = window.Page.Locator(".chart-data > button");
        Assert.Equal(2 + services.Length, await buttons.CountAsync());
        for (var index = 0; index < 2 + services.Length; index++)
        {
            await buttons.Nth(index).ClickAsync();
        }

        // A column for each series, a row for each day, and the sums below: those of the doughnut too.
        var overview = "table[aria-label='Data of Cost overview']";
        var costs = services.Select(service => service.GetProperty("totals").Exact("cost")).ToArray();
        Assert.Equal([costs.Sum(), .. costs.Select(cost => cost.Amount())], (await window.ValuesAsync($"{overview} tfoot data")).Select(Answers.Amount));
        Assert.Equal(services.Select(service => service.GetProperty("activity")[0].Exact("cost")), await window.ValuesAsync($"{overview} tbody tr:first-child td:nth-child(n+3) data"));

        var trends = "table[aria-label='Data of Project usage trends']";
        Assert.Equal([projects.GetProperty("totals").Exact("cost"), .. projects.GetProperty("ranking").Values("cost")], await window.ValuesAsync($"{trends} tfoot data"));

        foreach (var card in await window.Page.Locator("section.service").AllAsync())
        {
            var total = await card.Locator(".service-total data").GetAttributeAsync("value");
            var sums = await card.Locator("tfoot data").EvaluateAllAsync<string[]>("figures => figures.map(figure => figure.value)");
            Assert.Equal(total, sums[0]);
            Assert.Equal(sums[0].Amount(), sums.Skip(1).Sum());
        }

        await buttons.First.ClickAsync();
        Assert.Equal(0, await window.Page.Locator(overview).CountAsync());
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Legend_AddsUpToTheTotalAndHidesInBothCharts()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/overview?month=2026-05");
        var services = (await dashboard.AskAsync("demo", $"/analytics/services?{May}&bucket=day")).GetProperty("services");
        var summary = await dashboard.AskAsync("demo", $"/analytics/summary?{May}");
        var entries = window.Page.Locator(".cost-overview .legend button");
        var total = ".cost-overview .doughnut-centre data";

        Assert.True(services.GetArrayLength() > 3);
        Assert.Equal(services.EnumerateArray().Select(service => service.GetProperty("totals").Exact("cost")), await window.ValuesAsync(".cost-overview .legend data"));
        Assert.Equal(summary.GetProperty("totals").Exact("cost").Amount(), (await window.ValuesAsync(".cost-overview .legend data")).Sum());
        Assert.Equal(summary.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(total)).Single());

        // A press takes an entry out of both charts and out of their total; another brings it back.
        var name = (await entries.First.Locator("bdi").InnerTextAsync()).Trim();
        var rest = services.EnumerateArray().Skip(1).Select(service => service.GetProperty("totals").Exact("cost")).Sum();
        await entries.First.ClickAsync();
        Assert.Equal("false", await entries.First.GetAttributeAsync("aria-pressed"));
        Assert.Equal(rest, (await window.ValuesAsync(total)).Single().Amount());
        var doughnut = (await window.Page.Locator(".cost-overview .doughnut svg").GetAttributeAsync("aria-label"))!;
        var bars = window.Page.Locator(".cost-overview .plot-surface");
        Assert.DoesNotContain(name, doughnut, StringComparison.Ordinal);
        Assert.Contains($"Total ${rest.ToString("#,##0.00##########", System.Globalization.CultureInfo.InvariantCulture)}", (await bars.GetAttributeAsync("aria-label"))!, StringComparison.Ordinal);
        await bars.FocusAsync();
        await window.Page.Keyboard.PressAsync("Home");
        var firstDay = services.EnumerateArray().Skip(1).Select(service => service.GetProperty("activity")[0].Exact("cost")).Sum();
        var read = await window.Page.Locator(".cost-overview .plot [aria-live] .total td").First.InnerTextAsync();
        Assert.Equal(firstDay, read.Trim('$').Replace(",", "", StringComparison.Ordinal).Amount());
        Assert.DoesNotContain(name, await window.Page.Locator(".cost-overview .plot [aria-live]").InnerTextAsync(), StringComparison.Ordinal);

        await entries.First.ClickAsync();
        Assert.Equal(summary.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(total)).Single());
        Assert.Contains(name, (await window.Page.Locator(".cost-overview .doughnut svg").GetAttributeAsync("aria-label"))!, StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Doughnut_OfExactlySevenProjects_IsSixAndOthers()
    {
        await using var window = await dashboard.OpenAsync("org_seven");
        await window.GoAsync("/o/org_seven/overview?month=2026-03");
        var all = (await dashboard.AskAsync("org_seven", $"/analytics/activity?{March}&groupBy=project")).GetProperty("ranking");
        var shown = await window.ValuesAsync(".slices data");

        Assert.Equal(7, all.GetArrayLength());
        Assert.Equal(7, shown.Count);
        Assert.Equal("Others", (await window.TextsAsync(".slices bdi"))[^1]);
        Assert.Equal(all.Values("cost"), shown);
        Assert.Equal(7, await window.Page.Locator("section[aria-label='Cost by project'] .doughnut path").CountAsync());
        Assert.Equal(shown.Sum(), (await window.ValuesAsync("section[aria-label='Cost by project'] .doughnut-centre data")).Single().Amount());

        // Larger shares have longer arcs.
        var widths = await window.Page.Locator("section[aria-label='Cost by project'] .doughnut path").EvaluateAllAsync<double[]>("paths => paths.map(path => path.getTotalLength())");
        Assert.Equal(widths.OrderDescending(), widths);
    }

    [BrowserFact]
    public async Task Trends_FilteredByService_AreThatServiceAlone()
    {
        await using var window = await dashboard.OpenAsync("org_seven");
        await window.GoAsync("/o/org_seven/overview?month=2026-03");
        var trends = window.Card("Project usage trends");
        var summary = trends.Locator(".plot-surface");
        var all = await dashboard.AskAsync("org_seven", $"/analytics/activity?{March}&groupBy=project");
        var voice = await dashboard.AskAsync("org_seven", $"/analytics/activity?{March}&groupBy=project&serviceType=speech-to-text");

        Assert.Contains($"Daily cost of 7 projects. Total ${all.GetProperty("totals").Exact("cost")}", (await summary.GetAttributeAsync("aria-label"))!, StringComparison.Ordinal);
        await trends.GetByRole(AriaRole.Button, new() { Name = "Service type" }).ClickAsync();
        await trends.GetByRole(AriaRole.Button, new() { Name = "Speech-to-Text" }).ClickAsync();
        await window.SettleAsync();
        Assert.Contains("service=speech-to-text", window.Address, StringComparison.Ordinal);
        Assert.Contains($"Total ${voice.GetProperty("totals").Exact("cost").Amount():0.00##########}", (await summary.GetAttributeAsync("aria-label"))!, StringComparison.Ordinal);

        // The other cards are still about everything.
        Assert.Equal(all.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(".cost-overview .doughnut-centre data")).Single());
    }

    [BrowserFact]
    public async Task Agents_AreShownWhereThereAreAny()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/overview?month=2026-05");
        var agents = (await dashboard.AskAsync("demo", $"/analytics/agents?{May}&top=10")).GetProperty("agents").EnumerateArray().Where(agent => agent.GetProperty("agentId").ValueKind == JsonValueKind.String).ToArray();
        Assert.Equal(10, agents.Length);
        Assert.Equal(agents.Select(agent => agent.Exact("cost")), await window.ValuesAsync("section[aria-label='Top agents'] tbody td:last-child data"));
        Assert.Equal(agents.Select(agent => agent.Exact("conversations")), await window.ValuesAsync("section[aria-label='Top agents'] tbody td:nth-child(3) data"));
        Assert.Equal(agents.Select(agent => agent.Exact("name")), await window.TextsAsync("section[aria-label='Top agents'] tbody th"));

        await using var without = await dashboard.OpenAsync();
        await without.GoAsync("/o/org_1/overview?month=2026-03");
        Assert.Equal(0, await without.Page.Locator("section[aria-label='Top agents']").CountAsync());
        without.AssertNoFault();
    }

    [BrowserFact]
    public async Task ServiceCards_CostsRequestsAndUsage_OneUnitAtATime()
    {
        await using var window = await dashboard.OpenAsync("org_seven");
        await window.GoAsync("/o/org_seven/overview?month=2026-03");
        var services = (await dashboard.AskAsync("org_seven", $"/analytics/services?{March}&bucket=day")).GetProperty("services");
        Assert.Equal(services.EnumerateArray().Select(service => service.GetProperty("totals").Exact("cost")), await window.ValuesAsync(".service .service-total data"));

        var card = window.Page.Locator(".service").Filter(new() { HasText = "Speech-to-Text" });
        var plot = card.Locator(".plot-surface");
        var total = card.Locator(".plot [aria-live] .total td").First;
        var voice = services.EnumerateArray().Single(service => service.GetProperty("serviceType").GetString() == "speech-to-text");
        Assert.Equal(["Project 1", "Project 2", "Project 3", "Project 4", "Project 5", "Project 6", "Others"], (await card.Locator(".legend bdi").AllInnerTextsAsync()).Select(text => text.Trim()));

        await card.GetByRole(AriaRole.Radio, new() { Name = "Requests" }).ClickAsync();
        await plot.FocusAsync();
        await window.Page.Keyboard.PressAsync("Home");
        Assert.Equal(voice.GetProperty("activity")[0].Exact("requestCount"), await total.InnerTextAsync());

        await card.GetByRole(AriaRole.Radio, new() { Name = "Usage" }).ClickAsync();
        foreach (var unit in voice.GetProperty("usage").EnumerateArray())
        {
            await card.GetByRole(AriaRole.Radio, new() { Name = $"{unit.GetProperty("unit").GetString()}s" }).ClickAsync();
            await plot.FocusAsync();
            await window.Page.Keyboard.PressAsync("Home");
            Assert.Equal(unit.GetProperty("rules").EnumerateArray().Select(rule => rule.Exact("rule").Replace('_', ' ')), (await card.Locator(".legend bdi").AllInnerTextsAsync()).Select(text => text.Trim()));
            Assert.Equal(unit.GetProperty("activity")[0].Exact("quantity").Amount(), (await total.InnerTextAsync()).Amount());
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task UsageTables_EqualTheRowsSortFilterScrollAndExport()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/usage?from=2026-05-01&to=2026-05-31");
        var table = window.Page.Locator("section[aria-label='Usage requests']");
        var costs = "section[aria-label='Usage requests'] tbody td:nth-child(9) data";
        var first = await window.ValuesAsync(costs);
        var rows = (await dashboard.AskAsync("demo", $"/analytics/usage/requests?{May}&sort=-time&limit=200")).GetProperty("rows");
        Assert.Equal(rows.Values("cost").Take(first.Count), first);

        // Only what is in sight is in the page, and scrolling brings the next pages.
        Assert.InRange(first.Count, 10, 60);
        await Assertions.Expect(table.Locator("footer")).ToHaveTextAsync("200 rows, more below");
        await table.Locator(".table-box").EvaluateAsync("box => { box.scrollTop = box.scrollHeight; }");
        await Assertions.Expect(table.Locator("footer")).ToHaveTextAsync("400 rows, more below");
        await table.Locator(".table-box").EvaluateAsync("box => { box.scrollTop = 0; }");

        await table.GetByRole(AriaRole.Button, new() { Name = "Cost", Exact = true }).ClickAsync();
        await window.SettleAsync();
        Assert.Equal("descending", await table.Locator("th[aria-sort]").GetAttributeAsync("aria-sort"));
        var sorted = (await dashboard.AskAsync("demo", $"/analytics/usage/requests?{May}&sort=-cost&limit=200")).GetProperty("rows").Values("cost").ToArray();
        var shown = await window.ValuesAsync(costs);
        Assert.Equal(sorted.Take(shown.Count), shown);

        await table.Locator("tbody tr").First.Locator("td:nth-child(3) button").ClickAsync();
        await window.SettleAsync();
        var model = (await window.TextsAsync(".filters .chip bdi")).Single();
        Assert.All(await window.TextsAsync("section[aria-label='Usage requests'] tbody td:nth-child(3)"), name => Assert.Equal(model, name));

        // The whole of it, not only what was scrolled to.
        var (name, content) = await window.ExportAsync("rows", "CSV UTF-8");
        var all = Server.Formats.AnswerTable.OfCsv(content);
        var totals = (await dashboard.AskAsync("demo", $"/analytics/activity?{May}&model={Uri.EscapeDataString(model)}")).GetProperty("totals");
        Assert.EndsWith(".csv", name, StringComparison.Ordinal);
        Assert.Equal(totals.Exact("cost").Amount(), all.Rows.Select(row => row[all.Columns.ToList().IndexOf("cost")]!).Sum());

        var (_, items) = await window.ExportAsync("items", "CSV UTF-8");
        var priced = Server.Formats.AnswerTable.OfCsv(items);
        Assert.Equal(totals.Exact("cost").Amount(), priced.Rows.Select(row => row[priced.Columns.ToList().IndexOf("cost")]!).Sum());
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Months_StepBackAndForthAndEndAtThisOne()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/overview");
        Assert.Equal("June 2026", (await window.TextsAsync(".month-name")).Single());
        Assert.True(await window.Button("Next month").IsDisabledAsync());

        await window.Button("Previous month").ClickAsync();
        await window.SettleAsync();
        Assert.Equal("May 2026", (await window.TextsAsync(".month-name")).Single());
        Assert.Contains("month=2026-05", window.Address, StringComparison.Ordinal);
        Assert.Equal((await dashboard.AskAsync("demo", $"/analytics/summary?{May}")).GetProperty("totals").Exact("requestCount"), (await window.ValuesAsync(".cards .kpi-value data"))[0]);
        await window.Button("Next month").ClickAsync();
        await window.SettleAsync();
        Assert.Equal("/o/demo/overview", window.Address);

        // A month to come is none: it shows this one.
        await window.GoAsync("/o/demo/overview?month=2027-01");
        Assert.Equal("June 2026", (await window.TextsAsync(".month-name")).Single());
        Assert.True(await window.Button("Next month").IsDisabledAsync());
    }
}
