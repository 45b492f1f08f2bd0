namespace Analytics.Storage.Directory;

/// <summary>A member with the user's labels.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Name">The label.</param>
/// <param name="Email">The address, or null.</param>
/// <param name="Role">One of <see cref="DirectoryDocument.Roles"/>.</param>
public sealed record DirectoryMember(string UserId, string Name, string? Email, string Role);

/// <summary>A mapping with all sources applied.</summary>
/// <param name="Mapping">The route.</param>
/// <param name="Model">Canonical model.</param>
/// <param name="Provider">Canonical provider; empty where there is none.</param>
/// <param name="Prices">The prices in force: the organisation's, else the operator's; may be empty.</param>
public sealed record DirectoryModel(string Mapping, string Model, string Provider, IReadOnlyList<PriceEntry> Prices);

/// <summary>One organisation at one version of the directory. Immutable, safe for any number of readers.</summary>
public sealed class OrganizationDirectory
{
    internal OrganizationDirectory(
        long version,
        OrganizationEntry organization,
        IEnumerable<ProjectEntry> projects,
        IEnumerable<ApiKeyEntry> apiKeys,
        IEnumerable<DirectoryMember> members,
        IEnumerable<UserEntry> users,
        IEnumerable<AgentEntry> agents,
        IEnumerable<DirectoryModel> models)
    {
        Version = version;
        Organization = organization;
        Projects = projects.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        ApiKeys = apiKeys.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        Members = members.ToDictionary(entry => entry.UserId, StringComparer.Ordinal);
        Users = users.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        Agents = agents.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        Models = models.ToDictionary(entry => entry.Mapping, StringComparer.Ordinal);
        Prices = new PriceTable(Models.Values);
        Fingerprint = new DirectoryFingerprint(this).Value;
    }

    /// <summary>The version of the directory that this was read at.</summary>
    public long Version { get; }

    /// <summary>
    /// The same for the same content, whatever the version: 128 bits of a SHA-256, the same in every process.
    /// </summary>
    public UInt128 Fingerprint { get; }

    /// <summary>Name, plan and zones.</summary>
    public OrganizationEntry Organization { get; }

    /// <summary>Projects by id, deleted ones included.</summary>
    public IReadOnlyDictionary<string, ProjectEntry> Projects { get; }

    /// <summary>API keys by id, deleted ones included.</summary>
    public IReadOnlyDictionary<string, ApiKeyEntry> ApiKeys { get; }

    /// <summary>Members by user id; those who left are not here.</summary>
    public IReadOnlyDictionary<string, DirectoryMember> Members { get; }

    /// <summary>Members, former members and creators of keys by id.</summary>
    public IReadOnlyDictionary<string, UserEntry> Users { get; }

    /// <summary>Agents by id, deleted ones included.</summary>
    public IReadOnlyDictionary<string, AgentEntry> Agents { get; }

    /// <summary>Every mapping that the organisation, the operator or the organisation's usage named.</summary>
    public IReadOnlyDictionary<string, DirectoryModel> Models { get; }

    /// <summary>What tokens cost here.</summary>
    public PriceTable Prices { get; }

    /// <summary>Says what a mapping stands for.</summary>
    /// <param name="mapping">Any mapping, known or not; compared by ordinal.</param>
    /// <returns>Canonical model and provider, each from the first source that has it.</returns>
    /// <remarks>
    /// Sources, in order: the organisation's row, the operator's row, what usage said when the mapping was first seen,
    /// the spelling: the provider is what stands before the first '/', the model what stands after it up to the first
    /// ':'. Without a '/' there is no provider.
    /// </remarks>
    public (string Model, string Provider) ResolveModel(string mapping) =>
        Models.TryGetValue(mapping, out var model) ? (model.Model, model.Provider) : FromSpelling(mapping);

    /// <summary>Applies the sources in order, part by part.</summary>
    internal static DirectoryModel Resolve(string mapping, ModelEntry? own, ModelEntry? operators, ModelEntry? seen)
    {
        var (model, provider) = FromSpelling(mapping);
        return new DirectoryModel(
            mapping,
            own?.Model ?? operators?.Model ?? seen?.Model ?? model,
            own?.Provider ?? operators?.Provider ?? seen?.Provider ?? provider,
            own is { Prices.Count: > 0 } ? own.Prices : operators?.Prices ?? []);
    }

    private static (string Model, string Provider) FromSpelling(string mapping)
    {
        var slash = mapping.IndexOf('/', StringComparison.Ordinal);
        var model = mapping[(slash + 1)..];
        var colon = model.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? model : model[..colon], slash < 0 ? "" : mapping[..slash]);
    }
}
