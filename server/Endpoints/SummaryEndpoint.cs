using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Access;
using Analytics.Server.Contracts;
using Analytics.Storage.Directory;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/summary</c>: the cards of a range, and those of the range that it is compared with.</summary>
internal static class SummaryEndpoint
{
    /// <summary>Parameters besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [QueryParameter.Compare];

    public static async Task Handle(Question question)
    {
        // Every member may see projects and keys; what is not of some of them is of the whole organisation.
        var request = question.Request;
        var isOfParts = request.Predicates.Any(predicate => predicate.Dimension is Dimension.Project or Dimension.ApiKey);
        var compare = SeriesParameters.Compare(request);
        if ((isOfParts ? request.Problem : question.Refusal(Surface.OrganizationWide) ?? request.Problem) is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var models = await RunAsync(Dimension.Model);
        using var mappings = await RunAsync(Dimension.Mapping);
        using var projects = await RunAsync(Dimension.Project);
        var conversations = await ConversationCounts.CountAsync(question);
        var conversationsBefore = models.Previous is { Range: var before } ? await ConversationCounts.CountAsync(question, before) : 0;
        await question.AnswerAsync(json =>
        {
            json.Range(models.Plan);
            if (models.Previous is { Range: var range })
            {
                json.Comparison(models.Plan, range);
            }

            Cards(json, question, models.Totals, models, mappings, projects, conversations, result => result.Ranking);
            if (models.Previous is { } previous)
            {
                json.Text.StartObject("previous");
                Cards(json, question, previous.Totals, models, mappings, projects, conversationsBefore, result => result.Previous!.Ranking);
                json.Text.EndObject();
            }

            return Task.CompletedTask;
        });

        ValueTask<QueryResult> RunAsync(Dimension dimension) =>
            question.RunAsync(new UsageQuery(request.From, request.To, request.Zone, BucketSize.Range, dimension) { Compare = compare });
    }

    private static void Cards(
        UsageJson json, Question question, in UsageSums totals, QueryResult models, QueryResult mappings, QueryResult projects, int conversations, Func<QueryResult, GroupTable> groupsOf)
    {
        json.Text.StartObject("totals");
        json.Metrics(totals);
        json.Text.EndObject();
        json.Text.Integer("uniqueModels", Used(models).Count);
        json.Text.Integer("uniqueMappings", Used(mappings).Count);
        var active = Used(projects);
        json.Text.Integer("activeProjects", active.Count);

        // A deleted project that was used is one of those that there were.
        json.Text.Integer("totalProjects", active.Union(question.Directory.Projects.Values.Where(IsSelected).Select(project => project.Id)).Count());
        json.Text.Integer("conversations", conversations);

        // Rows without a project are usage, but not of a project; likewise models.
        HashSet<string> Used(QueryResult result) =>
        [
            .. groupsOf(result).Where(group => group.Sums[Measure.RequestCount] > 0)
                .Select(group => result.Groups.Key(group.Code)).Where(key => key.Length > 0),
        ];

        bool IsSelected(ProjectEntry project) => !project.Deleted && SeriesParameters.Accepts(question.Request, Dimension.Project, project.Id);
    }
}
