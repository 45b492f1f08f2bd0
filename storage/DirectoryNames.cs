using Analytics.Engine.Usage;
using Analytics.Storage.Directory;

namespace Analytics.Storage;

/// <summary>Names of usage by what the directory says now: renamed things get their new name for all of history.</summary>
/// <param name="directory">One organisation's part.</param>
public sealed class DirectoryNames(OrganizationDirectory directory) : IUsageNames
{
    /// <summary>Label of rows without a value.</summary>
    public const string None = "(none)";

    /// <summary>Label of usage that has no owner.</summary>
    public const string Unattributed = "Unattributed";

    /// <summary>Label of an owner who is no member any more.</summary>
    public const string FormerMember = "Former member";

    /// <inheritdoc/>
    public Name NameOf(Dimension dimension, string key)
    {
        if (key.Length == 0)
        {
            return new Name(dimension == Dimension.Member ? Unattributed : None);
        }

        return dimension switch
        {
            Dimension.Project when directory.Projects.TryGetValue(key, out var project) => new Name(project.Name, project.Deleted),
            Dimension.ApiKey when directory.ApiKeys.TryGetValue(key, out var apiKey) => new Name(apiKey.Description, apiKey.Deleted),
            Dimension.Agent when directory.Agents.TryGetValue(key, out var agent) => new Name(agent.Name, agent.Deleted),
            Dimension.Member => new Name(directory.Members.TryGetValue(key, out var member) ? member.Name : FormerMember),
            _ => new Name(key),
        };
    }

    /// <inheritdoc/>
    public string Derive(Dimension derived, string storedKey)
    {
        if (storedKey.Length == 0)
        {
            return string.Empty;
        }

        return derived switch
        {
            Dimension.Model => directory.ResolveModel(storedKey).Model,
            Dimension.Provider => directory.ResolveModel(storedKey).Provider,
            Dimension.Member => directory.ApiKeys.GetValueOrDefault(storedKey)?.CreatedBy ?? string.Empty,
            _ => throw new ArgumentOutOfRangeException(nameof(derived), derived, "Not a derived dimension."),
        };
    }
}
