-- The same changes as on SQLite; the comments there hold here.
ALTER TABLE runs ADD COLUMN branched INTEGER NOT NULL DEFAULT 0;

ALTER TABLE run_steps ADD COLUMN path  TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN pos   INTEGER;
ALTER TABLE run_steps ADD COLUMN clock BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX run_steps_branch ON run_steps (run, path, pos) WHERE path <> '';

CREATE TABLE run_waits (
    run       TEXT COLLATE "C" NOT NULL,
    path      TEXT COLLATE "C" NOT NULL,
    pos       INTEGER NOT NULL,
    name      TEXT    NOT NULL DEFAULT '',
    tries     INTEGER NOT NULL DEFAULT 0,
    worked    BIGINT  NOT NULL DEFAULT 0,
    wake_at   BIGINT,
    due       INTEGER NOT NULL DEFAULT 0,
    signal    TEXT COLLATE "C" NOT NULL DEFAULT '',
    waits_for TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (run, path)
);
CREATE INDEX run_waits_signal ON run_waits (signal) WHERE signal <> '';
INSERT INTO run_waits (run, path, pos, tries, worked, wake_at, due, signal, waits_for)
    SELECT id, '', wait_step, tries, worked, wake_at, CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, signal, waits_for
    FROM runs WHERE wait_step >= 0 AND state IN ('queued', 'running', 'waiting');
UPDATE runs SET signal = '' WHERE wait_step >= 0 AND signal <> '';

CREATE TABLE signals (
    signal  TEXT COLLATE "C" PRIMARY KEY,
    name    TEXT   NOT NULL,
    payload BYTEA,
    at      BIGINT NOT NULL
);
CREATE INDEX signals_at ON signals (at);
