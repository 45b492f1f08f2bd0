namespace Analytics.Storage.Directory;

/// <summary>What usage brought that the directory may not know. Empty lists where there is nothing.</summary>
/// <remarks>
/// Everything that a registration refers to is registered along with it: a project's organisation, a key's project and
/// creator. Ids follow the rules of the document; they are checked where events are read.
/// </remarks>
public sealed record Registrations
{
    /// <summary>Ids of organisations.</summary>
    public IReadOnlyList<string> Organizations { get; init; } = [];

    /// <summary>Users, who become members.</summary>
    public IReadOnlyList<SeenUser> Users { get; init; } = [];

    /// <summary>Projects.</summary>
    public IReadOnlyList<SeenProject> Projects { get; init; } = [];

    /// <summary>API keys.</summary>
    public IReadOnlyList<SeenApiKey> ApiKeys { get; init; } = [];

    /// <summary>Agents.</summary>
    public IReadOnlyList<SeenAgent> Agents { get; init; } = [];

    /// <summary>Mappings.</summary>
    public IReadOnlyList<SeenModel> Models { get; init; } = [];
}

/// <summary>A user seen in the usage of an organisation.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">The user.</param>
/// <param name="Name">The label, or null for the id.</param>
public sealed record SeenUser(string OrganizationId, string Id, string? Name = null);

/// <summary>A project seen in usage.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">The project.</param>
/// <param name="Name">The label, or null for the id.</param>
public sealed record SeenProject(string OrganizationId, string Id, string? Name = null);

/// <summary>An API key seen in usage.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">The key.</param>
/// <param name="ProjectId">The project of the same organisation, or null.</param>
/// <param name="Description">The label, or null for the id.</param>
/// <param name="MemberId">The user who created the key, or null where usage did not say.</param>
public sealed record SeenApiKey(string OrganizationId, string Id, string? ProjectId = null, string? Description = null, string? MemberId = null);

/// <summary>An agent seen in usage; its label is its id.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Id">The agent.</param>
/// <param name="ProjectId">The project of the same organisation, or null.</param>
public sealed record SeenAgent(string OrganizationId, string Id, string? ProjectId = null);

/// <summary>What usage said about a mapping.</summary>
/// <param name="OrganizationId">The organisation.</param>
/// <param name="Mapping">The route.</param>
/// <param name="Model">Canonical model, or null where usage did not say.</param>
/// <param name="Provider">Canonical provider, or null where usage did not say.</param>
public sealed record SeenModel(string OrganizationId, string Mapping, string? Model = null, string? Provider = null);
