using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Bench.Comparison;
using Analytics.Tests.Server;
using Xunit;

namespace Analytics.Tests.Docs;

/// <summary>docs/api.md does what it says: its commands are run against a server, and answer what the page shows.</summary>
public partial class ApiPageTests(ApiPageRun run) : IClassFixture<ApiPageRun>
{
    public static TheoryData<string> Commands => [.. ApiPage.Examples.Where(example => example.Language == "sh").Select(example => example.Name)];

    public static TheoryData<string> Queries => [.. ApiPage.Examples.Where(example => example.Language == "sql").Select(example => example.Name)];

    [CurlTheory]
    [MemberData(nameof(Commands))]
    public void Curl_Example_AnswersAsThePageShows(string name)
    {
        var example = ApiPage.Examples.Single(one => one.Name == name);
        var (exitCode, output, errors) = run.Results[name];

        Assert.True(exitCode == 0, $"{example.Code}\nended with {exitCode}.\n{output}\n{errors}");
        if (example.Answer is not { } expected)
        {
            // Then it writes a file, which another example reads.
            Assert.Empty(output);
            Assert.Contains(" -o ", example.Code, StringComparison.Ordinal);
        }
        else if (example.AnswerLanguage == "json")
        {
            AssertHolds(JsonDocument.Parse(expected).RootElement, JsonDocument.Parse(output).RootElement, "$");
        }
        else
        {
            Assert.Equal(expected.Trim(), output.ReplaceLineEndings("\n").Trim());
        }
    }

    [DuckDbCurlTheory]
    [MemberData(nameof(Queries))]
    public void DuckDb_Example_AnswersAsThePageShows(string name)
    {
        var example = ApiPage.Examples.Single(one => one.Name == name);
        using var duck = DuckDb.Open(threads: 1);
        duck.Run($"SET file_search_path = {DuckDb.Quote(run.Folder)}");

        var result = duck.Run(example.Code);

        string[] found = [string.Join('|', result.Columns.Select(column => column.Name)), .. result.Rows.Select(row => string.Join('|', row))];
        Assert.Equal("text", example.AnswerLanguage);
        Assert.Equal(example.Answer!.Trim().Split('\n').Select(line => Columns().Replace(line.TrimEnd(), "|")), found);
    }

