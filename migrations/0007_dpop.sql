-- Tokens that are bound to whoever holds them (RFC 9449, RFC 8705): cnf as JSON, with the code and with the refresh tokens that it binds.
ALTER TABLE authorization_code ADD COLUMN confirmation TEXT;
ALTER TABLE refresh_family ADD COLUMN confirmation TEXT;

-- A proof counts once at the token endpoint, at whichever node it is presented: its hash stays as long as it would be fresh (RFC 9449 §11.1).
CREATE TABLE dpop_proof (
  realm TEXT NOT NULL,
  hash TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (realm, hash)
);
CREATE INDEX dpop_proof_expires_at ON dpop_proof (expires_at);
