using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
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
        var names = new DirectoryNames(question.Directory);
        await question.AnswerAsync(async json =>
        {
            json.Range(usage.Plan);
            json.Text.StartArray("agents");
            foreach (var (code, sums) in usage.Ranking)
            {
                json.Text.StartObject();
                Agent(json.Text, question, names, code == GroupTable.Others ? null : usage.Groups.Key(code));
                json.Metrics(sums);
                json.Text.EndObject();
                if (json.Text.HasPiece)
                {
                    await json.Text.SendAsync(question.Cancellation);
                }
            }

            json.Text.EndArray();
            json.Totals(usage);
        });
    }

    public static Task Detail(Question question)
    {
        var agentId = PathId.Of(question.Context);
        var unknown = question.Directory.Agents.ContainsKey(agentId) ? null : Problem.Unknown("agent", agentId);
        return UsageDetail.AnswerAsync(question, "agent", new Predicate(Dimension.Agent, [agentId]), unknown, text =>
            Agent(text, question, new DirectoryNames(question.Directory), agentId));
    }

    private static void Agent(JsonText text, Question question, DirectoryNames names, string? agentId)
    {
        var agent = agentId is null ? null : question.Directory.Agents.GetValueOrDefault(agentId);
        text.Text("agentId", agentId);
        text.Text("name", agentId is null ? "Others" : names.NameOf(Dimension.Agent, agentId).Label);
        text.Text("projectId", agent?.ProjectId);
        text.Text("project", agent?.ProjectId is { } projectId ? names.NameOf(Dimension.Project, projectId).Label : null);
        if (agent is { Deleted: true })
        {
            text.Flag("deleted", true);
        }

        text.Text("conversations", null);
    }
}
