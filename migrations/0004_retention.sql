-- Events end too, each when the realm's setting said so as it was written. And what is asked when a client is removed or switched off has an index.

ALTER TABLE event ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 9223372036854775807;
UPDATE event SET expires_at = at + 7776000;
CREATE INDEX event_expires_at ON event (expires_at);

CREATE INDEX refresh_family_client ON refresh_family (realm, client, revoked_at);
CREATE INDEX consent_client ON consent (realm, client);
