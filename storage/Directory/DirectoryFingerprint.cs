using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Analytics.Storage.Directory;

/// <summary>Hashes all that answers read from an organisation's directory.</summary>
internal sealed class DirectoryFingerprint : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly System.Text.StringBuilder row = new();

    public DirectoryFingerprint(OrganizationDirectory directory)
    {
        using (this)
        {
            Add([directory.Organization.Id, directory.Organization.Name, directory.Organization.Plan, .. directory.Organization.Timezones]);
            Each(directory.Projects.Values, entry => entry.Id, entry => [entry.Id, entry.Name, entry.Color, Flag(entry.Deleted)]);
            Each(directory.ApiKeys.Values, entry => entry.Id, entry => [entry.Id, entry.ProjectId, entry.Description, entry.CreatedBy, Flag(entry.Deleted)]);
            Each(directory.Members.Values, entry => entry.UserId, entry => [entry.UserId, entry.Name, entry.Email, entry.Role]);
            Each(directory.Users.Values, entry => entry.Id, entry => [entry.Id, entry.Name, entry.Email]);
            Each(directory.Agents.Values, entry => entry.Id, entry => [entry.Id, entry.ProjectId, entry.Name, Flag(entry.Deleted)]);
            Each(directory.Models.Values, entry => entry.Mapping, entry =>
            [
                entry.Mapping, entry.Model, entry.Provider,
                .. entry.Prices.OrderBy(price => price.Rule, StringComparer.Ordinal)
                    .SelectMany(price => (string[])[price.Rule, price.Unit, price.UsdPerMillion.ToString("0.############", CultureInfo.InvariantCulture)]),
            ]);
            Value = BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
        }
    }

    /// <summary>128 bits of the hash.</summary>
    public UInt128 Value { get; }

    public void Dispose() => hash.Dispose();

    private static string Flag(bool value) => value ? "1" : "0";

    // Where things are kept in no order, their key gives one.
    private void Each<T>(IEnumerable<T> entries, Func<T, string> keyOf, Func<T, string?[]> texts)
    {
        Add(["#"]);
        foreach (var entry in entries.OrderBy(keyOf, StringComparer.Ordinal))
        {
            Add(texts(entry));
        }
    }

    // Each text with its length, each row with its count: no two contents run together into the same bytes.
    private void Add(string?[] texts)
    {
        row.Clear().Append(texts.Length);
        foreach (var text in texts)
        {
            row.Append(',').Append(text?.Length ?? -1).Append(':').Append(text);
        }

        foreach (var chunk in row.GetChunks())
        {
            hash.AppendData(MemoryMarshal.AsBytes(chunk.Span));
        }
    }
}
