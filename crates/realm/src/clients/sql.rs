db::statements! {
    /// One client.
    pub(crate) FIND_CLIENT = "SELECT id, document, secret_hash, version, created_at, updated_at, sealed_secret, registration_token, registration_expires_at, revoked_at, registration_admission FROM client WHERE realm = $1 AND id = $2";
    /// A page of clients in the order of their identifiers.
    pub(crate) LIST_CLIENTS = "SELECT id, document, secret_hash, version, created_at, updated_at, sealed_secret, registration_token, registration_expires_at, revoked_at, registration_admission FROM client WHERE realm = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// The same, only those that allow themselves retired grants, as their documents are written.
    pub(crate) LIST_RETIRED_CLIENTS = "SELECT id, document, secret_hash, version, created_at, updated_at, sealed_secret, registration_token, registration_expires_at, revoked_at, registration_admission FROM client WHERE realm = $1 AND id > $2 AND document LIKE '%\"allow_retired_grants\":true%' ORDER BY id LIMIT $3";
    /// A new client.
    pub(crate) INSERT_CLIENT = "INSERT INTO client (realm, id, document, secret_hash, version, created_at, updated_at, sealed_secret, registration_token, registration_expires_at, registration_admission) VALUES ($1, $2, $3, $4, 1, $5, $5, $6, $7, $8, $9)";
    /// Changes the client that has been read with this version.
    pub(crate) UPDATE_CLIENT = "UPDATE client SET document = $4, secret_hash = $5, version = version + 1, updated_at = $6, sealed_secret = $7, revoked_at = $8 WHERE realm = $1 AND id = $2 AND version = $3";
    /// Replaces what a client registered through a federation that has been read with this version, and until when.
    pub(crate) REPLACE_FEDERATED_CLIENT = "UPDATE client SET document = $4, secret_hash = $5, version = version + 1, updated_at = $6, sealed_secret = $7, revoked_at = $8, registration_expires_at = $9 WHERE realm = $1 AND id = $2 AND version = $3 AND registration_token IS NULL AND registration_expires_at IS NOT NULL";
    /// Puts off when a client that was used is forgotten, unless it is already.
    pub(crate) RENEW_CLIENT = "UPDATE client SET registration_expires_at = $3 WHERE realm = $1 AND id = $2 AND registration_expires_at < $3 AND registration_expires_at > $4";
    /// Clients that registered themselves and were not used for too long.
    pub(crate) EXPIRED_CLIENTS = "SELECT realm, id FROM client WHERE registration_expires_at <= $1 ORDER BY registration_expires_at LIMIT $2";
    /// Removes such a client, unless it was used meanwhile.
    pub(crate) FORGET_CLIENT = "DELETE FROM client WHERE realm = $1 AND id = $2 AND registration_expires_at <= $3";
    /// Removes a client.
    pub(crate) DELETE_CLIENT = "DELETE FROM client WHERE realm = $1 AND id = $2";
}
