-- Refresh tokens of a client are ended by a time beside the client, which who redeems one has read already, and not in their rows: so each grant is in one
-- index less, whose pages lie all over a large file.

-- When it was last switched off, or came to another sector (unix seconds; 0: never): what it was granted until then is worth nothing.
ALTER TABLE client ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX refresh_family_client;

-- By person within a client, so that a step over them finds the same ones twice.
DROP INDEX consent_client;
CREATE INDEX consent_client ON consent (realm, client, person);
