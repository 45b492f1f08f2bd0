using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Analytics.Storage.Directory;

/// <summary>What a user signs in with: a bearer token, or an identity of an OpenID Connect issuer.</summary>
public sealed record SessionLogin
{
    private SessionLogin()
    {
    }

    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>The one organisation that the session is bound to; null for all of the user's.</summary>
    public string? OrganizationId { get; private init; }

    /// <summary>The token's public id; null for an identity.</summary>
    public string? TokenId { get; private init; }

    /// <summary>The issuer; null for a token.</summary>
    public string? Issuer { get; private init; }

    /// <summary>The subject; null for a token.</summary>
    public string? Subject { get; private init; }

    /// <summary>When what the user signed in with ends; null for never.</summary>
    public Instant? Expires { get; private init; }

    /// <summary>Signs in with a bearer token.</summary>
    /// <param name="token">Who holds it.</param>
    public static SessionLogin With(TokenIdentity token) => new()
    {
        UserId = token.UserId,
        OrganizationId = token.OrganizationId,
        TokenId = token.Id,
        Expires = token.Expires,
    };

    /// <summary>Signs in with an identity.</summary>
    /// <param name="userId">The user whose identity it is.</param>
    /// <param name="issuer">The issuer.</param>
    /// <param name="subject">The subject.</param>
    /// <param name="expires">When the issuer's token ends.</param>
    public static SessionLogin With(string userId, string issuer, string subject, Instant expires) => new()
    {
        UserId = userId,
        Issuer = issuer,
        Subject = subject,
        Expires = expires,
    };

    internal Instant EndsAt(Instant now)
    {
        var longest = now + SessionEntry.MaxAge;
        return Expires < longest ? Expires.Value : longest;
    }
}

/// <summary>A session of the dashboard; without the cookie's value and its hash.</summary>
/// <param name="Id">Its public id: <c>ses_</c> and 16 hex digits.</param>
/// <param name="UserId">The user.</param>
/// <param name="OrganizationId">The one organisation that it is bound to; null for all of the user's.</param>
/// <param name="TokenId">The token that it was opened with; null for an identity.</param>
/// <param name="Created">When it began.</param>
/// <param name="Expires">When it ends at the latest.</param>
/// <param name="Used">When it was used, to a few minutes.</param>
public sealed record SessionEntry(string Id, string UserId, string? OrganizationId, string? TokenId, Instant Created, Instant Expires, Instant Used)
{
    /// <summary>How long a session lasts at the most.</summary>
    public static readonly Duration MaxAge = Duration.FromDays(7);

    /// <summary>How long a session lasts without being used.</summary>
    public static readonly Duration MaxIdle = Duration.FromHours(8);
}

/// <summary>Rows of sessions.</summary>
internal static class SessionRows
{
    private const int SecretBytes = 32;

    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Random, so that an id tells nobody how many sessions there are; not secret.</summary>
    public static string NewId() => "ses_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public static void Add(DirectoryConnection connection, byte[] hash, SessionEntry session, SessionLogin login) => connection.Execute(
        "INSERT INTO session (hash, id, user_id, token_id, issuer, subject, created_unix_ms, used_unix_ms, expires_unix_ms)"
        + " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        hash,
        session.Id,
        session.UserId,
        session.TokenId,
        login.Issuer,
        login.Subject,
        session.Created.ToUnixTimeMilliseconds(),
        session.Expires.ToUnixTimeMilliseconds());

    public static SessionEntry? Find(DirectoryConnection connection, byte[] hash, Instant now)
    {
        var found = connection.Query(
            """
            SELECT session.id, session.user_id, token.organization_id, session.token_id,
                   session.created_unix_ms, session.expires_unix_ms, session.used_unix_ms, session.hash
            FROM session
            LEFT JOIN token ON token.id = session.token_id
            LEFT JOIN member ON member.organization_id = token.organization_id AND member.user_id = token.user_id
            LEFT JOIN identity ON identity.issuer = session.issuer AND identity.subject = session.subject
            WHERE session.hash = $1 AND session.expires_unix_ms > $2 AND session.used_unix_ms > $3
              AND CASE WHEN session.token_id IS NULL
                       THEN identity.user_id = session.user_id
                       ELSE member.role IS NOT NULL AND token.revoked_unix_ms IS NULL END
            """,
            row => (Hash: row.GetFieldValue<byte[]>(7), Session: Entry(row)),
            hash,
            now.ToUnixTimeMilliseconds(),
            (now - SessionEntry.MaxIdle).ToUnixTimeMilliseconds());
        return found is [var (kept, session)] && CryptographicOperations.FixedTimeEquals(kept, hash) ? session : null;
    }

    public static void RemoveEnded(DirectoryConnection connection, Instant now) => connection.Execute(
        "DELETE FROM session WHERE expires_unix_ms <= $1 OR used_unix_ms <= $2",
        now.ToUnixTimeMilliseconds(),
        (now - SessionEntry.MaxIdle).ToUnixTimeMilliseconds());

    private static SessionEntry Entry(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.IsDBNull(2) ? null : row.GetString(2),
        row.IsDBNull(3) ? null : row.GetString(3),
        Instant.FromUnixTimeMilliseconds(row.GetInt64(4)),
        Instant.FromUnixTimeMilliseconds(row.GetInt64(5)),
        Instant.FromUnixTimeMilliseconds(row.GetInt64(6)));
}
