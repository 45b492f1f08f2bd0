namespace Analytics.Storage.Directory;

/// <content>What owners and admins change in their own organisation.</content>
public sealed partial class DirectoryStore
{
    /// <summary>Changes one organisation: all that <paramref name="edit"/> does, or nothing of it where it throws.</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="organizationId">The organisation.</param>
    /// <param name="actor">Who does it, also for the audit log, which is written along with the change.</param>
    /// <param name="edit">Reads and writes. No other writer gets between the two, so this is the place to compare versions.</param>
    /// <exception cref="DirectoryDocumentException">What is written breaks a rule.</exception>
    /// <exception cref="DirectoryEditException">The actor is neither owner nor admin any more, or may not write this.</exception>
    public T Edit<T>(string organizationId, AuditActor actor, Func<OrganizationEditor, T> edit)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(edit);
        return writer.Write(connection =>
        {
            var role = connection.Query(
                "SELECT role FROM member WHERE organization_id = $1 AND user_id = $2 AND role IN ('owner', 'admin')",
                row => row.GetString(0),
                organizationId,
                actor.UserId).SingleOrDefault()
                ?? throw new DirectoryEditException(DirectoryEditFault.Forbidden, ["$: found an editor who is neither owner nor admin any more, expected one who is"]);
            var editor = new OrganizationEditor(connection, organizationId, role);
            var result = edit(editor);
            Bump(connection, editor.ChangeCount);
            AuditRows.Add(connection, editor.Events.Select(change => change.By(actor)));
            return result;
        });
    }

    /// <summary>One organisation as its owners and admins see it: without people whom only other organisations know, and without the operator's models.</summary>
    /// <param name="organizationId">Any text; a document without entries where it is unknown.</param>
    public DirectoryDocument ReadDocument(string organizationId) => reader.Read(connection => DirectoryRows.VisibleDocument(connection, organizationId));
}
