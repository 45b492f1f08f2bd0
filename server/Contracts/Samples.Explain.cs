namespace Analytics.Server.Contracts;

/// <content>Why a day cost more.</content>
internal static partial class Samples
{
    private const string Doubled =
        """
        "cost": 20, "baselineCost": 10, "change": 10, "volume": 10, "mix": 0, "price": 0, "requestCount": 300, "baselineRequestCount": 300, "totalTokens": 2000000, "baselineTotalTokens": 1000000
        """;

    private const string DoubledKey =
        $$"""
        "key": "key_1", "label": "prod-etl", {{Doubled}}, "share": 1, "sentence": "API key 'prod-etl' cost $20.00, $10.00 more than before: it used 2.00 times the tokens."
        """;

    public const string Explain =
        $$"""
        {
          {{Range}},
          "baseline": {
            "kind": "weekday", "from": "2026-06-17", "to": "2026-06-17", "start": "2026-06-16T22:00:00Z", "end": "2026-06-17T21:00:00Z",
            "candidates": [ { "from": "2026-06-17", "to": "2026-06-17", "cost": 10 }, { "from": "2026-06-10", "to": "2026-06-10", "cost": 12.5 } ]
          },
          {{Doubled}}, "changeRate": 1,
          "sentence": "Wednesday 2026-06-24 cost $20.00, $10.00 more (+100.0 %) than Wednesday 2026-06-17, the median of 2 weeks before. The largest part is API key 'prod-etl', all of that: it used 2.00 times the tokens.",
          "unusual": null, "largest": { "dimension": "apiKey", {{DoubledKey}} },
          "dimensions": [
            { "dimension": "apiKey", "change": 10, "volume": 10, "mix": 0, "price": 0, "contributions": [ { {{DoubledKey}} } ] }
          ]
        }
        """;
}
