using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>Everything without a mouse.</summary>
[Collection(WideDashboardCollection.Name)]
public sealed class KeyboardTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    [BrowserFact]
    public async Task Tour_MetricGroupingRangeZonePageAndChart()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var page = window.Page;

        await page.Keyboard.PressAsync("2");
        await window.Heading("Requests by model over time").WaitForAsync();

        await window.Choice("Breakdown by", "Model").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await window.Heading("Requests by project over time").WaitForAsync();

        await window.SettleAsync();
        await page.Keyboard.PressAsync("[");
        await page.WaitForURLAsync(new Regex("from=2026-03-03&to=2026-03-19"));
        await window.SettleAsync();
        await page.Keyboard.PressAsync("]");
        await page.WaitForURLAsync(new Regex("from=2026-03-20&to=2026-04-05"));

        await window.SettleAsync();
        await page.Keyboard.PressAsync("z");
        await page.Keyboard.TypeAsync("kathmandu");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("tz=Asia/Kathmandu"));

        await window.SettleAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("members");
        await page.Keyboard.PressAsync("Enter");
        await window.Heading("Members by spend").WaitForAsync();
        await page.Locator("dialog.palette").WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        // The chart's buckets are read out one by one.
        await window.GoAsync(Analytics);
        await page.Locator(".plot-surface").First.FocusAsync();
        await page.Keyboard.PressAsync("Home");
        Assert.Contains("Total", await page.Locator(".plot [aria-live]").First.InnerTextAsync(), StringComparison.Ordinal);

        // Enter on a bucket goes into it.
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("from=2026-03-20&to=2026-03-20"));
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Shortcuts_DoWhatTheirListSays()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync("/o/org_1/analytics");
        var page = window.Page;
        foreach (var (keys, address) in new[]
        {
            ("2", "metric=requests"), ("3", "metric=tokens"), ("t", "range=today"), ("w", "range=7d"), ("m", "range=month"), ("q", "range=90d"), ("y", "range=12m"), ("b", "bucket="), ("c", "cmp=previous"),
            ("g o", "/overview"), ("g m", "/members"), ("g p", "/projects"), ("g k", "/keys"), ("g a", "/analytics"),
        })
        {
            foreach (var key in keys.Split(' '))
            {
                await page.Keyboard.PressAsync(key);
            }

            await page.WaitForURLAsync(url => url.Contains(address, StringComparison.Ordinal));
        }

        await window.SettleAsync();
        await page.Keyboard.PressAsync(".");
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.theme === 'dark'");
        await page.Keyboard.PressAsync(".");
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.theme === 'light'");
        await page.Keyboard.PressAsync("s");
        await page.Locator(".notice div").WaitForAsync();
        Assert.Contains("from=", await window.ClipboardAsync(), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("/");
        await page.Locator("dialog.palette[open]").WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("dialog.palette[open]").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.Keyboard.PressAsync("?");
        await page.Locator("dialog.help[open]").WaitForAsync();
        var listed = await window.TextsAsync("dialog.help kbd");
        Assert.Superset(new HashSet<string> { "g", "1", "2", "3", "t", "w", "m", "q", "y", "[", "]", "c", "b", "z", "/", "s", ".", "Esc", "?" }, listed.ToHashSet());
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("dialog.help[open]").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Shortcuts_AreOffWhereOneWrites()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var before = window.Address;
        await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search models" }).FocusAsync();
        await window.Page.Keyboard.TypeAsync("2tc.[]?gmz/");
        Assert.Equal(before, window.Address);
        Assert.Equal(0, await window.Page.Locator("dialog[open]").CountAsync());
        Assert.Equal("2tc.[]?gmz/", await window.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search models" }).InputValueAsync());

        await window.Page.ClickAsync(".range > button");
        await window.Page.GetByLabel("First day").FillAsync("");
        await window.Page.Keyboard.TypeAsync("m2t");
        Assert.Equal(before, window.Address);
    }

    [BrowserFact]
    public async Task Palette_GoesAnywhereByNameAndDate()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/projects?range=30d");
        var page = window.Page;
        foreach (var (words, address) in new[]
        {
            ("support desk", "/projects/prj_support"), ("jun 22", "from=2026-06-22&to=2026-06-22"), ("last month", "from=2026-05-01&to=2026-05-31"), ("jun 1 to jun 7", "from=2026-06-01&to=2026-06-07"),
            ("last 90 days", "from=2026-03-29"), ("zone tokyo", "tz=Asia/Tokyo"), ("usage tables", "/usage"), ("plan", "/plan"),
        })
        {
            await page.Keyboard.PressAsync("Control+k");
            await page.Locator("dialog.palette[open] input").FillAsync(words);
            await page.Keyboard.PressAsync("Enter");
            await page.WaitForURLAsync(url => url.Contains(address, StringComparison.Ordinal));
        }

        await page.Keyboard.PressAsync("Control+k");
        await page.Locator("dialog.palette[open] input").FillAsync("there is no such thing");
        Assert.Contains("Nothing is called so", await page.InnerTextAsync("dialog.palette"), StringComparison.Ordinal);
        await page.Locator("dialog.palette[open] input").FillAsync("dark");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.theme === 'dark'");
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Palette_ArrowsMoveAndEscapeGivesTheFocusBack()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Button("What changed?").FocusAsync();
        await window.Page.Keyboard.PressAsync("Control+k");
        var input = window.Page.Locator("dialog.palette[open] input");
        await input.WaitForAsync();
        foreach (var (key, chosen) in new[] { ("ArrowDown", "command-1"), ("ArrowDown", "command-2"), ("ArrowUp", "command-1") })
        {
            await window.Page.Keyboard.PressAsync(key);
            await Assertions.Expect(input).ToHaveAttributeAsync("aria-activedescendant", chosen);
            Assert.Equal(chosen, await window.Page.Locator("dialog.palette [aria-selected=true]").GetAttributeAsync("id"));
        }

        await window.Page.Keyboard.PressAsync("Escape");
        await window.Page.WaitForFunctionAsync("() => document.activeElement?.textContent.includes('What changed?')");
    }

    [BrowserFact]
    public async Task Tab_ReachesEveryControlInOrderWithAFocusThatIsSeen()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var page = window.Page;

        // The first is the way past the sidebar.
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to content", await page.EvaluateAsync<string>("() => document.activeElement.textContent.trim()"));
        HashSet<string> reached = [];
        List<string> unseen = [];
        for (var press = 0; press < 200; press++)
        {
            var focused = await window.EvaluateAsync(
                """
                () => {
                  const element = document.activeElement;
                  const style = getComputedStyle(element.matches('.search input') ? element.closest('.search') : element);
                  const box = element.getBoundingClientRect();
                  return { name: element === document.body ? '' : (element.getAttribute('aria-label') ?? element.textContent.trim()) || element.placeholder || element.tagName, isSeen: (style.boxShadow !== 'none' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1)) && box.width > 0 && box.height > 0, tag: `${element.tagName}.${element.className}` };
                }
                """);
            var name = focused.GetProperty("name").GetString()!;
            if (name.Length == 0)
            {
                break;
            }

            reached.Add(name);
            if (!focused.GetProperty("isSeen").GetBoolean())
            {
                unseen.Add($"{focused.GetProperty("tag")} {name}");
            }

            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Empty(unseen);
        foreach (var name in new[] { "Organization: Acme", "Members", "Command palette (Ctrl K)", "Previous range ([)", "Refresh", "Model", "More breakdowns", "Then by", "What changed?", "Cost", "Export Cost by model over time", "Show data", "Show model-00 in the chart", "Filter by model-00", "Show the others", "All Model, table" })
        {
            Assert.Contains(name, reached);
        }
    }

    [BrowserFact]
    public async Task Menus_ArrowsMoveAndEscapeGivesTheFocusBack()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var page = window.Page;
        await window.Button("More breakdowns").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.activeElement?.textContent.trim() === 'Mapping'");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.WaitForFunctionAsync("() => document.activeElement?.textContent.trim() === 'Provider'");
        await page.Keyboard.PressAsync("Escape");
        await page.WaitForFunctionAsync("() => document.activeElement?.getAttribute('aria-label') === 'More breakdowns' && document.activeElement.getAttribute('aria-expanded') === 'false'");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("Enter");
        await window.Heading("Cost by agent over time").WaitForAsync();
    }
}
