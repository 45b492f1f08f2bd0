using Analytics.Engine.Usage;
using NodaTime;

namespace Analytics.Tests.Usage;

/// <summary>One usage row in plain values: what a table holds, and what the plain evaluator reads.</summary>
/// <param name="Start">Start of its interval.</param>
/// <param name="Keys">One for each stored dimension.</param>
/// <param name="Values">One for each measure.</param>
internal sealed record UsageRow(Instant Start, string[] Keys, long[] Values)
{
    /// <summary>A row of one request.</summary>
    public static UsageRow Of(Instant start, string project, long cost, string apiKey = "", string mapping = "")
    {
        var values = new long[Measures.Count];
        (values[(int)Measure.RequestCount], values[(int)Measure.Cost]) = (1, cost);
        return new UsageRow(start, [project, apiKey, mapping, "", "", "", "", "", ""], values);
    }

    /// <summary>Equal text for equal rows.</summary>
    public override string ToString() => $"{Start} {string.Join('|', Keys)} {string.Join(',', Values)}";
}
