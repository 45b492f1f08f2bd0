using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Server.Compatibility;
using Analytics.Server.Contracts;
using Xunit;

namespace Analytics.Tests.Server;

/// <summary>The document says what the server does: every parameter, sample and error of what exists.</summary>
public class OpenApiTests
{
    // As strict as a generated client: nothing missing, nothing more.
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
    };

    private static readonly Dictionary<string, Type> Answers = new()
    {
        ["/analytics/activity"] = typeof(ActivityResponse),
        ["/analytics/members"] = typeof(MembersResponse),
        ["/analytics/members/{userId}"] = typeof(MemberResponse),
        ["/analytics/usage/requests"] = typeof(UsageRowsResponse),
        ["/analytics/usage/items"] = typeof(ItemRowsResponse),
        ["/analytics/organizations"] = typeof(OrganizationsResponse),
        ["/analytics/me"] = typeof(MemberResponse),
        ["/analytics/summary"] = typeof(SummaryResponse),
        ["/analytics/projects"] = typeof(ProjectsResponse),
        ["/analytics/projects/{projectId}"] = typeof(ProjectResponse),
        ["/analytics/api-keys"] = typeof(ApiKeysResponse),
        ["/analytics/api-keys/{apiKeyId}"] = typeof(ApiKeyResponse),
        ["/analytics/agents"] = typeof(AgentsResponse),
        ["/analytics/agents/{agentId}"] = typeof(AgentResponse),
        ["/analytics/services"] = typeof(ServicesResponse),
        ["/analytics/explain"] = typeof(ExplainResponse),
        ["/analytics/selfcheck"] = typeof(SelfCheckResponse),
        ["/v1/organization/usage/completions"] = typeof(OpenAiPage<OpenAiCompletions>),
        ["/v1/organization/costs"] = typeof(OpenAiPage<OpenAiCost>),
        ["/user/daily/activity"] = typeof(LiteLlmPage),
    };

    private const string Directory =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ] }
        """;

    private const string Event = """{"id":"1","timestamp":"2026-06-24T10:00:00Z","organizationId":"org_1","projectId":"prj_1","apiKeyId":"key_1","memberId":"u_1","mapping":"azure/gpt-5.5","app":"checkout","serviceType":"text-generation","agentId":"agt_1","inputTokens":100,"outputTokens":10,"cost":"3.5"}""";

    [Fact]
    public async Task Server_AcceptsEachDocumentedExample_AndItsAnswersAreTheContracts()
    {
        await using var server = await RunningServer.StartAsync(Directory, "org_1", Event);
        var token = server.Token("org_1", "u_1");
        var document = await Document(server);
        foreach (var (path, type) in Answers)
        {
            var parameters = Parameters(document.GetProperty("paths").GetProperty(path).GetProperty("get"));
            var isOfDays = parameters.Any(parameter => Name(parameter) == "from");
            var needed = parameters.Where(parameter => In(parameter) == "query" && (Name(parameter) is "from" or "to" || parameter.TryGetProperty("required", out var required) && required.GetBoolean())).ToArray();
            var fromTo = string.Join('&', needed.Select(Example));
            string[] queries =
            [
                string.Join('&', parameters.Where(parameter => In(parameter) == "query").Select(Example)),
                .. parameters.Where(parameter => In(parameter) == "query" && !needed.Contains(parameter)).Select(parameter => $"{fromTo}&{Example(parameter)}"),
                .. parameters.Where(parameter => parameter.GetProperty("schema").TryGetProperty("enum", out _) && Name(parameter) is not ("money" or "format"))
                    .SelectMany(parameter => parameter.GetProperty("schema").GetProperty("enum").EnumerateArray().Select(word => $"{fromTo}&{Name(parameter)}={word.GetString()}")),
                isOfDays ? "organizationId=org_1&from=2026-06-20&to=2026-06-26" : fromTo,
                path == "/analytics/activity" ? fromTo + "&fields=all" : fromTo,
            ];
            foreach (var query in queries)
            {
                var answer = await server.JsonAsync($"{parameters.Where(parameter => In(parameter) == "path").Aggregate(path, (filled, id) => filled.Replace($"{{{Name(id)}}}", id.GetProperty("example").GetString(), StringComparison.Ordinal))}?{query}", token);
                try
                {
                    Assert.NotNull(answer.Deserialize(type, Strict));
                }
                catch (JsonException exception)
                {
                    Assert.Fail($"{path}?{query}: {exception.Message}\n{answer.GetRawText()}");
                }
            }
        }

        static string Example(JsonElement parameter)
        {
            var example = parameter.GetProperty("example");
            var value = example.ValueKind == JsonValueKind.Array ? example[0] : example;
            return $"{Name(parameter)}={Uri.EscapeDataString(value.ToString())}";
        }

        static string Name(JsonElement parameter) => parameter.GetProperty("name").GetString()!;

        static string In(JsonElement parameter) => parameter.GetProperty("in").GetString()!;
    }

    // An operation without parameters has no list of them.
    private static JsonElement[] Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    private static async Task<JsonElement> Document(RunningServer server)
    {
        using var response = await server.GetAsync("/openapi/v1.json");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
