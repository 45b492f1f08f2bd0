using Microsoft.Data.Sqlite;

namespace Analytics.Storage.Directory;

/// <summary>The directory in one SQLite file, shared by any number of processes. Safe for any number of threads.</summary>
/// <remarks>
/// Writers wait for each other for 5 seconds and readers never wait for writers of other threads. Any method may throw
/// <see cref="SqliteException"/>, where the disk is full or a writer waited for too long; nothing is changed then.
/// </remarks>
public sealed partial class DirectoryStore : IDisposable
{
    private const int Corrupt = 11; // SQLITE_CORRUPT
    private const int NotADatabase = 26; // SQLITE_NOTADB
    private const string SelectVersion = "SELECT version FROM change";

    // Two connections: a long import leaves the reader free.
    private readonly DirectoryConnection writer;
    private readonly DirectoryConnection reader;

    private DirectoryStore(DirectoryConnection writer, DirectoryConnection reader)
    {
        this.writer = writer;
        this.reader = reader;
    }

    /// <summary>A number that grows whenever any process changed anything that can be read here. A few microseconds.</summary>
    public long Version => reader.ReadScalar(SelectVersion);

    /// <summary>The sequence of the last registrations applied; -1 where there were none.</summary>
    public long LastSequence => reader.ReadScalar("SELECT last_sequence FROM change");

    /// <summary>Opens a directory; creates it, readable by the owner only, where there is none.</summary>
    /// <param name="path">A file in an existing folder, on a local disk (SQLite's journal shares memory between processes).</param>
    /// <exception cref="DirectoryFileException">The file is not a directory, is damaged, or is of a newer version.</exception>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public static DirectoryStore Open(string path)
    {
        CreateFile(path);
        DirectoryConnection? writer = null;
        try
        {
            writer = new DirectoryConnection(path);
            Prepare(writer, path);
            var reader = new DirectoryConnection(path);
            reader.Run("PRAGMA query_only = ON");
            return new DirectoryStore(writer, reader);
        }
        catch (SqliteException exception)
        {
            writer?.Dispose();
            throw new DirectoryFileException(path, Explain(exception), exception);
        }
        catch
        {
            writer?.Dispose();
            throw;
        }
    }

    /// <summary>SQLite's own check of a directory's pages and indexes. Changes nothing.</summary>
    /// <param name="path">An existing file.</param>
    /// <returns>Up to ten problems; none where all is well.</returns>
    /// <exception cref="DirectoryFileException">The file cannot be read as a directory at all.</exception>
    public static IReadOnlyList<string> Check(string path)
    {
        try
        {
            using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT last_sequence FROM change";
            command.ExecuteScalar();
            command.CommandText = "PRAGMA integrity_check(10)";
            using var rows = command.ExecuteReader();
            List<string> problems = [];
            while (rows.Read())
            {
                problems.Add(rows.GetString(0));
            }

            return problems is ["ok"] ? [] : problems;
        }
        catch (SqliteException exception)
        {
            throw new DirectoryFileException(path, Explain(exception), exception);
        }
    }

    /// <summary>Makes the directory like a document: all of it, or nothing of it.</summary>
    /// <param name="document">The document; it is checked again, also where it was not parsed.</param>
    /// <returns>What changed. A document that says what the directory says changes nothing.</returns>
    /// <param name="actor">Who does it, for the audit log; null for nobody, which is not audited.</param>
    /// <remarks>
    /// <para>An array that the document does not have changes nothing.</para>
    /// <para>
    /// An array that it has is the whole list for every organisation that the document names anywhere. Projects, API
    /// keys and agents that an earlier document created or changed and this one leaves out are marked deleted and keep
    /// their label; naming them again brings them back. What only usage brought is never deleted by being left out, and
    /// naming it as it is keeps it so. Members left out leave; they stay known as users. Models left out are removed.
    /// </para>
    /// <para>
    /// Models without an organisation are the operator's. They are a group of their own: the whole list of it, where
    /// the document has at least one of them.
    /// </para>
    /// <para>Organisations and users are added or replaced and never removed.</para>
    /// <para>
    /// A user's identities are the whole list of that user where the document has them. They decide who a JWT speaks
    /// for in every organisation: only the operator may set them (<see cref="DirectoryDocument.HasIdentities"/>).
    /// </para>
    /// </remarks>
    /// <exception cref="DirectoryDocumentException">
    /// The document breaks a rule, or names an organisation, user or project that neither it nor the directory has.
    /// </exception>
    public DirectoryChanges Import(DirectoryDocument document, AuditActor? actor = null)
    {
        var valid = DirectoryDocument.Parse(document.ToUtf8());
        return writer.Write(connection =>
        {
            var (changes, events) = DirectoryImport.Apply(connection, valid);
            Bump(connection, changes.Total);
            if (actor is not null && changes.Total > 0)
            {
                AuditRows.Add(connection, events.Select(change => change.By(actor)));
            }

            return changes;
        });
    }

