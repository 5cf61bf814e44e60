-- What wallets said of credentials, so that saying it again changes nothing. Credentials themselves are not kept.
CREATE TABLE credential_notification (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  -- credential_accepted, credential_failure, credential_deleted
  event TEXT NOT NULL,
  keep_until BIGINT NOT NULL,
  PRIMARY KEY (realm, id, event)
);
CREATE INDEX credential_notification_keep_until ON credential_notification (keep_until);

-- Credentials that are offered to people. A row is kept past its expiry, until keep_until, so that a late or second redemption is told apart from a code that
-- never was.
CREATE TABLE credential_offer (
  realm TEXT NOT NULL,
  -- the SHA-256 of the pre-authorized code, or of the state that the code flow repeats
  hash TEXT NOT NULL,
  -- the SHA-256 of the name by which the offer is fetched, and the offer, sealed; null once it was fetched, and where it is in the link itself
  reference TEXT,
  document TEXT,
  person TEXT NOT NULL,
  -- the names of the credentials
  configurations TEXT NOT NULL,
  -- a MAC of the code that the person types, under a key of the realm; null where none is needed
  tx_code TEXT,
  -- how many wrong ones were typed
  guesses BIGINT NOT NULL,
  grant_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  -- who has redeemed it; null before
  client TEXT,
  PRIMARY KEY (realm, hash),
  UNIQUE (realm, reference)
);
CREATE INDEX credential_offer_keep_until ON credential_offer (keep_until);
