-- How far something has come, or when it happened last, over restarts and on all
-- replicas: moments that only go forwards.
CREATE TABLE marks (
	name TEXT    PRIMARY KEY,
	at   INTEGER NOT NULL -- milliseconds since 1970
) STRICT, WITHOUT ROWID;
