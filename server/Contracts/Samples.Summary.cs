namespace Analytics.Server.Contracts;

/// <content>The cards.</content>
internal static partial class Samples
{
    public const string Summary =
        $$"""
        {
          {{Range}},
          "totals": { {{ThreeRequests}} },
          "uniqueModels": 1, "uniqueMappings": 2, "activeProjects": 1, "totalProjects": 3, "conversations": 2
        }
        """;
}
