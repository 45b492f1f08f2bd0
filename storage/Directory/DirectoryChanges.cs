namespace Analytics.Storage.Directory;

/// <summary>What happened to the things of one kind.</summary>
/// <param name="Added">New things.</param>
/// <param name="Changed">Things with another content, or no longer deleted.</param>
/// <param name="Removed">Things marked deleted, members who left, models removed.</param>
public readonly record struct ChangeCounts(int Added, int Changed, int Removed)
{
    /// <summary>All of them.</summary>
    public int Total => Added + Changed + Removed;
}

/// <summary>What an import changed.</summary>
/// <param name="Organizations">Organisations; never removed.</param>
/// <param name="Users">Users; never removed.</param>
/// <param name="Members">Members.</param>
/// <param name="Projects">Projects.</param>
/// <param name="ApiKeys">API keys.</param>
/// <param name="Agents">Agents.</param>
/// <param name="Models">Models with their prices.</param>
public sealed record DirectoryChanges(
    ChangeCounts Organizations,
    ChangeCounts Users,
    ChangeCounts Members,
    ChangeCounts Projects,
    ChangeCounts ApiKeys,
    ChangeCounts Agents,
    ChangeCounts Models)
{
    /// <summary>What changed in few words, such as "members 1 added, 2 changed".</summary>
    public string ToText()
    {
        (string Name, ChangeCounts Counts)[] kinds =
        [
            ("organizations", Organizations), ("users", Users), ("members", Members), ("projects", Projects),
            ("apiKeys", ApiKeys), ("agents", Agents), ("models", Models),
        ];
        return string.Join("; ", kinds.Where(kind => kind.Counts.Total > 0).Select(kind => $"{kind.Name} {string.Join(", ", Words(kind.Counts))}"));

        static IEnumerable<string> Words(ChangeCounts counts) => new[] { (counts.Added, "added"), (counts.Changed, "changed"), (counts.Removed, "removed") }
            .Where(count => count.Item1 > 0).Select(count => $"{count.Item1} {count.Item2}");
    }

    /// <summary>All changes of all kinds; 0 where the directory was like the document already.</summary>
    public int Total => Organizations.Total + Users.Total + Members.Total + Projects.Total + ApiKeys.Total + Agents.Total + Models.Total;
}
