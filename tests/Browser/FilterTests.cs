using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>The one bar of filters: values that are kept, and values that are left out.</summary>
[Collection(DashboardCollection.Name)]
public sealed class FilterTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private const string Cards = ".cards .kpi-value data.figure";

    [BrowserFact]
    public async Task Panel_KeepsValuesOfAnyDimension()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Button("Filters").ClickAsync();
        var panel = window.Page.Locator(".filter-panel");
        await panel.GetByRole(AriaRole.Radio, new() { Name = "Model", Exact = true }).ClickAsync();
        await panel.GetByRole(AriaRole.Searchbox).FillAsync("model-0");
        await Assertions.Expect(panel.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(10);
        await panel.GetByRole(AriaRole.Checkbox, new() { Name = "model-03" }).CheckAsync();
        await panel.GetByRole(AriaRole.Checkbox, new() { Name = "model-04" }).CheckAsync();
        await panel.GetByRole(AriaRole.Radio, new() { Name = "Project", Exact = true }).ClickAsync();
        await panel.GetByRole(AriaRole.Checkbox, new() { Name = "Production API" }).CheckAsync();
        await window.Page.Keyboard.PressAsync("Escape");
        await window.SettleAsync();

        Assert.Contains("f.model=model-03&f.model=model-04", window.Address, StringComparison.Ordinal);
        Assert.Contains("f.project=prj_1", window.Address, StringComparison.Ordinal);
        Assert.Equal(3, await window.Page.Locator(".filters .chip").CountAsync());
        var answer = await dashboard.AskAsync("org_1", DashboardData.Activity("model", more: "&model=model-03&model=model-04&projectId=prj_1&top=10"));
        Assert.Equal(answer.GetProperty("totals").Exact("cost"), (await window.ValuesAsync(Cards))[0]);
        Assert.Equal(answer.GetProperty("ranking").Values("cost"), await window.ValuesAsync(".ranking li .rank-line data"));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task LeftOut_IsEverythingElse()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&by=project&x.project=prj_1");
        var all = (await dashboard.AskAsync("org_1", DashboardData.Activity("project"))).GetProperty("ranking").EnumerateArray().ToArray();
        var rest = all.Where(project => project.Exact("key") != "prj_1").ToArray();
        Assert.Equal(all.Length - 1, rest.Length);

        Assert.Equal(rest.Select(project => project.Exact("cost")), await window.ValuesAsync(".ranking li .rank-line data"));
        Assert.Equal(rest.Select(project => project.Exact("cost")).Sum(), (await window.ValuesAsync(Cards))[0].Amount());
        Assert.Contains("not", await window.Page.InnerTextAsync(".filters .chip"), StringComparison.Ordinal);

        // With Alt a press leaves out, and Escape takes that back.
        await window.Button("Filter by model-03").Or(window.Button($"Filter by {DashboardData.LongName}")).First.ClickAsync(new() { Modifiers = [KeyboardModifier.Alt] });
        await window.SettleAsync();
        Assert.Equal(2, window.Address.Split("x.project=").Length - 1);
        Assert.Equal(2, (await window.ValuesAsync(".ranking li .rank-line data")).Count);
        await window.Page.Keyboard.PressAsync("Escape");
        await window.SettleAsync();
        Assert.Equal(1, window.Address.Split("x.project=").Length - 1);

        // Exported is what is on screen.
        var (_, csv) = await window.ExportAsync("Cost by project over time", "CSV UTF-8");
        var table = Server.Formats.AnswerTable.OfCsv(csv);
        Assert.Equal((await window.ValuesAsync(Cards))[0].Amount(), table.Rows.Select(row => row[table.Columns.ToList().IndexOf("cost")]!).Sum());
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Views_AreKeptUnderAName()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&by=project&metric=tokens");
        var address = window.Address;
        await window.Button("Saved views").ClickAsync();
        await window.Page.Locator(".views-panel input").FillAsync("Tokens of projects");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator(".views-panel")).ToContainTextAsync("Tokens of projects");
        await window.Page.Keyboard.PressAsync("Escape");

        await window.GoAsync("/o/org_1/members");
        await window.Button("Saved views").ClickAsync();
        await window.Page.Locator(".views-panel").GetByText("Tokens of projects").ClickAsync();
        await window.Heading("Tokens by project over time").WaitForAsync();
        Assert.Equal(address, window.Address);
    }
}
