using System.Text;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using Analytics.Tests.Server;

namespace Analytics.Tests.Conventions;

/// <summary>A server with one organisation, people of each role, and a little usage.</summary>
internal static class ConventionsServer
{
    public const string Question = "/analytics/activity?organizationId=org_1&from=2026-06-20&to=2026-06-26";

    public const string Directory =
        """
        { "organizations": [
            { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] },
            { "id": "org_2", "name": "Other", "plan": "enterprise", "timezones": [] } ],
          "users": [ { "id": "u_1", "name": "Ana", "email": "ana@example.com" }, { "id": "u_2", "name": "Ben" }, { "id": "u_3", "name": "Cy" }, { "id": "u_9", "name": "Zoe", "email": "zoe@other.example" } ],
          "members": [
            { "organizationId": "org_1", "userId": "u_1", "role": "owner" },
            { "organizationId": "org_1", "userId": "u_2", "role": "admin" },
            { "organizationId": "org_1", "userId": "u_3", "role": "member" },
            { "organizationId": "org_2", "userId": "u_9", "role": "owner" } ],
          "projects": [
            { "id": "prj_1", "organizationId": "org_1", "name": "Production API", "color": "#4e79a7" },
            { "id": "prj_9", "organizationId": "org_2", "name": "Theirs" } ],
          "apiKeys": [
            { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod", "createdBy": "u_1" },
            { "id": "key_2", "organizationId": "org_1", "projectId": "prj_1", "description": "batch", "createdBy": "u_3" } ],
          "agents": [ { "id": "agt_1", "organizationId": "org_1", "projectId": "prj_1", "name": "Triage" } ],
          "models": [ { "organizationId": "org_1", "mapping": "azure/gpt-5.5", "model": "gpt-5.5", "provider": "azure", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" } ] } ] }
        """;

    public static readonly string Events = string.Join('\n', Enumerable.Range(0, 60).Select(i =>
        $$"""{"id":"{{i}}","timestamp":"2026-06-{{20 + (i % 6)}}T10:00:00Z","organizationId":"org_1","projectId":"prj_{{1 + (i % 3)}}","apiKeyId":"key_{{1 + (i % 4)}}","mapping":"azure/gpt-5.{{i % 5}}","app":"app_{{i % 2}}","inputTokens":{{100 + i}},"outputTokens":{{10 + i}},"cost":"0.{{i + 1:00}}"}"""));

    public static Task<RunningServer> StartAsync(IReadOnlyDictionary<string, string?>? settings = null) => RunningServer.StartAsync(FillAsync, settings);

    public static async Task FillAsync(UsageStore store, TemporaryFolder folder)
    {
        store.Directory.Import(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(Directory)));
        await new FileImport(store, Files.Physical, "org_1", RunningServer.Now).EventsAsync(folder.Write("events.ndjson", Events), isAgain: false, CancellationToken.None);
    }
}
