using Analytics.Engine.Queries;
using Analytics.Engine.Time;
using Analytics.Engine.Usage;
using Analytics.Server.Contracts;
using Analytics.Server.Contracts.Formats;
using Analytics.Storage;

namespace Analytics.Server.Endpoints;

/// <summary><c>GET /analytics/projects</c> and <c>/analytics/projects/{projectId}</c>: for every member, on every plan.</summary>
internal static class ProjectsEndpoint
{
    /// <summary>Parameters of the list besides the shared ones.</summary>
    public static readonly IReadOnlyList<QueryParameter> Accepted = [];

    public static async Task List(Question question)
    {
        if (question.Request.Problem is { } problem)
        {
            await ProblemResponse.WriteAsync(question.Context, problem);
            return;
        }

        using var usage = await question.RunAsync(BucketSize.Range, Dimension.Project);
        var keys = await KeyCountsAsync(question);
        var names = new DirectoryNames(question.Directory);
        var known = question.Directory.Projects.Values
            .Where(project => !project.Deleted && SeriesParameters.Accepts(question.Request, Dimension.Project, project.Id))
            .Select(project => project.Id);
        var projects = UsageList.Of(usage, Dimension.Project, known, names);
        await question.AnswerAsync(async json =>
        {
            json.Range(usage.Plan);
            json.Text.StartArray("projects");
            foreach (var project in projects)
            {
                json.Text.StartObject();
                Project(json.Text, question, project.Key, project.Name, keys);
                json.Metrics(project.Sums);
                json.Text.EndObject();
                if (json.Text.HasPiece)
                {
                    await json.Text.SendAsync(question.Cancellation);
                }
            }

            json.Text.EndArray();
            json.Totals(usage);
        }, Table);

        LongForm Table() => LongForm.Of(
            usage.Plan,
            projects,
            [
                LongColumn<ListedUsage>.Text("projectId", project => project.Key),
                LongColumn<ListedUsage>.Text("name", project => project.Name.Label),
                LongColumn<ListedUsage>.OptionalText("color", project => ColorOf(question, project.Key)),
                LongColumn<ListedUsage>.Flag("deleted", project => project.Name.IsDeleted),
                LongColumn<ListedUsage>.Count("apiKeyCount", project => keys.GetValueOrDefault(project.Key).Created),
                LongColumn<ListedUsage>.Count("activeApiKeyCount", project => keys.GetValueOrDefault(project.Key).Active),
                .. LongColumn<ListedUsage>.Metrics(Metric.All, (project, measure) => project.Sums[measure]),
            ]);
    }

    public static async Task Detail(Question question)
    {
        var projectId = PathId.Of(question.Context);
        var unknown = question.Directory.Projects.ContainsKey(projectId) ? null : Problem.Unknown("project", projectId);
        var keys = unknown is null && question.Request.Problem is null ? await KeyCountsAsync(question) : [];
        await UsageDetail.AnswerAsync(question, "project", new Predicate(Dimension.Project, [projectId]), unknown, text =>
            Project(text, question, projectId, new DirectoryNames(question.Directory).NameOf(Dimension.Project, projectId), keys));
    }

    /// <summary>By project: API keys that are not deleted, and those used in the range.</summary>
    private static async Task<Dictionary<string, (int Created, int Active)>> KeyCountsAsync(Question question)
    {
        Dictionary<string, (int Created, int Active)> counts = new(StringComparer.Ordinal);
        foreach (var key in question.Directory.ApiKeys.Values.Where(key => !key.Deleted))
        {
            var (created, active) = counts.GetValueOrDefault(key.ProjectId ?? string.Empty);
            counts[key.ProjectId ?? string.Empty] = (created + 1, active);
        }

        using var usage = await question.RunAsync(BucketSize.Range, Dimension.ApiKey);
        foreach (var (code, sums) in usage.Ranking)
        {
            if (usage.Groups.Key(code).Length > 0 && sums[Measure.RequestCount] > 0)
            {
                var projectId = question.Directory.ApiKeys.GetValueOrDefault(usage.Groups.Key(code))?.ProjectId ?? string.Empty;
                var (created, active) = counts.GetValueOrDefault(projectId);
                counts[projectId] = (created, active + 1);
            }
        }

        return counts;
    }

    private static string? ColorOf(Question question, string projectId) => question.Directory.Projects.GetValueOrDefault(projectId)?.Color;

    private static void Project(JsonText text, Question question, string projectId, Name name, Dictionary<string, (int Created, int Active)> keys)
    {
        text.Text("projectId", projectId);
        text.Text("name", name.Label);
        text.Text("color", ColorOf(question, projectId));
        if (name.IsDeleted)
        {
            text.Flag("deleted", true);
        }

        text.Integer("apiKeyCount", keys.GetValueOrDefault(projectId).Created);
        text.Integer("activeApiKeyCount", keys.GetValueOrDefault(projectId).Active);
    }
}
