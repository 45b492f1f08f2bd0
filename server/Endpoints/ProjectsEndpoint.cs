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
        var keys = await KeyCounts.ByAsync(question, key => key.ProjectId);
        var names = new DirectoryNames(question.Directory);
        var known = question.Directory.Projects.Values
            .Where(project => !project.Deleted && SeriesParameters.Accepts(question.Request, Dimension.Project, project.Id))
            .Select(project => project.Id);
        var projects = UsageList.Of(usage, Dimension.Project, known, names);
        await UsageList.AnswerAsync(
            question,
            usage,
            "projects",
            projects,
            (text, project) => Project(text, question, project.Key, project.Name, keys),
            project => project.Sums,
            LongColumn<ListedUsage>.Text("projectId", project => project.Key),
            LongColumn<ListedUsage>.Text("name", project => project.Name.Label),
            LongColumn<ListedUsage>.OptionalText("color", project => ColorOf(question, project.Key)),
            LongColumn<ListedUsage>.Flag("deleted", project => project.Name.IsDeleted),
            LongColumn<ListedUsage>.Count("apiKeyCount", project => keys.GetValueOrDefault(project.Key).Created),
            LongColumn<ListedUsage>.Count("activeApiKeyCount", project => keys.GetValueOrDefault(project.Key).Active));
    }

    public static async Task Detail(Question question)
    {
        var projectId = PathId.Of(question.Context);
        var unknown = question.Directory.Projects.ContainsKey(projectId) ? null : Problem.Unknown("project", projectId);
        var keys = unknown is null && question.Request.Problem is null ? await KeyCounts.ByAsync(question, key => key.ProjectId) : new Dictionary<string, KeyCounts>();
        await UsageDetail.AnswerAsync(question, "project", new Predicate(Dimension.Project, [projectId]), unknown, text =>
            Project(text, question, projectId, new DirectoryNames(question.Directory).NameOf(Dimension.Project, projectId), keys));
    }

    private static string? ColorOf(Question question, string projectId) => question.Directory.Projects.GetValueOrDefault(projectId)?.Color;

    private static void Project(JsonText text, Question question, string projectId, Name name, IReadOnlyDictionary<string, KeyCounts> keys)
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
