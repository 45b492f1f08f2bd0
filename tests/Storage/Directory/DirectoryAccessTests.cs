using Analytics.Storage.Directory;
using Analytics.Tests.Architecture;
using Microsoft.Data.Sqlite;
using NodaTime;
using Xunit;

namespace Analytics.Tests.Storage;

// Older files; tokens that end; sessions and what ends them; identities; the audit log; the first token.
public class DirectoryAccessTests : DirectoryTest
{
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 24, 12, 0);
    private static readonly AuditActor Actor = AuditActor.Operator(Now);

    [Fact]
    public void Open_FirstVersion_KeepsEverythingAndItsTokens()
    {
        Run(File.ReadAllText(Path.Combine(Repository.Root, "tests/Storage/Directory/directory-1.sql")));

        using (var store = Open())
        {
            Assert.Equal((7, 3), (store.Version, store.LastSequence));
            var token = Assert.Single(store.Tokens());
            Assert.Matches("^tok_[0-9a-f]{16}$", token.Id);
            Assert.Equal(new TokenIdentity(token.Id, "org_1", "u_1", TokenKind.Read), store.Authenticate("ana_" + new string('A', 43), Now));
            Assert.Equal((Instant.FromUnixTimeMilliseconds(1_782_302_400_000), null, null), (token.Created, token.Expires, token.Revoked));
        }

        var changed = Schema();
        File.Delete(DatabasePath);
        Open().Dispose();
        Assert.Equal(Schema(), changed);
    }

    [Fact]
    public void Token_Expires_AtItsTime()
    {
        using var store = OpenFull();
        var (text, entry) = store.IssueToken("org_1", "u_1", TokenKind.Read, Now, Now + Duration.FromHours(1), Actor);

        Assert.Equal(entry.Id, store.Authenticate(text, Now + Duration.FromMinutes(59))!.Id);
        Assert.Null(store.Authenticate(text, Now + Duration.FromHours(1)));
        Assert.Throws<ArgumentException>(() => store.IssueToken("org_1", "u_1", TokenKind.Read, Now, Now));
        Assert.Equal((true, false), (entry.IsInForce(Now), entry.IsInForce(Now + Duration.FromHours(1))));
    }

    [Fact]
    public void RevokeToken_EndsItInEveryInstance_Once()
    {
        using var store = OpenFull();
        using var other = Open();
        var (text, entry) = store.IssueToken("org_1", "u_1", TokenKind.Read, Now);
        Assert.NotNull(other.Authenticate(text, Now));

        Assert.Null(store.RevokeToken(entry.Id, "org_2", Now, Actor));
        Assert.Null(store.RevokeToken("tok_0000000000000000", null, Now, Actor));
        Assert.NotNull(other.Authenticate(text, Now));
        Assert.Equal(Now, store.RevokeToken(entry.Id, "org_1", Now, Actor)!.Revoked);

        Assert.Null(other.Authenticate(text, Now));
        Assert.Equal(Now, store.RevokeToken(entry.Id, null, Now + Duration.FromDays(1), Actor)!.Revoked);
        Assert.Single(store.ReadAudit("org_1", null, 10), row => row.Action == AuditActions.TokenRevoke);
        Assert.False(store.Tokens().Single().IsInForce(Now));
    }

    [Fact]
    public void Tokens_Changes_LeaveTheVersionThatAnswersGoBy()
    {
        using var store = OpenFull();
        var version = store.Version;

        var (_, entry) = store.IssueToken("org_1", "u_1", TokenKind.Read, Now);
        store.RevokeToken(entry.Id, null, Now);

        Assert.Equal(version, store.Version);
    }

    [Fact]
    public void Session_LastsAsLongAsItIsUsedButNoLongerThanAWeek()
    {
        using var store = OpenFull();
        var (secret, session) = OpenSession(store);

        Assert.Matches("^[A-Za-z0-9_-]{43}$", secret);
        Assert.Equal(session, store.FindSession(secret, Now));
        Assert.Null(store.FindSession(secret + "x", Now));
        Assert.Null(store.FindSession(string.Empty, Now));
        Assert.NotNull(store.FindSession(secret, Now + Duration.FromHours(8) - Duration.FromSeconds(1)));
        Assert.Null(store.FindSession(secret, Now + Duration.FromHours(8)));

        for (var hours = 7; hours < 7 * 24; hours += 7)
        {
            store.TouchSession(session.Id, Now + Duration.FromHours(hours));
            Assert.NotNull(store.FindSession(secret, Now + Duration.FromHours(hours)));
        }

        store.TouchSession(session.Id, Now + Duration.FromDays(7) - Duration.FromSeconds(1));
        Assert.Null(store.FindSession(secret, Now + Duration.FromDays(7)));
    }

    [Fact]
    public void Session_EndsWithItsToken_ItsMembershipAndItsClosing()
    {
        using var store = OpenFull();
        var expiring = store.IssueToken("org_1", "u_1", TokenKind.Read, Now, Now + Duration.FromHours(1));
        var (short_, _) = store.OpenSession(SessionLogin.With(store.Authenticate(expiring.Text, Now)!), Now, Actor);
        Assert.Null(store.FindSession(short_, Now + Duration.FromHours(1)));

        var revoked = store.IssueToken("org_1", "u_1", TokenKind.Read, Now);
        var (ofRevoked, _) = store.OpenSession(SessionLogin.With(store.Authenticate(revoked.Text, Now)!), Now, Actor);
        store.RevokeToken(revoked.Entry.Id, null, Now);
        Assert.Null(store.FindSession(ofRevoked, Now));

        var (closed, session) = OpenSession(store);
        store.CloseSession(session, Actor);
        store.CloseSession(session, Actor);
        Assert.Null(store.FindSession(closed, Now));
        Assert.Single(store.ReadAudit("org_1", null, 10), row => row.Action == AuditActions.SessionClose);

        var (ofMember, _) = OpenSession(store);
        store.Import(Parse("""{"members": [{"organizationId": "org_1", "userId": "u_2", "role": "owner"}]}"""));
        Assert.Null(store.FindSession(ofMember, Now));
    }

    [Fact]
    public void Session_OfAnIdentity_EndsWithIt()
    {
        using var store = OpenFull();
        store.Import(Parse("""{"users": [{"id": "u_1", "identities": [{"issuer": "https://a", "subject": "s"}, {"issuer": "https://a", "subject": "t"}]}]}"""));
        var login = SessionLogin.With("u_1", "https://a", "s", Now + Duration.FromDays(1));
        var (secret, _) = store.OpenSession(login, Now, Actor);
        Assert.Equal("u_1", store.FindSession(secret, Now)!.UserId);

        store.Import(Parse("""{"users": [{"id": "u_1", "identities": [{"issuer": "https://a", "subject": "s"}]}]}"""));
        Assert.NotNull(store.FindSession(secret, Now));

        // It is somebody else's from now on; the session is not.
        store.Import(Parse("""{"users": [{"id": "u_1", "identities": []}, {"id": "u_2", "identities": [{"issuer": "https://a", "subject": "s"}]}]}"""));
        Assert.Equal("u_2", store.FindUser("https://a", "s"));
        Assert.Null(store.FindSession(secret, Now));
    }

    [Fact]
    public void Session_File_HasTheHashOnly()
    {
        using var store = OpenFull();
        var (secret, _) = OpenSession(store);

        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(DatabasePath)!))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            Assert.False(content.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(secret)) >= 0, file);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public void Identities_RoundTrip_AndAreTheOperatorsOnly()
    {
        using var store = OpenFull();
        const string Ana = """{"users": [{"id": "u_1", "name": "Ana", "email": "ana@example.com", "identities": [{"issuer": "https://a", "subject": "s"}, {"issuer": "https://b", "subject": "s"}]}]}""";
        Assert.Equal(1, store.Import(Parse(Ana)).Users.Changed);
        Assert.Equal(0, store.Import(Parse(Ana)).Total);
        Assert.Equal(("u_1", "u_1", null), (store.FindUser("https://a", "s"), store.FindUser("https://b", "s"), store.FindUser("https://c", "s")));

        Assert.Equal(0, store.Import(Parse("""{"users": [{"id": "u_1", "name": "Ana", "email": "ana@example.com"}]}""")).Total);
        Assert.Equal("u_1", store.FindUser("https://a", "s"));
        Assert.Equal(0, store.Import(Parse(Text(store.Export()))).Total);
        Assert.True(store.Export().HasIdentities);
        Assert.False(store.Export("org_1").HasIdentities);

        using var copy = DirectoryStore.Open(DatabasePath + "-copy");
        copy.Import(store.Export());
        Assert.Equal("u_1", copy.FindUser("https://b", "s"));
    }

    [Fact]
    public void Identities_OfTwoUsers_AreRefusedWhole()
    {
        using var store = OpenFull();
        store.Import(Parse("""{"users": [{"id": "u_1", "identities": [{"issuer": "https://a", "subject": "s"}]}]}"""));

        var taken = Assert.Throws<DirectoryDocumentException>(() =>
            store.Import(Parse("""{"users": [{"id": "u_2", "identities": [{"issuer": "https://a", "subject": "s"}]}]}""")));
        var twice = Assert.Throws<DirectoryDocumentException>(() => store.Import(Parse(
            """{"users": [{"id": "u_1", "identities": [{"issuer": "https://x", "subject": "s"}]}, {"id": "u_2", "identities": [{"issuer": "https://x", "subject": "s"}]}]}""")));

        Assert.Equal(["users[0].identities[0]: found a subject of user \"u_1\", expected it with one user"], taken.Problems);
        Assert.Equal(2, twice.Problems.Count);
        Assert.Equal(("u_1", null), (store.FindUser("https://a", "s"), store.FindUser("https://x", "s")));
    }

    [Fact]
    public void Import_ByAnActor_IsAuditedWithWhatDecidesWhoMayDoWhat()
    {
        using var store = OpenFull();
        var actor = new AuditActor("session", "u_1", "tok_1", "request-1", Now);

        store.Import(
            Parse(
                """
                { "organizations": [{"id": "org_1", "name": "Acme", "plan": "free"}],
                  "members": [{"organizationId": "org_1", "userId": "u_1", "role": "admin"}] }
                """),
            actor);

        Assert.Equal(
            [
                ("directory.import", null, "organizations 1 changed; members 1 changed, 1 removed"),
                ("organization.plan", "org_1", "enterprise -> free"),
                ("member.role", "u_1", "owner -> admin"),
                ("member.remove", "u_2", "developer"),
            ],
            store.ReadAudit("org_1", null, 10).Reverse().Select(row => (row.Action, row.Target, row.Detail)));
        Assert.All(store.ReadAudit("org_1", null, 10), row => Assert.Equal(actor, row.Actor));
        Assert.Empty(store.ReadAudit("org_2", null, 10));
    }

    [Fact]
    public void Import_OfSeveralOrganizationsOrNothing_TellsNoneAboutTheOthers()
    {
        using var store = Open();
        store.Import(Parse(Full), Actor);
        var count = store.ReadAudit(null, null, 100).Count;

        Assert.All(
            store.ReadAudit("org_2", null, 100).Concat(store.ReadAudit("org_1", null, 100)).Where(row => row.Action == AuditActions.DirectoryImport),
            row => Assert.Null(row.Detail));
        Assert.Equal("u_2", store.ReadAudit("org_2", null, 100).Single(row => row.Action == AuditActions.MemberAdd).Target);

        store.Import(Parse(Full), Actor);
        Assert.Equal(count, store.ReadAudit(null, null, 100).Count);
    }

    [Fact]
    public void Audit_Pages_AndIsNeverChanged()
    {
        using var store = OpenFull();
        store.AppendAudit([.. Enumerable.Range(1, 5).Select(i => new AuditEntry(0, Actor, i % 2 == 0 ? "org_2" : "org_1", "export", $"{i}", null))]);

        var page = store.ReadAudit("org_1", null, 2);
        Assert.Equal(["5", "3"], page.Select(row => row.Target));
        Assert.Equal(["1"], store.ReadAudit("org_1", page[^1].Sequence, 2).Select(row => row.Target));
        Assert.Equal(5, store.ReadAudit(null, null, 100).Count);
        Assert.Contains("never changed", Assert.Throws<SqliteException>(() => Run("UPDATE audit SET actor = 'nobody'")).Message, StringComparison.Ordinal);
        Assert.Contains("never removed", Assert.Throws<SqliteException>(() => Run("DELETE FROM audit")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateFirstToken_OnlyWhereThereIsNobody()
    {
        using var store = Open();

        var token = store.CreateFirstToken("main", "boss", Now, AuditActor.Server(Now));

        Assert.Equal(("main", "boss"), (store.Authenticate(token!, Now)!.OrganizationId, store.Authenticate(token!, Now)!.UserId));
        Assert.Equal(("enterprise", "owner"), (store.FindOrganization("main")!.Plan, store.FindRole("main", "boss")));
        Assert.Null(store.CreateFirstToken("main", "boss", Now, AuditActor.Server(Now)));
        Assert.Equal(["token.create", "member.add"], store.ReadAudit("main", null, 10).Select(row => row.Action));
    }

    [Fact]
    public void CreateFirstToken_WrongId_ChangesNothing()
    {
        using var store = Open();

        Assert.Throws<DirectoryDocumentException>(() => store.CreateFirstToken(new string('x', 129), "boss", Now, Actor));

        Assert.Empty(store.Organizations());
    }

    private static (string Secret, SessionEntry Session) OpenSession(DirectoryStore store) =>
        store.OpenSession(SessionLogin.With(store.Authenticate(store.CreateToken("org_1", "u_1", TokenKind.Read, Now), Now)!), Now, Actor);

    private List<string> Schema()
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";
        using var rows = command.ExecuteReader();
        List<string> lines = [];
        while (rows.Read())
        {
            lines.Add(rows.GetString(0));
        }

        return lines;
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are those of this folder.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
