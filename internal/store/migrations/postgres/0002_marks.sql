-- How far something has come, or when it happened last, over restarts and on all
-- replicas: moments that only go forwards.
CREATE TABLE marks (
    name TEXT COLLATE "C" PRIMARY KEY,
    at   BIGINT NOT NULL -- milliseconds since 1970
);
