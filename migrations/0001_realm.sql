-- Tenants, what is registered with them, their keys, and what every node has to hear of. Times are unix seconds; documents are JSON; what is
-- sealed is AES-256-GCM, bound to its table, column and row.

CREATE TABLE realm (
  name TEXT NOT NULL PRIMARY KEY,
  issuer TEXT NOT NULL UNIQUE,
  settings TEXT NOT NULL,
  -- the secret that every other secret of the realm derives from, under the operator's sealing key
  sealed_root TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE client (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  -- RFC 7591 members
  document TEXT NOT NULL,
  -- an HMAC of the secret under a key of the realm; null when the client has none
  secret_hash TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);

CREATE TABLE resource (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);

-- Each scope of a realm belongs to one resource: the key refuses a second owner, however two requests race.
CREATE TABLE resource_scope (
  realm TEXT NOT NULL,
  name TEXT NOT NULL,
  resource TEXT NOT NULL,
  PRIMARY KEY (realm, name)
);
CREATE INDEX resource_scope_resource ON resource_scope (realm, resource);

CREATE TABLE signing_key (
  realm TEXT NOT NULL,
  kid TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  -- 1, 2, …: two nodes that make the next key at the same time make one
  generation BIGINT NOT NULL,
  public_jwk TEXT NOT NULL,
  sealed_key TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- published from created_at, signs from active_at
  active_at BIGINT NOT NULL,
  -- published until then; null while no successor is known
  expires_at BIGINT,
  PRIMARY KEY (realm, kid),
  UNIQUE (realm, algorithm, generation)
);
CREATE INDEX signing_key_expires_at ON signing_key (expires_at);

-- One row. Whoever announces a change updates it first and so holds it until the commit: sequences appear in order and without gaps.
CREATE TABLE change_counter (
  id BIGINT NOT NULL PRIMARY KEY,
  sequence BIGINT NOT NULL
);
INSERT INTO change_counter (id, sequence) VALUES (1, 0);

CREATE TABLE change_log (
  sequence BIGINT NOT NULL PRIMARY KEY,
  realm TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX change_log_at ON change_log (at);

-- What happened, for the audit: written in the batch that made it happen.
CREATE TABLE event (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT,
  person TEXT,
  client TEXT,
  address TEXT,
  detail TEXT NOT NULL,
  PRIMARY KEY (realm, id)
);

-- What must happen after a commit. The node that holds the lease delivers it.
CREATE TABLE outbox (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  lease_owner TEXT,
  lease_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);
CREATE INDEX outbox_due ON outbox (kind, due_at);

-- Grants, sessions, people and clients whose tokens are void, for as long as such a token could still be in use.
CREATE TABLE revocation (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  revoked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);
CREATE INDEX revocation_expires_at ON revocation (expires_at);
