-- The comments of the last hour on an issue are counted before each comment.
CREATE INDEX effects_target ON effects (target, begun_at);
