-- Deliveries that started no run of their own but were added to one that waited
-- for company. A delivery that comes again after a crash is known by it.
CREATE TABLE run_merges (
    delivery TEXT PRIMARY KEY,
    run      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX run_merges_run ON run_merges (run);
