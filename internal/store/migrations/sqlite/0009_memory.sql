-- What agents remember, by site, project and agent. What was written least
-- recently goes first when there is too much.
CREATE TABLE memory (
    site       TEXT    NOT NULL,
    project    TEXT    NOT NULL, -- '' for events without one
    agent      TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    size       INTEGER NOT NULL, -- of name and value, in bytes
    updated_at INTEGER NOT NULL, -- milliseconds since 1970
    expires_at INTEGER,
    PRIMARY KEY (site, project, agent, name)
) STRICT;
CREATE INDEX memory_expires ON memory (expires_at) WHERE expires_at IS NOT NULL;
