namespace Analytics.Storage.Directory;

/// <summary>A directory document breaks a rule. Nothing of it was applied.</summary>
public sealed class DirectoryDocumentException : Exception
{
    /// <summary>How many problems are listed; the rest is only counted.</summary>
    public const int MaxProblems = 20;

    /// <summary>Reports the problems of one document.</summary>
    /// <param name="problems">One or more; each names its JSON path, what was found and what was expected.</param>
    public DirectoryDocumentException(IReadOnlyList<string> problems)
        : base(Describe(problems))
    {
        Problems = [.. problems.Take(MaxProblems)];
    }

    /// <summary>The first problems in document order, at most <see cref="MaxProblems"/>.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Describe(IReadOnlyList<string> problems)
    {
        var listed = string.Join('\n', problems.Take(MaxProblems));
        var more = problems.Count > MaxProblems ? $"\nand {problems.Count - MaxProblems} more" : "";
        var noun = problems.Count == 1 ? "problem" : "problems";
        return $"The directory document has {problems.Count} {noun}; nothing was changed.\n{listed}{more}";
    }
}
