-- What was asked for before: hash of source, site and claim. These are never
-- forgotten: a comment may be edited after years, and what it asked for is done.
CREATE TABLE claims (
	hash bytea  PRIMARY KEY,
	seq  bigint NOT NULL                     -- of the delivery that was the first
);