    /// <summary>The answers of the page are the server's; these are of plain arithmetic over the same requests.</summary>
    [Fact]
    public void Page_ShowsWhatTheRequestsCost()
    {
        string[] costs =
        [
            $"prj_1,Production API,false,{DocsData.Cost(request => request is { Date.Month: 6, Project: "prj_1" })},60,",
            $"prj_2,Internal Chatbot,false,{DocsData.Cost(request => request is { Date.Month: 6, Project: "prj_2" })},30,",
            $"prj_1,Production API,gpt-5.5,gpt-5.5,false,{DocsData.Cost(request => request is { Date.Month: 6, Project: "prj_1", Model: "gpt-5.5" })},",
            $"claude-sonnet,claude-sonnet,false,{DocsData.Cost(request => request is { Date.Month: 6, Model: "claude-sonnet" })},",
            $"gpt-5.5,gpt-5.5,false,{DocsData.Cost(request => request is { Date.Month: 6, Model: "gpt-5.5" })},",
            $"\"totals\": {{ \"cost\": {DocsData.Cost(request => request.Date.Month == 6)}, \"requestCount\": 90",
            $"\"previous\": {{ \"cost\": {DocsData.Cost(request => request is { Date: { Month: 5, Day: < 31 } })}, \"requestCount\": 90 }}",
            $"\"cost\": {DocsData.Cost(request => request is { Date: { Month: 6, Day: 24 } })}, \"baselineCost\": {DocsData.Cost(request => request is { Date: { Month: 5, Day: 13 } })}",
            $"\"date\": \"2026-06-29\", \"cost\": \"{DocsData.Cost(request => request is { Date: { Month: 6, Day: 29 } })}\"",
            $"2026-05  {DocsData.Cost(request => request.Date.Month == 5)}",
            $"\"spend\": {DocsData.Cost(request => request is { Date: { Month: 6, Day: 30 } })}, \"api_requests\": 3",
        ];

        Assert.All(costs, cost => Assert.Contains(cost, ApiPage.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void Page_HasExamplesOfEachKind_AndNamesNoServerOfItsOwn()
    {
        Assert.True(ApiPage.Examples.Count(example => example.Language == "sh") >= 12);
        Assert.True(ApiPage.Examples.Count(example => example.Language == "sql") >= 3);
        Assert.All(ApiPage.Examples.Where(example => example.Language == "sh"), example =>
        {
            Assert.Contains("$ANALYTICS_URL", example.Code, StringComparison.Ordinal);
            Assert.Contains("$ANALYTICS_TOKEN", example.Code, StringComparison.Ordinal);
        });
    }

    /// <summary>An answer may have more properties, and longer lists, than the page shows.</summary>
    private static void AssertHolds(JsonElement expected, JsonElement found, string path)
    {
        Assert.True(expected.ValueKind == found.ValueKind, $"{path}: expected {expected}, found {found}");
        if (expected.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in expected.EnumerateObject())
            {
                Assert.True(found.TryGetProperty(property.Name, out var value), $"{path} has no {property.Name}: {found}");
                AssertHolds(property.Value, value, $"{path}.{property.Name}");
            }
        }
        else if (expected.ValueKind == JsonValueKind.Array)
        {
            Assert.True(expected.GetArrayLength() <= found.GetArrayLength(), $"{path}: expected {expected}, found {found}");
            for (var i = 0; i < expected.GetArrayLength(); i++)
            {
                AssertHolds(expected[i], found[i], $"{path}[{i}]");
            }
        }
        else
        {
            Assert.True(expected.GetRawText() == found.GetRawText(), $"{path}: expected {expected.GetRawText()}, found {found.GetRawText()}");
        }
    }

    [GeneratedRegex("  +")]
    private static partial Regex Columns();
}

/// <summary>Runs all commands of the page once, in its order and in one folder, as a reader would.</summary>
public sealed class ApiPageRun : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();

    /// <summary>Where the commands were run, with the files that they wrote.</summary>
    internal string Folder => folder.Path;

    /// <summary>Exit code, output and errors, by the example's name.</summary>
    internal Dictionary<string, (int ExitCode, string Output, string Errors)> Results { get; } = [];

    public async Task InitializeAsync()
    {
        if (CurlTheoryAttribute.WhyNot is not null)
        {
            return;
        }

        await using var server = await RunningServer.StartAsync(DocsData.FillAsync);
        var token = server.Token("org_1", "u_1");
        foreach (var example in ApiPage.Examples.Where(example => example.Language == "sh"))
        {
            Results[example.Name] = await RunAsync(example.Code, server.Address, token);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string script, Uri address, string token)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ANALYTICS_URL"] = address.ToString().TrimEnd('/'), ["ANALYTICS_TOKEN"] = token, ["no_proxy"] = "127.0.0.1" },
        })!;
        var (output, errors) = (bash.StandardOutput.ReadToEndAsync(), bash.StandardError.ReadToEndAsync());
        await bash.WaitForExitAsync().WaitAsync(Patience);
        return (bash.ExitCode, await output, await errors);
    }
}

/// <summary>A theory that needs curl; reported as skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CurlTheoryAttribute : TheoryAttribute
{
    public CurlTheoryAttribute() => Skip = WhyNot;

    /// <summary>What is missing, or null.</summary>
    internal static string? WhyNot { get; } = IsThere() ? null : "There is no curl: install the package curl.";

    private static bool IsThere()
    {
        try
        {
            using var curl = Process.Start(new ProcessStartInfo("curl", ["--version"]) { RedirectStandardOutput = true })!;
            curl.StandardOutput.ReadToEnd();
            curl.WaitForExit();
            return curl.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A theory that needs curl and DuckDB; reported as skipped where one is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DuckDbCurlTheoryAttribute : TheoryAttribute
{
    public DuckDbCurlTheoryAttribute() => Skip = CurlTheoryAttribute.WhyNot ?? DuckDb.WhyNot;
}
