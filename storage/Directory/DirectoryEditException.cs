namespace Analytics.Storage.Directory;

/// <summary>Why an edit was refused.</summary>
public enum DirectoryEditFault
{
    /// <summary>It is not this editor's to do.</summary>
    Forbidden,

    /// <summary>The organisation would be left without an owner.</summary>
    LastOwner,
}

/// <summary>An edit asks for what its editor may not do, or for what must not be. Nothing of it was applied.</summary>
/// <param name="fault">Why.</param>
/// <param name="problems">One or more; each names its JSON path, what was found and what was expected.</param>
public sealed class DirectoryEditException(DirectoryEditFault fault, IReadOnlyList<string> problems) : Exception(string.Join('\n', problems))
{
    /// <summary>Why.</summary>
    public DirectoryEditFault Fault { get; } = fault;

    /// <summary>The problems in document order, at most <see cref="DirectoryDocumentException.MaxProblems"/>.</summary>
    public IReadOnlyList<string> Problems { get; } = [.. problems.Take(DirectoryDocumentException.MaxProblems)];
}
