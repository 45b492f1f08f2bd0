using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Analytics.Tests.Server.Formats;
using Microsoft.Playwright;
using Xunit;

namespace Analytics.Tests.Browser;

/// <summary>What is exported is what is on screen, in every form and zone.</summary>
[Collection(DashboardCollection.Name)]
public sealed partial class ExportTests(Dashboard dashboard)
{
    private const string Analytics = $"/o/org_1/analytics?{DashboardData.Range}";

    private const string Cards = ".cards .kpi-value data.figure";

    private const string Chart = "Cost by model over time";

    [BrowserFact]
    public async Task Forms_InThreeZonesWithAFilter_AddUpToTheCards()
    {
        await using var window = await dashboard.OpenAsync();
        foreach (var zone in new[] { "Europe/Paris", "America/Los_Angeles", "Asia/Kathmandu" })
        {
            await window.GoAsync($"/o/org_1/analytics?from=2026-03-24&to=2026-04-02&tz={zone}&f.project=prj_1&f.project=prj_2");
            var cards = await window.ValuesAsync(Cards);
            var (csvName, csv) = await window.ExportAsync(Chart, "CSV UTF-8");
            var (parquetName, parquet) = await window.ExportAsync(Chart, "Parquet exact decimals");
            var (arrowName, arrow) = await window.ExportAsync(Chart, "Arrow IPC stream");
            AnswerTable[] tables = [AnswerTable.OfCsv(csv), AnswerTable.OfParquet(parquet, out _), AnswerTable.OfArrow(arrow, out _, out _)];

            foreach (var table in tables)
            {
                foreach (var (column, card) in new[] { "cost", "requestCount", "totalTokens" }.Zip(cards))
                {
                    Assert.Equal(card.Amount(), table.Rows.Select(row => row[table.Columns.ToList().IndexOf(column)]!).Sum());
                }
            }

            AnswerTable.Equal(tables[1], tables[2]);
            Assert.Equal(["csv", "parquet", "arrow"], new[] { csvName, parquetName, arrowName }.Select(name => name[(name.LastIndexOf('.') + 1)..]));
            Assert.StartsWith($"cost-by-model-over-time-2026-03-24-to-2026-04-02-{zone.Replace('/', '-').ToLowerInvariant()}".Replace("_", "-", StringComparison.Ordinal), csvName, StringComparison.Ordinal);
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Csv_IsUtf8WithoutAMark_AndForExcelUtf16WithTabs()
    {
        await using var window = await dashboard.OpenAsync("org_hard");
        await window.GoAsync("/o/org_hard/analytics?from=2026-03-20&to=2026-03-24&by=project");
        var (_, csv) = await window.ExportAsync("all projects", "CSV UTF-8");
        Assert.NotEqual(Encoding.UTF8.Preamble.ToArray(), csv[..3]);
        var table = AnswerTable.OfCsv(csv);
        Assert.Contains(DashboardData.HardNames[6], table.Rows.Select(row => row[table.Columns.ToList().IndexOf("label")]));

        var (name, excel) = await window.ExportAsync("all projects", "CSV for Excel UTF-16, tabs");
        Assert.EndsWith(".tsv", name, StringComparison.Ordinal);
        Assert.Equal(Encoding.Unicode.Preamble.ToArray(), excel[..2]);
        var cells = Tabbed(Encoding.Unicode.GetString(excel[2..]));
        Assert.Equal(table.Columns, cells[0]);
        Assert.Equal(table.Rows.Count, cells.Count - 1);

        // The same figures, digit by digit: no guard on a number, though it is negative.
        foreach (var (row, line) in table.Rows.Zip(cells.Skip(1)))
        {
            foreach (var (expected, cell) in row.Zip(line))
            {
                Assert.Equal(expected ?? string.Empty, AnswerTable.Unguarded(cell));
            }
        }

        var cost = table.Columns.ToList().IndexOf("cost");
        Assert.All(cells.Skip(1), line => Assert.Matches(@"^-?\d+(\.\d+)?$", line[cost]));
        Assert.Equal((await window.ValuesAsync(Cards))[0].Amount(), cells.Skip(1).Select(line => line[cost]).Sum());

        // What a spreadsheet would run is text, behind an apostrophe.
        var labels = cells.Skip(1).Select(line => line[table.Columns.ToList().IndexOf("label")]).ToHashSet();
        foreach (var formula in DashboardData.HardNames.Where(text => text[0] is '=' or '+' or '-' or '@'))
        {
            Assert.Contains($"'{formula}", labels);
            Assert.DoesNotContain(formula, labels);
        }

        Assert.Contains(DashboardData.Markup, labels);
    }

    [BrowserFact]
    public async Task Picture_IsThatOfTheChart()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        var (name, png) = await window.ExportAsync(Chart, "PNG 2×");
        Assert.EndsWith(".png", name, StringComparison.Ordinal);

        // The browser itself reads it back: it is larger than the chart twice over, and has the chart's colours in it.
        var (width, height) = await ChartReading.SizeAsync(window);
        var picture = await window.EvaluateAsync(
            """
            async (base64) => {
              const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
              const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
              const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
              const context = canvas.getContext('2d');
              context.drawImage(bitmap, 0, 0);
              const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
              const colors = new Set();
              for (let at = 0; at < data.length; at += 4) {
                colors.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
              }
              return { width: bitmap.width, height: bitmap.height, colors: colors.size };
            }
            """,
            Convert.ToBase64String(png));

        Assert.True(picture.GetProperty("width").GetInt32() >= 2 * width);
        Assert.True(picture.GetProperty("height").GetInt32() >= 2 * height);
        Assert.True(picture.GetProperty("colors").GetInt32() > 100);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Command_RunInATerminal_GivesTheSameTotals()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&by=apiKey&f.project=prj_1&f.project=prj_2&f.app=app");
        await window.Button("Export Cost by API key over time").ClickAsync();
        await window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = "Copy as curl" }).ClickAsync();
        await window.Page.Locator(".notice div").WaitForAsync();
        var command = await window.ClipboardAsync();
        Assert.DoesNotContain(dashboard.Token(), command, StringComparison.Ordinal);

        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["ANALYTICS_TOKEN"] = dashboard.Token() } })!;
        var output = shell.StandardOutput.ReadToEndAsync();
        var errors = shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, await errors);
        var totals = System.Text.Json.JsonDocument.Parse(await output).RootElement.GetProperty("totals");

        Assert.Equal(await window.ValuesAsync(Cards), [totals.GetProperty("cost").GetRawText(), totals.Exact("requestCount"), totals.Exact("totalTokens")]);
    }

    [BrowserFact]
    public async Task Focus_BilledCostsAddUpToTheCards()
    {
        await using var window = await dashboard.OpenAsync("demo");
        await window.GoAsync("/o/demo/usage?from=2026-05-01&to=2026-05-31&f.project=prj_support");
        await window.Button("Export rows").ClickAsync();
        var forms = window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = "FOCUS" });
        var csv = await window.Page.RunAndWaitForDownloadAsync(() => forms.Nth(0).ClickAsync());
        await window.Button("Export rows").ClickAsync();
        var parquet = await window.Page.RunAndWaitForDownloadAsync(() => forms.Nth(1).ClickAsync());
        var total = (await dashboard.AskAsync("demo", "/analytics/activity?from=2026-05-01&to=2026-05-31&timezone=Europe/Paris&projectId=prj_support")).GetProperty("totals").Exact("cost").Amount();
        AnswerTable[] tables = [AnswerTable.OfCsv(await File.ReadAllBytesAsync(await csv.PathAsync())), AnswerTable.OfParquet(await File.ReadAllBytesAsync(await parquet.PathAsync()), out _)];

        Assert.All(tables, table => Assert.Equal(total, table.Rows.Select(row => row[table.Columns.ToList().IndexOf("BilledCost")]!).Sum()));
        Assert.StartsWith("focus-", csv.SuggestedFilename, StringComparison.Ordinal);
        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Lists_Exported_AddUpToTheirTotals()
    {
        await using var window = await dashboard.OpenAsync("demo");
        foreach (var (page, menu) in new[] { ("members", "members"), ("projects", "projects"), ("keys", "API keys"), ("agents", "agents"), ("analytics", "all models") })
        {
            await window.GoAsync($"/o/demo/{page}?from=2026-05-01&to=2026-05-31");
            var (_, csv) = await window.ExportAsync(menu, "CSV UTF-8");
            var table = AnswerTable.OfCsv(csv);
            Assert.Equal((await window.ValuesAsync("tfoot data"))[0].Amount(), table.Rows.Select(row => row[table.Columns.ToList().IndexOf("cost")]!).Sum());
        }

        foreach (var (menu, card) in new[] { ("Cost overview", ".cost-overview .doughnut-centre data"), ("Cost by project", "section[aria-label='Cost by project'] .doughnut-centre data"), ("Project usage trends", ".cost-overview .doughnut-centre data") })
        {
            await window.GoAsync("/o/demo/overview?month=2026-05");
            var (_, csv) = await window.ExportAsync(menu, "CSV UTF-8");
            var table = AnswerTable.OfCsv(csv);
            Assert.Equal((await window.ValuesAsync(card)).Single().Amount(), table.Rows.Select(row => row[table.Columns.ToList().IndexOf("cost")]!).Sum());
        }

        window.AssertNoFault();
    }

    [BrowserFact]
    public async Task Pivot_Exported_AddsUpToTheCards()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync($"{Analytics}&by=model&then=project");
        var (_, csv) = await window.ExportAsync("model by project", "CSV UTF-8");
        var table = AnswerTable.OfCsv(csv);
        Assert.Equal((await window.ValuesAsync(Cards))[0].Amount(), table.Rows.Select(row => row[table.Columns.ToList().IndexOf("cost")]!).Sum());
    }

    [BrowserFact]
    public async Task Failure_IsSaid()
    {
        await using var window = await dashboard.OpenAsync();
        await window.GoAsync(Analytics);
        await window.Page.RouteAsync("**/analytics/activity?*format=parquet*", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"type":"/problems/busy","title":"Busy","status":503,"detail":"Ask again in a moment."}""" }));
        await window.Button($"Export {Chart}").ClickAsync();
        await window.Page.Locator(".panel").GetByRole(AriaRole.Button, new() { Name = "Parquet exact decimals" }).ClickAsync();
        await Assertions.Expect(window.Page.Locator(".notice div")).ToHaveTextAsync("Ask again in a moment.");
    }

    /// <summary>Cells of text with tabs, as Excel reads them.</summary>
    private static List<string[]> Tabbed(string text)
    {
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        return [.. text[..^2].Split("\r\n").Select(line => CellPattern().Matches(line).Select(match => match.Groups["plain"].Success ? match.Groups["plain"].Value : match.Groups["quoted"].Value.Replace("\"\"", "\"", StringComparison.Ordinal)).ToArray())];
    }

    [GeneratedRegex("""(?<=^|\t)(?:"(?<quoted>(?:[^"]|"")*)"|(?<plain>[^\t"]*))(?=\t|$)""")]
    private static partial Regex CellPattern();
}
