using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Analytics.Storage.Directory;

/// <summary>What a token is for.</summary>
public enum TokenKind
{
    /// <summary>Reads analytics, and changes the directory where the user's role allows it.</summary>
    Read,

    /// <summary>Writes usage of its organisation.</summary>
    Ingest,
}

/// <summary>Who holds a token.</summary>
/// <param name="Id">The token's public id.</param>
/// <param name="OrganizationId">The organisation that it was created for.</param>
/// <param name="UserId">The user that it was created for, a member of the organisation.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Expires">When it ends; null for never.</param>
public sealed record TokenIdentity(string Id, string OrganizationId, string UserId, TokenKind Kind, Instant? Expires = null);

/// <summary>What is known of a token; neither the token nor its hash.</summary>
/// <param name="Id">Its public id: <c>tok_</c> and 16 hex digits.</param>
/// <param name="OrganizationId">The organisation that it was created for.</param>
/// <param name="UserId">The user that it was created for.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">When it ends; null for never.</param>
/// <param name="Revoked">When it was revoked; null where it was not.</param>
public sealed record TokenEntry(string Id, string OrganizationId, string UserId, TokenKind Kind, Instant Created, Instant? Expires, Instant? Revoked)
{
    /// <summary>Whether it opens anything; a token of a user who has left the organisation does not either.</summary>
    /// <param name="now">The present.</param>
    public bool IsInForce(Instant now) => Revoked is null && (Expires is null || Expires > now);
}

/// <summary>The tokens in force at one version of the directory, but for those that expire since. Immutable.</summary>
internal sealed class TokenTable
{
    private const string Prefix = "ana_";
    private const int SecretBytes = 32;
    private const int TextLength = 47; // the prefix and 43 characters of base64url

    private readonly Dictionary<UInt128, (byte[] Hash, TokenIdentity Identity)> tokens = [];

    public TokenTable(long version, IEnumerable<(byte[] Hash, TokenIdentity Identity)> rows)
    {
        Version = version;
        foreach (var row in rows)
        {
            tokens.Add(Key(row.Hash), row);
        }
    }

    public long Version { get; }

    public static string NewToken() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));

    public static bool IsWellFormed(string token) =>
        token.Length == TextLength && token.StartsWith(Prefix, StringComparison.Ordinal) && Ascii.IsValid(token);

    public TokenIdentity? Find(byte[] hash, Instant now) =>
        tokens.TryGetValue(Key(hash), out var row) && CryptographicOperations.FixedTimeEquals(row.Hash, hash)
        && (row.Identity.Expires is null || row.Identity.Expires > now)
            ? row.Identity
            : null;

    // Half of a SHA-256 is unique enough to find a row; the whole is compared after.
    private static UInt128 Key(byte[] hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);
}

/// <summary>Rows of tokens.</summary>
internal static class TokenRows
{
    private const string Columns = "SELECT id, organization_id, user_id, kind, created_unix_ms, expires_unix_ms, revoked_unix_ms FROM token";

    /// <summary>Random, so that an id tells nobody how many tokens there are; not secret.</summary>
    public static string NewId() => "tok_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public static string Text(TokenKind kind) => kind == TokenKind.Ingest ? "ingest" : "read";

    public static void Add(DirectoryConnection connection, byte[] hash, TokenEntry entry) => connection.Execute(
        "INSERT INTO token (hash, id, organization_id, user_id, kind, created_unix_ms, expires_unix_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hash,
        entry.Id,
        entry.OrganizationId,
        entry.UserId,
        Text(entry.Kind),
        entry.Created.ToUnixTimeMilliseconds(),
        entry.Expires?.ToUnixTimeMilliseconds());

    public static TokenEntry? Find(DirectoryConnection connection, string tokenId) =>
        connection.Query(Columns + " WHERE id = $1", Entry, tokenId).SingleOrDefault();

    public static List<TokenEntry> All(DirectoryConnection connection, string? organizationId) => organizationId is null
        ? connection.Query(Columns + " ORDER BY created_unix_ms, id", Entry)
        : connection.Query(Columns + " WHERE organization_id = $1 ORDER BY created_unix_ms, id", Entry, organizationId);

    /// <summary>Hashes and holders of tokens that are not revoked and whose user is a member; expired ones too.</summary>
    public static List<(byte[] Hash, TokenIdentity Identity)> InForce(DirectoryConnection connection) => connection.Query(
        """
        SELECT id, token.organization_id, token.user_id, kind, created_unix_ms, expires_unix_ms, revoked_unix_ms, hash FROM token
        JOIN member ON member.organization_id = token.organization_id AND member.user_id = token.user_id
        WHERE role IS NOT NULL AND revoked_unix_ms IS NULL
        """,
        row =>
        {
            var entry = Entry(row);
            return (row.GetFieldValue<byte[]>(7), new TokenIdentity(entry.Id, entry.OrganizationId, entry.UserId, entry.Kind, entry.Expires));
        });

    public static Instant? Time(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : Instant.FromUnixTimeMilliseconds(row.GetInt64(column));

    private static TokenEntry Entry(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3) == "ingest" ? TokenKind.Ingest : TokenKind.Read,
        Instant.FromUnixTimeMilliseconds(row.GetInt64(4)),
        Time(row, 5),
        Time(row, 6));
}
