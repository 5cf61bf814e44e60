-- Lists in which the status of credentials is published, each for one algorithm and width; open until a time or until half of their places are taken.
CREATE TABLE status_list (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  -- what it is signed with
  alg TEXT NOT NULL,
  -- how many bits a credential has
  bits BIGINT NOT NULL,
  -- how many places were given
  taken BIGINT NOT NULL,
  -- until when places are given
  closes_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  PRIMARY KEY (realm, id)
);
CREATE INDEX status_list_open ON status_list (realm, alg, bits, closes_at);
CREATE INDEX status_list_keep_until ON status_list (keep_until);

-- What was issued to whom, where it can be taken back: by its place in a list. What it says is not kept. A row outlives the time in which its list is open, so
-- that no place is given twice.
CREATE TABLE credential_status (
  realm TEXT NOT NULL,
  list TEXT NOT NULL,
  idx BIGINT NOT NULL,
  -- 0 valid, 1 invalid, 2 suspended
  status BIGINT NOT NULL,
  -- the name of its kind
  credential TEXT NOT NULL,
  person TEXT NOT NULL,
  client TEXT NOT NULL,
  -- 1 where it ends with the person's account
  with_person BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  PRIMARY KEY (realm, list, idx)
);
CREATE INDEX credential_status_person ON credential_status (realm, person);
CREATE INDEX credential_status_keep_until ON credential_status (keep_until);
-- Of a list, what is not valid is all that is read.
CREATE INDEX credential_status_said ON credential_status (realm, list, idx) WHERE status <> 0;

-- The certificates of a key, its own first, as the header x5c has them: a JSON list. Null where nobody certified it.
ALTER TABLE signing_key ADD COLUMN certificates TEXT;
