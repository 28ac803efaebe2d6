-- When a write was sent last: what was interrupted gets its time to show up from
-- there, by the database's clock.
ALTER TABLE effects ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;
UPDATE effects SET sent_at = begun_at;
