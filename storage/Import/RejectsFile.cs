using System.Text;
using System.Text.Json;

namespace Analytics.Storage.Import;

/// <summary>
/// What an import did not take, one JSON object each: number, code, field, detail, and the line itself or the values of
/// the row.
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="path">Where they go. The file is created with the first of them.</param>
internal sealed class RejectsFile(Files files, string path) : IDisposable
{
    private WritableFile? file;

    /// <summary>The file, or null where nothing was rejected.</summary>
    public string? Path => file is null ? null : path;

    /// <summary>Keeps a line.</summary>
    public void Write(Rejection rejection, ReadOnlySpan<byte> line)
    {
        var text = Encoding.UTF8.GetString(line);
        Write("line", rejection, writer => writer.WriteString("text", text));
    }

    /// <summary>Keeps a row of a Parquet file. Its values are texts, so that no number is rounded by who reads them.</summary>
    public void Write(Rejection rejection, IEnumerable<KeyValuePair<string, string?>> values) =>
        Write("row", rejection, writer =>
        {
            writer.WriteStartObject("values");
            foreach (var (column, value) in values)
            {
                writer.WriteString(column, value);
            }

            writer.WriteEndObject();
        });

    /// <summary>Makes the lines durable.</summary>
    public void Sync()
    {
        if (file is not null)
        {
            file.Sync();
            files.SyncFolder(System.IO.Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Forgets the lines: the import did not happen.</summary>
    public void Delete()
    {
        if (file is not null)
        {
            file.Dispose();
            file = null;
            files.Delete(path);
        }
    }

    public void Dispose() => file?.Dispose();

    private void Write(string unit, Rejection rejection, Action<Utf8JsonWriter> writeContent)
    {
        if (file is null)
        {
            files.CreateFolder(System.IO.Path.GetDirectoryName(path)!);
            files.Delete(path);
            file = files.Create(path);
        }

        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteNumber(unit, rejection.Line);
            writer.WriteString("code", rejection.Code);
            writer.WriteString("field", rejection.Field);
            writer.WriteString("detail", rejection.Detail);
            writeContent(writer);
            writer.WriteEndObject();
        }

        text.WriteByte((byte)'\n');
        file.Write(text.GetBuffer().AsSpan(0, (int)text.Length));
    }
}
