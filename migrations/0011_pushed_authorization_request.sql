-- Authorization requests that clients pushed (RFC 9126). A row is kept past its expiry, until keep_until, as the person whom the browser brought in time may
-- still be signing in: the answer uses it up, once.
CREATE TABLE pushed_authorization_request (
  realm TEXT NOT NULL,
  hash TEXT NOT NULL,
  client TEXT NOT NULL,
  -- the parameters, sealed
  request TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (realm, hash)
);
CREATE INDEX pushed_authorization_request_keep_until ON pushed_authorization_request (keep_until);