    /// <summary>Reads everything as a document, ordered by organisation and id.</summary>
    /// <param name="organizationId">One organisation without the operator's models, or null for all with them.</param>
    /// <returns>
    /// A document with all arrays; importing it again here changes nothing. Empty where the organisation is unknown.
    /// Identities are there for all organisations only: they are the operator's.
    /// </returns>
    public DirectoryDocument Export(string? organizationId = null) => reader.Read(connection => new DirectoryDocument
    {
        Organizations = DirectoryRows.Organizations(connection, organizationId),
        Users = organizationId is null ? DirectoryRows.UsersWithIdentities(connection) : DirectoryRows.Users(connection, organizationId),
        Members = DirectoryRows.Members(connection, organizationId),
        Projects = DirectoryRows.Projects(connection, organizationId),
        ApiKeys = DirectoryRows.ApiKeys(connection, organizationId),
        Agents = DirectoryRows.Agents(connection, organizationId),
        Models = [.. DirectoryRows.AllModels(connection, organizationId)],
    });

    /// <summary>Adds what usage brought and the directory does not know. Existing entries stay as they are.</summary>
    /// <param name="sequence">Grows from call to call; registrations at or below <see cref="LastSequence"/> are ignored.</param>
    /// <param name="registrations">May repeat what is known.</param>
    /// <returns>True where they were applied, false where they were ignored.</returns>
    /// <remarks>
    /// The one thing filled in later is the creator of a key that only usage brought. An organisation seen first is
    /// named by its id and has the enterprise plan. A user becomes a member, unless the user has left.
    /// </remarks>
    public bool Register(long sequence, Registrations registrations) => writer.Write(connection =>
    {
        if (sequence <= connection.Scalar("SELECT last_sequence FROM change"))
        {
            return false;
        }

        Bump(connection, DirectoryRegistration.Apply(connection, registrations));
        connection.Execute("UPDATE change SET last_sequence = $1", sequence);
        return true;
    });

    /// <summary>Adds the organisation, the user and the membership where they are missing; an existing role stays.</summary>
    /// <param name="organizationId">The organisation, by the document's rules.</param>
    /// <param name="userId">The user, by the document's rules.</param>
    /// <param name="role">One of <see cref="DirectoryDocument.Roles"/>, for a user who is no member or has left.</param>
    /// <param name="actor">Who does it, for the audit log; null for nobody, which is not audited.</param>
    /// <exception cref="DirectoryDocumentException">An id or the role breaks a rule of the document.</exception>
    public void EnsureMember(string organizationId, string userId, string role, AuditActor? actor = null)
    {
        var checkedMember = new DirectoryDocument { Members = [new MemberEntry(organizationId, userId, role)] };
        _ = DirectoryDocument.Parse(checkedMember.ToUtf8());
        _ = writer.Write(connection => EnsureMember(connection, organizationId, userId, role, actor));
    }

    /// <summary>All organisations, by id.</summary>
    public IReadOnlyList<OrganizationEntry> Organizations() => reader.Read(connection => DirectoryRows.Organizations(connection));

    /// <summary>One organisation, or null where it is unknown.</summary>
    /// <param name="organizationId">Any text.</param>
    public OrganizationEntry? FindOrganization(string organizationId) =>
        reader.Read(connection => DirectoryRows.Organizations(connection, organizationId)).SingleOrDefault();

    /// <summary>A user's role in an organisation, or null for who is no member.</summary>
    /// <param name="organizationId">Any text.</param>
    /// <param name="userId">Any text.</param>
    public string? FindRole(string organizationId, string userId) => reader.Read(connection => connection.Query(
        "SELECT role FROM member WHERE organization_id = $1 AND user_id = $2 AND role IS NOT NULL",
        row => row.GetString(0),
        organizationId,
        userId)).SingleOrDefault();

    /// <summary>The organisations that a user is a member of, by id, with the role in each.</summary>
    /// <param name="userId">Any text.</param>
    public IReadOnlyList<(OrganizationEntry Organization, string Role)> MembershipsOf(string userId) => reader.Read(connection => connection.Query(
        "SELECT organization_id, role FROM member WHERE user_id = $1 AND role IS NOT NULL ORDER BY organization_id",
        row => (Id: row.GetString(0), Role: row.GetString(1)),
        userId).ConvertAll(member => (DirectoryRows.Organizations(connection, member.Id).Single(), member.Role)));

