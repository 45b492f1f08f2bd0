using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/agents</c> and <c>/analytics/agents/{agentId}</c>.</summary>
internal static class AgentsEndpoint
{
    /// <summary>Agents where nothing else was asked for.</summary>
    private const int DefaultTop = 10;

    private static readonly QueryParameter Top = QueryParameter.Top with
    {
        Description = "Agents that have an entry of their own; the others become one last entry with agentId null and name Others.",
        Default = "10",
    };

    /// <summary>Parameters of the list besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [Top, QueryParameter.RankBy];

    public static async Task List(Question question)
    {
        var request = question.Request;
        var top = request.Count(Top) ?? DefaultTop;
        var rankBy = SeriesParameters.RankBy(request);
        if (request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        var query = new UsageQuery(request.From, request.To, request.Zone, BucketSize.Range, Dimension.Agent)
        {
            // Usage that no agent made is no part of this.
            Predicates = [new Predicate(Dimension.Agent, [.. question.Directory.Agents.Keys])],
            RankBy = rankBy,
            Top = top,
        };
        using var usage = await question.RunAsync(query);
        var conversations = await ConversationCounts.ByAgentAsync(question);
        var shown = usage.Ranking.Where(group => group.Code != GroupTable.Others).Select(group => usage.Groups.Key(group.Code)).ToHashSet(StringComparer.Ordinal);
        var others = new Predicate(Dimension.Agent, [.. question.Directory.Agents.Keys.Where(agentId => !shown.Contains(agentId))]);
        var ofOthers = shown.Count < usage.Ranking.Count ? await ConversationCounts.CountAsync(question, more: others) : 0;
        var agents = usage.Ranking
            .Select(group => group.Code == GroupTable.Others
                ? AgentRow.Others(ofOthers, group.Sums)
                : Agent(question, usage.Groups.Key(group.Code), conversations.GetValueOrDefault(usage.Groups.Key(group.Code)), group.Sums))
            .ToList();
        await UsageList.AnswerAsync(
            question,
            usage,
            "agents",
            agents,
            Agent,
            agent => agent.Sums,
            LongColumn<AgentRow>.OptionalText("agentId", agent => agent.AgentId),
            LongColumn<AgentRow>.Text("name", agent => agent.Name),
            LongColumn<AgentRow>.OptionalText("projectId", agent => agent.ProjectId),
            LongColumn<AgentRow>.OptionalText("project", agent => agent.Project),
            LongColumn<AgentRow>.Flag("deleted", agent => agent.IsDeleted),
            LongColumn<AgentRow>.Count("conversations", agent => agent.Conversations));
    }

    public static async Task Detail(Question question)
    {
        var agentId = PathId.Of(question.Context);
        var own = new Predicate(Dimension.Agent, [agentId]);
        var unknown = question.Directory.Agents.ContainsKey(agentId) ? null : Problem.Unknown("agent", agentId);
        var conversations = unknown is null && question.Request.Problem is null ? await ConversationCounts.CountAsync(question, more: own) : 0;
        await UsageDetail.AnswerAsync(question, "agent", own, unknown, text => Agent(text, Agent(question, agentId, conversations, default)));
    }

    private static AgentRow Agent(Question question, string agentId, int conversations, UsageSums sums)
    {
        var agent = question.Directory.Agents.GetValueOrDefault(agentId);
        var names = new DirectoryNames(question.Directory);
        return new AgentRow(
            agentId,
            names.NameOf(Dimension.Agent, agentId).Label,
            agent?.ProjectId,
            agent?.ProjectId is { } projectId ? names.NameOf(Dimension.Project, projectId).Label : null,
            agent is { Deleted: true },
            conversations,
            sums);
    }

    private static void Agent(JsonText text, AgentRow agent)
    {
        text.Text("agentId", agent.AgentId);
        text.Text("name", agent.Name);
        text.Text("projectId", agent.ProjectId);
        text.Text("project", agent.Project);
        if (agent.IsDeleted)
        {
            text.Flag("deleted", true);
        }

        text.Integer("conversations", agent.Conversations);
    }

    private sealed record AgentRow(string? AgentId, string Name, string? ProjectId, string? Project, bool IsDeleted, int Conversations, UsageSums Sums)
    {
        public static AgentRow Others(int conversations, UsageSums sums) => new(null, "Others", null, null, false, conversations, sums);
    }
}
