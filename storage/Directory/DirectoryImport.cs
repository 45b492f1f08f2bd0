namespace Analytics.Storage.Directory;

/// <summary>Makes the directory like a document, inside the caller's transaction.</summary>
internal sealed class DirectoryImport
{
    private readonly DirectoryConnection connection;
    private readonly DirectoryDocument document;
    private readonly IReadOnlyList<string> named;
    private readonly List<AuditEvent> events = [];

    private readonly bool isWhole;

    private DirectoryImport(DirectoryConnection connection, DirectoryDocument document, IReadOnlyList<string> named, bool isWhole)
    {
        this.connection = connection;
        this.document = document;
        this.named = named;
        this.isWhole = isWhole;
    }

    /// <summary>Applies a document; says what changed, in numbers and, of what decides who may do what, one by one.</summary>
    public static (DirectoryChanges Changes, IReadOnlyList<AuditEvent> Events) Apply(DirectoryConnection connection, DirectoryDocument document)
    {
        var import = new DirectoryImport(connection, document, document.NamedOrganizations(), isWhole: true);
        var changes = import.Apply();
        return (changes, [.. import.Summaries(changes), .. import.events]);
    }

    /// <summary>Applies a document of one organisation, which it means also where it names none.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="document">Entries of this organisation alone.</param>
    /// <param name="organizationId">The organisation.</param>
    /// <param name="isWhole">Whether its lists are the whole lists; otherwise its entries are added or replaced, and that is all.</param>
    public static (DirectoryChanges Changes, IReadOnlyList<AuditEvent> Events) Apply(
        DirectoryConnection connection, DirectoryDocument document, string organizationId, bool isWhole)
    {
        var import = new DirectoryImport(connection, document, [organizationId], isWhole);
        var changes = import.Apply();
        return (changes, [.. isWhole ? import.Summaries(changes) : [], .. import.events]);
    }

    private DirectoryChanges Apply()
    {
        CheckReferences();
        return new DirectoryChanges(
            Organizations: Organizations(),
            Users: Users(),
            Members: Members(),
            Projects: Projects(),
            ApiKeys: ApiKeys(),
            Agents: Agents(),
            Models: Models());
    }

    // Of several organisations none may read from the numbers what happened in another.
    private IEnumerable<AuditEvent> Summaries(DirectoryChanges changes)
    {
        if (named.Count != 1)
        {
            yield return new AuditEvent(null, AuditActions.DirectoryImport, null, changes.ToText());
        }

        foreach (var organization in named)
        {
            yield return new AuditEvent(organization, AuditActions.DirectoryImport, null, named.Count == 1 ? changes.ToText() : null);
        }
    }

