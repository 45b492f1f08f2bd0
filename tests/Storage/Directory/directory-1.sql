-- A directory as the first release wrote it. Never changed: such files must open for ever.
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

CREATE TABLE token (
    hash            BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    organization_id TEXT    NOT NULL REFERENCES organization (id),
    user_id         TEXT    NOT NULL REFERENCES user (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('read', 'ingest')),
    created_unix_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
    one           INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version       INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL
) STRICT;

INSERT INTO change (one, version, last_sequence) VALUES (1, 1, -1);

INSERT INTO organization VALUES ('org_1', 'Acme', 'enterprise');
INSERT INTO user VALUES ('u_1', 'Ana', 'ana@example.com');
INSERT INTO member VALUES ('org_1', 'u_1', 'owner');
-- SHA-256 of the token ana_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
INSERT INTO token VALUES (X'c707da9d06876c03c6813c0734e6b509b975fcb5a33b43f66e7ccd9ef1f81306', 'org_1', 'u_1', 'read', 1782302400000);
UPDATE change SET version = 7, last_sequence = 3;
PRAGMA application_id = 1095647556;
PRAGMA user_version = 1;
