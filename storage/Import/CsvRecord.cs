using System.Text;

namespace Analytics.Storage.Import;

/// <summary>The cells of one CSV record (RFC 4180).</summary>
internal static class CsvRecord
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Cuts a record into cells.</summary>
    /// <param name="line">The record without its end; line breaks inside of quotes belong to it.</param>
    /// <param name="cells">The cells without quotes.</param>
    /// <param name="problem">What is wrong with the record.</param>
    public static bool TrySplit(ReadOnlySpan<byte> line, out List<string> cells, out string? problem)
    {
        (cells, problem) = ([], null);
        string text;
        try
        {
            text = Strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            problem = "found bytes that are not UTF-8, expected a UTF-8 file.";
            return false;
        }

        for (var position = 0; ;)
        {
            if (position < text.Length && text[position] == '"')
            {
                if (!TryQuoted(text, ref position, out var cell))
                {
                    problem = $"found a quoted cell that does not end properly in column {cells.Count + 1}, expected a closing quote and then a comma.";
                    return false;
                }

                cells.Add(cell);
            }
            else
            {
                var comma = text.IndexOf(',', position);
                var end = comma < 0 ? text.Length : comma;
                cells.Add(text[position..end]);
                position = end;
            }

            if (position == text.Length)
            {
                return true;
            }

            position++;
        }
    }

    private static bool TryQuoted(string text, ref int position, out string cell)
    {
        var content = new StringBuilder();
        for (var i = position + 1; i < text.Length; i++)
        {
            if (text[i] != '"')
            {
                content.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == '"')
            {
                content.Append(text[i++]);
            }
            else
            {
                (position, cell) = (i + 1, content.ToString());
                return position == text.Length || text[position] == ',';
            }
        }

        cell = string.Empty;
        return false;
    }
}
