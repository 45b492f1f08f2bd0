using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Pages of settings: prices, tokens and the audit log to read, and what the browser remembers.</summary>
[Collection(DashboardCollection.Name)]
public sealed class SettingsTests(Dashboard dashboard)
{
    [BrowserFact]
    public async Task Prices_AreTheDirectorys()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/prices");
        var models = (await dashboard.Server.JsonAsync("/admin/organizations/demo/models", dashboard.Token("demo"))).GetProperty("models");
        var mappings = await window.TextsAsync("table[aria-label='Models and prices'] tbody td:first-child");
        Assert.Equal(models.Values("mapping").Take(mappings.Count), mappings);
        var row = models.EnumerateArray().ToList().FindIndex(model => model.Exact("mapping") == "openai/gpt-5.5");
        Assert.Equal(["$1.25", "$0.125", "–", "$10.00", "–"], (await window.RowsAsync("table[aria-label='Models and prices'] tbody tr"))[row].Split(" | ")[3..]);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Access_ShowsTokensWithoutTheirSecrets()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/access");
        var tokens = (await dashboard.Server.JsonAsync("/admin/organizations/demo/tokens", dashboard.Token("demo"))).GetProperty("tokens");
        Assert.Equal(tokens.Values("id"), await window.TextsAsync("table[aria-label='Access tokens'] tbody td:nth-child(3)"));
        Assert.DoesNotContain(dashboard.Token("demo"), await window.Page.ContentAsync(), StringComparison.Ordinal);
        Assert.All(await window.TextsAsync("table[aria-label='Access tokens'] tbody td:nth-child(1)"), name => Assert.DoesNotContain("u_", name, StringComparison.Ordinal));
        Assert.NotEmpty(await window.RowsAsync("table[aria-label='Audit log'] tbody tr"));

        await using var developer = await dashboard.OpenAsync("demo", "u_chloe");
        await developer.GoAsync("/o/demo/access");
        Assert.Contains("for owners and admins", await developer.Page.InnerTextAsync(".gate"), StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Preferences_AreKept()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/preferences");
        await window.Choice("Theme", "Dark").ClickAsync();
        await window.Choice("Keyboard shortcuts", "Off").ClickAsync();
        await window.Choice("Patterns", "On").ClickAsync();
        await window.GoAsync($"/o/org_1/analytics?{DashboardData.Range}");
        Assert.Equal("dark", await window.Page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));
        var address = window.Address;
        await window.Page.Keyboard.PressAsync("2");
        await window.Page.Keyboard.PressAsync("t");
        Assert.Equal(address, window.Address);

        await window.GoAsync("/o/org_1/preferences");
        Assert.Equal("true", await window.Choice("Patterns", "On").GetAttributeAsync("aria-checked"));
        await window.Choice("Theme", "System").ClickAsync();
        await window.Page.WaitForFunctionAsync("() => document.documentElement.dataset.theme === 'light'");
        window.AssertNoFault();
    }
}
