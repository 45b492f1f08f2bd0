using Analytics.Engine.Arrow;
using Analytics.Engine.Usage;

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
    /// <summary>What was asked: see <see cref="UsageSchema.Requests"/>.</summary>
    public const string Requests = "requests";

    /// <summary>What it was made of, rule by rule: see <see cref="UsageSchema.Items"/>.</summary>
    public const string Items = "items";

    /// <summary>Conversations with agents: see <see cref="UsageSchema.Conversations"/>.</summary>
    public const string Conversations = "conversations";

    /// <summary>Ids of the events that were taken: what makes a resend count once.</summary>
    public const string EventIds = "event_ids";

    /// <summary>Tables of usage rows.</summary>
    public static IReadOnlyList<string> OfUsage { get; } = [Requests, Items, Conversations];

    /// <summary>All tables.</summary>
    public static IReadOnlyList<string> All { get; } = [Requests, Items, Conversations, EventIds];

    /// <summary>The columns of a table.</summary>
    /// <param name="table">One of <see cref="All"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such table.</exception>
    public static Schema SchemaOf(string table) => table switch
    {
        Requests => UsageSchema.Requests,
        Items => UsageSchema.Items,
        Conversations => UsageSchema.Conversations,
        EventIds => Rollup.EventIds.Schema,
        _ => throw new ArgumentOutOfRangeException(nameof(table), table, "There is no such table."),
    };
}

/// <summary>Another process holds the data folder.</summary>
/// <param name="folder">The data folder.</param>
/// <param name="owner">What the other process wrote about itself; empty if unknown.</param>
public sealed class DataFolderInUseException(string folder, string owner)
    : IOException($"Data folder '{folder}' is in use by another process{(owner.Length == 0 ? string.Empty : $" (pid {owner})")}. Stop it, or wait until it ends, then repeat the command.");

/// <summary>The folder is not one of this program's, or not whole.</summary>
/// <param name="message">What was found, what was expected, what to do.</param>
public sealed class DataFolderException(string message) : IOException(message);
