using System.Globalization;
using System.Text;
using Analytics.Storage;
using Analytics.Storage.Directory;
using Analytics.Storage.Import;
using NodaTime;

namespace Analytics.Tests.Docs;

/// <summary>The two months of usage that docs/api.md asks about, and what they cost by plain arithmetic.</summary>
internal static class DocsData
{
    /// <summary>When it was imported: after the last request.</summary>
    public static readonly Instant Now = Instant.FromUtc(2026, 7, 1, 9, 0);

    private const string Directory =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana", "email": "ana@example.com" }, { "id": "u_2", "name": "Ben", "email": "ben@example.com" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" }, { "organizationId": "org_1", "userId": "u_2", "role": "developer" } ],
          "projects": [ { "id": "prj_1", "organizationId": "org_1", "name": "Production API" }, { "id": "prj_2", "organizationId": "org_1", "name": "Internal Chatbot" } ],
          "apiKeys": [
            { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod", "createdBy": "u_1" },
            { "id": "key_2", "organizationId": "org_1", "projectId": "prj_2", "description": "chatbot", "createdBy": "u_2" } ],
          "agents": [ { "id": "agt_1", "organizationId": "org_1", "projectId": "prj_2", "name": "Triage" } ],
          "models": [
            { "organizationId": "org_1", "mapping": "azure/gpt-5.5", "model": "gpt-5.5", "provider": "azure",
              "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] },
            { "organizationId": "org_1", "mapping": "anthropic/claude-sonnet", "model": "claude-sonnet", "provider": "anthropic",
              "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "3" }, { "rule": "output_tokens", "unit": "token", "usdPerMillion": "15" } ] } ] }
        """;

    /// <summary>Every request: three a day, whose tokens follow the day of the month; the chatbot grows in June.</summary>
    public static IReadOnlyList<DocsRequest> Requests { get; } =
    [
        .. from date in Enumerable.Range(0, 61).Select(i => new LocalDate(2026, 5, 1).PlusDays(i))
           from request in (DocsRequest[])
           [
               new(date, 10, "prj_1", "key_1", "azure", "gpt-5.5", 10_000 * date.Day, 1_000 * date.Day),
               new(date, 11, "prj_1", "key_1", "anthropic", "claude-sonnet", 20_000, 4_000),
               new(date, 12, "prj_2", "key_2", "azure", "gpt-5.5", (date.Month == 5 ? 5_000 : 8_000) * date.Day, 2_000),
           ]
           select request,
    ];

    /// <summary>Fills a store.</summary>
    public static async Task FillAsync(UsageStore store, TemporaryFolder folder)
    {
        store.Directory.Import(DirectoryDocument.Parse(Encoding.UTF8.GetBytes(Directory)));
        var lines = string.Join('\n', Requests.Select((request, i) => request.ToEvent(i)));
        await new FileImport(store, Files.Physical, "org_1", Now).EventsAsync(folder.Write("usage.ndjson", lines), isAgain: false, CancellationToken.None);
    }

    /// <summary>What requests cost, as the API writes it: digits without trailing zeros.</summary>
    public static string Cost(Func<DocsRequest, bool> predicate) =>
        Requests.Where(predicate).Sum(request => request.Cost).ToString("0.############", CultureInfo.InvariantCulture);
}

/// <summary>One request.</summary>
/// <param name="Date">Its day, in UTC and in Paris.</param>
/// <param name="Hour">Its hour in UTC.</param>
/// <param name="Project">Its project.</param>
/// <param name="Key">Its API key.</param>
/// <param name="Provider">Who answered it.</param>
/// <param name="Model">The model.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
internal sealed record DocsRequest(LocalDate Date, int Hour, string Project, string Key, string Provider, string Model, int InputTokens, int OutputTokens)
{
    /// <summary>Dollars, by the price table.</summary>
    public decimal Cost => Model == "gpt-5.5" ? ((InputTokens * 1.25m) + (OutputTokens * 10m)) / 1_000_000 : ((InputTokens * 3m) + (OutputTokens * 15m)) / 1_000_000;

    /// <summary>The event that is imported; it has no cost, so that the price table decides.</summary>
    public string ToEvent(int id)
    {
        var more = Project == "prj_1" ? "\"app\":\"checkout\"" : $"\"agentId\":\"agt_1\",\"conversationId\":\"c_{id / 9}\"";
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"id":"req_{{id}}","timestamp":"{{Date:uuuu'-'MM'-'dd}}T{{Hour}}:15:00Z","organizationId":"org_1","projectId":"{{Project}}","apiKeyId":"{{Key}}","mapping":"{{Provider}}/{{Model}}","inputTokens":{{InputTokens}},"outputTokens":{{OutputTokens}},{{more}}}""");
    }
}
