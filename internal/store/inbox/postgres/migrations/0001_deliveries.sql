-- What came in, one narrow row per delivery: it is written when the delivery is
-- accepted and again when it is finished. Texts compare by bytes: nobody sorts
-- them, and an index must not depend on the system's locale.
CREATE TABLE deliveries (
	seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hash         bytea  NOT NULL,            -- of source, site and key
	id           text   COLLATE "C" NOT NULL,
	source       text   COLLATE "C" NOT NULL,
	site         text   COLLATE "C" NOT NULL,
	key          text   COLLATE "C" NOT NULL,
	received_at  bigint NOT NULL,            -- milliseconds since 1970
	signed_by    text   COLLATE "C" NOT NULL, -- names, one per line
	state        text   COLLATE "C" NOT NULL,
	reason       text   COLLATE "C" NOT NULL,
	event_type   text   COLLATE "C" NOT NULL DEFAULT '',
	subject      text   COLLATE "C" NOT NULL DEFAULT '',
	project      text   COLLATE "C" NOT NULL DEFAULT '',
	issue_key    text   COLLATE "C" NOT NULL DEFAULT '',
	detail       text   COLLATE "C",          -- JSON, as it was given
	content_key  text   COLLATE "C" NOT NULL DEFAULT '',
	processed_at bigint                      -- milliseconds since 1970
)
-- Each row is updated soon after it was inserted, and the head of the backlog
-- and the counts are read from indexes: neither should wait until a fifth of a
-- large table has changed.
WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

-- Who has been here before.
CREATE UNIQUE INDEX deliveries_hash ON deliveries (hash);

CREATE INDEX deliveries_id ON deliveries (id);

-- Its head, state 'received', is the backlog.
CREATE INDEX deliveries_state ON deliveries (state, seq);

-- An index takes no text of any length, and what is written here was made by
-- strangers.
CREATE INDEX deliveries_issue ON deliveries (left(issue_key, 100), seq) WHERE issue_key <> '';

-- The payloads: written once, deleted long before the rest. They are compressed
-- already, and most fit in the page, which saves a second table and its index.
CREATE TABLE bodies (
	seq     bigint PRIMARY KEY,
	headers text   COLLATE "C" NOT NULL,     -- JSON object
	body    bytea  NOT NULL                  -- one S2 block
) WITH (toast_tuple_target = 8160);
ALTER TABLE bodies ALTER COLUMN body SET STORAGE EXTERNAL;

-- What has been told before: hash of source, site and content key.
CREATE TABLE contents (
	hash bytea  PRIMARY KEY,
	seq  bigint NOT NULL
);
CREATE INDEX contents_seq ON contents (seq);

-- One row, written to find out whether the server takes writes again.
CREATE TABLE probe (
	id    integer PRIMARY KEY CHECK (id = 1),
	tries bigint NOT NULL
);
INSERT INTO probe (id, tries) VALUES (1, 0);
