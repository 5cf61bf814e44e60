-- What the authorization server keeps: codes, families of refresh tokens, and what people allowed. Access tokens and ID tokens are not here.

-- A code is kept past its expiry, until keep_until, so that its second use is recognised and revokes what the first one issued.
CREATE TABLE authorization_code (
  realm TEXT NOT NULL,
  hash TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  client TEXT NOT NULL,
  person TEXT NOT NULL,
  session TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  redirect_uri_sent BIGINT NOT NULL,
  challenge TEXT,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  nonce TEXT,
  auth_time BIGINT NOT NULL,
  amr TEXT NOT NULL,
  acr TEXT,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  redeemed_at BIGINT,
  PRIMARY KEY (realm, hash)
);
CREATE INDEX authorization_code_keep_until ON authorization_code (keep_until);

-- One row for all refresh tokens of one grant: its id is the grant's, the counter says which token is the live one.
CREATE TABLE refresh_family (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  client TEXT NOT NULL,
  person TEXT NOT NULL,
  session TEXT,
  offline BIGINT NOT NULL,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  auth_time BIGINT NOT NULL,
  amr TEXT NOT NULL,
  acr TEXT,
  counter BIGINT NOT NULL,
  rotated_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  idle_expires_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  version BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);
CREATE INDEX refresh_family_person ON refresh_family (realm, person, client);
CREATE INDEX refresh_family_session ON refresh_family (realm, session);
CREATE INDEX refresh_family_idle_expires_at ON refresh_family (idle_expires_at);

-- What a person allowed a client, until it is withdrawn.
CREATE TABLE consent (
  realm TEXT NOT NULL,
  person TEXT NOT NULL,
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  granted_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (realm, person, client)
);
