-- Tasks of A2A: pieces of work that callers follow, one run behind each. A context
-- is the tasks that name it.
CREATE TABLE tasks (
    seq          INTEGER PRIMARY KEY, -- order within a context
    id           TEXT    NOT NULL UNIQUE,
    context      TEXT    NOT NULL,
    installation TEXT    NOT NULL, -- whose it is: nobody else reads or changes it
    account      TEXT    NOT NULL,
    agent        TEXT    NOT NULL, -- as the caller named it; '' for the default one
    run          TEXT    NOT NULL DEFAULT '', -- '' while the work may not begin
    state        TEXT    NOT NULL,
    active       INTEGER NOT NULL, -- 1 until it has ended
    status       BLOB    NOT NULL, -- JSON of a2a.Status
    status_at    INTEGER NOT NULL, -- all times in Unix milliseconds
    events       INTEGER NOT NULL, -- number of the last event
    messages     INTEGER NOT NULL, -- number of the last message
    artifacts    INTEGER NOT NULL DEFAULT 0, -- how many events brought one
    read_to      INTEGER NOT NULL DEFAULT 0, -- the last message that the run was given; the first began it
    pushes       INTEGER NOT NULL DEFAULT 0, -- 1 once somebody wants to be told
    deadline     INTEGER,
    call         BLOB    NOT NULL, -- JSON of the a2a.Call that began it
    held         INTEGER NOT NULL, -- 1 while its work may not begin and it has no run
    ended_by     TEXT    NOT NULL DEFAULT '', -- the key under which it was concluded
    created_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT;
-- The promise "one active task in each context" is held by the database.
CREATE UNIQUE INDEX tasks_active ON tasks (installation, account, context) WHERE active = 1;
CREATE INDEX tasks_context ON tasks (context, seq);
CREATE INDEX tasks_listed  ON tasks (installation, account, status_at, id, state, context);
CREATE INDEX tasks_run     ON tasks (run) WHERE run <> '';
CREATE INDEX tasks_due     ON tasks (deadline) WHERE active = 1;
CREATE INDEX tasks_auth    ON tasks (id) WHERE active = 1 AND state = 'auth-required';
CREATE INDEX tasks_ended   ON tasks (ended_at) WHERE active = 0;

-- What was said in a task, by its user and by us.
CREATE TABLE task_messages (
    task         TEXT    NOT NULL,
    n            INTEGER NOT NULL, -- from 1
    installation TEXT    NOT NULL,
    account      TEXT    NOT NULL,
    message      TEXT    NOT NULL, -- the sender's id of it; '' for ours
    role         TEXT    NOT NULL,
    body         BLOB    NOT NULL, -- JSON of a2a.Message without task and context
    digest       BLOB    NOT NULL, -- of what it says
    answers      TEXT    NOT NULL DEFAULT '', -- the key of the question that it answers
    PRIMARY KEY (task, n)
) STRICT;
CREATE UNIQUE INDEX task_messages_id ON task_messages (installation, account, message) WHERE message <> '';

-- What happened to tasks: append-only, followed by number.
CREATE TABLE task_events (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- over all tasks, in the order of commits
    task     TEXT    NOT NULL,
    seq      INTEGER NOT NULL, -- from 1, without gaps
    once     TEXT    NOT NULL, -- what the event is, so that a replay does not repeat it; '' for what no replay does
    artifact TEXT    NOT NULL, -- the id of the artifact that it brings; '' for none
    body     BLOB    NOT NULL, -- JSON of a2a.Event
    UNIQUE (task, seq)
) STRICT;
CREATE UNIQUE INDEX task_events_once ON task_events (task, once) WHERE once <> '';
CREATE INDEX task_events_artifact ON task_events (task, artifact, seq) WHERE artifact <> '';

-- What tasks asked of their users.
CREATE TABLE task_asks (
    task   TEXT    NOT NULL,
    once   TEXT    NOT NULL, -- what the question is, so that a replay does not ask again
    pos    INTEGER NOT NULL, -- order of asking
    signal TEXT    NOT NULL, -- what the run waits for
    status BLOB    NOT NULL, -- JSON of a2a.Status
    answer INTEGER,          -- the message that answered; 0 for another answer, NULL for none yet
    PRIMARY KEY (task, once)
) STRICT, WITHOUT ROWID;

-- Who wants to be told of a task's changes, and how far they have been.
CREATE TABLE task_pushes (
    task        TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    token       BLOB    NOT NULL,
    schemes     BLOB    NOT NULL, -- JSON: list of texts
    credentials BLOB    NOT NULL,
    version     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    told        INTEGER NOT NULL, -- number of the last event that was told
    attempts    INTEGER NOT NULL DEFAULT 0, -- in vain, since the last that was not
    next_at     INTEGER,          -- NULL while there is nothing to tell
    PRIMARY KEY (task, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_pushes_due ON task_pushes (next_at) WHERE next_at IS NOT NULL;
