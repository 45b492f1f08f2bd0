namespace Analytics.Storage.Directory;

/// <summary>Makes the directory like a document, inside the caller's transaction.</summary>
internal sealed class DirectoryImport
{
    private readonly DirectoryConnection connection;
    private readonly DirectoryDocument document;
    private readonly IReadOnlyList<string> named;

    private DirectoryImport(DirectoryConnection connection, DirectoryDocument document)
    {
        this.connection = connection;
        this.document = document;
        named = document.NamedOrganizations();
    }

    public static DirectoryChanges Apply(DirectoryConnection connection, DirectoryDocument document)
    {
        var import = new DirectoryImport(connection, document);
        import.CheckReferences();
        return new DirectoryChanges(
            Organizations: import.Organizations(),
            Users: import.Users(),
            Members: import.Members(),
            Projects: import.Projects(),
            ApiKeys: import.ApiKeys(),
            Agents: import.Agents(),
            Models: import.Models());
    }

    private ChangeCounts Organizations() => Sync(
        document.Organizations,
        named.SelectMany(id => DirectoryRows.Organizations(connection, id)),
        entry => entry.Id,
        entry =>
        {
            connection.Execute(
                "INSERT INTO organization (id, name, plan) VALUES ($1, $2, $3)"
                + " ON CONFLICT DO UPDATE SET name = excluded.name, plan = excluded.plan",
                entry.Id,
                entry.Name,
                entry.Plan);
            connection.Execute("DELETE FROM organization_zone WHERE organization_id = $1", entry.Id);
            for (var i = 0; i < entry.Timezones.Count; i++)
            {
                connection.Execute(
                    "INSERT INTO organization_zone (organization_id, position, zone) VALUES ($1, $2, $3)", entry.Id, i, entry.Timezones[i]);
            }
        });

    private ChangeCounts Users() => Sync(
        document.Users,
        (document.Users ?? []).SelectMany(entry =>
            connection.Query("SELECT id, name, email FROM user WHERE id = $1", DirectoryRows.User, entry.Id)),
        entry => entry.Id,
        entry => connection.Execute(
            "INSERT INTO user (id, name, email) VALUES ($1, $2, $3)"
            + " ON CONFLICT DO UPDATE SET name = excluded.name, email = excluded.email",
            entry.Id,
            entry.Name,
            entry.Email));

    private ChangeCounts Members() => Sync(
        document.Members,
        named.SelectMany(id => DirectoryRows.Members(connection, id)),
        entry => (entry.OrganizationId, entry.UserId),
        entry => connection.Execute(
            "INSERT INTO member (organization_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET role = excluded.role",
            entry.OrganizationId,
            entry.UserId,
            entry.Role),
        remove: entry => connection.Execute(
            "UPDATE member SET role = NULL WHERE organization_id = $1 AND user_id = $2", entry.OrganizationId, entry.UserId));

    private ChangeCounts Projects() => Sync(
        document.Projects,
        named.SelectMany(id => DirectoryRows.Projects(connection, id)),
        entry => (entry.OrganizationId, entry.Id),
        entry => connection.Execute(
            "INSERT INTO project (organization_id, id, name, color, deleted, origin) VALUES ($1, $2, $3, $4, $5, 'document')"
            + " ON CONFLICT DO UPDATE SET name = excluded.name, color = excluded.color, deleted = excluded.deleted,"
            + " origin = excluded.origin",
            entry.OrganizationId,
            entry.Id,
            entry.Name,
            entry.Color,
            entry.Deleted),
        remove: entry => connection.Execute(
            "UPDATE project SET deleted = 1 WHERE organization_id = $1 AND id = $2 AND deleted = 0 AND origin = 'document'",
            entry.OrganizationId,
            entry.Id),
        isDeleted: entry => entry.Deleted);

    private ChangeCounts ApiKeys() => Sync(
        document.ApiKeys,
        named.SelectMany(id => DirectoryRows.ApiKeys(connection, id)),
        entry => (entry.OrganizationId, entry.Id),
        entry => connection.Execute(
            "INSERT INTO api_key (organization_id, id, project_id, description, created_by, deleted, origin)"
            + " VALUES ($1, $2, $3, $4, $5, $6, 'document')"
            + " ON CONFLICT DO UPDATE SET project_id = excluded.project_id, description = excluded.description,"
            + " created_by = excluded.created_by, deleted = excluded.deleted, origin = excluded.origin",
            entry.OrganizationId,
            entry.Id,
            entry.ProjectId,
            entry.Description,
            entry.CreatedBy,
            entry.Deleted),
        remove: entry => connection.Execute(
            "UPDATE api_key SET deleted = 1 WHERE organization_id = $1 AND id = $2 AND deleted = 0 AND origin = 'document'",
            entry.OrganizationId,
            entry.Id),
        isDeleted: entry => entry.Deleted);

    private ChangeCounts Agents() => Sync(
        document.Agents,
        named.SelectMany(id => DirectoryRows.Agents(connection, id)),
        entry => (entry.OrganizationId, entry.Id),
        entry => connection.Execute(
            "INSERT INTO agent (organization_id, id, project_id, name, deleted, origin) VALUES ($1, $2, $3, $4, $5, 'document')"
            + " ON CONFLICT DO UPDATE SET project_id = excluded.project_id, name = excluded.name, deleted = excluded.deleted,"
            + " origin = excluded.origin",
            entry.OrganizationId,
            entry.Id,
            entry.ProjectId,
            entry.Name,
            entry.Deleted),
        remove: entry => connection.Execute(
            "UPDATE agent SET deleted = 1 WHERE organization_id = $1 AND id = $2 AND deleted = 0 AND origin = 'document'",
            entry.OrganizationId,
            entry.Id),
        isDeleted: entry => entry.Deleted);

