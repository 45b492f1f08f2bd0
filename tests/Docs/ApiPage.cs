using System.Text.RegularExpressions;
using Analytics.Tests.Architecture;

namespace Analytics.Tests.Docs;

/// <summary>The examples of docs/api.md.</summary>
internal static partial class ApiPage
{
    /// <summary>The page.</summary>
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "api.md"));

    /// <summary>What can be run: commands with curl, and SQL for DuckDB.</summary>
    public static IReadOnlyList<DocsExample> Examples { get; } = Read();

    private static List<DocsExample> Read()
    {
        List<DocsExample> examples = [];
        var fences = Fence().Matches(Text);
        for (var i = 0; i < fences.Count; i++)
        {
            var (language, code) = (fences[i].Groups[1].Value, fences[i].Groups[2].Value);
            if (language != "sql" && !(language == "sh" && code.Contains("curl", StringComparison.Ordinal)))
            {
                continue;
            }

            // An answer is the next block, with nothing said in between.
            var end = fences[i].Index + fences[i].Length;
            var answer = i + 1 < fences.Count && fences[i + 1].Groups[1].Value is "json" or "csv" or "text" && string.IsNullOrWhiteSpace(Text[end..fences[i + 1].Index])
                ? fences[i + 1]
                : null;
            var heading = Heading().Matches(Text[..fences[i].Index])[^1].Groups[1].Value;
            examples.Add(new DocsExample(
                $"{heading} ({examples.Count(one => one.Name.StartsWith(heading + " (", StringComparison.Ordinal)) + 1})", language, code, answer?.Groups[1].Value, answer?.Groups[2].Value));
        }

        return examples;
    }

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}

/// <summary>An example.</summary>
/// <param name="Name">The heading that it stands under, and which one of it.</param>
/// <param name="Language">sh or sql.</param>
/// <param name="Code">What is run.</param>
/// <param name="AnswerLanguage">json, csv or text; null where the page shows no answer.</param>
/// <param name="Answer">The answer that the page shows.</param>
internal sealed record DocsExample(string Name, string Language, string Code, string? AnswerLanguage, string? Answer);
