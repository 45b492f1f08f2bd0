using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

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
/// <param name="OrganizationId">The organisation that it was created for.</param>
/// <param name="UserId">The user that it was created for, a member of the organisation.</param>
/// <param name="Kind">What it is for.</param>
public sealed record TokenIdentity(string OrganizationId, string UserId, TokenKind Kind);

/// <summary>The tokens in force at one version of the directory. Immutable.</summary>
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

    public TokenIdentity? Find(byte[] hash) =>
        tokens.TryGetValue(Key(hash), out var row) && CryptographicOperations.FixedTimeEquals(row.Hash, hash) ? row.Identity : null;

    // Half of a SHA-256 is unique enough to find a row; the whole is compared after.
    private static UInt128 Key(byte[] hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);
}
