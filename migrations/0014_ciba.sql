-- What clients ask people for without a browser of their own (OpenID Connect CIBA), and what people answered. A row is kept past its expiry, until keep_until,
-- so that a late poll is told apart from a request that never was, and a second redemption revokes what the first one gave.
CREATE TABLE backchannel_authentication (
  realm TEXT NOT NULL,
  -- the SHA-256 of auth_req_id
  hash TEXT NOT NULL,
  -- names it to the person and to our own programs: not a secret
  id TEXT NOT NULL,
  client TEXT NOT NULL,
  -- who is asked
  person TEXT NOT NULL,
  -- poll, ping, push
  delivery TEXT NOT NULL,
  -- sealed: what the client is to be told and with which token; null when there is nothing to tell (any more)
  notification TEXT,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  authorization_details TEXT,
  binding_message TEXT,
  -- how many seconds ago the person may have signed in
  max_age BIGINT,
  -- the strengths of a sign-in that were asked for, as JSON
  acr_values TEXT NOT NULL,
  -- where the client asked from
  address TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  poll_interval BIGINT NOT NULL,
  -- 0 before the first poll
  polled_at BIGINT NOT NULL,
  -- pending, denied, allowed, redeemed
  state TEXT NOT NULL,
  -- what follows is null until the person has allowed it
  grant_id TEXT,
  session TEXT,
  allowed_scope TEXT,
  auth_time BIGINT,
  amr TEXT,
  acr TEXT,
  allowed_at BIGINT,
  PRIMARY KEY (realm, hash),
  UNIQUE (realm, id)
);
CREATE INDEX backchannel_authentication_person ON backchannel_authentication (realm, person, expires_at);
CREATE INDEX backchannel_authentication_keep_until ON backchannel_authentication (keep_until);

-- The code without which nobody is asked anything, of those who have set one: a MAC under a key of the realm.
CREATE TABLE user_code (
  realm TEXT NOT NULL,
  person TEXT NOT NULL,
  mac TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  PRIMARY KEY (realm, person)
);
