namespace Analytics.Server.Contracts;

/// <summary>Answers that the OpenAPI document shows. A test reads them with the contracts' types.</summary>
internal static partial class Samples
{
    public const string Activity =
        """
        {
          "groupBy": "project", "bucket": "day", "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z",
          "totals": { "cost": 251.94, "requestCount": 8363, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 14000000, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 2130591, "reasoningTokens": 0, "totalTokens": 16130591, "errorRate": 0, "unpricedRequestCount": 0 },
          "activity": [
            {
              "date": "2026-06-24", "start": "2026-06-23T22:00:00Z", "end": "2026-06-24T22:00:00Z",
              "cost": 251.94, "requestCount": 8363, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 14000000, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 2130591, "reasoningTokens": 0, "totalTokens": 16130591, "errorRate": 0, "unpricedRequestCount": 0,
              "breakdown": [
                { "key": "prj_2", "label": "Internal Chatbot", "cost": 87.28, "requestCount": 2904, "totalTokens": 5601230 },
                { "key": "prj_1", "label": "Production API", "cost": 84.19, "requestCount": 2462, "totalTokens": 4748511 },
                { "key": "prj_3", "label": "Staging", "cost": 80.47, "requestCount": 2997, "totalTokens": 5780850 }
              ]
            }
          ],
          "ranking": [
            { "key": "prj_2", "label": "Internal Chatbot", "cost": 87.28, "requestCount": 2904, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 5000000, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 601230, "reasoningTokens": 0, "totalTokens": 5601230, "errorRate": 0, "unpricedRequestCount": 0, "share": 0.346432 },
            { "key": "prj_1", "label": "Production API", "cost": 84.19, "requestCount": 2462, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 4000000, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 748511, "reasoningTokens": 0, "totalTokens": 4748511, "errorRate": 0, "unpricedRequestCount": 0, "share": 0.334167 },
            { "key": "prj_3", "label": "Staging", "cost": 80.47, "requestCount": 2997, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 5000000, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 780850, "reasoningTokens": 0, "totalTokens": 5780850, "errorRate": 0, "unpricedRequestCount": 0, "share": 0.319401 }
          ]
        }
        """;

    public const string Members =
        """
        {
          "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z",
          "members": [
            { "userId": "u_1", "name": "Ana", "email": "ana@example.com", "role": "owner", "apiKeyCount": 2, "activeApiKeyCount": 1, "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0 },
            { "userId": "", "name": "Unattributed", "email": null, "role": null, "apiKeyCount": 1, "activeApiKeyCount": 1, "cost": 1, "requestCount": 1, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 100, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 10, "reasoningTokens": 0, "totalTokens": 110, "errorRate": 0, "unpricedRequestCount": 0 }
          ],
          "totals": { "cost": 5, "requestCount": 4, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 400, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 40, "reasoningTokens": 0, "totalTokens": 440, "errorRate": 0.25, "unpricedRequestCount": 0 }
        }
        """;

    public const string Member =
        """
        {
          "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z",
          "member": { "userId": "u_1", "name": "Ana", "email": "ana@example.com", "role": "owner", "apiKeyCount": 2, "activeApiKeyCount": 1 },
          "summary": { "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0 },
          "mostUsed": { "model": "gpt-5.5", "provider": "azure", "app": "checkout" },
          "costByModel": [ { "key": "gpt-5.5", "label": "gpt-5.5", "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0, "share": 1 } ],
          "topProviders": [ { "key": "azure", "label": "azure", "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0, "share": 1 } ],
          "topApps": [ { "key": "checkout", "label": "checkout", "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0, "share": 1 } ],
          "activity": [
            {
              "date": "2026-06-24", "start": "2026-06-23T22:00:00Z", "end": "2026-06-24T22:00:00Z",
              "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0,
              "breakdown": [ { "key": "gpt-5.5", "label": "gpt-5.5", "cost": 4, "requestCount": 3, "totalTokens": 330 } ]
            }
          ]
        }
        """;

    public const string UsageRequests =
        """
        {
          "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z",
          "rows": [
            {
              "date": "2026-06-24", "start": "2026-06-24T10:00:00Z",
              "projectId": "prj_1", "project": "Production API", "apiKeyId": "key_1", "apiKey": "prod-etl", "memberId": "u_1", "member": "Ana",
              "model": "gpt-5.5", "mapping": "azure/gpt-5.5", "provider": "azure", "app": "checkout", "serviceType": "text-generation", "agentId": "", "agent": "(none)",
              "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0
            }
          ],
          "nextCursor": null
        }
        """;

    public const string UsageItems =
        """
        {
          "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z",
          "rows": [
            {
              "date": "2026-06-24", "start": "2026-06-24T10:00:00Z",
              "projectId": "prj_1", "project": "Production API", "apiKeyId": "key_1", "apiKey": "prod-etl", "memberId": "u_1", "member": "Ana",
              "model": "gpt-5.5", "mapping": "azure/gpt-5.5", "provider": "azure", "app": "checkout", "serviceType": "text-generation", "agentId": "", "agent": "(none)",
              "rule": "input_tokens", "unit": "token", "quantity": 300, "unitPrice": 0.00000125, "cost": 0.000375
            }
          ],
          "nextCursor": null
        }
        """;
}
