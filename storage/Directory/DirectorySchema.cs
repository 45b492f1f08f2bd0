namespace Analytics.Storage.Directory;

// organization ──┬─< organization_zone    reporting zones, in the order given
//   id           ├─< member >── user      role NULL: has left; usage never brings that person back, a document does
//   name, plan   ├─< project ──┬─< api_key     project_id, or none; created_by ─> user
//                │             └─< agent       project_id, or none
//                ├─< model ──< price      organization_id '' holds the operator's defaults (so no foreign key there)
//                ├─< seen_model           what events said first about a mapping that no table named
//                └─< token >── user       SHA-256 of a bearer token, never the token; revoked ones stay, marked so
//                      └─< session       SHA-256 of a cookie's value; opened with a token, or by an identity
// user ──< identity ──< session          (issuer, subject) of OpenID Connect: who a JWT speaks for
//
// change: one row. version grows with every transaction that changed something a reader of usage can see;
// last_sequence is the last batch of registrations applied. access_change.version grows with every change of tokens:
// a number of its own, so that a new token leaves answers and what is kept of the directory as they are.
//
// audit: who changed or took away what. Rows are added and never changed; organization_id is NULL for what concerns
// the operator only.
//
// project, api_key and agent are never removed, they are marked deleted: usage keeps pointing at them. Their origin is
// 'seen' (usage brought them) or 'document' (a document created or changed them); only the latter can be deleted by
// being left out of a document.
//
// price.atto_usd is 1e-18 US dollars per token: 1e12 times the price in US dollars per million tokens.
internal static class DirectorySchema
{
    /// <summary>"ANAD" in ASCII: tells a directory from any other SQLite file.</summary>
    public const int ApplicationId = 0x414E4144;

    public const int Version = 2;

    /// <summary>Everything, for a new file.</summary>
    public const string Create = Names + Access;

    /// <summary>What version 1 did not have. Its tokens stay in force.</summary>
    public const string FromVersion1 =
        "ALTER TABLE token RENAME TO token_1;"
        + Access
        + """
        INSERT INTO token (hash, id, organization_id, user_id, kind, created_unix_ms)
        SELECT hash, 'tok_' || lower(hex(randomblob(8))), organization_id, user_id, kind, created_unix_ms FROM token_1;
        DROP TABLE token_1;
        """;

