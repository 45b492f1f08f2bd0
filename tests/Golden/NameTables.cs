using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Storage.Directory;

namespace Analytics.Tests.Golden;

/// <summary>What an organisation's things are called, as an analyst would list it. Null where nothing was said.</summary>
internal sealed record NameTables
{
    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public IReadOnlyList<NamedThing> Projects { get; init; } = [];

    public IReadOnlyList<NamedThing> ApiKeys { get; init; } = [];

    public IReadOnlyList<NamedThing> Agents { get; init; } = [];

    /// <summary>Who is a member now. A creator of a key who is not here has left.</summary>
    public IReadOnlyList<NamedThing> Members { get; init; } = [];

    public IReadOnlyList<NamedModel> Models { get; init; } = [];

    /// <summary>The same as a directory document.</summary>
    /// <param name="organization">Whose.</param>
    public DirectoryDocument ToDocument(string organization)
    {
        var creators = ApiKeys.Select(key => key.Creator).OfType<string>();
        var document = new
        {
            organizations = new[] { new { id = organization, plan = "enterprise" } },
            users = creators.Concat(Members.Select(member => member.Key)).Distinct()
                .Select(id => new { id, name = Members.FirstOrDefault(member => member.Key == id)?.Label ?? $"{id} who left" }),
            members = Members.Select(member => new { organizationId = organization, userId = member.Key, role = "member" }),
            projects = Projects.Select(project => new { id = project.Key, organizationId = organization, name = project.Label, deleted = project.IsDeleted }),
            apiKeys = ApiKeys.Select(key => new { id = key.Key, organizationId = organization, description = key.Label, createdBy = key.Creator, deleted = key.IsDeleted }),
            agents = Agents.Select(agent => new { id = agent.Key, organizationId = organization, name = agent.Label, deleted = agent.IsDeleted }),
            models = Models.Select(model => new { organizationId = organization, mapping = model.Mapping, model = model.Model, provider = model.Provider }),
        };
        return DirectoryDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(document, WithoutNulls));
    }
}

internal sealed record NamedThing(string Key, string Label, bool IsDeleted = false, string? Creator = null);

internal sealed record NamedModel(string Mapping, string? Model, string? Provider);
