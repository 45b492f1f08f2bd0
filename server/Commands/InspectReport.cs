using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Analytics.Storage.Inspection;

namespace Analytics.Server.Commands;

/// <summary>What <c>inspect</c> prints for people.</summary>
internal static class InspectReport
{
    private const int MaxShownCharacters = 60;

    public static string Of(InspectedFile file)
    {
        var text = new StringBuilder();
        Line(text, $"{Escaped(file.Path)}");
        switch (file)
        {
            case InspectedTable table:
                Append(text, table);
                break;
            case InspectedManifest manifest:
                Append(text, manifest);
                break;
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, InspectedTable table)
    {
        Line(text, $"  format        {table.Format}, {table.SizeBytes:N0} bytes");
        Line(text, $"  created by    {(table.CreatedBy is null ? "-" : Shown(table.CreatedBy))}");
        Line(text, $"  rows          {table.RowCount:N0} in {Count(table.RowGroupCount, "row group")}");
        if (table.Partitions.Count > 0)
        {
            Line(text, $"  partitions    {string.Join(", ", table.Partitions.Select(partition => $"{Shown(partition.Key)}={(partition.Value is null ? "null" : Shown(partition.Value))}"))}");
        }

        if (table.NestedColumns.Count > 0)
        {
            Line(text, $"  not read      {string.Join(", ", table.NestedColumns.Select(Shown))}");
        }

        foreach (var (key, value) in table.Metadata)
        {
            Line(text, $"  metadata      {Shown(key)} = {Shown(value)}");
        }

        foreach (var column in table.Columns)
        {
            Append(text, column);
        }
    }

    private static void Append(StringBuilder text, InspectedColumn column)
    {
        Line(text, $"  column {Shown(column.Name)}: {TypeName.Of(column.Type)}{(column.IsNullable ? ", nullable" : string.Empty)}");
        if (column.Stored is { } stored)
        {
            var words = stored.Codecs.Concat(stored.Encodings).Prepend(stored.PhysicalType);
            Line(text, $"    stored      {string.Join(", ", words)}; {stored.CompressedBytes:N0} bytes, {stored.UncompressedBytes:N0} uncompressed");
        }

        if (column.Content is not { } content)
        {
            Line(text, $"    damaged     see the error");
            return;
        }

        Line(text, $"    nulls       {content.NullCount:N0}{(content.NanCount > 0 ? $", and {content.NanCount:N0} times NaN" : string.Empty)}");
        Line(text, $"    sum         {content.Sum ?? "-"}");
        Line(text, $"    min         {Value(content.Min, content.Kind, "-")}");
        Line(text, $"    max         {Value(content.Max, content.Kind, "-")}");
        Line(text, $"    first       {string.Join(", ", content.First.Select(value => Value(value, content.Kind, "null")))}");
        Line(text, $"    md5         {content.Md5 ?? "-"} ({content.Kind})");
    }

    private static void Append(StringBuilder text, InspectedManifest inspected)
    {
        var manifest = inspected.Manifest;
        Line(text, $"  format        manifest of version {manifest.Version}, {inspected.SizeBytes:N0} bytes");
        Line(text, $"  commits       {manifest.Sequence:N0}");
        Line(text, $"  files         {manifest.Files.Count:N0} with {manifest.Files.Sum(file => file.Rows):N0} rows, {manifest.Files.Sum(file => file.SizeBytes):N0} bytes");
        foreach (var file in manifest.Files)
        {
            Line(text, $"    {Shown(file.Path)}: {file.Rows:N0} rows of {Shown(file.Organization)}, {file.SizeBytes:N0} bytes, CRC-32 {file.Crc32}");
        }

        Line(text, $"  imports       {manifest.Imports.Count:N0}");
        foreach (var import in manifest.Imports)
        {
            Line(text, $"    {import.Sequence}: {Shown(import.Name)} ({import.Format}) for {Shown(import.Organization)}");
        }
    }

    private static string Value(string? value, string kind, string none) => value is null ? none : kind == "utf8" ? $"\"{Shown(value)}\"" : Shown(value);

    /// <summary>A text of the file on one line: control characters are escaped, so that it cannot speak to the terminal.</summary>
    /// <summary>A text without control characters: a file's words do not steer the terminal.</summary>
    internal static string Escaped(string value) => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value).Replace("\\\"", "\"", StringComparison.Ordinal);

    private static string Shown(string value)
    {
        var start = value.Length <= MaxShownCharacters ? value : value[..MaxShownCharacters];
        var escaped = Escaped(start);
        return value.Length <= MaxShownCharacters ? escaped : string.Create(CultureInfo.InvariantCulture, $"{escaped}… ({value.Length:N0} characters)");
    }

    private static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? string.Empty : "s")}");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
