-- A client's assertion counts once, at whichever node it is presented: its hash stays until it has expired (RFC 7523 §3, RFC 7519 §4.1.7).

CREATE TABLE client_assertion (
    realm TEXT NOT NULL,
    hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE INDEX client_assertion_expires_at ON client_assertion (expires_at);

-- The secret of a client that signs with it, sealed; every other client's is kept as a hash alone.
ALTER TABLE client ADD COLUMN sealed_secret TEXT;
