-- What devices asked for and what people answered. A row is kept past its expiry, until keep_until, so that a late poll is told apart from a code that never
-- was, and a second redemption revokes what the first one gave.
CREATE TABLE device_code (
  realm TEXT NOT NULL,
  hash TEXT NOT NULL,
  -- a MAC of the code that people type, under a key of the realm; null once it was used
  user_code TEXT,
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  -- where the device asked from
  address TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  poll_interval BIGINT NOT NULL,
  -- 0 before the first poll
  polled_at BIGINT NOT NULL,
  -- pending, denied, allowed, redeemed
  state TEXT NOT NULL,
  -- what follows is null until a person has allowed it
  grant_id TEXT,
  person TEXT,
  session TEXT,
  allowed_scope TEXT,
  auth_time BIGINT,
  amr TEXT,
  acr TEXT,
  allowed_at BIGINT,
  PRIMARY KEY (realm, hash),
  UNIQUE (realm, user_code)
);
CREATE INDEX device_code_keep_until ON device_code (keep_until);
