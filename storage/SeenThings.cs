using Analytics.Storage.Directory;
using Analytics.Storage.Rollup;

namespace Analytics.Storage;

/// <summary>Collects what usage says about things, for the directory. The first thing said wins.</summary>
/// <param name="organization">Organisation id.</param>
internal sealed class SeenThings(string organization)
{
    private readonly Dictionary<string, SeenProject> projects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SeenApiKey> apiKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SeenUser> users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SeenAgent> agents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SeenModel> models = new(StringComparer.Ordinal);
    private (UsageKeys Keys, UsageLabels Labels) last;

    /// <summary>Notes what one request or row says.</summary>
    public void Add(UsageKeys keys, UsageLabels labels)
    {
        // Rows of one key come in long runs, and say the same.
        if (last.Labels == labels && last.Keys == keys)
        {
            return;
        }

        last = (keys, labels);
        Note(projects, keys.Project, () => new SeenProject(organization, keys.Project), project => project with
        {
            Name = project.Name ?? labels.ProjectName,
        });
        Note(apiKeys, keys.ApiKey, () => new SeenApiKey(organization, keys.ApiKey, NullIfEmpty(keys.Project)), key => key with
        {
            Description = key.Description ?? labels.ApiKeyDescription,
            MemberId = key.MemberId ?? labels.MemberId,
        });
        Note(users, labels.MemberId ?? string.Empty, () => new SeenUser(organization, labels.MemberId!), user => user with
        {
            Name = user.Name ?? labels.MemberName,
        });
        Note(agents, keys.Agent, () => new SeenAgent(organization, keys.Agent, NullIfEmpty(keys.Project)), agent => agent);
        Note(models, keys.Mapping, () => new SeenModel(organization, keys.Mapping), model => model with
        {
            Model = model.Model ?? labels.Model,
            Provider = model.Provider ?? labels.Provider,
        });
    }

    /// <summary>All that was noted.</summary>
    public Registrations ToRegistrations() => new()
    {
        Organizations = [organization],
        Projects = [.. projects.Values],
        ApiKeys = [.. apiKeys.Values],
        Users = [.. users.Values],
        Agents = [.. agents.Values],
        Models = [.. models.Values.Where(model => model.Model is not null || model.Provider is not null)],
    };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static void Note<T>(Dictionary<string, T> things, string key, Func<T> first, Func<T, T> update)
        where T : class
    {
        if (key.Length > 0)
        {
            things[key] = update(things.GetValueOrDefault(key) ?? first());
        }
    }
}
