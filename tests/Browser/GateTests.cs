using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Who sees what: plan, role, session, organisation.</summary>
[Collection(DashboardCollection.Name)]
public sealed class GateTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private static readonly string[] Wide = ["analytics", "overview", "members", "agents", "usage"];

    private static readonly string[] Open = ["projects", "keys", "me", "plan"];

    [BrowserFact]
    public async Task FreePlan_IsMarkedBeforeTheClickAndExplainedAfterIt()
    {
        await using var window = await dashboard.OpenAsync("org_free");
        await window.GoAsync("/o/org_free/analytics");
        Assert.Equal(5, await window.Page.Locator(".nav-mark").CountAsync());
        foreach (var page in Wide)
        {
            await window.MoveAsync($"/o/org_free/{page}");
            Assert.Contains("part of the Enterprise plan", await window.Page.Locator(".gate").First.InnerTextAsync(), StringComparison.Ordinal);
            Assert.Equal(0, await window.Page.Locator("main data.figure").CountAsync());
        }

        // Nothing was asked for that is refused.
        window.AssertNoFault();
        foreach (var page in Open)
        {
            await window.MoveAsync($"/o/org_free/{page}");
            Assert.Equal(0, await window.Page.Locator(".gate, [role=alert]:not(:empty)").CountAsync());
        }
    }

    [BrowserFact]
    public async Task Developer_SeesProjectsKeysAndTheirOwnUsage()
    {
        await using var window = await dashboard.OpenAsync("org_1", "u_dev");
        await window.GoAsync(Analytics);
        foreach (var page in Wide)
        {
            await window.MoveAsync($"/o/org_1/{page}?{DashboardData.Range}");
            Assert.Contains("for owners and admins", await window.Page.Locator(".gate").First.InnerTextAsync(), StringComparison.Ordinal);
        }

        window.AssertNoFault();
        await window.MoveAsync($"/o/org_1/keys/key_1?{DashboardData.Range}");
        Assert.Equal("prod-etl", (await window.Page.InnerTextAsync("h1")).Trim());
        Assert.Equal((await dashboard.AskAsync("org_1", "/analytics/api-keys/key_1?from=2026-03-20&to=2026-04-05&timezone=Europe/Paris")).GetProperty("summary").Exact("cost"), (await window.ValuesAsync(".cards .kpi-value data"))[0]);
        await window.MoveAsync($"/o/org_1/me?{DashboardData.Range}");
        Assert.Equal("Dev", (await window.Page.InnerTextAsync("h1")).Trim());
        await window.MoveAsync($"/o/org_1/members/u_1?{DashboardData.Range}");
        Assert.Contains("for owners and admins", await window.Page.InnerTextAsync(".gate"), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task SignIn_KeepsTheAddressAndRefusesWrongTokens()
    {
        await using var window = await dashboard.OpenStrangerAsync();
        var address = $"{Analytics}&by=project&metric=tokens";
        await window.Page.GotoAsync(address);
        await window.Page.FillAsync("[data-token]", "ana_wrong");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator(".field-error")).ToContainTextAsync("not known here");
        Assert.Equal(address, window.Address);

        await window.Page.FillAsync("[data-token]", dashboard.Token());
        await window.Page.Keyboard.PressAsync("Enter");
        await window.SettleAsync();
        Assert.Equal(address, window.Address);
        await window.Heading("Tokens by project over time").WaitForAsync();

        // The token is in no place that a script can read.
        Assert.DoesNotContain(dashboard.Token(), await window.Page.EvaluateAsync<string>("() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie"), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Session_ThatEnds_AsksForATokenAndGoesOnThere()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Context.ClearCookiesAsync();
        await window.Choice("Breakdown by", "Project").ClickAsync();
        await window.Page.Locator("[data-token]").WaitForAsync();
        var address = window.Address;
        Assert.Contains("by=project", address, StringComparison.Ordinal);

        await window.Page.FillAsync("[data-token]", dashboard.Token());
        await window.Page.Keyboard.PressAsync("Enter");
        await window.SettleAsync();
        Assert.Equal(address, window.Address);
        Assert.NotEmpty(await window.ValuesAsync(".cards .kpi-value data"));

        await window.Button("Sign out").ClickAsync();
        await window.Page.Locator("[data-token]").WaitForAsync();
        await window.Page.GoBackAsync();
        await window.Page.ReloadAsync();
        await window.Page.Locator("[data-token]").WaitForAsync();
        Assert.Equal(0, await window.Page.Locator("data.figure").CountAsync());
    }

    [BrowserFact]
    public async Task Switcher_GoesToAnotherOrganization()
    {
        await using var window = await dashboard.OpenAsync();
        await window.Page.RouteAsync("**/analytics/organizations", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = """{ "organizations": [ { "organizationId": "org_1", "name": "Acme", "plan": "enterprise", "role": "owner", "timezones": ["Europe/Paris"] }, { "organizationId": "org_seven", "name": "Seven", "plan": "free", "role": "member", "timezones": [] } ] }""",
        }));
        await window.GoAsync(Analytics);
        await window.Page.ClickAsync(".switcher > button");
        Assert.Equal(["Acme", "Seven"], await window.TextsAsync(".switcher .item .grow"));
        await window.Page.Locator(".switcher .item").Filter(new() { HasText = "Seven" }).ClickAsync();
        await window.Page.WaitForURLAsync(url => url.EndsWith("/o/org_seven/analytics", StringComparison.Ordinal));
        await Assertions.Expect(window.Page.Locator(".switcher > button")).ToHaveAccessibleNameAsync("Organization: Seven");
        Assert.Equal(5, await window.Page.Locator(".nav-mark").CountAsync());

        // Without an organisation in the address, the first one's page opens.
        await window.Page.GotoAsync("/");
        await window.SettleAsync();
        Assert.Equal("/o/org_1/analytics", window.Address);
    }

    [BrowserFact]
    public async Task ForeignOrganization_IsNotShown()
    {
        await using var window = await dashboard.OpenAsync();
        await window.Page.GotoAsync("/o/org_none/analytics");
        await window.Page.Locator("[role=alert] h3").WaitForAsync();
        Assert.Contains("There is no organization 'org_none'", await window.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        Assert.Equal(0, await window.Page.Locator("main data.figure").CountAsync());
        await window.Button("Go to Acme").ClickAsync();
        await Assertions.Expect(window.Page.Locator(".switcher > button")).ToHaveAccessibleNameAsync("Organization: Acme");
        Assert.Equal("/o/org_1/analytics", window.Address);
    }
}
