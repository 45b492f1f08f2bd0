using System.Globalization;
using System.Text;
using Analytics.Tests.Server;

namespace Analytics.Tests.Browser;

/// <summary>A small organisation that has what is hard to show: more models than a chart has colours, names that are markup, a clock change, and cents that no double holds.</summary>
internal static class DashboardData
{
    public const string Range = "from=2026-03-20&to=2026-04-05&tz=Europe/Paris";

    public const string Markup = "<img src=x onerror=\"window.broken=1\">";

    public static readonly string LongName = string.Concat(Enumerable.Repeat("long ", 40)).Trim();

    public static Task<RunningServer> StartAsync() => RunningServer.StartAsync(Directory(), "org_1", Events());

    /// <summary>The question behind the first page, as the page asks it, for one dimension.</summary>
    public static string Activity(string groupBy, string zone = "Europe/Paris", string more = "") =>
        $"/analytics/activity?organizationId=org_1&from=2026-03-20&to=2026-04-05&timezone={zone}&groupBy={groupBy}&money=string{more}";

    private static string Directory() =>
        $$"""
        {
          "organizations": [
            { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] },
            { "id": "org_free", "name": "Small", "plan": "free", "timezones": [] } ],
          "users": [ { "id": "u_1", "name": "Ana" }, { "id": "u_2", "name": {{Text(Markup)}} }, { "id": "u_dev", "name": "Dev" } ],
          "members": [
            { "organizationId": "org_1", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_1", "userId": "u_2", "role": "member" },
            { "organizationId": "org_1", "userId": "u_dev", "role": "developer" },
            { "organizationId": "org_free", "userId": "u_1", "role": "owner" } ],
          "projects": [
            { "id": "prj_1", "organizationId": "org_1", "name": "Production API", "color": "#3258e8" },
            { "id": "prj_2", "organizationId": "org_1", "name": {{Text(Markup)}} },
            { "id": "prj_3", "organizationId": "org_1", "name": {{Text(LongName)}} },
            { "id": "prj_4", "organizationId": "org_1", "name": "مشروع 🚀" } ],
          "apiKeys": [
            { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod-etl", "createdBy": "u_1" },
            { "id": "key_2", "organizationId": "org_1", "projectId": "prj_2", "description": {{Text(Markup)}}, "createdBy": "u_2" } ]
        }
        """;

    private static string Events()
    {
        var text = new StringBuilder();
        var id = 0;
        for (var day = 0; day < 17; day++)
        {
            for (var model = 0; model < 13; model++)
            {
                var project = (day + model) % 4 + 1;
                var moment = new DateTime(2026, 3, 20, 0, 0, 0, DateTimeKind.Utc).AddDays(day).AddHours(model * 2 % 24);
                text.Append(CultureInfo.InvariantCulture, $$"""
                    {"id":"e{{id++}}","timestamp":"{{moment:yyyy-MM-ddTHH:mm:ssZ}}","organizationId":"org_1","projectId":"prj_{{project}}","apiKeyId":"key_{{project % 2 + 1}}","mapping":"provider{{model % 3}}/model-{{model:00}}","app":"app","status":"{{(id % 9 == 0 ? "error" : "ok")}}","inputTokens":{{1_000 + (model * 37)}},"cachedInputTokens":{{model * 10}},"outputTokens":{{100 + day}},"cost":"{{12 - model}}.{{123456789012L + (day * 1_000_003L) + model}}"}
                    """);
                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Text(string value) => System.Text.Json.JsonSerializer.Serialize(value);
}
