-- What came in, one narrow row per delivery: it is written when the delivery is
-- accepted and again when it is finished.
CREATE TABLE deliveries (
	seq          INTEGER PRIMARY KEY,
	id           TEXT    NOT NULL,
	source       TEXT    NOT NULL,
	site         TEXT    NOT NULL,
	key          TEXT    NOT NULL,
	received_at  INTEGER NOT NULL,           -- milliseconds since 1970
	signed_by    TEXT    NOT NULL,           -- names, one per line
	state        TEXT    NOT NULL,
	reason       TEXT    NOT NULL,
	event_type   TEXT    NOT NULL DEFAULT '',
	subject      TEXT    NOT NULL DEFAULT '',
	project      TEXT    NOT NULL DEFAULT '',
	issue_key    TEXT    NOT NULL DEFAULT '',
	detail       TEXT,                       -- JSON
	content_key  TEXT    NOT NULL DEFAULT '',
	processed_at INTEGER                     -- milliseconds since 1970
);

CREATE INDEX deliveries_id ON deliveries (id);

-- Its head, state 'received', is the backlog.
CREATE INDEX deliveries_state ON deliveries (state, seq);

CREATE INDEX deliveries_issue ON deliveries (issue_key, seq) WHERE issue_key <> '';

-- The payloads: written once, deleted long before the rest.
CREATE TABLE bodies (
	seq     INTEGER PRIMARY KEY,
	headers TEXT NOT NULL,                   -- JSON object
	body    BLOB NOT NULL                    -- one S2 block
);

-- Who has been here before: hash of source, site and key.
CREATE TABLE identities (
	hash BLOB PRIMARY KEY,
	seq  INTEGER NOT NULL
) WITHOUT ROWID;

-- What has been told before: hash of source, site and content key.
CREATE TABLE contents (
	hash BLOB PRIMARY KEY,
	seq  INTEGER NOT NULL
) WITHOUT ROWID;

-- One row, written to find out whether the disk takes writes again.
CREATE TABLE probe (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	tries INTEGER NOT NULL
);
INSERT INTO probe (id, tries) VALUES (1, 0);
