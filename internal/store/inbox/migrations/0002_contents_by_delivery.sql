-- A delivery may tell what belongs to another site than the one that it came
-- by, so what it told is found by its number when it is forgotten.
CREATE INDEX contents_seq ON contents (seq);
