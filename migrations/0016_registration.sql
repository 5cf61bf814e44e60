-- Clients that registered themselves (RFC 7591, RFC 7592).

-- A MAC of the token with which such a client manages its registration; null for a client that an operator made.
ALTER TABLE client ADD COLUMN registration_token TEXT;
-- When such a client is forgotten unless it is used; null: never.
ALTER TABLE client ADD COLUMN registration_expires_at BIGINT;
CREATE INDEX client_registration_expires_at ON client (registration_expires_at);

-- What lets somebody register a client: counted, and for a time.
CREATE TABLE initial_access_token (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  -- a MAC of the token under a key of the realm
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  uses_left BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id),
  UNIQUE (realm, hash)
);
CREATE INDEX initial_access_token_expires_at ON initial_access_token (expires_at);
