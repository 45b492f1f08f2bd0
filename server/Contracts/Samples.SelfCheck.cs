namespace Analytics.Server.Contracts;

/// <content>Self-check.</content>
internal static partial class Samples
{
    public const string SelfCheck =
        """
        {
          "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z",
          "agrees": true,
          "checks": [
            { "name": "rows", "cost": 251.94, "requestCount": 8363, "agrees": true },
            { "name": "by model", "cost": 251.94, "requestCount": 8363, "agrees": true },
            { "name": "by project", "cost": 251.94, "requestCount": 8363, "agrees": true },
            { "name": "priced items", "cost": 251.94, "requestCount": null, "agrees": true },
            { "name": "files of requests", "cost": 251.94, "requestCount": 8363, "agrees": true },
            { "name": "files of items", "cost": 251.94, "requestCount": null, "agrees": true }
          ],
          "filesVerified": 2, "rows": 1234, "elapsedMs": 3.5
        }
        """;
}
