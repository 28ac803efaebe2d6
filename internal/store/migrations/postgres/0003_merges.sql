-- Deliveries that started no run of their own but were added to one that waited
-- for company. A delivery that comes again after a crash is known by it.
CREATE TABLE run_merges (
    delivery TEXT COLLATE "C" PRIMARY KEY,
    run      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX run_merges_run ON run_merges (run);