    private const string Names =
        """
        CREATE TABLE organization (
            id   TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            plan TEXT NOT NULL CHECK (plan IN ('free', 'pro', 'enterprise'))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE organization_zone (
            organization_id TEXT    NOT NULL REFERENCES organization (id),
            position        INTEGER NOT NULL,
            zone            TEXT    NOT NULL,
            PRIMARY KEY (organization_id, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE user (
            id    TEXT NOT NULL PRIMARY KEY,
            name  TEXT NOT NULL,
            email TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE member (
            organization_id TEXT NOT NULL REFERENCES organization (id),
            user_id         TEXT NOT NULL REFERENCES user (id),
            role            TEXT CHECK (role IN ('owner', 'admin', 'developer', 'member')),
            PRIMARY KEY (organization_id, user_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE project (
            organization_id TEXT    NOT NULL REFERENCES organization (id),
            id              TEXT    NOT NULL,
            name            TEXT    NOT NULL,
            color           TEXT,
            deleted         INTEGER NOT NULL CHECK (deleted IN (0, 1)),
            origin          TEXT    NOT NULL CHECK (origin IN ('document', 'seen')),
            PRIMARY KEY (organization_id, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE api_key (
            organization_id TEXT    NOT NULL REFERENCES organization (id),
            id              TEXT    NOT NULL,
            project_id      TEXT,
            description     TEXT    NOT NULL,
            created_by      TEXT    REFERENCES user (id),
            deleted         INTEGER NOT NULL CHECK (deleted IN (0, 1)),
            origin          TEXT    NOT NULL CHECK (origin IN ('document', 'seen')),
            PRIMARY KEY (organization_id, id),
            FOREIGN KEY (organization_id, project_id) REFERENCES project (organization_id, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE agent (
            organization_id TEXT    NOT NULL REFERENCES organization (id),
            id              TEXT    NOT NULL,
            project_id      TEXT,
            name            TEXT    NOT NULL,
            deleted         INTEGER NOT NULL CHECK (deleted IN (0, 1)),
            origin          TEXT    NOT NULL CHECK (origin IN ('document', 'seen')),
            PRIMARY KEY (organization_id, id),
            FOREIGN KEY (organization_id, project_id) REFERENCES project (organization_id, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE model (
            organization_id TEXT NOT NULL,
            mapping         TEXT NOT NULL,
            model           TEXT,
            provider        TEXT,
            PRIMARY KEY (organization_id, mapping)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE price (
            organization_id TEXT    NOT NULL,
            mapping         TEXT    NOT NULL,
            rule            TEXT    NOT NULL,
            unit            TEXT    NOT NULL,
            atto_usd        INTEGER NOT NULL CHECK (atto_usd >= 0),
            PRIMARY KEY (organization_id, mapping, rule),
            FOREIGN KEY (organization_id, mapping) REFERENCES model (organization_id, mapping) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE seen_model (
            organization_id TEXT NOT NULL REFERENCES organization (id),
            mapping         TEXT NOT NULL,
            model           TEXT,
            provider        TEXT,
            PRIMARY KEY (organization_id, mapping)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE change (
            one           INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
            version       INTEGER NOT NULL,
            last_sequence INTEGER NOT NULL
        ) STRICT;

        INSERT INTO change (one, version, last_sequence) VALUES (1, 1, -1);
        """;

    private const string Access =
        """

        CREATE INDEX member_user ON member (user_id);

        CREATE TABLE token (
            hash            BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
            id              TEXT    NOT NULL UNIQUE,
            organization_id TEXT    NOT NULL REFERENCES organization (id),
            user_id         TEXT    NOT NULL REFERENCES user (id),
            kind            TEXT    NOT NULL CHECK (kind IN ('read', 'ingest')),
            created_unix_ms INTEGER NOT NULL,
            expires_unix_ms INTEGER,
            revoked_unix_ms INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE identity (
            issuer  TEXT NOT NULL,
            subject TEXT NOT NULL,
            user_id TEXT NOT NULL REFERENCES user (id),
            PRIMARY KEY (issuer, subject)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX identity_user ON identity (user_id);

        CREATE TABLE session (
            hash            BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
            id              TEXT    NOT NULL UNIQUE,
            user_id         TEXT    NOT NULL REFERENCES user (id),
            token_id        TEXT    REFERENCES token (id),
            issuer          TEXT,
            subject         TEXT,
            created_unix_ms INTEGER NOT NULL,
            used_unix_ms    INTEGER NOT NULL,
            expires_unix_ms INTEGER NOT NULL,
            FOREIGN KEY (issuer, subject) REFERENCES identity (issuer, subject) ON DELETE CASCADE,
            CHECK ((token_id IS NULL) = (issuer IS NOT NULL AND subject IS NOT NULL))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (
            sequence        INTEGER PRIMARY KEY AUTOINCREMENT,
            at_unix_ms      INTEGER NOT NULL,
            organization_id TEXT,
            actor           TEXT    NOT NULL,
            user_id         TEXT,
            token_id        TEXT,
            action          TEXT    NOT NULL,
            target          TEXT,
            detail          TEXT,
            request_id      TEXT
        ) STRICT;

        CREATE INDEX audit_organization ON audit (organization_id, sequence);

        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
        CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never removed'); END;

        CREATE TABLE access_change (
            one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
            version INTEGER NOT NULL
        ) STRICT;

        INSERT INTO access_change (one, version) VALUES (1, 1);

        """;
}
