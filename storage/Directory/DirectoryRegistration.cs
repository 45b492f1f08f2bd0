namespace Analytics.Storage.Directory;

/// <summary>Adds what is missing, inside the caller's transaction. Every method returns the number of rows changed.</summary>
internal static class DirectoryRegistration
{
    public static int Apply(DirectoryConnection connection, Registrations registrations) =>
        registrations.Organizations.Sum(id => Organization(connection, id))
        + registrations.Users.Sum(user => Member(connection, user.OrganizationId, user.Id, user.Name))
        + registrations.Projects.Sum(project => Project(connection, project.OrganizationId, project.Id, project.Name))
        + registrations.ApiKeys.Sum(key => ApiKey(connection, key))
        + registrations.Agents.Sum(agent => Agent(connection, agent))
        + registrations.Models.Sum(model => Model(connection, model));

    public static int Organization(DirectoryConnection connection, string id) =>
        connection.Execute("INSERT INTO organization (id, name, plan) VALUES ($1, $1, 'enterprise') ON CONFLICT DO NOTHING", id);

    public static int User(DirectoryConnection connection, string id, string? name = null) =>
        connection.Execute("INSERT INTO user (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, Label(name, id));

    // The row of someone who left stays, without a role, so usage of an old key brings nobody back in.
    // Nor does it bring in someone whom another organisation knows: that would show their name and address here.
    private static int Member(DirectoryConnection connection, string organizationId, string userId, string? name = null)
    {
        var rows = Organization(connection, organizationId);
        var isNew = User(connection, userId, name) > 0;
        return rows + (isNew
            ? 1 + connection.Execute("INSERT INTO member (organization_id, user_id, role) VALUES ($1, $2, 'member') ON CONFLICT DO NOTHING", organizationId, userId)
            : 0);
    }

    private static int Project(DirectoryConnection connection, string organizationId, string id, string? name = null) =>
        Organization(connection, organizationId)
        + connection.Execute(
            "INSERT INTO project (organization_id, id, name, deleted, origin) VALUES ($1, $2, $3, 0, 'seen') ON CONFLICT DO NOTHING",
            organizationId,
            id,
            Label(name, id));

    private static int ProjectOrOrganization(DirectoryConnection connection, string organizationId, string? projectId) =>
        projectId is null ? Organization(connection, organizationId) : Project(connection, organizationId, projectId);

    private static int ApiKey(DirectoryConnection connection, SeenApiKey key)
    {
        var rows = ProjectOrOrganization(connection, key.OrganizationId, key.ProjectId);
        if (key.MemberId is not null)
        {
            rows += Member(connection, key.OrganizationId, key.MemberId);
        }

        return rows + connection.Execute(
            "INSERT INTO api_key (organization_id, id, project_id, description, created_by, deleted, origin)"
            + " VALUES ($1, $2, $3, $4, $5, 0, 'seen')"
            + " ON CONFLICT DO UPDATE SET created_by = excluded.created_by"
            + " WHERE created_by IS NULL AND origin = 'seen' AND excluded.created_by IS NOT NULL",
            key.OrganizationId,
            key.Id,
            key.ProjectId,
            Label(key.Description, key.Id),
            key.MemberId);
    }

    private static int Agent(DirectoryConnection connection, SeenAgent agent)
    {
        var rows = ProjectOrOrganization(connection, agent.OrganizationId, agent.ProjectId);
        return rows + connection.Execute(
            "INSERT INTO agent (organization_id, id, project_id, name, deleted, origin) VALUES ($1, $2, $3, $2, 0, 'seen')"
            + " ON CONFLICT DO NOTHING",
            agent.OrganizationId,
            agent.Id,
            agent.ProjectId);
    }

    private static int Model(DirectoryConnection connection, SeenModel model) =>
        Organization(connection, model.OrganizationId)
        + connection.Execute(
            "INSERT INTO seen_model (organization_id, mapping, model, provider) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            model.OrganizationId,
            model.Mapping,
            string.IsNullOrEmpty(model.Model) ? null : model.Model,
            string.IsNullOrEmpty(model.Provider) ? null : model.Provider);

    private static string Label(string? label, string id) => string.IsNullOrEmpty(label) ? id : label;
}
