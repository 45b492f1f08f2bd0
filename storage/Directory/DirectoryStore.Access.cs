using NodaTime;

namespace Analytics.Storage.Directory;

/// <content>Tokens, sessions, identities and the audit log.</content>
public sealed partial class DirectoryStore
{
    // Both numbers only grow, so their sum changes whenever one does.
    private const string SelectAccessVersion = "SELECT change.version + access_change.version FROM change, access_change";
    private volatile TokenTable? tokens;

    /// <summary>Makes a token for a member. The text is returned once; only its SHA-256 is kept.</summary>
    /// <param name="organizationId">The organisation.</param>
    /// <param name="userId">A member of it.</param>
    /// <param name="kind">What the token is for.</param>
    /// <param name="now">When it is made; kept in milliseconds.</param>
    /// <returns><c>ana_</c> and 43 characters of base64url, 256 random bits.</returns>
    /// <exception cref="ArgumentException">The user is not a member of the organisation.</exception>
    public string CreateToken(string organizationId, string userId, TokenKind kind, Instant now) =>
        IssueToken(organizationId, userId, kind, now).Text;

    /// <summary>Makes a token for a member. The text is returned once; only its SHA-256 is kept.</summary>
    /// <param name="organizationId">The organisation.</param>
    /// <param name="userId">A member of it.</param>
    /// <param name="kind">What the token is for.</param>
    /// <param name="now">When it is made; kept in milliseconds.</param>
    /// <param name="expires">When it ends, kept in milliseconds; null for never.</param>
    /// <param name="actor">Who makes it, for the audit log; null for nobody, which is not audited.</param>
    /// <returns>The token's text and its entry.</returns>
    /// <exception cref="ArgumentException">The user is not a member of the organisation, or the token would have ended already.</exception>
    public (string Text, TokenEntry Entry) IssueToken(
        string organizationId, string userId, TokenKind kind, Instant now, Instant? expires = null, AuditActor? actor = null)
    {
        if (expires <= now)
        {
            throw new ArgumentException($"The token would expire at {expires}, which is not after {now}. Give a later time.", nameof(expires));
        }

        return writer.Write(connection => IssueToken(connection, organizationId, userId, kind, now, expires, actor));
    }

    /// <summary>Makes the first organisation, its owner and their token, where there is no organisation and no token yet.</summary>
    /// <param name="organizationId">The organisation, by the document's rules; on the enterprise plan.</param>
    /// <param name="userId">The owner, by the document's rules.</param>
    /// <param name="now">When it happens.</param>
    /// <param name="actor">Who does it, for the audit log.</param>
    /// <returns>The token's text; null where there is anything already.</returns>
    /// <exception cref="DirectoryDocumentException">An id breaks a rule of the document.</exception>
    public string? CreateFirstToken(string organizationId, string userId, Instant now, AuditActor actor)
    {
        var first = new DirectoryDocument { Members = [new MemberEntry(organizationId, userId, DirectoryDocument.Roles[0])] };
        _ = DirectoryDocument.Parse(first.ToUtf8());
        return writer.Write(connection =>
        {
            if (connection.Any("SELECT 1 FROM organization") || connection.Any("SELECT 1 FROM token"))
            {
                return null;
            }

            _ = EnsureMember(connection, organizationId, userId, DirectoryDocument.Roles[0], actor);
            return IssueToken(connection, organizationId, userId, TokenKind.Read, now, expires: null, actor).Text;
        });
    }

    /// <summary>Ends a token and every session opened with it, from the next request on.</summary>
    /// <param name="tokenId">A token's public id; any text.</param>
    /// <param name="organizationId">Only a token of this organisation; null for any.</param>
    /// <param name="now">When it happens.</param>
    /// <param name="actor">Who does it, for the audit log; null for nobody, which is not audited.</param>
    /// <returns>The token as it is now, also where it was revoked before; null where there is none.</returns>
    public TokenEntry? RevokeToken(string tokenId, string? organizationId, Instant now, AuditActor? actor = null) => writer.Write(connection =>
    {
        var found = TokenRows.Find(connection, tokenId);
        if (found is null || (organizationId is not null && found.OrganizationId != organizationId))
        {
            return null;
        }

        if (found.Revoked is not null)
        {
            return found;
        }

        var revoked = found with { Revoked = Milliseconds(now) };
        connection.Execute("UPDATE token SET revoked_unix_ms = $2 WHERE id = $1", tokenId, now.ToUnixTimeMilliseconds());
        connection.Execute("DELETE FROM session WHERE token_id = $1", tokenId);
        BumpAccess(connection);
        if (actor is not null)
        {
            AuditRows.Add(connection, [new AuditEvent(found.OrganizationId, AuditActions.TokenRevoke, tokenId, $"of {found.UserId}").By(actor)]);
        }

        return revoked;
    });

    /// <summary>All tokens, revoked and expired ones too, the oldest first.</summary>
    /// <param name="organizationId">One organisation, or null for all.</param>
    public IReadOnlyList<TokenEntry> Tokens(string? organizationId = null) => reader.Read(connection => TokenRows.All(connection, organizationId));

    /// <summary>Says who holds a token.</summary>
    /// <param name="token">Any text.</param>
    /// <param name="now">The present, for tokens that expire.</param>
    /// <returns>The holder; null where the token is unknown, revoked or expired, or its user has left the organisation.</returns>
    public TokenIdentity? Authenticate(string token, Instant now)
    {
        // Hashed whatever it is: texts that no token can be take as long as those that one could be.
        var hash = TokenTable.Hash(token);
        var current = tokens;
        if (current is null || current.Version != reader.ReadScalar(SelectAccessVersion))
        {
            current = reader.Read(connection => new TokenTable(connection.Scalar(SelectAccessVersion), TokenRows.InForce(connection)));
            tokens = current;
        }

        return TokenTable.IsWellFormed(token) ? current.Find(hash, now) : null;
    }

