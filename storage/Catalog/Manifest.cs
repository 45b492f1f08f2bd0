using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Storage.Directory;

namespace Analytics.Storage.Catalog;

/// <summary>The list of live files, and what was imported. Replaced as a whole: a reader sees all of a commit or nothing.</summary>
/// <remarks>
/// <c>manifest.json</c> is <c>{ "crc32": "8 hex digits", "manifest": { ... } }</c>; the checksum covers the bytes of the
/// inner object as written. See storage/FORMAT.md.
/// </remarks>
public sealed record Manifest
{
    /// <summary>The format that this version writes.</summary>
    public const int CurrentVersion = 1;

    // A file's entry is about 700 bytes, so this is a few hundred thousand files.
    private const long MaxBytes = 256L << 20;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Format version.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Commits so far. Also the first part of the names of the files that a commit adds.</summary>
    public long Sequence { get; init; }

    /// <summary>Live files by path.</summary>
    public IReadOnlyList<DataFile> Files { get; init; } = [];

    /// <summary>Imports, oldest first.</summary>
    public IReadOnlyList<ImportedFile> Imports { get; init; } = [];

    /// <summary>What the last commit brought that the directory did not know: applied there after the commit, again after a crash.</summary>
    public Registrations? Registrations { get; init; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="path">The manifest's file.</param>
    /// <exception cref="CorruptFileException">The file is not a manifest, damaged, or of a newer version.</exception>
    public static Manifest Read(Files files, string path)
    {
        ArgumentNullException.ThrowIfNull(files);
        var bytes = files.ReadAll(path, MaxBytes);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var stored = document.RootElement.GetProperty("crc32").GetString();
            var content = JsonMarshal(document.RootElement.GetProperty("manifest"));
            var actual = Checksum(content);
            if (stored != actual)
            {
                throw new CorruptFileException(path, null, null, $"a manifest with the checksum {actual}", $"{stored}", "The file was changed or damaged; restore it from a backup.");
            }

            var version = document.RootElement.GetProperty("manifest").GetProperty("version").GetInt32();
            if (version != CurrentVersion)
            {
                throw new CorruptFileException(path, null, null, $"a manifest of format version {version}", $"{CurrentVersion}", "It was written by another version of this program; use that one.");
            }

            return JsonSerializer.Deserialize<Manifest>(content, Options)!;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptFileException(path, null, null, $"unreadable JSON ({exception.Message})", "a manifest of this program", "The file was changed or damaged; restore it from a backup.", exception);
        }
    }

    /// <summary>Replaces the manifest atomically and durably.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="path">The manifest's file.</param>
    public void Write(Files files, string path)
    {
        ArgumentNullException.ThrowIfNull(files);
        var content = JsonSerializer.SerializeToUtf8Bytes(this, Options);
        var document = new ArrayBufferWriter<byte>(content.Length + 64);
        using (var writer = new Utf8JsonWriter(document))
        {
            writer.WriteStartObject();
            writer.WriteString("crc32", Checksum(content));
            writer.WritePropertyName("manifest");
            writer.WriteRawValue(content);
            writer.WriteEndObject();
        }

        files.Replace(path, document.WrittenSpan);
    }

    private static ReadOnlySpan<byte> JsonMarshal(JsonElement element) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element);

    private static string Checksum(ReadOnlySpan<byte> content) => Crc32.Of(content).ToString("x8", CultureInfo.InvariantCulture);
}

/// <summary>One live Parquet file.</summary>
/// <param name="Table">The table that it belongs to.</param>
/// <param name="Organization">Organisation id.</param>
/// <param name="Month">Month of its rows in UTC, <c>YYYY-MM</c>.</param>
/// <param name="Path">Path below the data folder, with <c>/</c>.</param>
/// <param name="SizeBytes">Size.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Crc32">CRC-32 of all bytes, 8 hex digits.</param>
/// <param name="FooterCrc32">CRC-32 of the footer, 8 hex digits.</param>
public sealed record DataFile(string Table, string Organization, string Month, string Path, long SizeBytes, long Rows, string Crc32, string FooterCrc32)
{
    /// <summary>For usage rows: time, grain and totals. Null for tables that have none.</summary>
    public UsageFileFacts? Usage { get; init; }
}

/// <summary>What a file of usage rows holds.</summary>
/// <param name="GrainMinutes">Length of each row's interval.</param>
/// <param name="FirstBucket">Start of the first interval, microseconds since the Unix epoch.</param>
/// <param name="LastBucket">Start of the last interval, microseconds since the Unix epoch.</param>
/// <param name="Totals">Sum of each measure by column name, as decimal text in the measure's own unit.</param>
public sealed record UsageFileFacts(int GrainMinutes, long FirstBucket, long LastBucket, IReadOnlyDictionary<string, string> Totals);

/// <summary>A file that was imported.</summary>
/// <param name="Sequence">The commit.</param>
/// <param name="Organization">Organisation id.</param>
/// <param name="Format">Format of the file.</param>
/// <param name="Name">Name of the file.</param>
/// <param name="Sha256">SHA-256 of its (decompressed) content, 64 hex digits.</param>
public sealed record ImportedFile(long Sequence, string Organization, string Format, string Name, string Sha256);