    /// <summary>Reads one organisation whole. Keep the answer for as long as <see cref="Version"/> stays.</summary>
    /// <param name="organizationId">
    /// An organisation. One that is not in the directory reads as it will once usage registers it: its id as its name,
    /// the enterprise plan, and the operator's models.
    /// </param>
    public OrganizationDirectory Read(string organizationId) => reader.Read(connection =>
    {
        var organization = DirectoryRows.Organizations(connection, organizationId).SingleOrDefault()
            ?? new OrganizationEntry(organizationId, organizationId, "enterprise", []);
        var users = DirectoryRows.Users(connection, organizationId);
        var usersById = users.ToDictionary(user => user.Id, StringComparer.Ordinal);
        return new OrganizationDirectory(
            connection.Scalar(SelectVersion),
            organization,
            DirectoryRows.Projects(connection, organizationId),
            DirectoryRows.ApiKeys(connection, organizationId),
            DirectoryRows.Members(connection, organizationId).Select(member =>
                new DirectoryMember(member.UserId, usersById[member.UserId].Name, usersById[member.UserId].Email, member.Role)),
            users,
            DirectoryRows.Agents(connection, organizationId),
            ResolvedModels(connection, organizationId));
    });

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        reader.Dispose();
        writer.Dispose();
    }

    private static IEnumerable<DirectoryModel> ResolvedModels(DirectoryConnection connection, string organizationId)
    {
        var own = ByMapping(DirectoryRows.Models(connection, organizationId));
        var operators = ByMapping(DirectoryRows.Models(connection, DirectoryRows.Operator));
        var seen = ByMapping(DirectoryRows.SeenModels(connection, organizationId));
        return own.Keys.Union(operators.Keys).Union(seen.Keys).Select(mapping => OrganizationDirectory.Resolve(
            mapping, own.GetValueOrDefault(mapping), operators.GetValueOrDefault(mapping), seen.GetValueOrDefault(mapping)));

        static Dictionary<string, ModelEntry> ByMapping(List<ModelEntry> models) =>
            models.ToDictionary(model => model.Mapping, StringComparer.Ordinal);
    }

    private static int EnsureMember(DirectoryConnection connection, string organizationId, string userId, string role, AuditActor? actor)
    {
        var rows = DirectoryRegistration.Organization(connection, organizationId) + DirectoryRegistration.User(connection, userId);
        var joined = connection.Execute(
            "INSERT INTO member (organization_id, user_id, role) VALUES ($1, $2, $3)"
            + " ON CONFLICT DO UPDATE SET role = excluded.role WHERE role IS NULL",
            organizationId,
            userId,
            role);
        if (actor is not null && joined > 0)
        {
            AuditRows.Add(connection, [new AuditEvent(organizationId, AuditActions.MemberAdd, userId, role).By(actor)]);
        }

        return Bump(connection, rows + joined);
    }

    private static int Bump(DirectoryConnection connection, int changes) =>
        changes > 0 ? connection.Execute("UPDATE change SET version = version + 1") : 0;

    private static void CreateFile(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        // SQLite gives its journal files the mode of the database, so the mode is set before it sees the file.
        using var created = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    private static void Prepare(DirectoryConnection connection, string path)
    {
        // Looked at before anything is written: another program's file stays as it is.
        _ = connection.Read(open => Check(open, path));
        connection.Run("PRAGMA journal_mode = WAL");
        connection.Run("PRAGMA synchronous = FULL");
        _ = connection.Write(open =>
        {
            // Another process may have created or changed the tables since.
            var found = Check(open, path);
            if (found < DirectorySchema.Version)
            {
                open.Run(found == 0 ? DirectorySchema.Create : DirectorySchema.FromVersion1);
                open.Run($"PRAGMA application_id = {DirectorySchema.ApplicationId}");
                open.Run($"PRAGMA user_version = {DirectorySchema.Version}");
            }

            return found;
        });
    }

    /// <summary>The version of a directory that this release reads; 0 for a file without anything in it.</summary>
    private static long Check(DirectoryConnection connection, string path)
    {
        var application = connection.Scalar("PRAGMA application_id");
        var version = connection.Scalar("PRAGMA user_version");
        if (application == 0 && version == 0 && connection.Scalar("SELECT count(*) FROM sqlite_schema") == 0)
        {
            return 0;
        }

        if (application != DirectorySchema.ApplicationId)
        {
            throw new DirectoryFileException(
                path, "found another program's SQLite database, expected a directory. Name another file, or move this one away.");
        }

        if (version is < 1 or > DirectorySchema.Version)
        {
            throw new DirectoryFileException(
                path,
                $"found schema version {version}, expected 1 to {DirectorySchema.Version}. "
                + "A newer release wrote the file: use that release, or restore a backup.");
        }

        return version;
    }

    private static string Explain(SqliteException exception) => exception.SqliteErrorCode switch
    {
        NotADatabase => "found a file that is not an SQLite database, expected a directory. Name another file, or move this one away.",
        Corrupt => "found a damaged SQLite database. Restore a backup, or move the file away and import the directory document again.",
        _ => $"cannot be opened ({exception.Message}). Check the folder's permissions and free space, and who else uses the file.",
    };
}