    /// <summary>Who a subject of an OpenID Connect issuer is here; null for nobody.</summary>
    /// <param name="issuer">The issuer, exactly as its tokens spell it.</param>
    /// <param name="subject">The subject, exactly as the issuer's tokens spell it.</param>
    public string? FindUser(string issuer, string subject) => reader.Read(connection => connection.Query(
        "SELECT user_id FROM identity WHERE issuer = $1 AND subject = $2", row => row.GetString(0), issuer, subject)).SingleOrDefault();

    /// <summary>A user's labels, or null where the user is unknown.</summary>
    /// <param name="userId">Any text.</param>
    public UserEntry? FindUser(string userId) => reader.Read(connection =>
        connection.Query("SELECT id, name, email FROM user WHERE id = $1", DirectoryRows.User, userId)).SingleOrDefault();

    /// <summary>Opens a session.</summary>
    /// <param name="login">What the user signed in with.</param>
    /// <param name="now">When it begins; kept in milliseconds.</param>
    /// <param name="actor">Who signs in, for the audit log.</param>
    /// <returns>The cookie's value, 256 random bits as 43 characters of base64url, of which only the SHA-256 is kept; and the session.</returns>
    /// <remarks>Sessions that have ended are removed on the way.</remarks>
    public (string Secret, SessionEntry Session) OpenSession(SessionLogin login, Instant now, AuditActor actor)
    {
        var secret = SessionRows.NewSecret();
        var session = new SessionEntry(
            SessionRows.NewId(), login.UserId, login.OrganizationId, login.TokenId, Milliseconds(now), Milliseconds(login.EndsAt(now)), Milliseconds(now));
        return writer.Write(connection =>
        {
            SessionRows.RemoveEnded(connection, now);
            SessionRows.Add(connection, SessionRows.Hash(secret), session, login);
            AuditRows.Add(connection, [new AuditEvent(login.OrganizationId, AuditActions.SessionOpen, session.Id, null).By(actor)]);
            return (secret, session);
        });
    }

    /// <summary>Says whose session a cookie is of.</summary>
    /// <param name="secret">The cookie's value; any text.</param>
    /// <param name="now">The present.</param>
    /// <returns>
    /// The session; null where there is none, it has ended, its token is revoked or expired, its identity is gone or of
    /// another user, or the token's user has left the organisation.
    /// </returns>
    public SessionEntry? FindSession(string secret, Instant now)
    {
        var hash = SessionRows.Hash(secret);
        return reader.Read(connection => SessionRows.Find(connection, hash, now));
    }

    /// <summary>Notes that a session was used, which moves the end that comes from not using it.</summary>
    /// <param name="sessionId">The session's public id.</param>
    /// <param name="now">When.</param>
    public void TouchSession(string sessionId, Instant now) => writer.Write(connection =>
        connection.Execute("UPDATE session SET used_unix_ms = $2 WHERE id = $1", sessionId, now.ToUnixTimeMilliseconds()));

    /// <summary>Ends a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="actor">Who signs out, for the audit log.</param>
    public void CloseSession(SessionEntry session, AuditActor actor) => writer.Write(connection =>
    {
        var rows = connection.Execute("DELETE FROM session WHERE id = $1", session.Id);
        if (rows > 0)
        {
            AuditRows.Add(connection, [new AuditEvent(session.OrganizationId, AuditActions.SessionClose, session.Id, null).By(actor)]);
        }

        return rows;
    });

    /// <summary>Adds to the audit log what no other method of the directory did; all rows or none.</summary>
    /// <param name="entries">What happened, in order. Their sequences are ignored.</param>
    public void AppendAudit(IReadOnlyList<AuditEntry> entries) => writer.Write(connection => AuditRows.Add(connection, entries));

    /// <summary>Reads the audit log, the newest first.</summary>
    /// <param name="organizationId">One organisation, or null for everything, also what concerns the operator only.</param>
    /// <param name="before">Only rows with a smaller sequence; null for the newest.</param>
    /// <param name="limit">The most rows, 1 or more.</param>
    public IReadOnlyList<AuditEntry> ReadAudit(string? organizationId, long? before, int limit) =>
        reader.Read(connection => AuditRows.Read(connection, organizationId, before ?? long.MaxValue, limit));

    private static (string Text, TokenEntry Entry) IssueToken(
        DirectoryConnection connection, string organizationId, string userId, TokenKind kind, Instant now, Instant? expires, AuditActor? actor)
    {
        if (!connection.Any(
            "SELECT 1 FROM member WHERE organization_id = $1 AND user_id = $2 AND role IS NOT NULL", organizationId, userId))
        {
            throw new ArgumentException(
                $"User '{userId}' is not a member of organization '{organizationId}'. Add the user as a member first.", nameof(userId));
        }

        var text = TokenTable.NewToken();
        var entry = new TokenEntry(
            TokenRows.NewId(), organizationId, userId, kind, Milliseconds(now), expires is { } end ? Milliseconds(end) : null, Revoked: null);
        TokenRows.Add(connection, TokenTable.Hash(text), entry);
        BumpAccess(connection);
        if (actor is not null)
        {
            var detail = $"{TokenRows.Text(kind)}, of {userId}{(entry.Expires is null ? string.Empty : $", until {entry.Expires}")}";
            AuditRows.Add(connection, [new AuditEvent(organizationId, AuditActions.TokenCreate, entry.Id, detail).By(actor)]);
        }

        return (text, entry);
    }

    private static void BumpAccess(DirectoryConnection connection) => connection.Execute("UPDATE access_change SET version = version + 1");

    private static Instant Milliseconds(Instant time) => Instant.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
