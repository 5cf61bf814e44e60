-- The entities right below a realm in a federation: what it says of each.
CREATE TABLE subordinate (
  realm TEXT NOT NULL,
  -- the entity identifier
  id TEXT NOT NULL,
  -- how it is looked for: entity types, trust marks
  standing TEXT NOT NULL,
  -- what its statement says: keys, metadata, policies, constraints
  statement TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);

-- Keys with which a realm spoke as an entity of a federation: their public halves, for who has something old of it.
CREATE TABLE federation_key_history (
  realm TEXT NOT NULL,
  kid TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expired_at BIGINT NOT NULL,
  -- 1: it was in wrong hands from then on
  compromised BIGINT NOT NULL,
  PRIMARY KEY (realm, kid)
);