    private ChangeCounts Models()
    {
        // The operator's rows are a group of their own, named by any model without an organisation.
        var groups = document.Models?.Any(model => model.OrganizationId is null) == true ? named.Append(DirectoryRows.Operator) : named;
        return Sync(
            document.Models,
            groups.SelectMany(group => DirectoryRows.AllModels(connection, group)),
            entry => (entry.OrganizationId, entry.Mapping),
            entry =>
            {
                var group = entry.OrganizationId ?? DirectoryRows.Operator;
                RemoveModel(entry);
                connection.Execute(
                    "INSERT INTO model (organization_id, mapping, model, provider) VALUES ($1, $2, $3, $4)",
                    group,
                    entry.Mapping,
                    entry.Model,
                    entry.Provider);
                foreach (var price in entry.Prices)
                {
                    connection.Execute(
                        "INSERT INTO price (organization_id, mapping, rule, unit, atto_usd) VALUES ($1, $2, $3, $4, $5)",
                        group,
                        entry.Mapping,
                        price.Rule,
                        price.Unit,
                        AttoPrice.PerToken(price));
                }
            },
            remove: RemoveModel);
    }

    private int RemoveModel(ModelEntry entry) => connection.Execute(
        "DELETE FROM model WHERE organization_id = $1 AND mapping = $2", entry.OrganizationId ?? DirectoryRows.Operator, entry.Mapping);

    // An entry equal to its row is not written, not even its origin: what only usage brought stays so.
    private static ChangeCounts Sync<TEntry, TKey>(
        IReadOnlyList<TEntry>? wanted,
        IEnumerable<TEntry> existing,
        Func<TEntry, TKey> keyOf,
        Action<TEntry> write,
        Func<TEntry, int>? remove = null,
        Func<TEntry, bool>? isDeleted = null)
        where TEntry : class
        where TKey : notnull
    {
        if (wanted is null)
        {
            return default;
        }

        var rest = existing.ToDictionary(keyOf);
        var (added, changed, removed) = (0, 0, 0);
        foreach (var entry in wanted)
        {
            if (!rest.Remove(keyOf(entry), out var current))
            {
                added++;
                write(entry);
            }
            else if (!entry.Equals(current))
            {
                var deletes = isDeleted is not null && isDeleted(entry) && !isDeleted(current);
                removed += deletes ? 1 : 0;
                changed += deletes ? 0 : 1;
                write(entry);
            }
        }

        if (remove is not null)
        {
            removed += rest.Values.Sum(remove);
        }

        return new ChangeCounts(added, changed, removed);
    }

    private void CheckReferences()
    {
        var problems = new List<string>();
        var organizations = (document.Organizations ?? []).Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        var users = (document.Users ?? []).Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        var projects = (document.Projects ?? []).Select(entry => (entry.OrganizationId, entry.Id)).ToHashSet();

        Each(document.Members, "members", (entry, path) =>
        {
            Organization(entry.OrganizationId, path);
            User(entry.UserId, $"{path}.userId");
        });
        Each(document.Projects, "projects", (entry, path) => Organization(entry.OrganizationId, path));
        Each(document.ApiKeys, "apiKeys", (entry, path) =>
        {
            Organization(entry.OrganizationId, path);
            Project(entry.OrganizationId, entry.ProjectId, path);
            User(entry.CreatedBy, $"{path}.createdBy");
        });
        Each(document.Agents, "agents", (entry, path) =>
        {
            Organization(entry.OrganizationId, path);
            Project(entry.OrganizationId, entry.ProjectId, path);
        });
        Each(document.Models, "models", (entry, path) => Organization(entry.OrganizationId, path));

        if (problems.Count > 0)
        {
            throw new DirectoryDocumentException(problems);
        }

        void Organization(string? id, string path)
        {
            if (id is not null && !organizations.Contains(id) && !connection.Any("SELECT 1 FROM organization WHERE id = $1", id))
            {
                problems.Add($"{path}.organizationId: found \"{id}\", expected an organization of this document or of the directory");
            }
        }

        void User(string? id, string path)
        {
            if (id is not null && !users.Contains(id) && !connection.Any("SELECT 1 FROM user WHERE id = $1", id))
            {
                problems.Add($"{path}: found \"{id}\", expected a user of this document or of the directory");
            }
        }

        void Project(string organizationId, string? id, string path)
        {
            if (id is not null && !projects.Contains((organizationId, id))
                && !connection.Any("SELECT 1 FROM project WHERE organization_id = $1 AND id = $2", organizationId, id))
            {
                problems.Add($"{path}.projectId: found \"{id}\", expected a project of the same organization");
            }
        }
    }

    private static void Each<T>(IReadOnlyList<T>? entries, string name, Action<T, string> check)
    {
        for (var i = 0; i < (entries?.Count ?? 0); i++)
        {
            check(entries![i], $"{name}[{i}]");
        }
    }
}
