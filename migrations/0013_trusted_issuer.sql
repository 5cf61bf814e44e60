-- Who else's signed word a realm believes, about whom, and for what.
CREATE TABLE trusted_issuer (
  realm TEXT NOT NULL,
  -- the issuer identifier: an https address, or spiffe://TRUST-DOMAIN
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);
