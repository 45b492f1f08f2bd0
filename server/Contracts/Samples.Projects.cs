namespace Analytics.Server.Contracts;

/// <content>Projects, API keys and agents.</content>
internal static partial class Samples
{
    public const string Projects =
        $$"""
        {
          {{Range}},
          "projects": [
            { "projectId": "prj_1", "name": "Production API", "color": "#4e79a7", "apiKeyCount": 2, "activeApiKeyCount": 1, {{ThreeRequests}} },
            { "projectId": "prj_3", "name": "Staging", "color": null, "apiKeyCount": 1, "activeApiKeyCount": 0, {{NoRequests}} }
          ],
          "totals": { {{ThreeRequests}} }
        }
        """;

    public const string Project =
        $$"""
        {
          "models": "canonical", "bucket": "day", {{Range}},
          "project": { "projectId": "prj_1", "name": "Production API", "color": "#4e79a7", "apiKeyCount": 2, "activeApiKeyCount": 1 },
          {{Detail}}
        }
        """;

    public const string ApiKeys =
        $$"""
        {
          {{Range}},
          "apiKeys": [
            { "apiKeyId": "key_1", "description": "prod-etl", "projectId": "prj_1", "project": "Production API", "createdBy": "u_1", "creator": "Ana", {{ThreeRequests}} },
            { "apiKeyId": "key_2", "description": "laptop", "projectId": "prj_1", "project": "Production API", "createdBy": null, "creator": "Unattributed", {{NoRequests}} }
          ],
          "totals": { {{ThreeRequests}} }
        }
        """;

    public const string ApiKey =
        $$"""
        {
          "models": "canonical", "bucket": "day", {{Range}},
          "apiKey": { "apiKeyId": "key_1", "description": "prod-etl", "projectId": "prj_1", "project": "Production API", "createdBy": "u_1", "creator": "Ana" },
          {{Detail}}
        }
        """;

    public const string Agents =
        $$"""
        {
          {{Range}},
          "agents": [ { "agentId": "agt_1", "name": "Triage", "projectId": "prj_1", "project": "Production API", "conversations": 2, {{ThreeRequests}} } ],
          "totals": { {{ThreeRequests}} }
        }
        """;

    public const string Agent =
        $$"""
        {
          "models": "canonical", "bucket": "day", {{Range}},
          "agent": { "agentId": "agt_1", "name": "Triage", "projectId": "prj_1", "project": "Production API", "conversations": 2 },
          {{Detail}}
        }
        """;
}
