namespace Analytics.Server.Contracts;

/// <content>What the samples of several endpoints have in common.</content>
internal static partial class Samples
{
    private const string Range = """ "timezone": "Europe/Paris", "from": "2026-06-24", "to": "2026-06-24", "exact": true, "dataThrough": "2026-06-24T21:00:00Z" """;

    // Usage of one model on one day: all metrics of three requests.
    private const string ThreeRequests = """ "cost": 4, "requestCount": 3, "errorCount": 1, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 300, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 30, "reasoningTokens": 0, "totalTokens": 330, "errorRate": 0.333333, "unpricedRequestCount": 0 """;

    private const string NoRequests = """ "cost": 0, "requestCount": 0, "errorCount": 0, "clientErrorCount": 0, "cacheHitCount": 0, "inputTokens": 0, "cachedInputTokens": 0, "cacheWriteTokens": 0, "outputTokens": 0, "reasoningTokens": 0, "totalTokens": 0, "errorRate": 0, "unpricedRequestCount": 0 """;

    private const string Detail =
        $$"""
          "summary": { {{ThreeRequests}} },
          "costByModel": [ { "key": "gpt-5.5", "label": "gpt-5.5", {{ThreeRequests}}, "share": 1 } ],
          "activity": [
            {
              "date": "2026-06-24", "start": "2026-06-23T22:00:00Z", "end": "2026-06-24T22:00:00Z", {{ThreeRequests}},
              "breakdown": [ { "key": "gpt-5.5", "label": "gpt-5.5", "cost": 4, "requestCount": 3, "totalTokens": 330 } ]
            }
          ]
        """;
}
