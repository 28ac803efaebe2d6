-- Runs: one row for each execution of a target for one event.
CREATE TABLE runs (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT, -- order of admission
    id              TEXT    NOT NULL UNIQUE,
    delivery        TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    site            TEXT    NOT NULL,
    subject         TEXT    NOT NULL, -- runs of one subject go one at a time, in order of seq
    project         TEXT    NOT NULL,
    issue_key       TEXT    NOT NULL,
    event_type      TEXT    NOT NULL,
    actor           TEXT    NOT NULL,
    trigger_name    TEXT    NOT NULL,
    target_kind     TEXT    NOT NULL,
    target          TEXT    NOT NULL,
    revision        TEXT    NOT NULL, -- of the target's manifest, see revisions
    catalog         TEXT    NOT NULL, -- revision of the whole catalogue
    work            BLOB    NOT NULL, -- JSON: the event and the command
    state           TEXT    NOT NULL,
    ready           INTEGER NOT NULL, -- 1 if no earlier run of the subject is open
    attempt         INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL, -- all times in Unix milliseconds
    started_at      INTEGER,
    finished_at     INTEGER,
    steps           INTEGER NOT NULL DEFAULT 0,
    tokens_in       INTEGER NOT NULL DEFAULT 0,
    tokens_cached   INTEGER NOT NULL DEFAULT 0,
    tokens_out      INTEGER NOT NULL DEFAULT 0,
    cost_micro_usd  INTEGER,          -- NULL: the price of some call is unknown
    in_doubt        INTEGER NOT NULL DEFAULT 0,
    result          TEXT    NOT NULL DEFAULT '',
    error           TEXT    NOT NULL DEFAULT ''
) STRICT;

-- The promise "one at a time" is held by the database.
CREATE UNIQUE INDEX runs_one_running ON runs (source, site, subject) WHERE state = 'running';
CREATE INDEX runs_open    ON runs (source, site, subject, seq) WHERE state IN ('queued', 'running', 'waiting');
CREATE INDEX runs_ready   ON runs (seq) WHERE state = 'queued' AND ready = 1;
CREATE INDEX runs_subject ON runs (source, site, subject, created_at);
CREATE INDEX runs_issue   ON runs (issue_key, seq);
CREATE INDEX runs_state   ON runs (state, seq);
CREATE INDEX runs_delivery ON runs (delivery);

-- Steps: the readable record of what each run did.
CREATE TABLE run_steps (
    run     TEXT    NOT NULL,
    idx     INTEGER NOT NULL,
    entry   BLOB    NOT NULL, -- JSON of step.Entry
    PRIMARY KEY (run, idx)
) STRICT, WITHOUT ROWID;

-- Run events: append-only, followed by sequence number.
CREATE TABLE run_events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    run     TEXT    NOT NULL,
    dedupe  TEXT    NOT NULL, -- what the event is, so that a replay does not repeat it
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    payload BLOB    NOT NULL,
    UNIQUE (run, dedupe)
) STRICT;

-- Effects: writes that were about to be sent to the outside.
CREATE TABLE effects (
    id       TEXT    PRIMARY KEY,
    kind     TEXT    NOT NULL,
    target   TEXT    NOT NULL,
    begun_at INTEGER NOT NULL,
    done_at  INTEGER,
    ref      TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX effects_ref ON effects (kind, ref) WHERE done_at IS NOT NULL;

-- Revisions: the text of each manifest that a run was started with.
CREATE TABLE revisions (
    revision TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    source   TEXT NOT NULL,
    text     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
