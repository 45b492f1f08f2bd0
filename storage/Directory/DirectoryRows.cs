using Microsoft.Data.Sqlite;

namespace Analytics.Storage.Directory;

/// <summary>Reads rows as entries, in the order of their ids. Without an organisation: all of them.</summary>
internal static class DirectoryRows
{
    /// <summary>Stands for the operator in the tables of models and prices.</summary>
    public const string Operator = "";

    public static List<OrganizationEntry> Organizations(DirectoryConnection connection, string? organizationId = null)
    {
        var zones = connection.Query(
            "SELECT organization_id, zone FROM organization_zone" + Where(organizationId) + " ORDER BY organization_id, position",
            row => (Organization: row.GetString(0), Zone: row.GetString(1)),
            Values(organizationId)).ToLookup(row => row.Organization, row => row.Zone, StringComparer.Ordinal);

        return connection.Query(
            "SELECT id, name, plan FROM organization" + (organizationId is null ? "" : " WHERE id = $1") + " ORDER BY id",
            row => new OrganizationEntry(row.GetString(0), row.GetString(1), row.GetString(2), [.. zones[row.GetString(0)]]),
            Values(organizationId));
    }

    /// <summary>All users, or those that an organisation has to do with: members, former members, creators of keys.</summary>
    public static List<UserEntry> Users(DirectoryConnection connection, string? organizationId = null)
    {
        const string Related =
            """
             WHERE id IN (SELECT user_id FROM member WHERE organization_id = $1
                          UNION SELECT created_by FROM api_key WHERE organization_id = $1)
            """;
        return connection.Query(
            "SELECT id, name, email FROM user" + (organizationId is null ? "" : Related) + " ORDER BY id", User, Values(organizationId));
    }

    /// <summary>All users, with identities where they have any.</summary>
    public static List<UserEntry> UsersWithIdentities(DirectoryConnection connection)
    {
        var identities = connection.Query(
            "SELECT user_id, issuer, subject FROM identity ORDER BY user_id, issuer, subject",
            row => (User: row.GetString(0), Identity: new IdentityEntry(row.GetString(1), row.GetString(2))))
            .ToLookup(row => row.User, row => row.Identity, StringComparer.Ordinal);
        return Users(connection).ConvertAll(user => identities.Contains(user.Id) ? user with { Identities = [.. identities[user.Id]] } : user);
    }

    /// <summary>A user's identities.</summary>
    public static List<IdentityEntry> Identities(DirectoryConnection connection, string userId) => connection.Query(
        "SELECT issuer, subject FROM identity WHERE user_id = $1 ORDER BY issuer, subject",
        row => new IdentityEntry(row.GetString(0), row.GetString(1)),
        userId);

    /// <summary>
    /// One organisation as its owners and admins see it. Usage may name anybody as the creator of a key; of people whom only
    /// other organisations know, it shows the id that usage gave and no more.
    /// </summary>
    public static DirectoryDocument VisibleDocument(DirectoryConnection connection, string organizationId) => new()
    {
        Organizations = Organizations(connection, organizationId),
        Users = connection.Query(
            """
            SELECT id, name, email FROM user
            WHERE id IN (SELECT user_id FROM member WHERE organization_id = $1)
               OR (id IN (SELECT created_by FROM api_key WHERE organization_id = $1)
                   AND NOT EXISTS (SELECT 1 FROM member WHERE user_id = user.id AND organization_id <> $1))
            ORDER BY id
            """,
            User,
            organizationId),
        Members = Members(connection, organizationId),
        Projects = Projects(connection, organizationId),
        ApiKeys = ApiKeys(connection, organizationId),
        Agents = Agents(connection, organizationId),
        Models = [.. AllModels(connection, organizationId)],
    };

