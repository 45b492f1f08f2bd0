namespace Analytics.Storage;

/// <summary>Where things lie in a data folder.</summary>
/// <param name="Root">The data folder.</param>
public sealed record DataFolder(string Root)
{
    /// <summary>The list of live files.</summary>
    public string Manifest => Path.Combine(Root, "manifest.json");

    /// <summary>Organisations, people, projects, keys, models, prices and tokens (SQLite).</summary>
    public string Directory => Path.Combine(Root, "directory.sqlite");

    /// <summary>Held by the one process that may write.</summary>
    public string Lock => Path.Combine(Root, "lock");

    /// <summary>Lines that imports did not take.</summary>
    public string Rejects => Path.Combine(Root, "rejects");

    /// <summary>A file of a table.</summary>
    /// <param name="relative">Path below the data folder, with <c>/</c>.</param>
    public string File(string relative) => Path.Combine(Root, relative);
}

/// <summary>The tables of a data folder: each a folder of partitions.</summary>
public static class Tables
{
    /// <summary>Usage rows: see <see cref="Engine.Usage.UsageSchema"/>.</summary>
    public const string Requests = "requests";

    /// <summary>Ids of the events that were taken: what makes a resend count once.</summary>
    public const string EventIds = "event_ids";

    /// <summary>All tables.</summary>
    public static IReadOnlyList<string> All { get; } = [Requests, EventIds];
}

/// <summary>Another process holds the data folder.</summary>
/// <param name="folder">The data folder.</param>
/// <param name="owner">What the other process wrote about itself; empty if unknown.</param>
public sealed class DataFolderInUseException(string folder, string owner)
    : IOException($"Data folder '{folder}' is in use by another process{(owner.Length == 0 ? string.Empty : $" (pid {owner})")}. Stop it, or wait until it ends, then repeat the command.");

/// <summary>The folder is not one of this program's, or not whole.</summary>
/// <param name="message">What was found, what was expected, what to do.</param>
public sealed class DataFolderException(string message) : IOException(message);
