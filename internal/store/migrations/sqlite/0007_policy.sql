-- What was asked of people, and what they decided. The code is what they name it
-- by, step the step that asked: asked again after a crash it is the same question.
CREATE TABLE approvals (
    code       TEXT PRIMARY KEY,
    step       TEXT    NOT NULL UNIQUE,
    run        TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    site       TEXT    NOT NULL,
    issue_key  TEXT    NOT NULL,
    asks       BLOB    NOT NULL,
    state      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    decided_at INTEGER,
    decided_by TEXT    NOT NULL DEFAULT '',
    decision   BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_run  ON approvals (run);
CREATE INDEX approvals_open ON approvals (created_at) WHERE state = 'open';

-- Who did what and why, each row bound to the one before by its hash. Rows are
-- only added at the end, and deleted from the beginning when they are old.
CREATE TABLE audit (
    seq  INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    kind TEXT    NOT NULL,
    run  TEXT    NOT NULL,
    body BLOB    NOT NULL,
    prev TEXT    NOT NULL,
    hash TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_run ON audit (run) WHERE run <> '';
CREATE INDEX audit_at  ON audit (at);

-- What was spent, by scope, such as one day or one run; and what is reserved for
-- calls of models that are under way, which is contained in it.
CREATE TABLE spend (
    scope     TEXT PRIMARY KEY,
    micro_usd INTEGER NOT NULL,
    tokens    INTEGER NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE reservations (
    id        TEXT PRIMARY KEY,
    micro_usd INTEGER NOT NULL,
    tokens    INTEGER NOT NULL,
    scopes    TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
