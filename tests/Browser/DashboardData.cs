using System.Globalization;
using System.Text;
using NodaTime;

namespace Analytics.Tests.Browser;

/// <summary>
/// Small organisations that have what is hard to show: more models than a chart has colours, names that are markup, clock changes,
/// cents that no double holds, days without usage, exactly seven projects, thousands of keys.
/// </summary>
internal static class DashboardData
{
    public const string Range = "from=2026-03-20&to=2026-04-05&tz=Europe/Paris";

    public const string Markup = "<img src=x onerror=\"window.broken=1\">";

    public const int Keys = 2_000;

    public static readonly string LongName = string.Concat(Enumerable.Repeat("long ", 40)).Trim();

    /// <summary>Names that a table or chart must take as nothing but text.</summary>
    public static readonly IReadOnlyList<string> HardNames =
    [
        Markup, "\"><script>window.broken=2</script>", "javascript:window.broken=3", "${window.broken=4}{{window.broken=4}}", LongName, "👩‍👩‍👧‍👦 🇫🇷 é́", "مشروع العملاء (١)", "=HYPERLINK(\"http://x\",\"y\")", "-1+2", "@sum", "../../etc/passwd", "constructor",
    ];

    /// <summary>The question behind the first page, as the page asks it, for one dimension.</summary>
    public static string Activity(string groupBy, string zone = "Europe/Paris", string more = "") =>
        $"/analytics/activity?from=2026-03-20&to=2026-04-05&timezone={zone}&groupBy={groupBy}{more}";

    public static string Directory() =>
        $$"""
        {
          "organizations": [
            { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] },
            { "id": "org_free", "name": "Small", "plan": "free", "timezones": [] },
            { "id": "org_seven", "name": "Seven", "plan": "enterprise", "timezones": ["Europe/Paris"] },
            { "id": "org_hard", "name": {{Text(Markup)}}, "plan": "enterprise", "timezones": ["Europe/Paris"] },
            { "id": "org_gap", "name": "Gaps", "plan": "enterprise", "timezones": ["UTC"] },
            { "id": "org_la", "name": "West", "plan": "enterprise", "timezones": ["America/Los_Angeles"] },
            { "id": "org_keys", "name": "Many", "plan": "enterprise", "timezones": ["UTC"] },
            { "id": "org_empty", "name": "Empty", "plan": "enterprise", "timezones": ["UTC"] } ],
          "users": [ { "id": "u_1", "name": "Ana", "email": "ana@example.com" }, { "id": "u_2", "name": {{Text(Markup)}} }, { "id": "u_dev", "name": "Dev" }, { "id": "u_gone", "name": "Gone" } ],
          "members": [
            { "organizationId": "org_1", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_1", "userId": "u_2", "role": "member" },
            { "organizationId": "org_1", "userId": "u_dev", "role": "developer" },
            { "organizationId": "org_free", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_seven", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_hard", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_gap", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_la", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_keys", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_empty", "userId": "u_1", "role": "owner" } ],
          "projects": [
            { "id": "prj_1", "organizationId": "org_1", "name": "Production API", "color": "#3258e8" },
            { "id": "prj_2", "organizationId": "org_1", "name": {{Text(Markup)}} },
            { "id": "prj_3", "organizationId": "org_1", "name": {{Text(LongName)}} },
            { "id": "prj_4", "organizationId": "org_1", "name": "مشروع 🚀" },
            {{string.Join(",\n", HardNames.Select((name, index) => $$"""{ "id": "hard_{{index}}", "organizationId": "org_hard", "name": {{Text(name)}} }"""))}},
            {{string.Join(",\n", Enumerable.Range(1, 7).Select(index => $$"""{ "id": "seven_{{index}}", "organizationId": "org_seven", "name": "Project {{index}}" }"""))}},
            { "id": "prj_la", "organizationId": "org_la", "name": "Coast" },
            { "id": "gone", "organizationId": "org_gap", "name": "Old project", "deleted": true } ],
          "apiKeys": [
            { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod-etl", "createdBy": "u_1" },
            { "id": "key_2", "organizationId": "org_1", "projectId": "prj_2", "description": {{Text(Markup)}}, "createdBy": "u_2" },
            { "id": "gap_old", "organizationId": "org_gap", "projectId": "gone", "description": "old key", "createdBy": "u_gone", "deleted": true },
            { "id": "gap_none", "organizationId": "org_gap", "projectId": "gone", "description": "nobody's key" },
            {{string.Join(",\n", HardNames.Select((name, index) => $$"""{ "id": "hard_{{index}}", "organizationId": "org_hard", "projectId": "hard_{{index}}", "description": {{Text(name)}}, "createdBy": "u_1" }"""))}},
            { "id": "la_a", "organizationId": "org_la", "projectId": "prj_la", "description": "laptop", "createdBy": "u_1" },
            { "id": "la_b", "organizationId": "org_la", "projectId": "prj_la", "description": "desktop", "createdBy": "u_1" } ]
        }
        """;

    /// <summary>NDJSON by organisation.</summary>
    public static IReadOnlyDictionary<string, string> Events() => new Dictionary<string, string>
    {
        ["org_1"] = OfManyModels(),
        ["org_seven"] = OfSevenProjects(),
        ["org_hard"] = OfHardNames(),
        ["org_gap"] = OfGaps(),
        ["org_la"] = OfAnEvening(),
        ["org_keys"] = OfManyKeys(),
    };

