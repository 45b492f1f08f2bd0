namespace Analytics.Server.Contracts;

/// <content>The switcher and the cards.</content>
internal static partial class Samples
{
    public const string Organizations =
        """
        { "organizations": [ { "organizationId": "org_1", "name": "Acme", "plan": "enterprise", "role": "owner", "timezones": ["Europe/Paris"] } ] }
        """;

    public const string Summary =
        $$"""
        {
          {{Range}},
          "totals": { {{ThreeRequests}} },
          "uniqueModels": 1, "uniqueMappings": 2, "activeProjects": 1, "totalProjects": 3, "conversations": 2
        }
        """;
}
