-- People, their sessions, and what a browser is in the middle of. Times are unix seconds; flags are 0 or 1; groups, profile and amr are JSON.

CREATE TABLE person (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    username TEXT NOT NULL,
    -- username as it is compared: composed, case folded
    username_key TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    email_verified BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    groups TEXT NOT NULL,
    profile TEXT NOT NULL,
    -- a PHC string (Argon2id), or null when the person has no password
    password_hash TEXT,
    disabled BIGINT NOT NULL,
    -- sessions begun at or before this time have ended
    signed_out_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    UNIQUE (realm, username_key)
);

CREATE INDEX person_email ON person (realm, email_key);

CREATE TABLE session (
    realm TEXT NOT NULL,
    -- SHA-256 of the cookie's value, base64url
    hash TEXT NOT NULL,
    -- what tokens carry as sid
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    -- the earlier of the absolute and the idle end, as of last_seen_at
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, hash),
    UNIQUE (realm, id)
);

CREATE INDEX session_person ON session (realm, person);
CREATE INDEX session_expires_at ON session (expires_at);

-- Interactions too large for a URL; the others travel sealed.
CREATE TABLE interaction (
    realm TEXT NOT NULL,
    hash TEXT NOT NULL,
    document TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, hash)
);

CREATE INDEX interaction_expires_at ON interaction (expires_at);
