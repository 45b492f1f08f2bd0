namespace Analytics.Storage.Directory;

/// <summary>The directory's file cannot be used: another program's, damaged, or of a newer version.</summary>
public sealed class DirectoryFileException : Exception
{
    /// <summary>Reports a file.</summary>
    /// <param name="path">The file as it was given.</param>
    /// <param name="message">What was found, what was expected and what to do.</param>
    /// <param name="cause">What the database said, where it said something.</param>
    public DirectoryFileException(string path, string message, Exception? cause = null)
        : base($"Directory '{path}': {message}", cause)
    {
        Path = path;
    }

    /// <summary>The file as it was given.</summary>
    public string Path { get; }
}
