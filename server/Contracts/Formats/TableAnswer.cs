namespace Analytics.Server.Contracts.Formats;

/// <summary>Sends a long form as a file.</summary>
internal static class TableAnswer
{
    /// <summary>Answers; a HEAD with the headers only, as nobody reads the rows.</summary>
    /// <param name="context">The request, whose content type is set.</param>
    /// <param name="form">The answer.</param>
    /// <param name="format">Any but JSON.</param>
    /// <param name="words">What the file is called, as words: <c>analytics-activity-org_1-2026-06-01-2026-06-30.csv</c>.</param>
    /// <param name="facts">What the files of Arrow and Parquet say about themselves.</param>
    /// <param name="hold">Told whenever the answer takes more memory than it did.</param>
    public static async Task WriteAsync(
        HttpContext context, LongForm form, AnswerFormat format, IEnumerable<string> words, IReadOnlyDictionary<string, string> facts, Action<long> hold)
    {
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(words)}{format.Extension}\"";
        if (context.Items.ContainsKey(HttpMethods.Head))
        {
            return;
        }

        using var stream = new AnswerStream(context.Response.BodyWriter);
        await LongFormWriter.WriteAsync(form, format, facts, stream, hold, context.RequestAborted);
    }

    /// <summary>Letters, digits, points and dashes, whatever the ids are.</summary>
    private static string FileName(IEnumerable<string> words) =>
        string.Concat(string.Join('-', words).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' ? letter : '-'));
}
