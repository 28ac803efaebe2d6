-- Installations of the Forge app, one for each site that it is installed into,
-- and what is kept for each: nothing of one is ever read with the id of another.
CREATE TABLE installations (
    id               TEXT    NOT NULL PRIMARY KEY, -- a UUID; a reinstallation has a new one
    app              TEXT    NOT NULL,
    cloud            TEXT    NOT NULL,
    api_base         TEXT    NOT NULL,
    site_url         TEXT    NOT NULL,    -- '' until it is known
    environment      TEXT    NOT NULL,
    environment_type TEXT    NOT NULL,
    version          TEXT    NOT NULL,    -- of the app, as last seen
    scopes           TEXT,                -- JSON array; NULL while nobody told
    scopes_version   TEXT    NOT NULL,    -- the version that was told with them
    installed_by     TEXT    NOT NULL,
    leaving          INTEGER NOT NULL,    -- 1 once its deletion has begun
    settings         TEXT,                -- JSON object; NULL until configured
    configured_by    TEXT    NOT NULL,
    configured_at    INTEGER,             -- milliseconds since 1970, as all times
    owner_subject    TEXT    NOT NULL,    -- who vouched for the site on our side
    owner_name       TEXT    NOT NULL,
    owner_at         INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    changed          INTEGER NOT NULL     -- number of the last change that waiting work is told of
) STRICT;
CREATE INDEX installations_changed ON installations (changed);

-- Ids of deleted installations, against requests that were under way.
CREATE TABLE installations_gone (
    id               TEXT    NOT NULL PRIMARY KEY,
    at               INTEGER NOT NULL
) STRICT;
CREATE INDEX installations_gone_at ON installations_gone (at);

-- Atlassian accounts whose users confirmed who they are on our side.
CREATE TABLE installation_accounts (
    installation     TEXT    NOT NULL,
    account          TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    mapped_at        INTEGER NOT NULL,
    PRIMARY KEY (installation, account)
) STRICT;

-- The newest token of each user, sealed. It acts with the rights of that user.
CREATE TABLE installation_user_tokens (
    installation     TEXT    NOT NULL,
    account          TEXT    NOT NULL,
    sealed           BLOB    NOT NULL,
    expires_at       INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    PRIMARY KEY (installation, account)
) STRICT;
CREATE INDEX installation_user_tokens_expires ON installation_user_tokens (expires_at);

-- The newest token of the app itself, sealed. It is a table of its own so that
-- nothing that reads users' tokens can come upon it.
CREATE TABLE installation_system_tokens (
    installation     TEXT    NOT NULL PRIMARY KEY,
    sealed           BLOB    NOT NULL,
    expires_at       INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX installation_system_tokens_expires ON installation_system_tokens (expires_at);

-- Signed states that were used, until they could not be used any more.
CREATE TABLE spent_states (
    nonce            TEXT    NOT NULL PRIMARY KEY,
    expires_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX spent_states_expires ON spent_states (expires_at);
