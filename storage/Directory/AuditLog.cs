using Microsoft.Data.Sqlite;
using NodaTime;

namespace Analytics.Storage.Directory;

/// <summary>Who does something, and when.</summary>
/// <param name="Kind"><c>token</c>, <c>session</c>, <c>jwt</c>, <c>operator</c> (the command line) or <c>server</c> (of its own accord).</param>
/// <param name="UserId">The user; null for the operator and the server.</param>
/// <param name="TokenId">The public id of the token in use, also of the one that a session was opened with; null without one.</param>
/// <param name="RequestId">The HTTP request; null without one.</param>
/// <param name="At">When.</param>
public sealed record AuditActor(string Kind, string? UserId, string? TokenId, string? RequestId, Instant At)
{
    /// <summary>Whoever may run commands on the data folder.</summary>
    /// <param name="now">The present.</param>
    public static AuditActor Operator(Instant now) => new("operator", null, null, null, now);

    /// <summary>The server, of its own accord.</summary>
    /// <param name="now">The present.</param>
    public static AuditActor Server(Instant now) => new("server", null, null, null, now);
}

/// <summary>One row of the audit log.</summary>
/// <param name="Sequence">Its number; grows.</param>
/// <param name="Actor">Who, and when.</param>
/// <param name="OrganizationId">The organisation; null for what concerns the operator only.</param>
/// <param name="Action">What; see <see cref="AuditActions"/>.</param>
/// <param name="Target">What it was done to: an id, or a path; null where the action says it all.</param>
/// <param name="Detail">More, in a few words; null for nothing more.</param>
public sealed record AuditEntry(long Sequence, AuditActor Actor, string? OrganizationId, string Action, string? Target, string? Detail);

/// <summary>What is audited.</summary>
public static class AuditActions
{
    /// <summary>A document was imported; the detail counts what it changed.</summary>
    public const string DirectoryImport = "directory.import";

    /// <summary>A row was added, changed, deleted or removed.</summary>
    public const string DirectoryEdit = "directory.edit";

    /// <summary>The organisation was added.</summary>
    public const string OrganizationAdd = "organization.add";

    /// <summary>The organisation's plan was changed.</summary>
    public const string OrganizationPlan = "organization.plan";

    /// <summary>Somebody became a member.</summary>
    public const string MemberAdd = "member.add";

    /// <summary>A member has another role.</summary>
    public const string MemberRole = "member.role";

    /// <summary>Somebody is no longer a member.</summary>
    public const string MemberRemove = "member.remove";

    /// <summary>A user's identities of OpenID Connect were changed.</summary>
    public const string UserIdentities = "user.identities";

    /// <summary>A token was made.</summary>
    public const string TokenCreate = "token.create";

    /// <summary>A token was revoked.</summary>
    public const string TokenRevoke = "token.revoke";

    /// <summary>Somebody signed in to the dashboard.</summary>
    public const string SessionOpen = "session.open";

    /// <summary>Somebody signed out.</summary>
    public const string SessionClose = "session.close";

    /// <summary>Tokens at sign-in were wrong; the detail counts a minute's attempts and says from where.</summary>
    public const string SessionRefused = "session.refused";

    /// <summary>Usage was taken away as a file.</summary>
    public const string Export = "export";

    /// <summary>Entries were not written: more waited for the disk than memory takes.</summary>
    public const string Lost = "audit.lost";
}

/// <summary>What happened, before it is known who did it.</summary>
internal sealed record AuditEvent(string? OrganizationId, string Action, string? Target, string? Detail)
{
    public AuditEntry By(AuditActor actor) => new(0, actor, OrganizationId, Action, Target, Detail);
}

/// <summary>Rows of the audit log.</summary>
internal static class AuditRows
{
    private const string Columns = "SELECT sequence, at_unix_ms, organization_id, actor, user_id, token_id, action, target, detail, request_id FROM audit";

    /// <summary>Adds rows inside the caller's transaction; returns how many.</summary>
    public static int Add(DirectoryConnection connection, IEnumerable<AuditEntry> entries) => entries.Sum(entry => connection.Execute(
        "INSERT INTO audit (at_unix_ms, organization_id, actor, user_id, token_id, action, target, detail, request_id)"
        + " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        entry.Actor.At.ToUnixTimeMilliseconds(),
        entry.OrganizationId,
        entry.Actor.Kind,
        entry.Actor.UserId,
        entry.Actor.TokenId,
        entry.Action,
        entry.Target,
        entry.Detail,
        entry.Actor.RequestId));

    public static List<AuditEntry> Read(DirectoryConnection connection, string? organizationId, long before, int limit) => organizationId is null
        ? connection.Query(Columns + " WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2", Entry, before, limit)
        : connection.Query(
            Columns + " WHERE organization_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3", Entry, organizationId, before, limit);

    private static AuditEntry Entry(SqliteDataReader row) => new(
        row.GetInt64(0),
        new AuditActor(row.GetString(3), Text(row, 4), Text(row, 5), Text(row, 9), Instant.FromUnixTimeMilliseconds(row.GetInt64(1))),
        Text(row, 2),
        row.GetString(6),
        Text(row, 7),
        Text(row, 8));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
