namespace Analytics.Server.Contracts;

/// <content>Service types and what they were billed for.</content>
internal static partial class Samples
{
    private const string BilledRules =
        """
        [ { "rule": "output_tokens", "quantity": 30, "cost": 2.5 }, { "rule": "input_tokens", "quantity": 300, "cost": 1.5 } ]
        """;

    public const string Services =
        $$"""
        {
          "bucket": "day", {{Range}},
          "totals": { {{ThreeRequests}} },
          "services": [
            {
              "serviceType": "text-generation", "label": "text-generation",
              "totals": { {{ThreeRequests}} },
              "projects": [ { "key": "prj_1", "label": "Production API", {{ThreeRequests}}, "share": 1 } ],
              "activity": [
                {
                  "date": "2026-06-24", "start": "2026-06-23T22:00:00Z", "end": "2026-06-24T22:00:00Z", {{ThreeRequests}},
                  "breakdown": [ { "key": "prj_1", "label": "Production API", "cost": 4, "requestCount": 3, "totalTokens": 330 } ]
                }
              ],
              "usage": [
                {
                  "unit": "token", "quantity": 330, "cost": 4, "rules": {{BilledRules}},
                  "activity": [ { "date": "2026-06-24", "start": "2026-06-23T22:00:00Z", "end": "2026-06-24T22:00:00Z", "quantity": 330, "cost": 4, "breakdown": {{BilledRules}} } ]
                }
              ]
            }
          ]
        }
        """;
}
