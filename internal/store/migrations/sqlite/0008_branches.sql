-- A run has branches, whose steps happen at the same time, and can wait for
-- several things. What a run waited in was part of its row; the columns wait_step,
-- tries and worked stay there, unused, for replicas of the version before, which
-- may be at work beside this one while it is deployed.
ALTER TABLE runs ADD COLUMN branched INTEGER NOT NULL DEFAULT 0; -- how many of its steps belong to branches

ALTER TABLE run_steps ADD COLUMN path  TEXT    NOT NULL DEFAULT ''; -- of the branch; '' for the run's own steps
ALTER TABLE run_steps ADD COLUMN pos   INTEGER;                     -- position within the branch; NULL for idx
ALTER TABLE run_steps ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;  -- working time of the branch behind the step in microseconds; 0 if not known
CREATE UNIQUE INDEX run_steps_branch ON run_steps (run, path, pos) WHERE path <> '';

-- What the branches of a run wait for: one thing each.
CREATE TABLE run_waits (
    run       TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    pos       INTEGER NOT NULL, -- of the step that it waits in
    name      TEXT    NOT NULL DEFAULT '', -- of that step
    tries     INTEGER NOT NULL DEFAULT 0,
    worked    INTEGER NOT NULL DEFAULT 0,  -- microseconds
    wake_at   INTEGER,
    due       INTEGER NOT NULL DEFAULT 0,  -- 1 once that time has come
    signal    TEXT    NOT NULL DEFAULT '',
    waits_for TEXT    NOT NULL DEFAULT '', -- in words
    PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_waits_signal ON run_waits (signal) WHERE signal <> '';
INSERT INTO run_waits (run, path, pos, tries, worked, wake_at, due, signal, waits_for)
    SELECT id, '', wait_step, tries, worked, wake_at, CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, signal, waits_for
    FROM runs WHERE wait_step >= 0 AND state IN ('queued', 'running', 'waiting');
UPDATE runs SET signal = '' WHERE wait_step >= 0 AND signal <> '';

-- Signals that came before anybody waited for them.
CREATE TABLE signals (
    signal  TEXT PRIMARY KEY,
    name    TEXT    NOT NULL,
    payload BLOB,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX signals_at ON signals (at);
