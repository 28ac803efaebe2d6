-- What was asked for before: hash of source, site and claim. These are never
-- forgotten: a comment may be edited after years, and what it asked for is done.
CREATE TABLE claims (
	hash BLOB PRIMARY KEY,
	seq  INTEGER NOT NULL                    -- of the delivery that was the first
) WITHOUT ROWID;
