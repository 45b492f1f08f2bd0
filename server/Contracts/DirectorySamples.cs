namespace Analytics.Server.Contracts;

/// <summary>Bodies and answers of the directory that the OpenAPI document shows. A test sends the one and checks the others.</summary>
internal static class DirectorySamples
{
    public const string Organization = """{ "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] }""";

    public const string OrganizationPatch = """{ "name": "Acme Inc.", "timezones": ["Europe/Paris", "Asia/Kolkata"] }""";

    public const string Document =
        """
        {
          "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris"] } ],
          "users": [ { "id": "u_1", "name": "Ana", "email": "ana@example.com" } ],
          "members": [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" } ],
          "projects": [ { "id": "prj_1", "organizationId": "org_1", "name": "Production API", "color": "#4e79a7" } ],
          "apiKeys": [ { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod-etl", "createdBy": "u_1" } ],
          "agents": [ { "id": "agt_1", "organizationId": "org_1", "projectId": "prj_1", "name": "Triage" } ],
          "models": [ { "organizationId": "org_1", "mapping": "azure/gpt-5.5", "model": "gpt-5.5", "provider": "azure", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" } ] } ]
        }
        """;

    public const string Changes =
        """
        {
          "organizations": { "added": 0, "changed": 0, "removed": 0 }, "users": { "added": 0, "changed": 0, "removed": 0 },
          "members": { "added": 0, "changed": 0, "removed": 1 }, "projects": { "added": 1, "changed": 1, "removed": 0 },
          "apiKeys": { "added": 0, "changed": 0, "removed": 0 }, "agents": { "added": 0, "changed": 0, "removed": 0 }, "models": { "added": 0, "changed": 0, "removed": 0 }
        }
        """;

    public const string Tokens = """{ "tokens": [ { "id": "tok_0123456789abcdef", "userId": "u_1", "kind": "read", "created": "2026-06-24T10:00:00Z", "expires": null, "revoked": null } ] }""";

    public const string NewTokenBody = """{ "userId": "u_1", "kind": "ingest", "expires": "2030-01-31T00:00:00Z" }""";

    public const string NewToken =
        """{ "id": "tok_0123456789abcdef", "userId": "u_1", "kind": "ingest", "created": "2026-06-24T10:00:00Z", "expires": "2030-01-31T00:00:00Z", "revoked": null, "token": "ana_..." }""";

    /// <summary>By part of the path: a row, a body that makes one, a body that changes one.</summary>
    public static readonly IReadOnlyDictionary<string, (string Row, string Post, string Patch)> Rows = new Dictionary<string, (string Row, string Post, string Patch)>(StringComparer.Ordinal)
    {
        ["projects"] = (
            """{ "id": "prj_1", "name": "Production API", "color": "#4e79a7", "deleted": false }""",
            """{ "id": "prj_new", "name": "Batch", "color": "#f28e2b" }""",
            """{ "name": "Production", "color": null }"""),
        ["api-keys"] = (
            """{ "id": "key_1", "projectId": "prj_1", "description": "prod-etl", "createdBy": "u_1", "deleted": false }""",
            """{ "id": "key_new", "projectId": "prj_1", "description": "nightly", "createdBy": "u_1" }""",
            """{ "description": "prod-etl (old)", "deleted": true }"""),
        ["members"] = (
            """{ "userId": "u_1", "name": "Ana", "email": "ana@example.com", "role": "owner" }""",
            """{ "userId": "u_new", "name": "Dee", "email": "dee@example.com", "role": "developer" }""",
            """{ "name": "Ana B." }"""),
        ["agents"] = (
            """{ "id": "agt_1", "projectId": "prj_1", "name": "Triage", "deleted": false }""",
            """{ "id": "agt_new", "projectId": "prj_1", "name": "Review" }""",
            """{ "name": "Triage 2" }"""),
        ["models"] = (
            """{ "mapping": "azure/gpt-5.5", "model": "gpt-5.5", "provider": "azure", "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.25" } ] }""",
            """{ "mapping": "azure/gpt-new", "model": "gpt-new", "provider": "azure", "prices": [ { "rule": "output_tokens", "unit": "token", "usdPerMillion": "10" } ] }""",
            """{ "prices": [ { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.1" } ] }"""),
    };
}
