using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Analytics.Storage.Catalog;
using Analytics.Storage.Inspection;

namespace Analytics.Server.Commands;

/// <summary>What <c>inspect --json</c> prints.</summary>
internal static class InspectJson
{
    // The text goes to a terminal or a program, never into a web page.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object for one file, an array for several.</summary>
    /// <param name="files">Each with what it holds, or with what is wrong.</param>
    public static string Of(IReadOnlyList<(string Path, InspectedFile? File, string? Error)> files)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            if (files.Count > 1)
            {
                json.WriteStartArray();
            }

            foreach (var (path, file, error) in files)
            {
                json.WriteStartObject();
                json.WriteString("file", path);
                Write(json, file, error);
                json.WriteEndObject();
            }

            if (files.Count > 1)
            {
                json.WriteEndArray();
            }
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void Write(Utf8JsonWriter json, InspectedFile? file, string? error)
    {
        switch (file)
        {
            case InspectedTable table:
                Write(json, table);
                break;
            case InspectedManifest manifest:
                json.WriteString("format", "manifest");
                Number(json, "sizeBytes", manifest.SizeBytes);
                Write(json, manifest.Manifest);
                break;
            default:
                json.WriteString("error", error);
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, InspectedTable table)
    {
        json.WriteString("format", table.Format);
        Number(json, "sizeBytes", table.SizeBytes);
        json.WriteString("createdBy", table.CreatedBy);
        Number(json, "rows", table.RowCount);
        Number(json, "rowGroups", table.RowGroupCount);
        json.WriteStartArray("columns");
        foreach (var column in table.Columns)
        {
            Write(json, column);
        }

        json.WriteEndArray();
        Texts(json, "nestedColumns", table.NestedColumns);
        Pairs(json, "partitions", table.Partitions.Select(partition => KeyValuePair.Create(partition.Key, partition.Value)));
        Pairs(json, "metadata", table.Metadata.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value)));
    }

    private static void Write(Utf8JsonWriter json, InspectedColumn column)
    {
        json.WriteStartObject();
        json.WriteString("name", column.Name);
        json.WriteString("type", TypeName.Of(column.Type));
        json.WriteBoolean("nullable", column.IsNullable);
        if (column.Stored is { } stored)
        {
            json.WriteString("physicalType", stored.PhysicalType);
            Texts(json, "codecs", stored.Codecs);
            Texts(json, "encodings", stored.Encodings);
            Number(json, "compressedBytes", stored.CompressedBytes);
            Number(json, "uncompressedBytes", stored.UncompressedBytes);
        }

        if (column.Content is { } content)
        {
            json.WriteString("canonical", content.Kind);
            Number(json, "nulls", content.NullCount);
            if (content.Kind == "float")
            {
                Number(json, "nans", content.NanCount);
            }

            json.WriteString("sum", content.Sum);
            json.WriteString("min", content.Min);
            json.WriteString("max", content.Max);
            Texts(json, "first", content.First);
            json.WriteString("md5", content.Md5);
        }
        else
        {
            json.WriteString("error", column.Error!.Message);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Manifest manifest)
    {
        Number(json, "version", manifest.Version);
        Number(json, "sequence", manifest.Sequence);
        Number(json, "rows", manifest.Files.Sum(file => file.Rows));
        json.WriteStartArray("files");
        foreach (var file in manifest.Files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteString("table", file.Table);
            json.WriteString("organization", file.Organization);
            json.WriteString("month", file.Month);
            Number(json, "rows", file.Rows);
            Number(json, "sizeBytes", file.SizeBytes);
            json.WriteString("crc32", file.Crc32);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("imports");
        foreach (var import in manifest.Imports)
        {
            json.WriteStartObject();
            Number(json, "sequence", import.Sequence);
            json.WriteString("organization", import.Organization);
            json.WriteString("format", import.Format);
            json.WriteString("name", import.Name);
            json.WriteString("sha256", import.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, long value) => json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string?> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void Pairs(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, string?>> pairs)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in pairs)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }
}
