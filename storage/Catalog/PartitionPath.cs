using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Analytics.Storage.Catalog;

/// <summary>Names of folders and files below the data folder, safe on any file system whatever an id holds.</summary>
public static class PartitionPath
{
    private const int MaxEncodedLength = 100;
    private const string HashPrefix = "sha256-";

    /// <summary>Path of a data file, with <c>/</c>: <c>requests/organization=acme/month=2026-06/00000007-1.parquet</c>.</summary>
    /// <param name="table">The table's name.</param>
    /// <param name="organization">Organisation id.</param>
    /// <param name="month">Month of the rows in UTC.</param>
    /// <param name="sequence">The commit that adds the file.</param>
    /// <param name="number">Number of the file in the commit.</param>
    public static string For(string table, string organization, YearMonth month, long sequence, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{table}/organization={SafeName(organization)}/month={Text(month)}/{sequence:D8}-{number}.parquet");

    /// <summary>A month as <c>YYYY-MM</c>.</summary>
    /// <param name="month">Years 1 to 9999.</param>
    public static string Text(YearMonth month) => string.Create(CultureInfo.InvariantCulture, $"{month.Year:D4}-{month.Month:D2}");

    /// <summary>The commit that a file's name tells, or null where the name is not one of ours.</summary>
    /// <param name="path">A path with <c>/</c>.</param>
    public static long? SequenceOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var name = path[(path.LastIndexOf('/') + 1)..];
        var parts = name.EndsWith(".parquet", StringComparison.Ordinal) ? name[..^".parquet".Length].Split('-') : [];
        return parts is [{ Length: 8 } sequence, var number]
            && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var result)
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? result
            : null;
    }

    /// <summary>
    /// An id as a folder name. Lower-case letters, digits and <c>_ - .</c> stay; all else, upper-case letters too
    /// (file systems may fold case), is percent-encoded, as Hive-style readers expect. What gets longer than 100
    /// characters, starts with a point, or looks like a hash is named by its SHA-256: the manifest has the id.
    /// </summary>
    /// <param name="id">Any text.</param>
    public static string SafeName(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        var name = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(id))
        {
            if (value is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'_' or (byte)'-' or (byte)'.')
            {
                name.Append((char)value);
            }
            else
            {
                name.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }

        return id.Length == 0 || name.Length > MaxEncodedLength || id[0] == '.' || id.StartsWith(HashPrefix, StringComparison.Ordinal)
            ? HashPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..32]
            : name.ToString();
    }
}
