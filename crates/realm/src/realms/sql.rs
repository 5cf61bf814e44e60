db::statements! {
    /// One realm.
    pub(crate) FIND_REALM = "SELECT name, issuer, settings, sealed_root, version, created_at FROM realm WHERE name = $1";
    /// A page of realms in the order of their names.
    pub(crate) LIST_REALMS = "SELECT name, issuer, settings, sealed_root, version, created_at FROM realm WHERE name > $1 ORDER BY name LIMIT $2";
    /// A new realm.
    pub(crate) INSERT_REALM = "INSERT INTO realm (name, issuer, settings, sealed_root, version, created_at) VALUES ($1, $2, $3, $4, 1, $5)";
    /// Changes the settings of the realm that has been read with this version.
    pub(crate) UPDATE_SETTINGS = "UPDATE realm SET settings = $3, version = version + 1 WHERE name = $1 AND version = $2";
    /// Changes the issuer.
    pub(crate) UPDATE_ISSUER = "UPDATE realm SET issuer = $3, version = version + 1 WHERE name = $1 AND issuer = $2";
    /// Seals the root secret with another key.
    pub(crate) RESEAL = "UPDATE realm SET sealed_root = $3 WHERE name = $1 AND sealed_root = $2";
    /// Removes a realm; what belongs to it is purged afterwards.
    pub(crate) DELETE_REALM = "DELETE FROM realm WHERE name = $1";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_CLIENT = "DELETE FROM client WHERE (realm, id) IN (SELECT realm, id FROM client WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_TRUSTED_ISSUER = "DELETE FROM trusted_issuer WHERE (realm, id) IN (SELECT realm, id FROM trusted_issuer WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_RESOURCE = "DELETE FROM resource WHERE (realm, id) IN (SELECT realm, id FROM resource WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_RESOURCE_SCOPE = "DELETE FROM resource_scope WHERE (realm, name) IN (SELECT realm, name FROM resource_scope WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_RESOURCE_DETAILS_TYPE = "DELETE FROM resource_details_type WHERE (realm, name) IN (SELECT realm, name FROM resource_details_type WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SIGNING_KEY = "DELETE FROM signing_key WHERE (realm, kid) IN (SELECT realm, kid FROM signing_key WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_EVENT = "DELETE FROM event WHERE (realm, id) IN (SELECT realm, id FROM event WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_OUTBOX = "DELETE FROM outbox WHERE (realm, id) IN (SELECT realm, id FROM outbox WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_REVOCATION = "DELETE FROM revocation WHERE (realm, id) IN (SELECT realm, id FROM revocation WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_PERSON = "DELETE FROM person WHERE (realm, id) IN (SELECT realm, id FROM person WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SESSION = "DELETE FROM session WHERE (realm, hash) IN (SELECT realm, hash FROM session WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SESSION_CLIENT = "DELETE FROM session_client WHERE (realm, session, client) IN (SELECT realm, session, client FROM session_client WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_INTERACTION = "DELETE FROM interaction WHERE (realm, hash) IN (SELECT realm, hash FROM interaction WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_AUTHORIZATION_CODE = "DELETE FROM authorization_code WHERE (realm, hash) IN (SELECT realm, hash FROM authorization_code WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_PUSHED_AUTHORIZATION_REQUEST = "DELETE FROM pushed_authorization_request WHERE (realm, hash) IN (SELECT realm, hash FROM pushed_authorization_request WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_DEVICE_CODE = "DELETE FROM device_code WHERE (realm, hash) IN (SELECT realm, hash FROM device_code WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_DPOP_PROOF = "DELETE FROM dpop_proof WHERE (realm, hash) IN (SELECT realm, hash FROM dpop_proof WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_REFRESH_FAMILY = "DELETE FROM refresh_family WHERE (realm, id) IN (SELECT realm, id FROM refresh_family WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_CONSENT = "DELETE FROM consent WHERE (realm, person, client) IN (SELECT realm, person, client FROM consent WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_CLIENT_ASSERTION = "DELETE FROM client_assertion WHERE (realm, hash) IN (SELECT realm, hash FROM client_assertion WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_INITIAL_ACCESS_TOKEN = "DELETE FROM initial_access_token WHERE (realm, id) IN (SELECT realm, id FROM initial_access_token WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_BACKCHANNEL_AUTHENTICATION = "DELETE FROM backchannel_authentication WHERE (realm, hash) IN (SELECT realm, hash FROM backchannel_authentication WHERE realm = $1 LIMIT $2)";
    pub(crate) PURGE_ASKED_PERSON = "DELETE FROM asked_person WHERE (realm, person) IN (SELECT realm, person FROM asked_person WHERE realm = $1 LIMIT $2)";
    pub(crate) PURGE_LETTER_COUNT = "DELETE FROM letter_count WHERE (realm, person, client) IN (SELECT realm, person, client FROM letter_count WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_USER_CODE = "DELETE FROM user_code WHERE (realm, person) IN (SELECT realm, person FROM user_code WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SIGNAL_STREAM = "DELETE FROM signal_stream WHERE (realm, id) IN (SELECT realm, id FROM signal_stream WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SIGNAL_SUBJECT = "DELETE FROM signal_subject WHERE (realm, stream, hash) IN (SELECT realm, stream, hash FROM signal_subject WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SIGNAL = "DELETE FROM signal WHERE (realm, stream, jti) IN (SELECT realm, stream, jti FROM signal WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_CREDENTIAL_NOTIFICATION = "DELETE FROM credential_notification WHERE (realm, id, event) IN (SELECT realm, id, event FROM credential_notification WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_CREDENTIAL_OFFER = "DELETE FROM credential_offer WHERE (realm, hash) IN (SELECT realm, hash FROM credential_offer WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_STATUS_LIST = "DELETE FROM status_list WHERE (realm, id) IN (SELECT realm, id FROM status_list WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_CREDENTIAL_STATUS = "DELETE FROM credential_status WHERE (realm, list, idx) IN (SELECT realm, list, idx FROM credential_status WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_SUBORDINATE = "DELETE FROM subordinate WHERE (realm, id) IN (SELECT realm, id FROM subordinate WHERE realm = $1 LIMIT $2)";
    /// Purges a table, so many rows at most.
    pub(crate) PURGE_FEDERATION_KEY_HISTORY = "DELETE FROM federation_key_history WHERE (realm, kid) IN (SELECT realm, kid FROM federation_key_history WHERE realm = $1 LIMIT $2)";
}
