namespace Analytics.Storage.Directory;

/// <summary>One organisation inside one transaction: what is read here stays so until what is written here is.</summary>
public sealed class OrganizationEditor
{
    private readonly DirectoryConnection connection;
    private readonly List<AuditEvent> events = [];

    internal OrganizationEditor(DirectoryConnection connection, string organizationId, string role)
    {
        this.connection = connection;
        (OrganizationId, Role) = (organizationId, role);
    }

    /// <summary>The organisation.</summary>
    public string OrganizationId { get; }

    /// <summary>The editor's role: owner or admin.</summary>
    public string Role { get; }

    /// <summary>How many rows were changed.</summary>
    internal int ChangeCount { get; private set; }

    internal IReadOnlyList<AuditEvent> Events => events;

    /// <summary>The organisation as its owners and admins see it; <see cref="Replace"/> with it changes nothing.</summary>
    public DirectoryDocument Read() => DirectoryRows.VisibleDocument(connection, OrganizationId);

    /// <summary>Makes the organisation like a document, by the rules of <see cref="DirectoryStore.Import"/>.</summary>
    /// <param name="document">A document of this organisation alone.</param>
    /// <exception cref="DirectoryDocumentException">The document breaks a rule, or refers to what is not there.</exception>
    /// <exception cref="DirectoryEditException">The editor may not write it, or no owner would be left.</exception>
    public DirectoryChanges Replace(DirectoryDocument document) => Write(document, isWhole: true);

    /// <summary>Adds or replaces rows; all others stay as they are.</summary>
    /// <param name="rows">Entries of this organisation alone.</param>
    /// <exception cref="DirectoryDocumentException">An entry breaks a rule, or refers to what is not there.</exception>
    /// <exception cref="DirectoryEditException">The editor may not write it, or no owner would be left.</exception>
    public DirectoryChanges Put(DirectoryDocument rows) => Write(rows, isWhole: false);

    /// <summary>Lets a member leave. Sums and history stay: their usage is a former member's from now on.</summary>
    /// <param name="userId">Any text.</param>
    /// <returns>Whether there was such a member.</returns>
    /// <exception cref="DirectoryEditException">The editor may not do it, or no owner would be left.</exception>
    public bool RemoveMember(string userId)
    {
        var before = Read();
        if (before.Members!.FirstOrDefault(member => member.UserId == userId) is not { } member)
        {
            return false;
        }

        new OrganizationRules(connection, OrganizationId, Role, before).CheckRemoval(member);
        ChangeCount += connection.Execute("UPDATE member SET role = NULL WHERE organization_id = $1 AND user_id = $2", OrganizationId, userId);
        events.Add(new AuditEvent(OrganizationId, AuditActions.MemberRemove, userId, member.Role));
        return true;
    }

    /// <summary>Removes the organisation's row of a mapping. What usage said about it, and the operator's prices, apply again.</summary>
    /// <param name="mapping">Any text.</param>
    /// <returns>Whether there was such a row.</returns>
    public bool RemoveModel(string mapping)
    {
        var removed = connection.Execute("DELETE FROM model WHERE organization_id = $1 AND mapping = $2", OrganizationId, mapping);
        ChangeCount += removed;
        if (removed > 0)
        {
            events.Add(new AuditEvent(OrganizationId, AuditActions.DirectoryEdit, $"models/{mapping}", "removed"));
        }

        return removed > 0;
    }

    private DirectoryChanges Write(DirectoryDocument document, bool isWhole)
    {
        var valid = DirectoryDocument.Parse(document.ToUtf8());
        if (document.HasIdentities)
        {
            throw new DirectoryEditException(DirectoryEditFault.Forbidden, ["users: found identities, expected none; only the operator sets them"]);
        }

        new OrganizationRules(connection, OrganizationId, Role, Read()).Check(valid, isWhole);
        var (changes, changed) = DirectoryImport.Apply(connection, valid, OrganizationId, isWhole);
        ChangeCount += changes.Total;
        if (changes.Total > 0)
        {
            events.AddRange(changed);
            if (!isWhole)
            {
                events.AddRange(Targets(valid, changes).Select(target => new AuditEvent(OrganizationId, AuditActions.DirectoryEdit, target, changes.ToText())));
            }
        }

        return changes;
    }

    // Members have lines of their own.
    private static IEnumerable<string> Targets(DirectoryDocument rows, DirectoryChanges changes) =>
    [
        .. (rows.Organizations ?? []).Select(entry => $"organizations/{entry.Id}"),
        .. (changes.Users.Total > 0 ? rows.Users! : []).Select(entry => $"users/{entry.Id}"),
        .. (rows.Projects ?? []).Select(entry => $"projects/{entry.Id}"),
        .. (rows.ApiKeys ?? []).Select(entry => $"api-keys/{entry.Id}"),
        .. (rows.Agents ?? []).Select(entry => $"agents/{entry.Id}"),
        .. (rows.Models ?? []).Select(entry => $"models/{entry.Mapping}"),
    ];
}
