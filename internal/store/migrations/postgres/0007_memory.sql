-- What agents remember, by site, project and agent. What was written least
-- recently goes first when there is too much.
CREATE TABLE memory (
    site       TEXT COLLATE "C" NOT NULL,
    project    TEXT COLLATE "C" NOT NULL, -- '' for events without one
    agent      TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    value      TEXT    NOT NULL,
    size       INTEGER NOT NULL, -- of name and value, in bytes
    updated_at BIGINT  NOT NULL, -- milliseconds since 1970
    expires_at BIGINT,
    PRIMARY KEY (site, project, agent, name)
);
CREATE INDEX memory_expires ON memory (expires_at) WHERE expires_at IS NOT NULL;
