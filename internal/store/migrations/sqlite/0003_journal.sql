-- The history of steps becomes the journal that runs continue from, runs get an
-- owner, and a run can wait without anybody at work on it.
ALTER TABLE runs ADD COLUMN open       INTEGER NOT NULL DEFAULT 0;  -- 1 while later runs of the subject have to wait for it
ALTER TABLE runs ADD COLUMN owner      TEXT    NOT NULL DEFAULT ''; -- the replica at work on it
ALTER TABLE runs ADD COLUMN epoch      INTEGER NOT NULL DEFAULT 0;  -- counts how often it was taken up; what an earlier holder writes is refused
ALTER TABLE runs ADD COLUMN deaths     INTEGER NOT NULL DEFAULT 0;  -- holders that died in a row without it getting on
ALTER TABLE runs ADD COLUMN retries    INTEGER NOT NULL DEFAULT 0;  -- how often somebody asked for it to be tried again
ALTER TABLE runs ADD COLUMN rewinds    TEXT    NOT NULL DEFAULT ''; -- the steps from which it was, with commas between
ALTER TABLE runs ADD COLUMN timed_from INTEGER NOT NULL DEFAULT 0;  -- the first step that counts towards its working time
ALTER TABLE runs ADD COLUMN wait_step  INTEGER NOT NULL DEFAULT -1; -- the step that it waited in; the next four belong to that step
ALTER TABLE runs ADD COLUMN wake_at    INTEGER;
ALTER TABLE runs ADD COLUMN tries      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN worked     INTEGER NOT NULL DEFAULT 0;  -- microseconds
ALTER TABLE runs ADD COLUMN waits_for  TEXT    NOT NULL DEFAULT ''; -- in words
ALTER TABLE runs ADD COLUMN signal     TEXT    NOT NULL DEFAULT ''; -- what ends the waiting before its time
ALTER TABLE runs ADD COLUMN cancel     TEXT    NOT NULL DEFAULT ''; -- who asked for its end
ALTER TABLE runs ADD COLUMN wiped      INTEGER NOT NULL DEFAULT 0;  -- 1 once its steps, events and texts are deleted

UPDATE runs SET open = 1 WHERE state IN ('queued', 'running', 'waiting');
-- Steps were summed up at the end of a run. The sums are made in floating point,
-- which does not fail for counts that a provider made up.
UPDATE runs SET (steps, tokens_in, tokens_cached, tokens_out, cost_micro_usd, in_doubt) = (
    SELECT count(*),
        CAST(min(total(max(entry ->> '$.tokens_in', 0)), 1e12) AS INTEGER),
        CAST(min(total(max(entry ->> '$.tokens_cached', 0)), 1e12) AS INTEGER),
        CAST(min(total(max(entry ->> '$.tokens_out', 0)), 1e12) AS INTEGER),
        CASE WHEN total(entry ->> '$.kind' = 'model' AND entry ->> '$.cost_micro_usd' IS NULL) > 0
            THEN NULL ELSE CAST(min(total(max(entry ->> '$.cost_micro_usd', 0)), 1e12) AS INTEGER) END,
        coalesce(max(entry ->> '$.in_doubt'), 0)
    FROM run_steps WHERE run = runs.id) WHERE state IN ('queued', 'running', 'waiting');
UPDATE runs SET cost_micro_usd = 0 WHERE cost_micro_usd IS NULL AND steps = 0;

DROP INDEX runs_open;
CREATE INDEX runs_open     ON runs (source, site, subject, seq) WHERE open = 1;
-- Of the open runs of a subject, the one whose turn it is.
CREATE INDEX runs_turn     ON runs (source, site, subject) WHERE open = 1 AND (state <> 'queued' OR ready = 1);
CREATE INDEX runs_owner    ON runs (owner) WHERE state = 'running';
CREATE INDEX runs_wake     ON runs (wake_at) WHERE state = 'waiting';
CREATE INDEX runs_signal   ON runs (signal) WHERE state = 'waiting' AND signal <> '';
CREATE INDEX runs_cancel   ON runs (owner) WHERE cancel <> '' AND state = 'running';
CREATE INDEX runs_finished ON runs (wiped, finished_at) WHERE finished_at IS NOT NULL;

ALTER TABLE run_steps ADD COLUMN asked   TEXT;                       -- the name by which the step was asked for; NULL for that of the entry
ALTER TABLE run_steps ADD COLUMN failure BLOB;                       -- JSON of step.Failure, if it has no result
ALTER TABLE run_steps ADD COLUMN worked  INTEGER NOT NULL DEFAULT 0; -- microseconds

ALTER TABLE run_events ADD COLUMN step INTEGER; -- the journal's step that it tells of, if the payload does not

-- What a run has to do is large and never changes; beside it, the row changes
-- with each step.
CREATE TABLE run_work (
    run  TEXT PRIMARY KEY,
    work BLOB NOT NULL -- JSON: the event and the command
) STRICT, WITHOUT ROWID;
INSERT INTO run_work (run, work) SELECT id, work FROM runs;
ALTER TABLE runs DROP COLUMN work;

ALTER TABLE effects ADD COLUMN run TEXT NOT NULL DEFAULT '';
UPDATE effects SET run = substr(id, 1, instr(id, ':') - 1) WHERE instr(id, ':') > 0;
CREATE INDEX effects_run ON effects (run);

-- Who is alive, and who does what only one may do.
CREATE TABLE replicas (
    id         TEXT    PRIMARY KEY,
    host       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    beat_at    INTEGER NOT NULL -- by the database's clock
) STRICT, WITHOUT ROWID;
CREATE TABLE leases (
    name     TEXT    PRIMARY KEY,
    owner    TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    until_at INTEGER NOT NULL -- by the database's clock
) STRICT, WITHOUT ROWID;

-- What the engine kept that journalled steps before.
DROP TABLE IF EXISTS operation_outputs;
DROP TABLE IF EXISTS workflow_events_history;
DROP TABLE IF EXISTS workflow_events;
DROP TABLE IF EXISTS notifications;
DROP TABLE IF EXISTS streams;
DROP TABLE IF EXISTS workflow_schedules;
DROP TABLE IF EXISTS event_dispatch_kv;
DROP TABLE IF EXISTS queues;
DROP TABLE IF EXISTS application_versions;
DROP TABLE IF EXISTS workflow_status;
DROP TABLE IF EXISTS dbos_migrations;