    private static string OfManyModels()
    {
        var text = new StringBuilder();
        var id = 0;
        for (var day = 0; day < 17; day++)
        {
            for (var model = 0; model < 13; model++)
            {
                var project = ((day + model) % 4) + 1;
                var moment = Instant.FromUtc(2026, 3, 20, model * 2 % 24, 0) + Duration.FromDays(day);
                text.Append(CultureInfo.InvariantCulture, $$"""
                    {"id":"e{{id++}}","timestamp":"{{moment}}","organizationId":"org_1","projectId":"prj_{{project}}","apiKeyId":"key_{{(project % 2) + 1}}","mapping":"provider{{model % 3}}/model-{{model:00}}","app":"app","status":"{{(id % 9 == 0 ? "error" : "ok")}}","inputTokens":{{1_000 + (model * 37)}},"cachedInputTokens":{{model * 10}},"outputTokens":{{100 + day}},"cost":"{{12 - model}}.{{123456789012L + (day * 1_000_003L) + model}}"}
                    """).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>March of 2026, of which the 4th and 5th are empty; two service types, of which one is billed in two units; every hour of one model by two routes.</summary>
    private static string OfSevenProjects()
    {
        var text = new StringBuilder();
        var id = 0;
        for (var project = 1; project <= 7; project++)
        {
            for (var day = 1; day <= 20; day += day == 3 ? 3 : 1)
            {
                text.Append(CultureInfo.InvariantCulture, $$"""
                    {"id":"t{{id}}","timestamp":"2026-03-{{day:00}}T10:00:00Z","organizationId":"org_seven","projectId":"seven_{{project}}","apiKeyId":"k{{project}}","mapping":"{{(day % 2 == 0 ? "azure" : "openai")}}/gpt","model":"gpt","provider":"{{(day % 2 == 0 ? "azure" : "openai")}}","inputTokens":{{project * 100}},"outputTokens":{{day}},"cost":"{{8 - project}}.000000000{{project}}01"}
                    {"id":"v{{id++}}","timestamp":"2026-03-{{day:00}}T11:00:00Z","organizationId":"org_seven","projectId":"seven_{{project}}","apiKeyId":"k{{project}}","mapping":"x/voice","serviceType":"speech-to-text","cost":"0.75","items":[{"rule":"transcription","unit":"second","quantity":"12.5","cost":"0.5"},{"rule":"setup","unit":"call","quantity":1,"cost":"0.25"}]}
                    """).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Nothing, a picodollar, and more than a double holds.</summary>
    private static string OfHardNames()
    {
        string[] costs = ["0", "0.000000000001", "9223371.123456789012", "0.000001", "1000000"];
        var text = new StringBuilder();
        for (var index = 0; index < HardNames.Count; index++)
        {
            // Texts of events end at 128 characters.
            var label = HardNames[index][..Math.Min(120, HardNames[index].Length)];
            var name = Text(label);
            text.Append(CultureInfo.InvariantCulture, $$"""
                {"id":"h{{index}}","timestamp":"2026-03-{{20 + (index % 5):00}}T10:00:00Z","organizationId":"org_hard","projectId":"hard_{{index}}","apiKeyId":"hard_{{index}}","mapping":{{Text($"p/{label}")}},"model":{{name}},"provider":{{name}},"app":{{name}},"agentId":"agent {{index}}","serviceType":{{name}},"inputTokens":{{(index == 2 ? 4_503_599_627_370_495 : 0)}},"outputTokens":{{index}},"cost":"{{costs[index % costs.Length]}}"}
                """).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Usage on the 2nd, 3rd, 6th and 7th of March 2026, nothing between; the key and its project were deleted, its creator left.</summary>
    private static string OfGaps() => string.Join('\n', new[] { 2, 3, 6, 7 }.SelectMany(day => new[]
    {
        $$"""{"id":"g{{day}}","timestamp":"2026-03-{{day:00}}T23:30:00Z","organizationId":"org_gap","projectId":"gone","apiKeyId":"gap_old","mapping":"x/steady","inputTokens":100,"outputTokens":10,"cost":"10"}""",
        $$"""{"id":"n{{day}}","timestamp":"2026-03-{{day:00}}T23:30:00Z","organizationId":"org_gap","projectId":"gone","apiKeyId":"gap_none","mapping":"x/steady","inputTokens":100,"outputTokens":10,"cost":"2"}""",
    }));

    /// <summary>Two keys of one person in the evening of 10 March 2026 in Los Angeles, when it is the next day in UTC.</summary>
    private static string OfAnEvening() => string.Join('\n', new[] { ("a", "2026-03-10T19:10:00-07:00", "1.25"), ("b", "2026-03-10T22:10:00-07:00", "0.5"), ("a", "2026-03-09T12:00:00-07:00", "3"), ("b", "2026-03-08T12:00:00-07:00", "4") }
        .Select((usage, index) => $$"""{"id":"w{{index}}","timestamp":"{{usage.Item2}}","organizationId":"org_la","projectId":"prj_la","apiKeyId":"la_{{usage.Item1}}","mapping":"x/evening","inputTokens":10,"outputTokens":1,"cost":"{{usage.Item3}}"}"""));

    /// <summary>Three years of two thousand keys.</summary>
    private static string OfManyKeys()
    {
        var text = new StringBuilder();
        var first = Instant.FromUtc(2023, 7, 1, 12, 0);
        for (var index = 0; index < 12_000; index++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                {"id":"m{{index}}","timestamp":"{{first + Duration.FromHours(index * 2.18)}}","organizationId":"org_keys","projectId":"p{{index % 5}}","apiKeyId":"key-{{index * 7 % Keys:0000}}","mapping":"x/model-{{index % 11}}","inputTokens":{{1_000 + index}},"outputTokens":{{index % 97}},"cost":"0.{{100 + (index % 800)}}"}
                """).Append('\n');
        }

        return text.ToString();
    }

    private static string Text(string value) => System.Text.Json.JsonSerializer.Serialize(value);
}