    private ChangeCounts Organizations() => Sync(
        document.Organizations,
        named.SelectMany(id => DirectoryRows.Organizations(connection, id)),
        entry => entry.Id,
        (entry, current) =>
        {
            if (entry.Plan != current?.Plan)
            {
                events.Add(current is null
                    ? new AuditEvent(entry.Id, AuditActions.OrganizationAdd, entry.Id, entry.Plan)
                    : new AuditEvent(entry.Id, AuditActions.OrganizationPlan, entry.Id, $"{current.Plan} -> {entry.Plan}"));
            }

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

    private ChangeCounts Users()
    {
        // A user about whose identities the document says nothing keeps them, so they are not looked at.
        var saysIdentities = (document.Users ?? []).Where(entry => entry.Identities is not null).Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        return Sync(
            document.Users,
            (document.Users ?? []).SelectMany(entry =>
                connection.Query("SELECT id, name, email FROM user WHERE id = $1", DirectoryRows.User, entry.Id)
                    .ConvertAll(user => saysIdentities.Contains(user.Id) ? user with { Identities = DirectoryRows.Identities(connection, user.Id) } : user)),
            entry => entry.Id,
            (entry, current) =>
            {
                connection.Execute(
                    "INSERT INTO user (id, name, email) VALUES ($1, $2, $3)"
                    + " ON CONFLICT DO UPDATE SET name = excluded.name, email = excluded.email",
                    entry.Id,
                    entry.Name,
                    entry.Email);
                if (entry.Identities is not null)
                {
                    Identities(entry, current?.Identities ?? []);
                }
            });
    }

    // One that stays is not touched: sessions that it opened stay open.
    private void Identities(UserEntry user, IReadOnlyList<IdentityEntry> current)
    {
        var (added, removed) = (user.Identities!.Except(current).ToList(), current.Except(user.Identities!).ToList());
        foreach (var identity in removed)
        {
            connection.Execute("DELETE FROM identity WHERE issuer = $1 AND subject = $2 AND user_id = $3", identity.Issuer, identity.Subject, user.Id);
        }

        // It may be one that the same document takes from another user, who comes later.
        foreach (var identity in added)
        {
            connection.Execute(
                "INSERT INTO identity (issuer, subject, user_id) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET user_id = excluded.user_id",
                identity.Issuer,
                identity.Subject,
                user.Id);
        }

        if (added.Count + removed.Count > 0)
        {
            events.Add(new AuditEvent(null, AuditActions.UserIdentities, user.Id, $"{added.Count} added, {removed.Count} removed"));
        }
    }

    private ChangeCounts Members() => Sync(
        document.Members,
        named.SelectMany(id => DirectoryRows.Members(connection, id)),
        entry => (entry.OrganizationId, entry.UserId),
        (entry, current) =>
        {
            events.Add(current is null
                ? new AuditEvent(entry.OrganizationId, AuditActions.MemberAdd, entry.UserId, entry.Role)
                : new AuditEvent(entry.OrganizationId, AuditActions.MemberRole, entry.UserId, $"{current.Role} -> {entry.Role}"));
            connection.Execute(
                "INSERT INTO member (organization_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET role = excluded.role",
                entry.OrganizationId,
                entry.UserId,
                entry.Role);
        },
        remove: entry =>
        {
            events.Add(new AuditEvent(entry.OrganizationId, AuditActions.MemberRemove, entry.UserId, entry.Role));
            return connection.Execute(
                "UPDATE member SET role = NULL WHERE organization_id = $1 AND user_id = $2", entry.OrganizationId, entry.UserId);
        });

    private ChangeCounts Projects() => Sync(
        document.Projects,
        named.SelectMany(id => DirectoryRows.Projects(connection, id)),
        entry => (entry.OrganizationId, entry.Id),
        (entry, _) => connection.Execute(
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
        (entry, _) => connection.Execute(
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
        (entry, _) => connection.Execute(
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
            (entry, _) =>
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
    private ChangeCounts Sync<TEntry, TKey>(
        IReadOnlyList<TEntry>? wanted,
        IEnumerable<TEntry> existing,
        Func<TEntry, TKey> keyOf,
        Action<TEntry, TEntry?> write,
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
                write(entry, null);
            }
            else if (!entry.Equals(current))
            {
                var deletes = isDeleted is not null && isDeleted(entry) && !isDeleted(current);
                removed += deletes ? 1 : 0;
                changed += deletes ? 0 : 1;
                write(entry, current);
            }
        }

        if (remove is not null && isWhole)
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
        var changed = (document.Users ?? []).Where(entry => entry.Identities is not null).Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        var subjects = (document.Users ?? []).SelectMany(entry => (entry.Identities ?? []).Select(identity => (identity, entry.Id)))
            .ToLookup(pair => pair.identity, pair => pair.Id);
        var projects = (document.Projects ?? []).Select(entry => (entry.OrganizationId, entry.Id)).ToHashSet();

        Each(document.Users, "users", (entry, path) => Each(entry.Identities, $"{path}.identities", (identity, identityPath) => Identity(entry.Id, identity, identityPath)));
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

        // One person is one user: what belongs to a user whom the document does not change cannot be given to another.
        void Identity(string userId, IdentityEntry identity, string path)
        {
            var keeps = connection.Query(
                "SELECT user_id FROM identity WHERE issuer = $1 AND subject = $2", row => row.GetString(0), identity.Issuer, identity.Subject)
                .Where(owner => !changed.Contains(owner));
            if (subjects[identity].Concat(keeps).FirstOrDefault(owner => owner != userId) is { } other)
            {
                problems.Add($"{path}: found a subject of user \"{other}\", expected it with one user");
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
