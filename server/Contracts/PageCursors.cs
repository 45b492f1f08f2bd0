using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Analytics.Storage;

namespace Analytics.Server.Contracts;

/// <summary>Makes and reads the texts that say where a page begins.</summary>
/// <remarks>
/// A cursor holds the last row of the page before, encrypted and signed (AES-GCM) with a key that only this process knows,
/// and bound to the question: it tells nobody anything, cannot be made up or changed, and is good for no other organisation
/// and no other filters. It names the data too, since positions in others are other rows. 102 characters.
/// </remarks>
internal sealed class PageCursors : IDisposable
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int VersionBytes = sizeof(long) + Int128Bytes;
    private const int Int128Bytes = 16;
    private const int ContentBytes = sizeof(long) + Int128Bytes + Int128Bytes + sizeof(long);

    private readonly AesGcm cipher = new(RandomNumberGenerator.GetBytes(32), TagBytes);

    /// <summary>A cursor.</summary>
    /// <param name="place">The last row of the page.</param>
    /// <param name="question">All that decides which rows there are, and in which order.</param>
    /// <param name="data">The snapshot.</param>
    public string Write(RowPlace place, string question, UsageSnapshot data)
    {
        Span<byte> content = stackalloc byte[ContentBytes];
        WriteVersion(data, content);
        BinaryPrimitives.WriteInt128LittleEndian(content[VersionBytes..], place.Key);
        BinaryPrimitives.WriteInt64LittleEndian(content[(VersionBytes + Int128Bytes)..], place.Position);
        var cursor = new byte[NonceBytes + ContentBytes + TagBytes];
        RandomNumberGenerator.Fill(cursor.AsSpan(0, NonceBytes));
        cipher.Encrypt(
            cursor.AsSpan(0, NonceBytes), content, cursor.AsSpan(NonceBytes, ContentBytes), cursor.AsSpan(NonceBytes + ContentBytes), Encoding.UTF8.GetBytes(question));
        return Base64Url.EncodeToString(cursor);
    }

    /// <summary>Reads a cursor.</summary>
    /// <param name="text">What the client sent.</param>
    /// <param name="question">As when it was written.</param>
    /// <param name="data">The present snapshot.</param>
    /// <param name="place">The last row of the page before.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public string? TryRead(string text, string question, UsageSnapshot data, out RowPlace place)
    {
        place = default;
        var cursor = new byte[NonceBytes + ContentBytes + TagBytes];
        Span<byte> content = stackalloc byte[ContentBytes];

        // The decoder passes over spaces, which a cursor has none of.
        if (text.Length != Base64Url.GetEncodedLength(cursor.Length)
            || Base64Url.DecodeFromChars(text, cursor, out _, out var written) != OperationStatus.Done || written != cursor.Length)
        {
            return "found a text that is no cursor, expected nextCursor of the page before.";
        }

        try
        {
            cipher.Decrypt(
                cursor.AsSpan(0, NonceBytes), cursor.AsSpan(NonceBytes, ContentBytes), cursor.AsSpan(NonceBytes + ContentBytes), content, Encoding.UTF8.GetBytes(question));
        }
        catch (AuthenticationTagMismatchException)
        {
            return "found a cursor that is not of this question, expected nextCursor of the page before, with the same organization, range, zone, filters and sort; after a restart of the server begin again without cursor.";
        }

        Span<byte> present = stackalloc byte[VersionBytes];
        WriteVersion(data, present);
        if (!content[..VersionBytes].SequenceEqual(present))
        {
            return "found a cursor of data that has changed since, expected one of the present data; begin again without cursor.";
        }

        place = new RowPlace(
            BinaryPrimitives.ReadInt128LittleEndian(content[VersionBytes..]), BinaryPrimitives.ReadInt64LittleEndian(content[(VersionBytes + Int128Bytes)..]));
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => cipher.Dispose();

    /// <summary>Writes what is another one for other rows, and for names by which other rows meet a filter.</summary>
    private static void WriteVersion(UsageSnapshot data, Span<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, data.DataVersion);
        BinaryPrimitives.WriteUInt128LittleEndian(target[sizeof(long)..], data.Directory.Fingerprint);
    }
}