    public static UserEntry User(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), Text(row, 2));

    public static List<MemberEntry> Members(DirectoryConnection connection, string? organizationId = null) =>
        connection.Query(
            "SELECT organization_id, user_id, role FROM member WHERE role IS NOT NULL"
            + (organizationId is null ? "" : " AND organization_id = $1") + " ORDER BY organization_id, user_id",
            row => new MemberEntry(row.GetString(0), row.GetString(1), row.GetString(2)),
            Values(organizationId));

    public static List<ProjectEntry> Projects(DirectoryConnection connection, string? organizationId = null) =>
        connection.Query(
            "SELECT organization_id, id, name, color, deleted FROM project" + Where(organizationId) + " ORDER BY organization_id, id",
            row => new ProjectEntry(row.GetString(0), row.GetString(1), row.GetString(2), Text(row, 3), row.GetBoolean(4)),
            Values(organizationId));

    public static List<ApiKeyEntry> ApiKeys(DirectoryConnection connection, string? organizationId = null) =>
        connection.Query(
            "SELECT organization_id, id, project_id, description, created_by, deleted FROM api_key" + Where(organizationId)
            + " ORDER BY organization_id, id",
            row => new ApiKeyEntry(
                row.GetString(0), row.GetString(1), Text(row, 2), row.GetString(3), Text(row, 4), row.GetBoolean(5)),
            Values(organizationId));

    public static List<AgentEntry> Agents(DirectoryConnection connection, string? organizationId = null) =>
        connection.Query(
            "SELECT organization_id, id, project_id, name, deleted FROM agent" + Where(organizationId) + " ORDER BY organization_id, id",
            row => new AgentEntry(row.GetString(0), row.GetString(1), Text(row, 2), row.GetString(3), row.GetBoolean(4)),
            Values(organizationId));

    /// <summary>Rows of documents; <see cref="Operator"/> selects the operator's.</summary>
    public static List<ModelEntry> Models(DirectoryConnection connection, string? organizationId = null)
    {
        var prices = connection.Query(
            "SELECT organization_id, mapping, rule, unit, atto_usd FROM price" + Where(organizationId)
            + " ORDER BY organization_id, mapping, rule",
            row => (
                Key: (row.GetString(0), row.GetString(1)),
                Price: new PriceEntry(row.GetString(2), row.GetString(3), AttoPrice.UsdPerMillion(row.GetInt64(4)))),
            Values(organizationId)).ToLookup(row => row.Key, row => row.Price);

        return Models(connection, "model", organizationId, (organization, mapping) => [.. prices[(organization, mapping)]]);
    }

    /// <summary>What usage said about mappings.</summary>
    public static List<ModelEntry> SeenModels(DirectoryConnection connection, string? organizationId = null) =>
        Models(connection, "seen_model", organizationId, (_, _) => []);

    /// <summary>Rows of documents, and what usage said about mappings that have none.</summary>
    public static IEnumerable<ModelEntry> AllModels(DirectoryConnection connection, string? organizationId = null) =>
        Models(connection, organizationId)
            .UnionBy(SeenModels(connection, organizationId), model => (model.OrganizationId, model.Mapping))
            .OrderBy(model => model.OrganizationId, StringComparer.Ordinal)
            .ThenBy(model => model.Mapping, StringComparer.Ordinal);

    private static List<ModelEntry> Models(
        DirectoryConnection connection, string table, string? organizationId, Func<string, string, IReadOnlyList<PriceEntry>> prices) =>
        connection.Query(
            "SELECT organization_id, mapping, model, provider FROM " + table + Where(organizationId) + " ORDER BY organization_id, mapping",
            row => new ModelEntry(
                row.GetString(0) is Operator ? null : row.GetString(0),
                row.GetString(1),
                Text(row, 2),
                Text(row, 3),
                prices(row.GetString(0), row.GetString(1))),
            Values(organizationId));

    private static string Where(string? organizationId) => organizationId is null ? "" : " WHERE organization_id = $1";

    private static ReadOnlySpan<object?> Values(string? organizationId) => organizationId is null ? [] : new object?[] { organizationId };

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
