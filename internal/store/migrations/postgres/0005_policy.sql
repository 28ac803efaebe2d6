-- The same tables as on SQLite; the comments there hold here.
CREATE TABLE approvals (
    code       TEXT COLLATE "C" PRIMARY KEY,
    step       TEXT COLLATE "C" NOT NULL UNIQUE,
    run        TEXT COLLATE "C" NOT NULL,
    kind       TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    issue_key  TEXT   NOT NULL,
    asks       BYTEA  NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    decided_at BIGINT,
    decided_by TEXT   NOT NULL DEFAULT '',
    decision   BYTEA
);
CREATE INDEX approvals_run  ON approvals (run);
CREATE INDEX approvals_open ON approvals (created_at) WHERE state = 'open';

CREATE TABLE audit (
    seq  BIGINT PRIMARY KEY,
    at   BIGINT NOT NULL,
    kind TEXT   NOT NULL,
    run  TEXT COLLATE "C" NOT NULL,
    body BYTEA  NOT NULL,
    prev TEXT   NOT NULL,
    hash TEXT   NOT NULL
);
CREATE INDEX audit_run ON audit (run) WHERE run <> '';
CREATE INDEX audit_at  ON audit (at);

CREATE TABLE spend (
    scope     TEXT COLLATE "C" PRIMARY KEY,
    micro_usd BIGINT NOT NULL,
    tokens    BIGINT NOT NULL,
    at        BIGINT NOT NULL
);
CREATE TABLE reservations (
    id        TEXT COLLATE "C" PRIMARY KEY,
    micro_usd BIGINT NOT NULL,
    tokens    BIGINT NOT NULL,
    scopes    TEXT   NOT NULL,
    at        BIGINT NOT NULL
);
