using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;

namespace Analytics.Server.Endpoints;

/// <summary>Conversations with agents: each counts once in any range, and once for each agent that took part in it.</summary>
internal static class ConversationCounts
{
    /// <summary>Conversations with a request in the range.</summary>
    /// <param name="question">The question; its filters apply.</param>
    /// <param name="earlier">The range that is compared with, in place of the question's; null for the question's.</param>
    /// <param name="more">Predicates besides the request's.</param>
    public static async ValueTask<int> CountAsync(Question question, ComparisonRange? earlier = null, params Predicate[] more) =>
        (await RunAsync(question, per: null, earlier, more)).Named();

    /// <summary>The same by agent id.</summary>
    /// <param name="question">The question; its filters apply.</param>
    public static async ValueTask<IReadOnlyDictionary<string, int>> ByAgentAsync(Question question)
    {
        var counts = await RunAsync(question, Dimension.Agent, earlier: null);
        var agents = question.Conversations.Table(Dimension.Agent);
        return Enumerable.Range(0, agents.Count).ToDictionary(agents.Key, code => counts.Named(code), StringComparer.Ordinal);
    }

    private static ValueTask<DistinctCounts> RunAsync(Question question, Dimension? per, ComparisonRange? earlier, params IEnumerable<Predicate> more)
    {
        var request = question.Request;
        var query = new DistinctQuery(request.From, request.To, request.Zone, Dimension.Conversation)
        {
            Per = per,
            Earlier = earlier,
            Predicates = [.. request.Predicates, .. more],
        };
        return question.ScanAsync(question.PlanRows(question.Conversations), () => DistinctCounter.Run(query, question.Conversations, question.Cancellation));
    }
}
